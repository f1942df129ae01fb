"""What the figures, fans and limits of NerdOS mean, reply by reply."""

from typing import Any

import aiohttp
import pytest

from custom_components.miner_monitor.miners.axeos import AxeOsClient
from custom_components.miner_monitor.miners.axeos.status import NerdosWatch
from custom_components.miner_monitor.miners.client import Credentials
from custom_components.miner_monitor.miners.errors import (
    MinerAuthError,
    MinerBusyError,
    MinerCommandError,
    Outcome,
)
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Capability,
    MinerReading,
    MinerStatus,
    Setting,
    TripPoints,
)

from ..simulator.conftest import StartMiner, clock, session, start_miner
from .deciding import always
from .replies import NERD, Clock, Device, read, without

__all__ = ["clock", "session", "start_miner"]

HASHING, FAULT = MinerStatus.HASHING, MinerStatus.FAULT
OVERHEATED, POOL_LOST = MinerStatus.OVERHEATED, MinerStatus.POOL_LOST
SHUT_DOWN, IDLE = MinerStatus.STANDBY, MinerStatus.IDLE
NO_CORE = {"coreVoltageActual": 40}
OFF = NO_CORE | {"power": 4.9}
MOVED = {"hashRate": 4801.0}
NO_POOL = {"stratum": {"pools": [{"connected": False}]}}
GAMMA = {"deviceModel": "NerdAxeGamma", "asicCount": 1, "hashRate": 1050.0}
FANS: list[dict[str, Any]] = [
    {"mode": 2, "overheatTemp": 70, "rpm": 1800, "speedPerc": 50},
    {"mode": 2, "overheatTemp": 80, "rpm": 1700, "speedPerc": 40},
]
SETTINGS = {"frequencyOptions": [500, 600], "voltageOptions": [1120, 1200]}


def story(*replies: tuple[float, dict[str, Any]]) -> list[MinerReading]:
    """Read replies one after another, each with what it differs in from a sound one."""
    device = Device()
    return [device.says(NERD | changes, after=after) for after, changes in replies]


def statuses(*replies: tuple[float, dict[str, Any]]) -> list[MinerStatus]:
    return [reading.state.status for reading in story(*replies)]


@pytest.mark.parametrize(
    ("uptime", "hidden"),
    [
        (59, {"hash_rate_1m", "hash_rate_10m", "hash_rate_1h", "hash_rate_1d"}),
        (60, {"hash_rate_10m", "hash_rate_1h", "hash_rate_1d"}),
        (3599, {"hash_rate_1h", "hash_rate_1d"}),
        (86_399, {"hash_rate_1d"}),
        (86_400, set()),
        (None, set()),
    ],
)
def test_averages_before_their_window_is_full(
    uptime: int | None, hidden: set[str]
) -> None:
    state = read(NERD | {"hashRate_1d": 4840.0, "uptimeSeconds": uptime}).state
    names = ("hash_rate_1m", "hash_rate_10m", "hash_rate_1h", "hash_rate_1d")
    assert {name for name in names if getattr(state, name) is None} == hidden
    assert state.status is HASHING
    assert state.hash_rate is not None


def test_an_average_instead_of_a_rate_is_hidden_as_well() -> None:
    older = without(NERD, "hashRate", "hashRate_1m") | {"version": "v1.0.10"}
    state = read(older | {"uptimeSeconds": 300}).state
    assert (state.status, state.hash_rate_now, state.hash_rate) == (HASHING, None, None)
    assert read(older).state.hash_rate_now == 4.82


@pytest.mark.parametrize("rate", [1.75e-8, 1e-44, 0.3, 4.7])
def test_a_rate_that_was_halved_for_long_is_none(rate: float) -> None:
    state = read(NERD | {"hashRate": rate, "hashRate_1m": rate}).state
    assert (state.status, state.hash_rate_now, state.hash_rate) == (IDLE, 0, 0)


