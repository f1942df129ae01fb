"""What an Avalon is set to: the commands, what becomes of it, and what it reports."""

import asyncio
from typing import Any

import pytest

from custom_components.miner_monitor.miners import (
    MinerBusyError,
    MinerCommandError,
    MinerConnectionError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    Outcome,
)
from custom_components.miner_monitor.miners.avalon import AvalonClient
from custom_components.miner_monitor.miners.model import (
    Capability,
    Changes,
    Light,
    MinerReading,
    Setting,
    SettingRange,
    SettingValue,
    Writing,
)

from .avalon_miner import ACCEPTED, HELP, UNKNOWN, Avalon, client_of, miner, told
from .avalon_simulated import ALL, HOME, NEWER, simulated
from .conformance import UNHURRIED, Answer, hangs_up, is_silent, resets
from .conformance_tcp import breaks_off, ends, failing
from .deciding import always, anyone

pytestmark = pytest.mark.usefixtures("socket_enabled")

NANO3, NANO3S, MINI3, Q = HOME
A12, A15 = "avalon_a1246", "avalon_a1566"
SOON = 1_800_000_005
RED = Light(on=True, effect="breath", brightness=40, warmth=7, color=(255, 0, 1))
EFFECTS = ("on", "flash", "breath", "loop")


@pytest.mark.parametrize(
    ("model", "setting", "value", "told", "became", "after"),
    [
        (NANO3, Setting.WORK_MODE, "low", "worklevel,set,0", {"mode": 0}, 0),
        (NANO3, Setting.WORK_MODE, "medium", "worklevel,set,1", {"mode": 1}, 0),
        (NANO3, Setting.WORK_MODE, "high", "worklevel,set,2", {"mode": 2}, 0),
        (NANO3S, Setting.WORK_MODE, "low", "workmode,set,0", {"mode": 0}, 0),
        (NANO3S, Setting.WORK_MODE, "mid", "workmode,set,1", {"mode": 1}, 0),
        (NANO3S, Setting.WORK_MODE, "high", "workmode,set,2", {"mode": 2}, 0),
        (Q, Setting.WORK_MODE, "eco", "workmode,set,0", {"mode": 0}, 0),
        (Q, Setting.WORK_MODE, "standard", "workmode,set,1", {"mode": 1}, 90),
        (Q, Setting.WORK_MODE, "super", "workmode,set,2", {"mode": 2}, 90),
        (
            MINI3,
            Setting.WORK_MODE,
            "heating_eco",
            "work_mode_lvl,set,0,-1",
            {"mode": 0, "level": -1},
            0,
        ),
        (
            MINI3,
            Setting.WORK_MODE,
            "heating_super",
            "work_mode_lvl,set,0,0",
            {"mode": 0, "level": 0},
            0,
        ),
        (MINI3, Setting.WORK_MODE, "mining", "work_mode_lvl,set,1,0", {"mode": 1}, 0),
        (MINI3, Setting.WORK_MODE, "night", "work_mode_lvl,set,2,0", {"mode": 2}, 0),
        (NANO3, Setting.MINING, False, f"softoff,1:{SOON}", {"phase": "standby"}, 15),
        (MINI3, Setting.MINING, False, f"softoff,1:{SOON}", {"phase": "standby"}, 5),
        (Q, Setting.MINING, False, f"softoff,1:{SOON}", {"phase": "standby"}, 5),
        (A12, Setting.MINING, False, "softoff", {"phase": "standby"}, 0),
        (A15, Setting.MINING, False, "softoff", {"phase": "standby"}, 0),
        *(
            (model, Setting.FAN_DUTY_CYCLE, duty, f"fan-spd,{duty}", {"fan": duty}, 0)
            for model, duty in [
                (NANO3, 0),
                (NANO3S, 15),
                (MINI3, 100),
                (Q, 44),
                (A12, 0),
                (A15, 71),
            ]
        ),
        *(
            (model, Setting.AUTO_FAN, True, "fan-spd,-1", {"fan": None}, 0)
            for model in ALL[:-1]
        ),
        (NANO3S, Setting.DISPLAY, False, "lcd,0:0", {"lcd": 0}, 0),
        (MINI3, Setting.DISPLAY, False, "lcd,0:0", {"lcd": 0}, 0),
        (Q, Setting.DISPLAY, True, "lcd,0:1", {"lcd": 1}, 0),
        (
            MINI3,
            Setting.HEATING_TEMPERATURE,
            28.0,
            "limittemp,28",
            {"limit_temperature": 28},
            0,
        ),
        (
            NANO3S,
            Setting.LIGHT,
            RED,
            "ledset,3-40-7-255-0-1",
            {"led": (3, 40, 7, 255, 0, 1)},
            0,
        ),
        (
            NANO3,
            Setting.LIGHT,
            Light(on=True, effect="loop"),
            "led,setmode,4",
            {"led": (4, 100, 100, 5, 0, 255)},
            0,
        ),
        *(
            (model, Setting.POOL, 2, "switchpool|2", {"pool": 2}, 150)
            for model in (NANO3, NANO3S, MINI3, A12, A15)
        ),
    ],
)
async def test_one_setting(
    model: str,
    setting: Setting,
    value: SettingValue,
    told: str,
    became: dict[str, Any],
    after: float,
) -> None:
    async with simulated(model) as avalon:
        await avalon.client.apply(always({setting: value}))
        command = told if "|" in told else f"ascset|0,{told}"
        assert avalon.commands == [command]
        assert avalon.client.writing(setting).proof >= after
        settings = await avalon.settles(after)
        assert avalon.became().items() >= became.items()
        assert settings.get(setting) == value


