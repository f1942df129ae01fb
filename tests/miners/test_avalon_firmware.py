"""What running firmware of Canaan, cgminer and BFGMiner answers, and what that means.

The replies are written by what the makers' own code was seen to answer.
"""

from collections.abc import Mapping
from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.miner_monitor.miners.avalon.commands import (
    CommandContext,
    commands_for,
)
from custom_components.miner_monitor.miners.avalon.memory import DeviceMemory
from custom_components.miner_monitor.miners.avalon.models import model_of
from custom_components.miner_monitor.miners.avalon.reply import (
    check_command_result,
    parse_reply,
)
from custom_components.miner_monitor.miners.errors import MinerCommandError, Outcome
from custom_components.miner_monitor.miners.model import (
    Capability,
    Light,
    MinerIdentity,
    MinerStatus,
    PoolStatus,
    Setting,
    SettingRange,
)

from .avalon_miner import (
    OF_A_CGMINER,
    OF_A_NANO_3S,
    TOGETHER,
    UNKNOWN,
    Avalon,
    client_of,
    commands,
    encoded,
    miner,
)
from .avalon_polls import (
    A1246,
    MINI_3,
    NANO_3S,
    POOL,
    SPARE,
    SUMMARY,
    Blob,
    Device,
    Q,
    poll_of,
    read,
    reply,
    text_of,
)
from .conformance_tcp import ends

sockets = pytest.mark.usefixtures("socket_enabled")

MAIN, OTHER = "pool.example.com:4444", "spare.example.com:3333"
STOPPED = {"GHSspd": "0.00"}


def pools(
    first: Mapping[str, Any] | None = None, second: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], ...]:
    """Make two pools, both connected as cgminer keeps them."""
    connected = {"Status": "Alive", "Stratum Active": True, "Works": 10}
    return (
        {**POOL, **connected, **(first or {})},
        {**SPARE, **connected, **(second or {})},
    )


# voltages


@pytest.mark.parametrize(
    "file",
    [
        "a1047-19120401-stats.json",
        "a1246-21072802_4ec6bb0_211fc46-stats.json",
        "a1566-24102401_25462b2_9ddf522-stats.json",
    ],
)
def test_the_core_voltage_is_the_output_over_the_domains(file: str) -> None:
    """The supply feeds 40 domains in series: 13.15 V / 40 is Vo in millivolts."""
    state = read({}, stats=reply(file).rows("STATS")).state
    assert state.core_voltage_actual is not None
    assert state.psu_output_voltage is not None
    expected = state.psu_output_voltage / 40
    assert state.core_voltage_actual == pytest.approx(expected, rel=0.02)
    for board in state.boards:
        assert board.chip_voltage == pytest.approx(expected, rel=0.1)


def test_voltages_of_an_a1047() -> None:
    state = read({}, stats=reply("a1047-19120401-stats.json").rows("STATS")).state
    assert state.core_voltage_actual == 0.328
    assert (state.chip_voltage_min, state.chip_voltage_max) == (0.311, 0.325)
    assert state.psu_output_voltage == 13.15
    assert state.psu_output_current == 174
    assert state.figures["record_0"].startswith("Tenv:28 Tavg:65")  # type: ignore[union-attr]  # a text


def test_the_hash_board_of_a_nano_3s_has_twelve_chips_in_series() -> None:
    state = read(NANO_3S).state
    assert state.figures["hash_board_voltage"] == 3.756
    (board,) = state.boards
    assert board.chip_voltage == pytest.approx(3.756 / 12, rel=0.05)
    assert "hash_board_voltage" not in read(MINI_3).state.figures


# the pool in use


def test_at_the_start_the_pool_of_the_lowest_priority_is_in_use() -> None:
    state = read(Q, pools=pools({"Priority": 1}, {"Priority": 0})).state
    assert state.pool == OTHER
    assert [pool.status for pool in state.pools] == ["standby", "active"]
    assert [pool.connected for pool in state.pools] == [True, True]
    assert [pool.active for pool in state.pools] == [False, True]
    assert state.settings.pool == 1