def test_a_small_rate_of_an_unknown_board_is_a_rate() -> None:
    info = without(NERD, "smallCoreCount", "frequency") | {"ASICModel": "BM9999"}
    assert read(info | {"hashRate": 0.3}).state.hash_rate_now == pytest.approx(3e-4)
    assert read(info | {"hashRate": 1e-9}).state.hash_rate_now == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        (OFF, FAULT),
        (NO_CORE | {"power": 5.0}, FAULT),
        (NO_CORE | {"power": 5.3}, HASHING),
        (GAMMA | NO_CORE | {"power": 5.3}, FAULT),
        (GAMMA | NO_CORE | {"power": 14}, HASHING),
        (NO_CORE | {"power": None}, HASHING),
        (OFF | {"coreVoltageActual": 101}, HASHING),
        (OFF | {"shutdown": True}, SHUT_DOWN),
        (OFF | {"temp": 66}, OVERHEATED),
        (OFF | {"vrTemp": 66}, OVERHEATED),
        (OFF | {"vrTemp": 72, "fans": FANS}, FAULT),
        (OFF | {"vrTemp": 76, "fans": FANS}, OVERHEATED),
        (OFF | {"temp": 66, "overheat_temp": 80}, FAULT),
        (OFF | {"temp": 90, "overheat_temp": 0}, FAULT),
    ],
)
def test_a_regulator_that_is_off(changes: dict[str, Any], status: MinerStatus) -> None:
    state = read(NERD | changes).state
    assert state.status is status
    assert state.overheating is (status is OVERHEATED)
    if status is not HASHING:
        assert state.hash_rate == state.hash_rate_now == 0
        assert state.hash_rate_10m is None


def test_a_frozen_rate_is_a_sign_with_another() -> None:
    frozen = NO_CORE | {"power": 30}
    assert statuses((0, {}), (5, frozen), (4, frozen), (1, frozen)) == [
        *(HASHING, HASHING, HASHING),
        FAULT,
    ]
    moving = [(15.0, frozen | {"hashRate": 4800.0 + step}) for step in range(4)]
    assert set(statuses(*moving)) == {HASHING}


def test_a_frozen_rate_alone_takes_longer() -> None:
    """Only beside power and heat that move, and without a share."""
    warm, warmer = {"power": 99.5, "temp": 57.1}, {"power": 98.9, "temp": 57.4}
    live = ((60, warm), (29, warmer), (1, warm))
    told = statuses((0, {}), *live, (15, {"hashRate": 4801}))
    assert told == [HASHING, HASHING, HASHING, FAULT, HASHING]
    for beside in ({"temp": 57.1}, {"power": 99.5}, warm | {"sharesAccepted": 1}, {}):
        assert set(statuses((0, {}), (60, beside), (60, beside))) == {HASHING}
    assert read(NERD).state.faults == ()


def test_heat_before_the_loss_is_its_cause_as_long_as_it_lasts() -> None:
    cold = OFF | {"temp": 35, "vrTemp": 35}
    hot = story((0, {"temp": 67}), (15, OFF), (15, cold), (600, cold), (15, MOVED))
    told = [reading.state.status for reading in hot]
    assert told == [HASHING, OVERHEATED, OVERHEATED, OVERHEATED, HASHING]
    # Heat that went by before is no cause.
    again = statuses((0, {"temp": 67}), (15, {"hashRate": 4801}), (15, OFF), (15, cold))
    assert again == [HASHING, HASHING, FAULT, FAULT]


def test_a_pool_is_lost_when_it_stays_away() -> None:
    moving = [NO_POOL | {"hashRate": 4800.0 + step} for step in range(3)]
    told = statuses((0, {}), (15, moving[0]), (4, moving[1]), (1, moving[2]), (15, {}))
    assert told == [HASHING, HASHING, HASHING, POOL_LOST, HASHING]