@pytest.mark.parametrize(
    ("model", "told", "after"),
    [
        (NANO3, f"softon,1:{SOON}", 15),
        (MINI3, f"softon,1:{SOON}", 10),
        (Q, f"softon,1:{SOON}", 10),
        (A12, "reboot,0", 200),
        (A15, "reboot,1", 200),
    ],
)
async def test_waking_up(model: str, told: str, after: float) -> None:
    async with simulated(model, standby=True) as avalon:
        assert (await avalon.settles(5)).mining is False
        await avalon.client.apply(always({Setting.MINING: True}))
        soon = int(avalon.clock.now()) + 5
        assert avalon.commands == [f"ascset|0,{told.replace(str(SOON), str(soon))}"]
        assert avalon.client.writing(Setting.MINING).proof >= after
        assert (await avalon.settles(after)).mining is True
        assert avalon.device.phase.value != "standby"


async def test_sleep_by_the_clock_of_the_device() -> None:
    """Its clock is what its last reply told, and what passed since."""
    async with simulated(Q) as avalon:
        avalon.clock.advance(12.7)
        await avalon.client.apply(always({Setting.MINING: False}))
        assert avalon.commands == [f"ascset|0,softoff,1:{SOON + 12}"]


async def test_no_sleep_without_a_clock() -> None:
    avalon = Avalon()
    avalon.poll["summary"][0]["STATUS"][0].pop("When")
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        server.requests.clear()
        with pytest.raises(MinerCommandError):
            await client.apply(always({Setting.MINING: False}))
    assert told(server) == []


async def test_a_mode_of_the_a_series_counts_after_a_reboot() -> None:
    async with simulated(A12) as avalon:
        await avalon.client.apply(always({Setting.WORK_MODE: "normal"}))
        assert avalon.commands == ["ascset|0,workmode,0"]
        assert avalon.client.writing(Setting.WORK_MODE).needs_restart
        assert (await avalon.settles(90)).work_mode == "high"
        await avalon.client.restart(anyone)
        assert (await avalon.settles(300)).work_mode == "normal"


async def test_the_a_series_is_woken_up_after_all_else() -> None:
    async with simulated(A12, standby=True) as avalon:
        await avalon.client.apply(
            always({Setting.MINING: True, Setting.WORK_MODE: "normal"})
        )
        assert avalon.commands == ["ascset|0,workmode,0", "ascset|0,reboot,0"]


async def test_a_target_where_it_is_listed() -> None:
    async with simulated(**NEWER) as avalon:
        client = avalon.client
        allowed = (await client.fetch()).identity.limits.settings
        assert allowed[Setting.TARGET_TEMPERATURE] == SettingRange(
            minimum=50, maximum=90
        )
        assert (await avalon.settles(0)).target_temperature == 90
        await client.apply(always({Setting.TARGET_TEMPERATURE: 71.4}))
        assert avalon.commands == ["ascset|0,target-temp,71"]
        assert (await avalon.settles(0)).target_temperature == 71
        assert avalon.device.target == 71
        assert avalon.miner.flash_writes == 0


async def test_what_is_only_in_the_short_statistics_is_read_afresh() -> None:
    async with simulated(MINI3) as avalon:
        assert (await avalon.settles(20)).heating_temperature == 35
        for wanted in (21, 50):
            await avalon.client.apply(always({Setting.HEATING_TEMPERATURE: wanted}))
            assert (await avalon.settles(0)).heating_temperature == wanted
        avalon.device.settings.write(limit_temperature=25)
        assert (await avalon.settles(10)).heating_temperature == 25
        await avalon.settles(10)
        before = len(avalon.miner.requests)
        await avalon.settles(60)
        assert len(avalon.miner.requests) - before <= 14


@pytest.mark.parametrize("model", [NANO3S, MINI3, Q])
async def test_a_clean_filter(model: str) -> None:
    async with simulated(model) as avalon:
        reading = await avalon.client.fetch()
        assert Capability.RESET_FILTER in reading.identity.capabilities
        assert reading.state.filter_age == 19_145
        await avalon.client.reset_filter(anyone)
        assert avalon.commands == ["ascset|0,filter-clean,1"]
        assert (await avalon.client.fetch()).state.filter_age == 0
        assert avalon.miner.flash_writes == 1