@pytest.mark.parametrize("key", ["Accepted", "Works"])
def test_the_pool_whose_count_moves_is_in_use(key: str) -> None:
    """A new priority counts at once, the work follows two minutes later."""
    device = Device()
    device.answers(poll_of(Q, pools=pools()))
    device.answers(poll_of(Q, pools=pools({key: 900})))
    switched = ({key: 901, "Priority": 1}, {"Priority": 0})
    assert device.answers(poll_of(Q, pools=pools(*switched))).state.pool == MAIN
    quiet = device.answers(poll_of(Q, pools=pools(*switched)))
    assert quiet.state.pool == MAIN
    works = ({key: 901, "Priority": 1}, {key: 20, "Priority": 0})
    moved = device.answers(poll_of(Q, pools=pools(*works))).state
    assert moved.pool == OTHER
    assert moved.pool_connected is True
    assert moved.fallback_pool is False


def test_the_last_pool_stays_in_use_only_while_it_is_connected() -> None:
    device = Device()
    device.answers(poll_of(Q, pools=pools()))
    device.answers(poll_of(Q, pools=pools(None, {"Works": 11})))
    assert (
        device.answers(poll_of(Q, pools=pools(None, {"Works": 11}))).state.pool == OTHER
    )
    gone = {"Works": 11, "Stratum Active": False, "Status": "Dead"}
    assert device.answers(poll_of(Q, pools=pools(None, gone))).state.pool == MAIN


def test_a_share_on_its_way_does_not_outweigh_the_work() -> None:
    device = Device()
    device.answers(poll_of(Q, pools=pools()))
    late = pools({"Accepted": 891, "Last Share Time": 31300}, {"Works": 11})
    assert device.answers(poll_of(Q, pools=late)).state.pool == OTHER


def test_of_two_that_moved_the_one_of_the_last_share_is_in_use() -> None:
    device = Device()
    device.answers(poll_of(Q, pools=pools()))
    both = pools(
        {"Accepted": 891, "Last Share Time": 31300},
        {"Accepted": 1, "Last Share Time": 31310},
    )
    assert device.answers(poll_of(Q, pools=both)).state.pool == OTHER


@pytest.mark.parametrize("user", ["wallet.worker1", None])
def test_the_screen_tells_the_pool_in_use(user: str | None) -> None:
    """Before any share, and though another pool has the better priority."""
    screen = {"Current Pool": SPARE["URL"]} | ({} if user is None else {"User": user})
    found = read(NANO_3S, pools=pools(), screen=screen).state
    assert (found.pool, found.settings.pool) == (OTHER, 1)


@pytest.mark.parametrize("shown", ["none", "stratum+tcp://x:1", 7, None])
def test_a_screen_without_a_known_pool_decides_nothing(shown: object) -> None:
    found = read(NANO_3S, pools=pools(), screen={"Current Pool": shown}).state
    assert found.pool == MAIN


def test_pools_of_one_address_are_told_apart_by_their_users() -> None:
    rows = pools(None, {"URL": POOL["URL"], "User": "other"})
    screen = {"Current Pool": POOL["URL"], "User": "other"}
    assert read(NANO_3S, pools=rows, screen=screen).state.settings.pool == 1


@pytest.mark.parametrize("word", ["Unknown", "Failover", "Mined On"])
def test_only_known_words_deny_a_connection(word: str) -> None:
    state = read(Q, pools=pools({"Status": word})).state
    assert state.pool_connected is True
    assert state.pools[0].status is PoolStatus.ACTIVE


@pytest.mark.parametrize("word", ["Dead", "Disabled", "Rejecting"])
def test_a_word_that_denies_a_connection_outweighs_the_flag(word: str) -> None:
    state = read(Q, pools=pools({"Status": word}, {"Status": word})).state
    assert state.pool_connected is False
    assert state.pools[0].status == word.lower()