@pytest.mark.parametrize(
    ("changes", "current"),
    [
        ({}, 6.3),
        ({"current": 11_600, "voltage": 5050, "power": 18.3}, None),
        ({"current": 0}, 0),
        ({"voltage": 0}, 6.3),
        ({"power": 40}, None),
    ],
)
def test_a_current_that_contradicts_the_power(
    changes: dict[str, Any], current: float | None
) -> None:
    assert read(NERD | changes).state.input_current in (current, current or None)


def test_a_current_of_something_else_is_no_sensor() -> None:
    wrong = GAMMA | {"current": 11_600, "voltage": 5050, "power": 18.3}
    assert Capability.INPUT_CURRENT in read(NERD).identity.capabilities
    assert Capability.INPUT_CURRENT not in read(NERD | wrong).identity.capabilities


def test_a_board_without_a_sensor_of_its_regulator() -> None:
    small = {"deviceModel": "NerdAxe", "vrTemp": 0}
    assert Capability.VR_TEMPERATURE not in read(NERD | small).identity.capabilities
    assert Capability.VR_TEMPERATURE in read(NERD).identity.capabilities


@pytest.mark.parametrize(
    ("changes", "power"),
    [
        ({"power": 0, "voltage": 0}, None),
        ({"power": 0, "voltage": -40, "hashRate": 0}, None),
        ({"power": 0, "voltage": 12_000, "hashRate": 0}, 0),
    ],
)
def test_power_that_nobody_measured(
    changes: dict[str, Any], power: float | None
) -> None:
    assert read(NERD | changes).state.power == power


@pytest.mark.parametrize(
    ("can", "rate", "power", "now"),
    [
        ({"enabled": True, "fleetPower": 230}, 14.8, 230, 14.8),
        ({"enabled": True}, 4.81, 76.5, 4.81),
        ({"enabled": False, "fleetPower": 230}, 4.81, 76.5, 14.8),
        ("on", 4.81, 76.5, 14.8),
    ],
)
def test_boards_on_a_bus(can: Any, rate: float, power: float, now: float) -> None:
    reading = read(NERD | {"can": can, "hashRate": 14_800.0})
    state = reading.state
    assert (state.hash_rate, state.power, state.hash_rate_now) == (rate, power, now)
    assert state.efficiency == pytest.approx(power / rate)
    alone = power == 76.5
    assert (reading.identity.limits.power is not None) is alone
    assert (state.expected_hash_rate is not None) is alone
    assert (state.hash_rate_10m is not None) is alone


@pytest.mark.parametrize(
    ("changes", "chip", "vr"),
    [
        ({}, 70, 70),
        ({"overheat_temp": 65}, 65, 65),
        ({"overheat_temp": 0}, None, None),
        ({"fans": FANS}, 70, 80),
        ({"fans": FANS[:1]}, 70, 70),
        ({"fans": [FANS[0], FANS[1] | {"mode": 3}]}, 70, 70),
        ({"fans": [FANS[0], FANS[1] | {"overheatTemp": 0}]}, 70, 70),
        ({"fans": [FANS[0], FANS[1] | {"pid": 5}]}, 70, 80),
        ({"fans": "two"}, 70, 70),
    ],
)
def test_trip_points(changes: dict[str, Any], chip: float, vr: float) -> None:
    limits = read(NERD | changes).identity.limits
    assert limits.trip_points == TripPoints(chip=chip, vr=vr)


def test_the_trip_point_of_a_device_that_does_not_tell_it() -> None:
    limits = read(without(NERD, "overheat_temp")).identity.limits
    assert limits.trip_points == TripPoints(chip=70, vr=70)


def test_a_trip_point_that_is_changed_is_noticed() -> None:
    first, second = (
        reading.identity.limits.trip_points.vr
        for reading in story(
            (0, {"fans": FANS}), (15, {"fans": [FANS[0], {"overheatTemp": 85}]})
        )
    )
    assert (first, second) == (80, 85)