@pytest.mark.parametrize("model", [NANO3, A12, "cgminer"])
async def test_no_filter(model: str) -> None:
    async with simulated(model) as avalon:
        reading = await avalon.client.fetch()
        assert Capability.RESET_FILTER not in reading.identity.capabilities
        with pytest.raises(MinerCommandError):
            await avalon.client.reset_filter(anyone)
        assert avalon.commands == []


@pytest.mark.parametrize(
    ("model", "changes", "told"),
    [
        (NANO3S, Light(on=False), ["ledset,0-50-60-1-2-3"]),
        (NANO3S, Light(on=True), ["ledset,2-50-60-1-2-3"]),
        (NANO3S, Light(on=True, brightness=9), ["ledset,2-9-60-1-2-3"]),
        (NANO3S, Light(on=True, effect="on"), ["ledset,1-50-60-1-2-3"]),
        (NANO3S, Light(on=True, color=(7, 8, 9)), ["ledset,2-50-60-7-8-9"]),
        (NANO3, Light(on=False), ["led,setmode,0"]),
        (NANO3, Light(on=True), []),
        (NANO3, Light(on=True, effect="flash"), []),
        (NANO3, Light(on=True, brightness=9), ["led,setbright,9"]),
        (
            NANO3,
            Light(on=True, effect="on", color=(7, 8, 9), brightness=30),
            ["led,setrgb,30-100-7-8-9", "led,setmode,1"],
        ),
    ],
)
async def test_a_light_keeps_what_is_not_asked_for(
    model: str, changes: Light, told: list[str]
) -> None:
    async with simulated(model) as avalon:
        avalon.device.settings.write(led=(2, 50, 60, 1, 2, 3))
        await avalon.client.fetch()
        await avalon.client.apply(always({Setting.LIGHT: changes}))
        assert avalon.commands == [f"ascset|0,{text}" for text in told]


async def test_a_light_that_is_off_comes_on() -> None:
    async with simulated(NANO3S) as avalon:
        now = (await avalon.settles(0)).light
        assert now == Light(on=False, brightness=100, warmth=100, color=(5, 0, 255))
        await avalon.client.apply(always({Setting.LIGHT: Light(on=True)}))
        assert (await avalon.settles(0)).light == Light(
            on=True, effect="on", brightness=100, warmth=100, color=(5, 0, 255)
        )


async def test_a_colour_that_no_reply_shows_is_remembered() -> None:
    async with simulated(NANO3) as avalon:
        client = avalon.client
        assert (await avalon.settles(0)).light == Light(on=False)
        await client.apply(always({Setting.LIGHT: Light(on=True, color=(7, 8, 9))}))
        shown = Light(on=True, effect="on", brightness=100, color=(7, 8, 9))
        assert (await avalon.settles(0)).light == shown
        await client.apply(always({Setting.LIGHT: Light(on=True, brightness=9)}))
        shown = Light(on=True, effect="on", brightness=9, color=(7, 8, 9))
        assert (await avalon.settles(0)).light == shown
        assert avalon.became()["led"] == (1, 9, 100, 7, 8, 9)
        avalon.miner.inject("write_lost")
        with pytest.raises(MinerCutOffError):
            await client.apply(always({Setting.LIGHT: Light(on=True, brightness=5)}))
        assert (await avalon.settles(0)).light == Light(on=True, effect="on")


async def test_a_fan_is_automatic_after_a_start() -> None:
    async with simulated(Q) as avalon:
        settings = await avalon.settles(0)
        assert (settings.auto_fan, settings.fan_duty_cycle) == (None, None)
        await avalon.client.apply(always({Setting.FAN_DUTY_CYCLE: 80}))
        settings = await avalon.settles(300)
        assert (settings.auto_fan, settings.fan_duty_cycle) == (False, 80)
        await avalon.client.apply(always({Setting.AUTO_FAN: True}))
        settings = await avalon.settles(0)
        assert (settings.auto_fan, settings.fan_duty_cycle) == (True, None)
        await avalon.client.apply(always({Setting.FAN_DUTY_CYCLE: 60}))
        avalon.miner.reboot()
        avalon.clock.advance(300)
        settings = await avalon.settles(0)
        assert (settings.auto_fan, settings.fan_duty_cycle) == (True, None)
        assert avalon.device.fan_duty is None


async def test_clocks_that_drift_apart_are_no_start() -> None:
    async with simulated(Q) as avalon:
        miner, clock = avalon.miner, avalon.clock
        client = AvalonClient(
            miner.host, miner.port, monotonic=lambda: 1.0002 * clock.now()
        )
        await client.apply(always({Setting.FAN_DUTY_CYCLE: 80}))
        for _ in range(48):
            clock.advance(3600)
            settings = (await client.fetch()).state.settings
        assert settings.fan_duty_cycle == 80