def test_a_pool_without_stratum_is_connected_while_it_is_alive() -> None:
    solo = {**POOL, "Stratum Active": False, "Has GBT": True}
    assert read(Q, pools=(solo,)).state.pool_connected is True
    assert read(Q, pools=({**solo, "Status": "Dead"},)).state.pool_connected is False


@pytest.mark.parametrize("behind", ["#xnsub", "#tls=no", "?x", "/#xnsub", "#a://b:1"])
def test_what_stands_behind_the_port_is_no_part_of_it(behind: str) -> None:
    url = f"{POOL['URL']}{behind}"
    assert read(Q, pools=({**POOL, "URL": url},)).state.pool == MAIN


# lost pools

DEAD = {"Status": "Dead", "Stratum Active": False}


@pytest.mark.parametrize(
    ("poll", "cgminer"),
    [
        (poll_of(Q), None),
        (poll_of(NANO_3S), None),
        (poll_of(A1246), None),
        (poll_of({}, stats=()), {"CGMiner": "4.11.1"}),
    ],
    ids=["q", "nano-3s", "a1246", "cgminer"],
)
def test_lost_pools_are_told_within_two_polls(
    poll: Any, cgminer: Mapping[str, Any] | None
) -> None:
    """Though its averages say for minutes that it hashes."""
    device = Device(cgminer)
    poll = replace(poll, summary=SUMMARY | {"Elapsed": 90})
    assert device.answers(poll).state.status == "hashing"
    lost = replace(poll, pools=pools(DEAD, DEAD))
    found = [device.answers(lost).state.status for _ in range(3)]
    assert found[1:] == ["pool_lost", "pool_lost"]
    assert device.answers(poll).state.status == "hashing"


def test_a_pool_that_takes_shares_is_not_lost() -> None:
    device = Device()
    for accepted in range(900, 904):
        rows = pools({**DEAD, "Accepted": accepted}, DEAD)
        assert device.answers(poll_of(Q, pools=rows)).state.status == "hashing"


def test_a_young_miner_that_lost_its_pools_is_not_starting() -> None:
    device = Device()
    young = Q | {"Elapsed": "120"}
    device.says(young)
    lost = poll_of(young | STOPPED, pools=pools(DEAD, DEAD))
    assert device.answers(lost).state.status == "pool_lost"
    again = poll_of(Q | STOPPED | {"Elapsed": "5"}, pools=pools(DEAD, DEAD))
    assert device.answers(again).state.status == "starting"


NO_POOLS = {
    "STATUS": [{"STATUS": "E", "When": 1753431516, "Code": 8, "Msg": "No pools"}]
}


@sockets
@pytest.mark.parametrize("together", [True, False])
async def test_without_a_configured_pool_its_pool_is_lost(together: bool) -> None:
    avalon = Avalon("nano3s")
    avalon.poll["pools"] = [NO_POOLS]
    avalon.poll["lcd"] = [{"LCD": [{"Current Pool": "none", "User": ""}]}]
    avalon.tells("SYSTEMSTATU", "Work: In Fault, Hash Board: 1")
    avalon.tells("GHSspd", "0.00")
    lite = {"STATUS": [{"STATUS": "S"}], "STATS": [{"MM ID0": "STATE[3] MODE[2]"}]}
    avalon.answers["litestats"] = ends(encoded(lite))
    if not together:
        avalon.answers |= {TOGETHER: UNKNOWN, OF_A_NANO_3S: UNKNOWN}
    async with miner(avalon) as server:
        state = (await client_of(server).fetch()).state
    assert state.status is MinerStatus.POOL_LOST
    assert state.pool_connected is False
    assert (state.pool, state.pools) == (None, ())
    assert state.faults == ()


def test_no_pools_in_text() -> None:
    text = b"CMD=pools|STATUS=E,When=1,Code=8,Msg=No pools,Description=cgminer|\0"
    assert parse_reply(text).poolless
    assert not parse_reply(text.replace(b"Code=8", b"Code=7")).poolless


# the state