def test_an_identity_stays_the_same_object_while_temperatures_change() -> None:
    warmer = [FANS[0] | {"rpm": 1900}, FANS[1] | {"rpm": 1750}]
    first, second = story((0, {"fans": FANS}), (15, {"fans": warmer, "temp": 57}))
    assert first.identity is second.identity


@pytest.mark.parametrize(
    ("changes", "chip", "vr"),
    [
        ({}, (65, 69), (64, 65)),
        ({"pidTargetTemp": 55}, (65, 69), (60, 65)),
        ({"pidTargetTemp": 67}, (68, 69), (68, 69)),
        ({"pidTargetTemp": -1}, (65, 69), (60, 65)),
        ({"fans": FANS}, (65, 69), (70, 75)),
        (
            {"fans": [FANS[0], FANS[1] | {"pid": {"targetTemp": 73}}]},
            (65, 69),
            (77, 78),
        ),
        ({"overheat_temp": 0}, (70, 74), (95, 100)),
    ],
)
def test_warnings_are_below_the_trip_points_and_above_the_targets(
    changes: dict[str, Any], chip: tuple[int, int], vr: tuple[int, int]
) -> None:
    limits = read(NERD | changes).identity.limits
    assert limits.chip_temperature == Alarm(warn=chip[0], critical=chip[1])
    assert limits.vr_temperature == Alarm(warn=vr[0], critical=vr[1])


@pytest.mark.parametrize(
    ("told", "watts"),
    [(100, 110), (250, 275), (0, 110), ("much", 110), (1e6, 110)],
)
def test_the_power_a_board_is_made_for(told: object, watts: float) -> None:
    power = read(NERD | {"maxPower": told}).identity.limits.power
    assert power is not None
    assert power.warn == watts


@pytest.mark.parametrize(
    ("asic", "frequency", "voltage"),
    [
        ({}, (600, 1200, None), (1.2, 1.4, None)),
        ({"absMaxFrequency": 550}, (500, 550, None), (1.2, 1.4, None)),
        ({"absMaxFrequency": 450}, (450, 450, None), (1.2, 1.4, None)),
        ({"absMaxVoltage": 1110}, (600, 1200, None), (1.11, 1.11, None)),
        (
            {"absMaxFrequency": 495, "defaultFrequency": 777, "defaultVoltage": 1200},
            (495, 495, None),
            (1.2, 1.4, 1.2),
        ),
        (
            {"absMaxVoltage": 1150, "defaultVoltage": 1200},
            (600, 1200, None),
            (1.12, 1.15, None),
        ),
    ],
)
def test_nothing_beyond_what_the_board_cuts_is_offered(
    asic: dict[str, Any],
    frequency: tuple[float, float, float | None],
    voltage: tuple[float, float, float | None],
) -> None:
    settings = read(NERD, SETTINGS | asic).identity.limits.settings
    for setting, expected in (
        (Setting.FREQUENCY, frequency),
        (Setting.CORE_VOLTAGE, voltage),
    ):
        told = settings[setting]
        assert (told.maximum, told.highest, told.default) == expected


@pytest.mark.parametrize(
    ("model", "lowest", "offered"),
    [
        ("NerdQAxe++", 1.005, (1.1, 1.2)),
        ("NerdAxe", 0.046, (0.9, 1.2)),
        ("NerdAxeGamma", 1.0, (1.1, 1.2)),
        ("NerdAxe Gaia", 0.8, (0.9, 1.2)),
        ("Q1370", 0.8, (0.9, 1.2)),
        ("Q1373", 0.8, (0.9, 1.2)),
        ("Nexus S1", 0.8, (0.9, 1.2)),
        ("NerdQX", 0.8, (0.9, 1.2)),
    ],
)
def test_the_regulators_of_the_boards(
    model: str, lowest: float, offered: tuple[float, float]
) -> None:
    asic = {"voltageOptions": [900, 1100, 1200]}
    reading = read(NERD | {"deviceModel": model}, asic)
    voltage = reading.identity.limits.settings[Setting.CORE_VOLTAGE]
    assert voltage.lowest == lowest
    assert (voltage.minimum, voltage.maximum) == offered
    assert reading.identity.model == model