async def test_a_start_before_anything_was_set_makes_the_fan_automatic() -> None:
    async with simulated(Q, uptime=20) as avalon:
        avalon.miner.reboot()
        avalon.clock.advance(300)
        assert (await avalon.settles(0)).auto_fan is True


@pytest.mark.parametrize(
    ("spec", "told"),
    [({}, "fan-spd,71"), ({"standby": True}, "fan-spd,100")],
)
async def test_a_fan_that_no_longer_follows_stays(
    spec: dict[str, Any], told: str
) -> None:
    async with simulated(Q, **spec) as avalon:
        avalon.device.faults.add("override", {"values": {"FanR": "71%"}})
        await avalon.client.fetch()
        await avalon.client.apply(always({Setting.AUTO_FAN: False}))
        assert avalon.commands == [f"ascset|0,{told}"]
        assert (await avalon.settles(0)).auto_fan is False


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                Setting.DISPLAY: False,
                Setting.FAN_DUTY_CYCLE: 30,
                Setting.AUTO_FAN: False,
                Setting.MINING: False,
            },
            [f"softoff,1:{SOON}", "fan-spd,30", "lcd,0:0"],
        ),
        (
            {Setting.AUTO_FAN: True, Setting.FAN_DUTY_CYCLE: 30},
            ["fan-spd,-1"],
        ),
        (
            {Setting.WORK_MODE: "super", Setting.MINING: False},
            [f"softoff,1:{SOON}", "workmode,set,2"],
        ),
    ],
)
async def test_several_settings(changes: Changes, told: list[str]) -> None:
    async with simulated(Q) as avalon:
        clock = asyncio.get_running_loop()
        start = clock.time()
        await avalon.client.apply(always(changes))
        assert avalon.commands == [f"ascset|0,{text}" for text in told]
        assert clock.time() - start >= len(told) - 1
        assert avalon.miner.most_connections == 1


async def test_a_pool_is_called_by_its_number() -> None:
    """Pool 0 was removed, so that places and numbers differ."""
    avalon = Avalon()
    rows = avalon.poll["pools"][0]["POOLS"]
    first = rows[0]
    rows[:] = [first | {"POOL": 1}, first | {"POOL": 2, "Stratum Active": False}]
    avalon.answers["switchpool|2"] = ends(ACCEPTED)
    async with miner(avalon) as server:
        client = client_of(server)
        assert (await client.fetch()).state.settings.pool == 0
        await client.apply(always({Setting.POOL: 1}))
    assert told(server) == ["switchpool|2"]


@pytest.mark.parametrize(
    ("model", "offered"),
    [
        (
            NANO3,
            {
                Setting.WORK_MODE: SettingRange(choices=("low", "medium", "high")),
                Setting.MINING: SettingRange(),
                Setting.AUTO_FAN: SettingRange(),
                Setting.FAN_DUTY_CYCLE: SettingRange(maximum=100),
                Setting.LIGHT: SettingRange(choices=EFFECTS),
                Setting.POOL: SettingRange(maximum=2),
            },
        ),
        (
            NANO3S,
            {
                Setting.WORK_MODE: SettingRange(choices=("low", "mid", "high")),
                Setting.AUTO_FAN: SettingRange(),
                Setting.FAN_DUTY_CYCLE: SettingRange(minimum=15, maximum=100),
                Setting.DISPLAY: SettingRange(),
                Setting.LIGHT: SettingRange(choices=EFFECTS),
                Setting.POOL: SettingRange(maximum=2),
            },
        ),
        (
            MINI3,
            {
                Setting.WORK_MODE: SettingRange(
                    choices=("night", "heating_eco", "mining", "heating_super")
                ),
                Setting.MINING: SettingRange(),
                Setting.AUTO_FAN: SettingRange(),
                Setting.FAN_DUTY_CYCLE: SettingRange(minimum=15, maximum=100),
                Setting.HEATING_TEMPERATURE: SettingRange(minimum=20, maximum=50),
                Setting.DISPLAY: SettingRange(),
                Setting.POOL: SettingRange(maximum=2),
            },
        ),
        (
            Q,
            {
                Setting.WORK_MODE: SettingRange(choices=("eco", "standard", "super")),
                Setting.MINING: SettingRange(),
                Setting.AUTO_FAN: SettingRange(),
                Setting.FAN_DUTY_CYCLE: SettingRange(minimum=15, maximum=100),
                Setting.DISPLAY: SettingRange(),
            },
        ),
        *(
            (
                model,
                {
                    Setting.WORK_MODE: SettingRange(
                        choices=("normal", "high"), live=False
                    ),
                    Setting.MINING: SettingRange(),
                    Setting.AUTO_FAN: SettingRange(),
                    Setting.FAN_DUTY_CYCLE: SettingRange(maximum=100),
                    Setting.POOL: SettingRange(maximum=2),
                },
            )
            for model in (A12, A15)
        ),
        ("cgminer", {}),
    ],
)
async def test_what_can_be_set(
    model: str, offered: dict[Setting, SettingRange]
) -> None:
    async with simulated(model) as avalon:
        identity = (await avalon.client.fetch()).identity
        assert dict(identity.limits.settings) == offered
        stops = Capability.SOFT_OFF in identity.capabilities
        assert stops is (Setting.MINING in offered)
        heats = ("heating_eco", "heating_super")
        assert identity.limits.heating_modes == (heats if model == MINI3 else ())
        others = set(Setting) - offered.keys()
        for setting in others:
            with pytest.raises(MinerCommandError):
                await avalon.client.apply(always({setting: True}))
        assert avalon.commands == []