@pytest.mark.parametrize("word", ["\x01", "", "In Fault", "\x00\x7f", "In Trouble"])
@pytest.mark.parametrize(
    ("number", "status"),
    [("4", "fault"), ("3", "standby"), ("2", "standby"), ("1", "idle")],
)
def test_a_word_that_is_not_known_makes_ask_for_the_state(
    word: str, number: str, status: str
) -> None:
    device = Device()
    device.litestats = ({"MM ID0": f"STATE[{number}] MODE[2]"},)
    device.says(NANO_3S)
    blob = NANO_3S | STOPPED | {"SYSTEMSTATU": f"Work: {word}, Hash Board: 1"}
    state = device.says(blob).state
    assert device.wants.litestats
    assert state.status == status
    assert state.faults == (("device",) if status == "fault" else ())


@pytest.mark.parametrize("word", ["In Init", "In Work", "In Idle"])
def test_a_known_word_makes_ask_for_nothing(word: str) -> None:
    device = Device()
    device.says(NANO_3S)
    device.says(NANO_3S | {"SYSTEMSTATU": f"Work: {word}, Hash Board: 1"})
    assert not device.wants.litestats


def test_a_model_that_is_not_known_is_asked_for_its_state_too() -> None:
    device = Device()
    device.litestats = ({"MM ID0": "STATE[4]"},)
    other = NANO_3S | {"Ver": "Nano9-26010101_abcdef0"}
    device.says(other)
    assert not device.wants.litestats
    state = device.says(other | {"SYSTEMSTATU": "Work: \x01, Hash Board: 1"}).state
    assert state.status == "fault"


def test_in_the_state_of_a_fault_the_last_work_is_not_shown() -> None:
    """It takes 3 or 25 W; what else it tells is of the time before."""
    device = Device()
    device.litestats = ({"MM ID0": "STATE[4]"},)
    device.says(NANO_3S)
    word = {"SYSTEMSTATU": "Work: \x01, Hash Board: 1"}
    state = device.says(NANO_3S | word | {"PS": "0 0 0 0 0 0 25"}).state
    assert (state.status, state.power) == ("fault", 25)
    assert state.chip_temperature is None
    (board,) = state.boards
    assert board.hash_rate == 0
    assert board.chip_temperatures == ()


# statistics with the pools' rows


@sockets
@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("nano3s", OF_A_NANO_3S, "bytes_sent"),
        ("cgminer", OF_A_CGMINER, "times_sent"),
    ],
)
async def test_the_statistics_that_tell_of_the_pools_are_asked_for(
    model: str, asked: str, sent: str
) -> None:
    """In one request per poll, from the second one on."""
    async with miner(Avalon(model)) as server:
        client = client_of(server)
        await client.fetch()
        for _ in range(3):
            server.requests.clear()
            reading = await client.fetch()
            assert commands(server) == [asked]
    assert reading.state.pools[0].figures[sent] > 0


@sockets
@pytest.mark.parametrize("model", ["q", "a1246"])
async def test_statistics_that_tell_of_the_pools_are_kept(model: str) -> None:
    async with miner(Avalon(model)) as server:
        client = client_of(server)
        for _ in range(3):
            reading = await client.fetch()
    asked = [name for name in commands(server) if "+" in name]
    assert asked == [TOGETHER] * 3
    assert reading.state.pools[0].figures["bytes_sent"] > 0


@sockets
async def test_a_q_is_not_asked_for_statistics_that_may_be_empty() -> None:
    avalon = Avalon()
    stats = avalon.poll["estats"][0]["STATS"]
    stats[:] = [row for row in stats if not row["ID"].startswith("POOL")]
    async with miner(avalon) as server:
        client = client_of(server)
        for _ in range(4):
            assert (await client.fetch()).state.power == 1311
    assert [name for name in commands(server) if "+" in name] == [TOGETHER] * 4


@sockets
@pytest.mark.parametrize("blob", ["", "'STATS':{}"])
async def test_empty_statistics_are_given_up_at_once(blob: str) -> None:
    """No poll lacks its values, and each later one is one request again."""
    avalon = Avalon("nano3s")
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        avalon.row("stats")["MM ID0"] = blob
        server.requests.clear()
        readings = [await client.fetch() for _ in range(4)]
        together = [name for name in commands(server) if "+" in name]
    assert {reading.state.power for reading in readings} == {134}
    assert together == [OF_A_NANO_3S, *[f"{TOGETHER}+lcd"] * 4]