@pytest.mark.parametrize(
    ("changes", "able"),
    [
        ({"version": "v1.0.35"}, False),
        ({"version": "v1.0.36"}, True),
        ({"version": "v1.1.0-beta1"}, True),
        ({"version": "mine"}, False),
        ({"version": "mine", "currentA": 6.3}, True),
    ],
)
def test_who_can_shut_down(changes: dict[str, Any], able: bool) -> None:
    reading = read(NERD | changes)
    assert (Capability.SHUTDOWN in reading.identity.capabilities) is able
    assert (Setting.MINING in reading.identity.limits.settings) is able
    assert reading.state.settings.mining is (True if able else None)


@pytest.mark.parametrize(
    ("changes", "auto"),
    [
        ({"autofanspeed": 2}, True),
        ({"autofanspeed": 3}, False),
        ({"autofanspeed": 0}, False),
        ({"autofanspeed": 1}, False),
        ({"autofanspeed": 1, "version": "v1.0.30"}, True),
        ({"autofanspeed": 1, "version": "mine"}, False),
        ({"autofanspeed": 1, "version": "mine", "pidTargetTemp": -1}, True),
        ({"autofanspeed": True}, True),
        ({"autofanspeed": False}, False),
        ({"autofanspeed": "?"}, None),
    ],
)
def test_when_the_fan_is_automatic(changes: dict[str, Any], auto: bool | None) -> None:
    assert read(NERD | changes).state.settings.auto_fan is auto


QAXE = "nerdqaxeplusplus"
MHZ, VOLTS = Setting.FREQUENCY, Setting.CORE_VOLTAGE


def client_of(
    miner: Any, session: aiohttp.ClientSession, token: str = "", clock: Any = None
) -> AxeOsClient:
    return AxeOsClient(
        miner.host,
        miner.port,
        session,
        credentials=Credentials(session=token),
        monotonic=clock or Clock(),
    )


def sent(miner: Any) -> list[str]:
    return [f"{r.method} {r.path}" for r in miner.requests if r.method != "GET"]


@pytest.mark.parametrize(
    ("error", "status", "faults"),
    [
        (1, OVERHEATED, ()),
        (2, OVERHEATED, ()),
        (3, FAULT, ("power_supply",)),
        (4, FAULT, ("input_current",)),
        (5, FAULT, ("core_voltage",)),
        (99, FAULT, ("no_core_voltage",)),
    ],
)
async def test_the_cause_is_asked_for_once(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: Any,
    error: int,
    status: MinerStatus,
    faults: tuple[str, ...],
) -> None:
    """The page of newer firmware tells it, however cold the chips are meanwhile."""
    miner = await start_miner(model=QAXE, firmware="1.0.38")
    ours = Clock()
    client = client_of(miner, session, clock=ours)
    assert (await client.fetch()).state.status is HASHING
    miner.inject("regulator_lost", error=5)
    miner.device.error = error
    for _ in range(4):
        clock.advance(300)
        ours.now += 300
        state = (await client.fetch()).state
        assert (state.status, state.faults) == (status, faults)
    assert pages(miner) == 1
    miner.clear()
    miner.reboot()
    clock.advance(90)
    ours.now += 90
    assert (await client.fetch()).state.status is HASHING
    assert pages(miner) == 1