async def test_modes_are_in_the_order_of_their_power() -> None:
    async def power_limits(model: str) -> list[float]:
        async with simulated(model) as avalon:
            identity = (await avalon.client.fetch()).identity
            limits = []
            for mode in identity.limits.settings[Setting.WORK_MODE].choices:
                await avalon.client.apply(always({Setting.WORK_MODE: mode}))
                avalon.clock.advance(150)
                for _ in range(4):
                    state = (await avalon.client.fetch()).state
                assert state.power_limit is not None
                limits.append(state.power_limit)
            return limits

    for limits in await asyncio.gather(*map(power_limits, HOME)):
        assert limits == sorted(set(limits))


@pytest.mark.parametrize(
    "listed",
    [
        "",
        "help|loop|password|frequency|voltage",
        "help|softoff|workmode",
        "help|fan-spd|softoff|softon|lcd",
        "help|workmode|softon|filter-clean|target-temp|limittemp|ledset|led|reboot",
    ],
)
@pytest.mark.parametrize("model", ["q", "nano3s", "a1246", "cgminer"])
async def test_nothing_is_sent_that_is_not_listed(model: str, listed: str) -> None:
    avalon = Avalon(model)
    help_text = f'"STATUS":[{{"STATUS":"I","Msg":"ASC 0 set info: {listed}|"}}]'
    avalon.answers[HELP] = ends(f"{{{help_text}}}".encode())
    names = set(listed.split("|"))
    async with miner(avalon) as server:
        client = client_of(server, deadline=0.2)
        await client.fetch()
        for setting in Setting:
            for value in (True, False, 1, 60, "eco", "high", RED):
                server.requests.clear()
                with pytest.raises(MinerError):
                    await client.apply(always({setting: value}))
                for sent in told(server):
                    command, _, parameter = sent.partition("|")
                    reboots = parameter.startswith("0,reboot") and model == "a1246"
                    switches = command == "switchpool" and model != "cgminer"
                    assert switches or reboots or parameter.split(",")[1] in names


@pytest.mark.parametrize(
    ("listed", "now", "wanted", "orders"),
    [
        ("workmode|worklevel", "1 0", "heating_super", ["workmode,set,0"]),
        (
            "workmode|worklevel",
            "1 0",
            "heating_eco",
            ["workmode,set,0", "worklevel,set,-1"],
        ),
        ("workmode|worklevel", "0 0", "heating_eco", ["worklevel,set,-1"]),
        ("workmode|worklevel", "0 -1", "heating_super", ["worklevel,set,0"]),
        ("workmode|worklevel", "0 -1", "night", ["workmode,set,2"]),
        ("workmode|worklevel|work_mode_lvl", "1 0", "night", ["work_mode_lvl,set,2,0"]),
    ],
)
async def test_a_mini_3_without_a_command_for_both(
    listed: str, now: str, wanted: str, orders: list[str]
) -> None:
    mode, level = now.split()
    avalon = Avalon("nano3s")
    avalon.row("estats")["MM ID0"] = avalon.row("stats")["MM ID0"] = (
        f"Ver[Mini3-25011701_3f53b19] DNA[020100001a0f0009] GHSspd[37000.00] ADJ[1] "
        f"SYSTEMSTATU[Work: In Work, Hash Board: 1] "
        f"WORKMODE[{mode}] WORKLEVEL[{level}]"
    )
    avalon.answers["version"] = UNKNOWN
    help_text = f'"STATUS":[{{"STATUS":"I","Msg":"ASC 0 set info: {listed}|"}}]'
    avalon.answers[HELP] = ends(f"{{{help_text}}}".encode())
    avalon.answers |= {f"ascset|0,{text}": ends(ACCEPTED) for text in orders}
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        server.requests.clear()
        await client.apply(always({Setting.WORK_MODE: wanted}))
    assert told(server) == [f"ascset|0,{text}" for text in orders]