@sockets
async def test_statistics_without_rows_of_pools_are_asked_for_once() -> None:
    avalon = Avalon("nano3s")
    rows = avalon.poll["stats"][0]["STATS"]
    del rows[1:]
    async with miner(avalon) as server:
        client = client_of(server)
        for _ in range(5):
            await client.fetch()
    asked = [name for name in commands(server) if "+stats+" in name]
    assert asked == [OF_A_NANO_3S]


@sockets
async def test_what_was_learnt_of_statistics_ends_with_a_start() -> None:
    avalon = Avalon("nano3s")
    async with miner(avalon) as server:
        client = client_of(server)
        for _ in range(2):
            await client.fetch()
        avalon.starts_again()
        await client.fetch()
        server.requests.clear()
        await client.fetch()
    assert f"{TOGETHER}+lcd" in commands(server)


# what is broken in a reply


def test_a_device_without_a_board_names_no_item_of_it() -> None:
    """Its brackets are closed and never opened."""
    empty = "MH] MGHS] MTmax] MTavg] ECHU] CRC] COMCRC]"
    blob = {
        "Ver": NANO_3S["Ver"],
        "DNA": NANO_3S["DNA"],
        "SYSTEMSTATU": "Work: In Work, Hash Board: 0",
        "Elapsed": "900",
        "DH": "nan%",
        "DHspd": "nan%",
        "PS": NANO_3S["PS"],
        "GHSspd": "0.00",
    }
    text = f"{text_of(blob)} {empty} TA[0] WORKMODE[2]"
    state = read({}, stats=({"ID": "AVALON0", "MM ID0": text},)).state
    assert state.status is MinerStatus.FAULT
    assert state.faults == ("hash_board",)
    assert state.boards == ()
    assert state.hardware_error_rate is None
    assert state.power == 133
    assert "hardware_error_rate_now" not in state.figures


@pytest.mark.parametrize("number", ["nan", "-nan", "nan%"])
def test_no_number_costs_only_itself(number: str) -> None:
    body = json.dumps({"STATUS": [{"STATUS": "S"}], "SUMMARY": [{"Accepted": 1}]})
    body = body.replace('"Accepted"', f'"Device Hardware%": {number}, "Accepted"')
    assert parse_reply(body.encode()).row("SUMMARY")["Accepted"] == 1