@pytest.mark.parametrize(
    ("firmware", "fault", "asked"),
    [("1.0.37", None, 0), ("1.0.38", "status", 2), ("1.0.38", "list", 2)],
)
async def test_without_the_page_the_other_signs_tell(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: Any,
    firmware: str,
    fault: str | None,
    asked: int,
) -> None:
    miner = await start_miner(model=QAXE, firmware=firmware)
    ours = Clock()
    client = client_of(miner, session, clock=ours)
    miner.inject("regulator_lost")
    if fault:
        miner.inject(fault, only="dashboard")
    for _ in range(3):
        clock.advance(5)
        ours.now += 5
        state = (await client.fetch()).state
        assert (state.status, state.faults) == (FAULT, ("no_core_voltage",))
    assert pages(miner) == asked


def pages(miner: Any) -> int:
    """Return how often the page with the cause was asked for."""
    return sum("dashboard" in request.path for request in miner.requests)


@pytest.mark.parametrize("page", [{}, {"system": 5}, {"system": {"boardError": "x"}}])
def test_a_page_that_tells_nothing(page: dict[str, Any]) -> None:
    watch = NerdosWatch()
    dead = NERD | OFF | {"version": "v1.1.0"}
    assert watch.wants_cause(dead, 0)
    watch.take_cause(page)
    assert not watch.wants_cause(dead, 9)
    assert watch.wants_cause(dead, 10)


async def test_voltage_waits_for_a_restart(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(model=QAXE, firmware="1.0.38")
    miner.inject("regulator_lost")
    client = client_of(miner, session)
    for changes in ({VOLTS: 1.13}, {VOLTS: 1.13, MHZ: 525.0}):
        with pytest.raises(MinerCommandError, match="regulator is off") as raised:
            await client.apply(always(changes))
        assert raised.value.outcome is Outcome.NOT_SENT
    assert sent(miner) == []
    await client.apply(always({MHZ: 525.0}))
    assert sent(miner) == ["PATCH /api/system"]


async def test_a_miner_that_was_shut_down_gets_no_voltage(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: Any
) -> None:
    miner = await start_miner(model=QAXE, firmware="1.0.38")
    client = client_of(miner, session)
    await client.apply(always({Setting.MINING: False}))
    clock.advance(5)
    with pytest.raises(MinerCommandError, match="regulator is off"):
        await client.apply(always({VOLTS: 1.13}))


@pytest.mark.parametrize(("firmware", "free"), [("1.0.35", False), ("1.0.36", True)])
async def test_a_restart_after_a_refusal(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    firmware: str,
    free: bool,
) -> None:
    miner = await start_miner(model=QAXE, firmware=firmware, otp_code="123456")
    client = client_of(miner, session)
    with pytest.raises(MinerAuthError):
        await client.apply(always({MHZ: 525.0}))
    if free:
        await client.restart(lambda _: None)
        assert sent(miner)[-1] == "POST /api/system/restart"
        return
    with pytest.raises(MinerAuthError):
        await client.restart(lambda _: None)
    assert sent(miner) == ["PATCH /api/system"]


async def test_a_session_refused_right_after_a_boot_is_tried_again_soon(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: Any
) -> None:
    miner = await start_miner(model=QAXE, firmware="1.0.38", otp_code="123456")
    ours = Clock()
    token = await client_of(miner, session).open_session("123456")
    client = client_of(miner, session, token, ours)
    miner.inject("clock_unset")
    miner.reboot()
    clock.advance(60)
    for refusals, seconds in ((1, 0), (1, 19), (2, 1)):
        ours.now += seconds
        with pytest.raises(MinerBusyError, match="clock"):
            await client.apply(always({MHZ: 525.0}))
        assert len(sent(miner)) == 1 + refusals
    clock.advance(300)
    ours.now += 300
    with pytest.raises(MinerAuthError):
        await client.apply(always({MHZ: 525.0}))


async def test_no_session_is_no_matter_of_the_clock(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(
        model=QAXE, firmware="1.0.38", otp_code="123456", uptime=60
    )
    with pytest.raises(MinerAuthError):
        await client_of(miner, session).apply(always({MHZ: 525.0}))