@pytest.mark.parametrize(
    ("model", "setting", "value"),
    [
        (Q, Setting.WORK_MODE, "night"),
        (Q, Setting.WORK_MODE, 1),
        (Q, Setting.WORK_MODE, True),
        (Q, Setting.MINING, "off"),
        (Q, Setting.MINING, 0),
        (Q, Setting.FAN_DUTY_CYCLE, 14),
        (Q, Setting.FAN_DUTY_CYCLE, 101),
        (Q, Setting.FAN_DUTY_CYCLE, float("nan")),
        (Q, Setting.FAN_DUTY_CYCLE, float("inf")),
        (Q, Setting.FAN_DUTY_CYCLE, True),
        (Q, Setting.FAN_DUTY_CYCLE, "50,1"),
        (Q, Setting.FREQUENCY, 500),
        (Q, Setting.CORE_VOLTAGE, 1.2),
        (MINI3, Setting.HEATING_TEMPERATURE, 19),
        (MINI3, Setting.HEATING_TEMPERATURE, 51),
        (NANO3S, Setting.POOL, 3),
        (NANO3S, Setting.POOL, -1),
        (NANO3S, Setting.LIGHT, True),
        (NANO3S, Setting.LIGHT, Light(on=True, effect="rainbow")),
        (NANO3S, Setting.LIGHT, Light(on=True, brightness=101)),
        (NANO3S, Setting.LIGHT, Light(on=True, color=(0, 256, 0))),
        (NANO3S, Setting.DISPLAY, RED),
    ],
)
async def test_values_that_are_none(
    model: str, setting: Setting, value: SettingValue
) -> None:
    """Nothing is sent then, not even what goes with it."""
    async with simulated(model) as avalon:
        with pytest.raises(MinerCommandError):
            await avalon.client.apply(always({setting: value, Setting.AUTO_FAN: True}))
        assert avalon.commands == []


@pytest.mark.parametrize("model", HOME)
async def test_no_mode_while_it_calibrates(model: str) -> None:
    async with simulated(model) as avalon:
        avalon.miner.inject("calibrating")
        reading = await avalon.client.fetch()
        first = reading.identity.limits.settings[Setting.WORK_MODE].choices[0]
        changes: Changes = {Setting.WORK_MODE: first, Setting.AUTO_FAN: True}
        with pytest.raises(MinerBusyError):
            await avalon.client.apply(always(changes))
        assert avalon.commands == []
        await avalon.client.apply(always({Setting.AUTO_FAN: True}))
        avalon.miner.clear("calibrating")
        avalon.clock.advance(120)
        await avalon.client.fetch()
        await avalon.client.apply(always({Setting.WORK_MODE: first}))


async def test_a_mode_that_it_refuses_because_it_calibrates_by_now() -> None:
    async with simulated(Q) as avalon:

        def begins_to_calibrate(_: MinerReading) -> Changes:
            avalon.miner.inject("calibrating")
            return {Setting.WORK_MODE: "super"}

        with pytest.raises(MinerBusyError) as caught:
            await avalon.client.apply(begins_to_calibrate)
        assert caught.value.outcome is Outcome.REFUSED
        assert len(avalon.commands) == 1
        assert avalon.miner.flash_writes == 0


async def test_no_mode_together_with_the_wake_up() -> None:
    async with simulated(Q, standby=True) as avalon:
        with pytest.raises(MinerBusyError):
            await avalon.client.apply(
                always({Setting.MINING: True, Setting.WORK_MODE: "eco"})
            )
        assert avalon.commands == []


async def test_a_light_for_the_night_is_set_to_the_day_before_its_colour() -> None:
    async with simulated(NANO3S) as avalon:
        avalon.device.settings.write(led_mode=1)
        await avalon.client.fetch()
        await avalon.client.apply(always({Setting.LIGHT: RED}))
        assert [order.partition("-")[0] for order in avalon.commands] == [
            "ascset|0,ledmode,0",
            "ascset|0,ledset,3",
        ]
        assert (await avalon.settles(5)).light == RED


@pytest.mark.parametrize(
    ("fault", "parameters", "error", "duty"),
    [
        ("write_refused", {}, MinerCommandError, None),
        ("busy", {}, MinerBusyError, None),
        ("access_denied", {}, MinerCommandError, None),
        ("write_lost", {}, MinerCutOffError, 40),
        ("write_lost", {"silent": True}, MinerTimeoutError, 40),
        ("disconnect", {}, MinerCutOffError, 40),
        ("truncated", {}, MinerCutOffError, 40),
        ("garbage", {}, MinerResponseError, None),
        ("silent", {}, MinerTimeoutError, None),
        ("offline", {}, MinerConnectionError, None),
    ],
)
async def test_a_setting_that_fails(
    fault: str, parameters: dict[str, Any], error: type[MinerError], duty: float | None
) -> None:
    """Nothing is repeated, and what the device may have taken is told apart."""
    deadline = UNHURRIED if error is MinerTimeoutError else 30.0
    async with simulated(Q, deadline=deadline) as avalon:

        def goes_wrong(_: MinerReading) -> Changes:
            avalon.miner.inject(fault, **parameters)
            return {Setting.FAN_DUTY_CYCLE: 40}

        with pytest.raises(error) as caught:
            await avalon.client.apply(goes_wrong)
        assert caught.type is error
        assert len(avalon.commands) == (fault != "offline")
        assert avalon.device.fan_duty == duty
        avalon.miner.clear()
        settings = await avalon.settles(0)
        assert (settings.auto_fan, settings.fan_duty_cycle) == (None, None)