BAD_NAMES = (
    b'a"b',
    b"a\\b",
    b'x],"',
    b'"],"x":"',
    b'x]",',
    b"\xff\xfe",
    b"a] STATE[4] LED[1-1",
    b"line\nbreak",
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_the_name_of_a_network_breaks_nothing(name: bytes) -> None:
    """It is not escaped, so that the reply is no JSON."""
    blob = (
        b"LVer[x] STATE[1] Filter[31] LED[0-1] SSID["
        + name
        + b"] RSSI[-61] NetDevType[1]"
    )
    head = b'{"STATUS":[{"STATUS":"S","Code":70}],"STATS":[{"STATS":0,"MM ID0":"'
    body = head + blob + b'","MM Count":1}],"id":1}\0'
    device = Device()
    device.litestats = parse_reply(body).rows("STATS")
    state = device.says(NANO_3S).state
    assert state.status is MinerStatus.HASHING
    assert state.filter_age == 31
    assert state.wifi_signal in (-61, None)
    assert state.figures["led_mode"] == (0, 1)


# uptimes


def test_the_summary_counts_anew_when_the_first_pool_is_connected() -> None:
    """The module goes on, and so does everything that restarts."""
    device = Device({"HWTYPE": "x"}, frozenset({"reboot"}))
    before = device.answers(poll_of(NANO_3S, summary=SUMMARY | {"Elapsed": 10027}))
    assert before.state.uptime == 10027
    later = NANO_3S | {"Elapsed": "10042"}
    after = device.answers(poll_of(later, summary=SUMMARY | {"Elapsed": 0}))
    assert after.state.uptime == 10042
    assert not device.wants.version
    assert not device.wants.commands
    begins = device.answers(poll_of(NANO_3S | {"Elapsed": "12"}))
    assert begins.state.uptime == 12
    assert device.wants.version


def test_a_fan_stays_as_set_when_only_the_summary_counts_anew() -> None:
    memory = DeviceMemory()
    memory.read(poll_of(NANO_3S))
    [command] = commands_for(
        {Setting.FAN_DUTY_CYCLE: 40},
        CommandContext(
            model_of({}, NANO_3S["Ver"]),
            offered={Setting.FAN_DUTY_CYCLE: SettingRange(minimum=15, maximum=100)},
        ),
    )
    memory.sent(command, certainly=True)
    poll = poll_of(NANO_3S, summary=SUMMARY | {"Elapsed": 1})
    assert memory.read(poll).state.settings.fan_duty_cycle == 40
    poll = poll_of(NANO_3S | {"Elapsed": "1"})
    assert memory.read(poll).state.settings.auto_fan is True


def test_a_module_that_falls_silent_lends_no_uptime_from_the_summary() -> None:
    silent = ({"ID": "AVALON0", "MM ID0": ""},)
    device = Device({"DNA": NANO_3S["DNA"]})
    device.says(NANO_3S)
    poll = poll_of({}, stats=silent, summary=SUMMARY | {"Elapsed": 3})
    assert device.answers(poll).state.uptime is None


# small things


def test_the_brightness_is_the_low_byte() -> None:
    figures = read(NANO_3S | {"LcdBright": str(0x0150)}).state.figures
    assert figures["display_brightness"] == 80
    assert figures["display_brightness_mode"] == 1
    assert (
        "display_brightness" not in read(NANO_3S | {"LcdBright": "99999"}).state.figures
    )


WHITE = "0,ledset,1-100-100-255-255-255"


def taken(letter: str, code: int, message: str) -> None:
    row = {"STATUS": letter, "Code": code, "Msg": message}
    check_command_result(
        json.dumps({"STATUS": [row], "id": 1}).encode(), may_be_silent=False
    )


@pytest.mark.parametrize(
    ("letter", "code", "message"),
    [
        ("I", 118, "ASC 0 set info: success set:0"),
        ("I", 118, "ASC 0 set info: success lcd:id[0] val[1] len=4"),
        ("S", 119, "ASC 0 set OK"),
        ("S", 27, "Switching to pool 1: 'stratum+tcp://x:1'"),
    ],
)
def test_replies_of_a_nano_3s_that_mean_success(
    letter: str, code: int, message: str
) -> None:
    taken(letter, code, message)


@pytest.mark.parametrize(
    ("letter", "code", "message"),
    [
        ("E", 120, "ASC 0 set failed: not now in dark mode"),
        ("E", 14, "Invalid command"),
        ("E", 105, "Invalid ASC id 0 - there are no ASCs"),
        ("E", 107, "Invalid ASC id 1 - range is 0 - 0"),
        ("E", 116, "Missing ASC set option"),
        ("E", 8, "No pools"),
    ],
)
def test_replies_of_a_nano_3s_that_mean_refusal(
    letter: str, code: int, message: str
) -> None:
    with pytest.raises(MinerCommandError) as caught:
        taken(letter, code, message)
    assert caught.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("dark", "listed", "orders"),
    [
        (
            True,
            {"ledset", "ledmode"},
            ["0,ledmode,0", WHITE],
        ),
        (True, {"ledset"}, [WHITE]),
        (False, {"ledset", "ledmode"}, [WHITE]),
    ],
)
def test_a_light_takes_its_colour_by_day(
    dark: bool, listed: set[str], orders: list[str]
) -> None:
    offered = {Setting.LIGHT: SettingRange(choices=("on", "flash", "breath", "loop"))}
    context = CommandContext(
        model_of({}, NANO_3S["Ver"]), frozenset(listed), offered, dark=dark
    )
    found = commands_for({Setting.LIGHT: Light(on=True)}, context)
    assert [order.parameter for order in found] == orders


@pytest.mark.parametrize(("mode", "dark"), [("0-1", False), ("1-0", True), ("", False)])
def test_a_nano_3s_tells_whether_its_light_is_dark(mode: str, dark: bool) -> None:
    memory = DeviceMemory()
    memory.read(poll_of(NANO_3S | {"LED": mode}))
    assert memory.command_context().dark is dark


def test_the_trip_point_of_a_nano_3s_is_known() -> None:
    assert read(NANO_3S).identity.limits.trip_points.chip == 113
    assert read(Q).identity.limits.trip_points.chip is None


# plain cgminer and BFGMiner


@sockets
async def test_a_plain_cgminer_tells_temperatures_of_its_devices() -> None:
    """From the first poll on, so that it has the entity for it."""
    avalon = Avalon("cgminer")
    devices = avalon.poll["devs"][0]["DEVS"]
    devices += [{"ASC": 1, "Temperature": 64.0}, {"ASC": 2, "Temperature": 0.0}]
    devices.append({"ASC": 3, "Temperature": -273})
    async with miner(avalon) as server:
        client = client_of(server)
        for _ in range(2):
            reading = await client.fetch()
            assert reading.state.chip_temperature == 64
            assert Capability.CHIP_TEMPERATURE in reading.identity.capabilities
        assert client.raw["devs"][1]["Temperature"] == 64
    assert commands(server) == [TOGETHER, "version", "devs", OF_A_CGMINER]


@sockets
async def test_devices_without_a_temperature_make_none_up() -> None:
    avalon = Avalon("cgminer")
    avalon.poll["devs"][0]["DEVS"] = [{"ASC": 0, "Temperature": 0.0}, {"ASC": 1}]
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        reading = await client.fetch()
    assert reading.state.chip_temperature is None
    assert Capability.CHIP_TEMPERATURE not in reading.identity.capabilities


def test_a_version_is_no_name_of_a_model() -> None:
    version = {"Miner": "bfgminer 5.5.0-34-g866fd36", "CGMiner": "5.5.0", "API": "3.3"}
    identity = Device(version).answers(poll_of({}, stats=())).identity
    assert (identity.model, identity.firmware) == ("BFGMiner", "5.5.0-34-g866fd36")


# lost boards and chips

FOUR_BOARDS: Blob = A1246 | {
    "Ver": "1566HA-24102401_25462b2",
    "SYSTEMSTATU": "Work: In Work, Hash Board: 4",
    "MGHS": "26907.01 26025.06 26724.56 26500.00",
    "MH": "1 2 3 4",
    "HASHS": "0 0 0 0",
    "ECHU": "0 0 0 0",
    "TA": "480",
}
THREE_OF_FOUR = {
    "SYSTEMSTATU": "Work: In Work, Hash Board: 3",
    "MGHS": "26907.01 26025.06 0.00 26500.00",
    "TA": "360",
}
THREE_LISTED = THREE_OF_FOUR | {"MGHS": "26907.01 26025.06 26500.00", "MH": "1 2 4"}


@pytest.mark.parametrize("loss", [THREE_OF_FOUR, THREE_LISTED])
def test_a_board_that_was_seen_is_missed(loss: Blob) -> None:
    device = Device()
    for _ in range(2):
        assert device.says(FOUR_BOARDS).state.faults == ()
    state = device.says(FOUR_BOARDS | loss).state
    assert state.faults == ("hash_board", "chips_missing")
    assert device.says(FOUR_BOARDS).state.faults == ()


def test_one_of_two_boards_of_an_a1047_is_missed_at_first_sight() -> None:
    blob = A1246 | {
        "Ver": "1047-19120401_d46bc64",
        "SYSTEMSTATU": "Work: In Work, Hash Board: 1",
        "MGHS": "18727.58",
    }
    assert "hash_board" in read(blob).state.faults