@pytest.mark.parametrize(
    ("fault", "known"), [("write_refused", 60), ("write_lost", None)]
)
async def test_what_a_failure_leaves_known_of_the_fan(
    fault: str, known: float | None
) -> None:
    async with simulated(Q) as avalon:
        await avalon.client.apply(always({Setting.FAN_DUTY_CYCLE: 60}))
        avalon.miner.inject(fault)
        with pytest.raises(MinerError):
            await avalon.client.apply(always({Setting.FAN_DUTY_CYCLE: 40}))
        assert (await avalon.settles(0)).fan_duty_cycle == known


async def test_what_is_ignored_is_not_reported() -> None:
    async with simulated(Q) as avalon:
        avalon.miner.inject("write_ignored")
        await avalon.client.apply(always({Setting.WORK_MODE: "super"}))
        assert (await avalon.settles(90)).work_mode == "eco"


async def test_what_is_clipped_is_reported_as_it_became() -> None:
    async with simulated(MINI3) as avalon:
        avalon.miner.inject("write_clipped", most=30)
        await avalon.client.apply(always({Setting.HEATING_TEMPERATURE: 45}))
        assert (await avalon.settles(10)).heating_temperature == 30


async def test_a_reboot_upon_a_setting() -> None:
    async with simulated(Q) as avalon:
        avalon.miner.inject("reboot_on_write")
        await avalon.client.apply(always({Setting.FAN_DUTY_CYCLE: 45}))
        settings = await avalon.settles(300)
        assert (settings.auto_fan, settings.fan_duty_cycle) == (True, None)


@pytest.mark.parametrize("answer", [ends(b""), hangs_up, resets, is_silent])
async def test_silence_to_the_wake_up_is_success(answer: Answer) -> None:
    avalon = Avalon()
    sent = []

    async def answers(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"softon" in request:
            sent.append(request)
            await answer(request, writer)
        else:
            await avalon(request, writer)

    deadline = UNHURRIED if answer is is_silent else 30.0
    async with miner(answers) as server:
        client = client_of(server, deadline=deadline)
        await client.fetch()
        await client.apply(always({Setting.MINING: True}))
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failing(120, "ASC 0 set failed: error:2 parameter error"), MinerCommandError),
        (failing(45, "Access denied to 'ascset' command"), MinerCommandError),
        (
            failing(120, "current mode 0 is caling Don't permit switch mode"),
            MinerBusyError,
        ),
        (
            ends(b'{"STATUS":[{"STATUS":"I","Msg":"Unknown option: workmode"}]}'),
            MinerCommandError,
        ),
        (
            ends(b'{"STATUS":[{"STATUS":"I","Msg":"missing workmode setting"}]}'),
            MinerCommandError,
        ),
        (ends(b'{"STATUS":[{"STATUS":"I","Msg":"hello"}]}'), MinerCommandError),
        (ends(b'{"STATUS":[{"STATUS":"W","Msg":"success"}]}'), MinerCommandError),
        (ends(b'{"STATUS":[{"STATUS":"E","Code":120}]}'), MinerCommandError),
        (ends(b'{"SUMMARY":[{"Elapsed":1}]}'), MinerResponseError),
        (ends(b"<html></html>"), MinerResponseError),
        (ends(b""), MinerCutOffError),
        (ends(ACCEPTED[:20], b""), MinerCutOffError),
        (hangs_up, MinerCutOffError),
        (resets, MinerCutOffError),
        (breaks_off, MinerCutOffError),
        (is_silent, MinerTimeoutError),
    ],
)
async def test_replies_to_a_mode(answer: Answer, error: type[MinerError]) -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,workmode,set,2"] = answer
    deadline = UNHURRIED if error is MinerTimeoutError else 30.0
    async with miner(avalon) as server:
        client = client_of(server, deadline=deadline)
        await client.fetch()
        server.requests.clear()
        with pytest.raises(error) as caught:
            await client.apply(always({Setting.WORK_MODE: "super"}))
        assert caught.type is error
        assert told(server) == ["ascset|0,workmode,set,2"]


@pytest.mark.parametrize(
    "reply",
    [
        ACCEPTED,
        b"STATUS=S,When=495,Code=119,Msg=ASC 0 set OK,Description=x|",
        b'{"STATUS":[{"STATUS":"I","Code":118,"Msg":"ASC 0 set info: ok"}]}',
        b'{"STATUS":[{"STATUS":"I","Code":118,"Msg":"workmode 2 success"}]}',
    ],
)
async def test_replies_that_are_success(reply: bytes) -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,workmode,set,2"] = ends(reply)
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        await client.apply(always({Setting.WORK_MODE: "super"}))