def test_a_board_that_is_there_and_does_nothing_is_lost_after_three_polls() -> None:
    device = Device()
    idle = FOUR_BOARDS | {"MGHS": "26907.01 26025.06 0.00 26500.00"}
    found = [device.says(idle).state.faults for _ in range(3)]
    assert found == [(), (), ("hash_board",)]
    assert device.says(FOUR_BOARDS).state.faults == ()


def known(**changes: Any) -> MinerIdentity:
    device = Device()
    for _ in range(2):
        identity = device.says(FOUR_BOARDS).identity
    return replace(identity, **changes)


def remembering(identity: MinerIdentity) -> Device:
    device = Device()
    device.memory = DeviceMemory(device.clock, identity)
    return device


def test_what_was_seen_is_stored_with_the_identity() -> None:
    assert known().board_count == 4
    assert known().chip_count == 480


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, True),
        ({"firmware": "older"}, True),
        ({"serial": "02010000ffff0009"}, False),
    ],
)
def test_a_board_lost_while_nobody_looked_is_missed(
    changes: dict[str, Any], missed: bool
) -> None:
    device = remembering(known(**changes))
    state = device.says(FOUR_BOARDS | THREE_LISTED).state
    assert state.faults == (("hash_board", "chips_missing") if missed else ())


def test_a_board_is_missed_after_new_firmware_too() -> None:
    device = Device()
    for _ in range(2):
        device.says(FOUR_BOARDS)
    newer = FOUR_BOARDS | THREE_LISTED | {"Ver": "1566HA-26010101_25462b2"}
    state = device.says(newer).state
    assert state.faults == ("hash_board", "chips_missing")


def test_a_single_reply_teaches_no_part() -> None:
    """Garbage would be missed for ever."""
    device = Device()
    device.says(A1246 | {"TA": "9999"})
    assert device.says(A1246).state.faults == ()


@pytest.mark.parametrize(
    ("serial", "seen", "missed"),
    [(None, "AvalonMiner 1566HA", True), (None, "Avalon Q", False)],
)
def test_a_nameless_device_is_known_by_its_model(
    serial: str | None, seen: str, missed: bool
) -> None:
    device = remembering(known(serial=serial, model=seen))
    device.version = {"HWTYPE": "x"}
    nameless = {key: item for key, item in FOUR_BOARDS.items() if key != "DNA"}
    state = device.says(nameless | THREE_LISTED).state
    assert ("hash_board" in state.faults) is missed


def test_boards_of_all_modules_are_added_up() -> None:
    def rows(*boards: int) -> tuple[dict[str, Any], ...]:
        blobs = (
            text_of(A1246 | {"SYSTEMSTATU": f"Work: In Work, Hash Board: {count}"})
            for count in boards
        )
        return ({f"MM ID{place}": blob for place, blob in enumerate(blobs)},)

    device = Device()
    for _ in range(2):
        assert device.answers(poll_of({}, stats=rows(3, 3))).state.faults == ()
    found = device.answers(poll_of({}, stats=rows(3, 2))).state.faults
    assert found == ("hash_board",)


def test_a_board_that_is_looked_for_is_not_lost() -> None:
    device = Device()
    for _ in range(2):
        device.says(FOUR_BOARDS)
    starts = {"SYSTEMSTATU": "Work: In Init, Hash Board: 0", **STOPPED}
    assert device.says(FOUR_BOARDS | starts).state.faults == ()


# what does not hash


@pytest.mark.parametrize(
    "change",
    [
        {"SYSTEMSTATU": "Work: In Idle, Hash Board: 3 "} | STOPPED,
        {"PS": "32 1214 1316 242 3189 1320 3504"},
    ],
)
def test_nothing_that_does_not_hash_shows_a_rate(change: Blob) -> None:
    state = read(A1246 | change, summary=SUMMARY | {"MHS av": 44.5e6}).state
    assert not state.hashing
    assert (state.hash_rate, state.hash_rate_now) == (0, 0)
    assert state.hash_rate_average is None
    assert {board.hash_rate for board in state.boards} == {0}