async def test_a_refusal_is_told_in_a_text_that_is_safe() -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,lcd,0:0"] = failing(120, "bad\n\x1b[31m\0" + "x" * 5000)
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        with pytest.raises(MinerCommandError) as caught:
            await client.apply(always({Setting.DISPLAY: False}))
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 160


async def test_the_first_failure_ends_it() -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,fan-spd,40"] = failing(120, "no")
    async with miner(avalon) as server:
        client = client_of(server)
        await client.fetch()
        server.requests.clear()
        with pytest.raises(MinerCommandError):
            await client.apply(
                always({Setting.FAN_DUTY_CYCLE: 40, Setting.DISPLAY: False})
            )
    assert told(server) == ["ascset|0,fan-spd,40"]


async def test_settings_and_polls_take_turns() -> None:
    async with simulated(Q, latency=0.05) as avalon:
        await asyncio.gather(
            avalon.client.fetch(),
            avalon.client.apply(always({Setting.DISPLAY: False})),
            avalon.client.fetch(),
            avalon.client.apply(always({Setting.AUTO_FAN: True})),
        )
        assert avalon.miner.most_connections == 1
        assert avalon.commands == ["ascset|0,lcd,0:0", "ascset|0,fan-spd,-1"]


async def test_no_time_left_behind_another_request() -> None:
    async with simulated(Q, deadline=0.3) as avalon:
        avalon.miner.inject("silent")
        clock = asyncio.get_running_loop()
        start = clock.time()
        results = await asyncio.gather(
            avalon.client.fetch(),
            avalon.client.apply(always({Setting.AUTO_FAN: True})),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [MinerTimeoutError] * 2
        assert clock.time() - start < 1
        assert avalon.commands == []


async def test_a_setting_before_the_first_poll() -> None:
    avalon = Avalon()
    avalon.answers["ascset|0,lcd,0:1"] = ends(ACCEPTED)
    async with miner(avalon) as server:
        await client_of(server).apply(always({Setting.DISPLAY: True}))
    assert told(server) == ["ascset|0,lcd,0:1"]


@pytest.mark.parametrize(
    ("model", "setting", "writing"),
    [
        (Q, Setting.WORK_MODE, Writing(wears=True, power=True, proof=90)),
        (
            A12,
            Setting.WORK_MODE,
            Writing(wears=True, power=True, proof=90, needs_restart=True),
        ),
        (Q, Setting.MINING, Writing(power=True, proof=90)),
        (A12, Setting.MINING, Writing(power=True, proof=300)),
        (Q, Setting.AUTO_FAN, Writing()),
        (Q, Setting.FAN_DUTY_CYCLE, Writing()),
        (NANO3S, Setting.POOL, Writing(proof=150)),
        (NANO3S, Setting.LIGHT, Writing(wears=True, proof=10)),
        (NANO3S, Setting.DISPLAY, Writing(wears=True, proof=10)),
        (MINI3, Setting.HEATING_TEMPERATURE, Writing(wears=True, proof=10)),
        (NANO3S, Setting.TARGET_TEMPERATURE, Writing(proof=10)),
        ("cgminer", Setting.POOL, Writing()),
    ],
)
async def test_what_it_takes(model: str, setting: Setting, writing: Writing) -> None:
    async with simulated(model) as avalon:
        assert avalon.client.writing(setting) == writing


async def test_what_wears_is_what_the_device_stores() -> None:
    """What the client calls free costs the simulated flash nothing."""
    values: dict[Setting, SettingValue] = {
        Setting.MINING: False,
        Setting.FAN_DUTY_CYCLE: 50,
        Setting.POOL: 1,
        Setting.TARGET_TEMPERATURE: 60,
        Setting.LIGHT: RED,
        Setting.DISPLAY: False,
        Setting.HEATING_TEMPERATURE: 40,
    }
    for spec in ({"model": MINI3}, NEWER):
        for setting, value in values.items():
            async with simulated(**spec) as avalon:
                identity = (await avalon.client.fetch()).identity
                if setting not in identity.limits.settings:
                    continue
                await avalon.client.apply(always({setting: value}))
                await avalon.settles(10)
                wears = avalon.client.writing(setting).wears
                assert avalon.miner.flash_writes == wears, setting


@pytest.mark.parametrize("model", ALL)
async def test_what_no_avalon_does(model: str) -> None:
    async with simulated(model) as avalon:
        with pytest.raises(MinerCommandError):
            await avalon.client.dismiss_block(anyone)
        with pytest.raises(MinerCommandError):
            await avalon.client.open_session("123456")
        assert avalon.commands == []
