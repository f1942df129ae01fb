"""A power target of each kind of miner: what it is told, when, and what is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import Context, State
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.control.power_target import MOST_WRITES
from custom_components.miner_monitor.miners.model import Setting
from simulator import MinerSpec, Phase, SimulatedMiner

from .automations import AUTOMATION
from .conftest import GAMMA, MINI_3, NANO_3S, NERD, Q, TimedBench
from .controls import call, stored_intents
from .fleets import House, build
from .handles import Handle
from .house import GAMMA_PAUSES, kept, order_of

MEASURED = 1500.0
"""Seconds after which it is known what a miner draws at what it runs."""

POLL = 60
GAP = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a miner is told for a part of its normal power, and for nothing at all.

    ``lowered`` is what it keeps for the part that is not as before, ``step`` how that
    is named, ``writes`` what it costs. For nothing it is told ``least``, and is in a
    ``phase`` then; it rests and runs for so many seconds at the least.
    """

    spec: MinerSpec
    partial: float
    lowered: Mapping[str, Any]
    step: str
    writes: int
    least: tuple[str, ...] = ()
    phase: Phase = Phase.HASHING
    rest: float = 600.0
    run: float = 900.0

    @property
    def rests(self) -> bool:
        """Whether it stops for a target of nothing."""
        return self.phase is not Phase.HASHING


def gamma(spec: MinerSpec, **more: Any) -> Row:
    return Row(
        spec=spec,
        partial=0.85,
        lowered={"frequency": 400, "coreVoltage": 1060},
        step="400 MHz, 1.060 V",
        writes=2,
        **more,
    )


ROWS = (
    gamma(GAMMA),
    gamma(GAMMA_PAUSES, least=("POST /api/system/pause",), phase=Phase.PAUSED),
    Row(
        spec=NERD,
        partial=0.85,
        lowered={"frequency": 500, "coreVoltage": 1120},
        step="500 MHz, 1.120 V",
        writes=2,
        least=("POST /api/system/shutdown",),
        phase=Phase.SHUTDOWN,
    ),
    Row(
        spec=NANO_3S,
        partial=0.8,
        lowered={"mode": 1},
        step="mid",
        writes=1,
        least=("workmode,set,0",),
    ),
    Row(
        spec=Q,
        partial=0.8,
        lowered={"mode": 0},
        step="eco",
        writes=1,
        least=("softoff,",),
        phase=Phase.STANDBY,
        rest=1200.0,
        run=1200.0,
    ),
    Row(
        spec=MINI_3,
        partial=0.8,
        lowered={},
        step="stopped",
        writes=0,
        least=("softoff,",),
        phase=Phase.STANDBY,
        rest=1200.0,
        run=1200.0,
    ),
)

KINDS = [row.spec for row in ROWS]


class Dial:
    """A miner with its power target enabled, and what it was told since a moment."""

    def __init__(self, handle: Handle) -> None:
        """Begin with now."""
        self.handle = handle
        self.bench, self.miner = handle.bench, handle.miner
        self._seen, self.first, self.last = 0, 0.0, 0.0

    @property
    def state(self) -> State:
        state = self.handle.hass.states.get(
            self.handle.entity("number", "power_target")
        )
        assert state is not None
        return state

    @property
    def watts(self) -> float:
        return float(self.state.state)

    @property
    def shown(self) -> Mapping[str, Any]:
        return self.state.attributes

    @property
    def status(self) -> Mapping[str, Any]:
        state = self.handle.hass.states.get(self.handle.entity("sensor", "status"))
        assert state is not None
        return state.attributes

    @property
    def power(self) -> float:
        """What it says that it draws."""
        state = self.handle.hass.states.get(self.handle.entity("sensor", "power"))
        assert state is not None
        return float(state.state)

    async def ask(self, watts: float) -> None:
        await call(self.bench, self.state.entity_id, "set_value", value=watts)

    def told(self) -> list[tuple[float, str]]:
        """Return when it was told what since the last look."""
        seen, requests = self._seen, self.miner.requests
        self._seen = len(requests)
        orders = [
            (one.time, order.removeprefix("ascset 0,"))
            for one in requests[seen:]
            if (order := order_of(one.method, one.path, one.body))
        ]
        if orders:
            self.first, self.last = orders[0][0], orders[-1][0]
        return orders


async def dial(
    bench: TimedBench, miner: SimulatedMiner, entry: Any = None, **options: Any
) -> Dial:
    """Add a miner and enable what its power is set with, as a user does."""
    entry = entry or await bench.add(miner)
    handle = Handle(bench, miner, entry)
    registry = er.async_get(bench.hass)
    for platform, key in (("number", "power_target"), ("button", "use_as_normal")):
        entity_id = handle.entity(platform, key)
        registry.async_update_entity(entity_id, disabled_by=None)
    bench.hass.config_entries.async_update_entry(
        entry, options={**entry.options, "scan_interval": POLL, **options}
    )
    await bench.run(bench.hass.config_entries.async_reload(entry.entry_id))
    await bench.settle()
    return Dial(handle)


def changed(miner: SimulatedMiner, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a miner keeps that is not as before."""
    return {key: value for key, value in kept(miner).items() if value != before[key]}


class Stage:
    """One miner of the table, and what it was before."""

    def __init__(self, row: Row, dial: Dial) -> None:
        """Begin with what it is now."""
        self.row, self.dial, self.miner = row, dial, dial.miner
        self.before, self.normal = kept(self.miner), dial.watts
        self.partial = round(row.partial * self.normal, 1)
        self._written = self.miner.flash_writes
        self.moment = 0.0
        dial.told()

    @property
    def written(self) -> int:
        """Count what was written to flash."""
        return self.miner.flash_writes - self._written

    @property
    def least(self) -> float:
        """Return the seconds between its orders to rest and to hash."""
        return self.row.rest if self.row.rests else GAP

    def assert_normal(self) -> None:
        """Check that it says truly what it draws, and may be set to."""
        shown = self.dial.shown
        assert self.normal == pytest.approx(self.miner.truth.power_w, rel=0.05)
        assert shown["known"]
        assert shown["step"] == shown["normal"]
        assert shown["normal_power"] == self.normal
        assert shown["least"] < self.partial < self.normal < shown["max"]

    def assert_lowered(self) -> None:
        """Check that it runs the best step within the part of its power."""
        shown, status = self.dial.shown, self.dial.status
        assert changed(self.miner, self.before) == self.row.lowered
        assert self.written == self.row.writes
        assert self.dial.told()
        assert shown["step"] == self.row.step
        assert shown["expected"] <= self.partial
        assert (status["reason"], status["detail"]) == ("power_target", self.partial)

    def assert_quiet(self) -> None:
        """Check that it was told nothing since, and draws what it may."""
        assert self.dial.told() == []
        power = self.miner.truth.power_w
        assert power <= 1.03 * self.partial
        assert self.dial.shown["measured"] == pytest.approx(power, rel=0.05)

    def assert_least_told(self) -> None:
        """Check that it was told to do its least, if it did not."""
        told = [order for _, order in self.dial.told()]
        wanted = self.row.least if self.row.lowered else ()
        assert len(told) == len(wanted), told
        assert all(one.startswith(two) for one, two in zip(told, wanted, strict=True))

    def assert_least(self) -> None:
        """Check that it does its least, and says what that is."""
        shown = self.dial.shown
        assert self.miner.phase is self.row.phase
        assert self.dial.watts == 0
        assert shown["expected"] == shown["least"] > 0
        if self.row.rests and self.row.spec is not Q:
            assert shown["least"] == pytest.approx(self.dial.power, abs=1)
        assert self.dial.status["reason"] == "power_target"
        assert self.dial.told() == []

    def assert_back(self) -> None:
        """Check that all is as it was before."""
        assert self.miner.truth.hashing
        assert kept(self.miner) == self.before
        assert self.dial.watts == self.dial.shown["max"]
        assert self.dial.status["reason"] is None
        assert self.written <= MOST_WRITES


@pytest.fixture
async def stages(bench: TimedBench) -> dict[str, Stage]:
    """Return one of each kind, whose normal is measured."""
    miners = await bench.start(*(row.spec for row in ROWS))
    dials = [await dial(bench, miner) for miner in miners]
    await bench.advance(POLL)
    mode = dials[KINDS.index(Q)].handle.entity_of(Setting.WORK_MODE)
    await call(bench, mode, "select_option", option="standard")
    await bench.advance(MEASURED)
    pairs = zip(ROWS, dials, strict=True)
    return {row.spec.name: Stage(row, found) for row, found in pairs}


async def ask_all(stages: dict[str, Stage], watts: float | None = None) -> None:
    """Ask each for so much; None is the most there is."""
    for one in stages.values():
        await one.dial.ask(one.dial.shown["max"] if watts is None else watts)


async def test_each_kind(bench: TimedBench, stages: dict[str, Stage]) -> None:
    """Down, to the least, and back to exactly what was before, at its own pace."""
    for one in stages.values():
        one.assert_normal()

    # At or above the normal nothing is done.
    for one in stages.values():
        await one.dial.ask(one.normal)
        assert one.dial.watts == one.normal
    await ask_all(stages)
    await bench.advance(GAP)
    assert not any(one.dial.told() for one in stages.values())

    # The best step within a part of it, at once; the next not before five minutes.
    for one in stages.values():
        await one.dial.ask(one.partial)
        await bench.advance(20)
        one.assert_lowered()
        await one.dial.ask(0)
        await one.dial.ask(one.partial)
    await bench.advance(GAP + 4 * POLL)
    for one in stages.values():
        one.assert_quiet()

    # Nothing at all: the least that it can, which is said.
    for one in stages.values():
        await one.dial.ask(0)
        await bench.advance(5)
        one.assert_least_told()
        one.moment = one.dial.last
    await bench.advance(GAP)
    for one in stages.values():
        entry_id = one.dial.handle.entry.entry_id
        await bench.run(bench.hass.config_entries.async_reload(entry_id))
        await bench.advance(2)
        one.assert_least()

    # It rests for its minimum, and then all is as before.
    await ask_all(stages)
    await bench.advance(1200 + GAP)
    for one in stages.values():
        assert one.dial.told()
        assert one.dial.last - one.moment >= one.least
        one.moment = one.dial.first
        one.assert_back()

    # It runs for its minimum as well, with the least that hashes meanwhile.
    await ask_all(stages, 0)
    await bench.advance(1200 + GAP)
    for one in stages.values():
        assert one.dial.told()
        assert one.dial.last - one.moment >= (one.row.run if one.row.rests else GAP)
        assert one.miner.phase is one.row.phase
    await ask_all(stages)
    await bench.advance(1200 + GAP)
    for one in stages.values():
        one.assert_back()


@pytest.fixture
async def house(bench: TimedBench) -> House:
    """Return three that pause, whose normal is measured."""
    found = await build(bench)
    for name, miner in found.miners.items():
        await dial(bench, miner, found.entries[name])
    await bench.advance(MEASURED)
    return found


def of(house: House, name: str) -> Dial:
    """Return the dial of a miner, which was told nothing yet."""
    one = Dial(Handle(house.bench, house.miners[name], house.entries[name]))
    one.told()
    return one


async def profile(
    one: Dial, name: str, action: str = "apply_profile", **more: Any
) -> None:
    data = {"device_id": one.handle.device_id, "profile": name, **more}
    await one.bench.call(DOMAIN, action, data)


NORMAL = {"frequency": 525, "coreVoltage": 1150}
STEP = {"frequency": 400, "coreVoltage": 1060}


def runs(one: Dial) -> dict[str, Any]:
    """Return what a miner is set to."""
    settings = kept(one.miner)
    return {key: settings[key] for key in NORMAL}


async def test_what_becomes_the_normal(house: House) -> None:
    """A user's hand, the button, a profile by hand; not a profile for a while."""
    bench = house.bench
    anna, bert, carl = (of(house, name) for name in house.miners)
    partial = round(0.85 * anna.watts, 1)
    await profile(carl, "Low", "save_profile")
    for one in (anna, bert, carl):
        await one.ask(partial)
        await bench.advance(5)
        assert runs(one) == STEP
    await bench.advance(GAP)

    # By hand: the target is over, and what is set is the normal.
    frequency = anna.handle.entity_of(Setting.FREQUENCY)
    await call(bench, frequency, "set_value", value=490)
    await bench.advance(GAP)
    assert runs(anna) == {"frequency": 490, "coreVoltage": 1150}
    assert anna.status["reason"] is None
    assert anna.shown["normal"] == "490 MHz, 1.150 V"
    assert anna.watts == anna.shown["normal_power"] < bert.shown["normal_power"]

    # The button: it stays as it is, and that is the normal.
    bert.told()
    await call(bench, bert.handle.entity("button", "use_as_normal"), "press")
    await bench.advance(GAP)
    assert bert.told() == []
    assert bert.shown["normal"] == bert.shown["step"] == "400 MHz, 1.060 V"
    assert bert.watts == bert.shown["normal_power"] < partial
    await bert.ask(bert.shown["max"])
    await bench.advance(GAP)
    assert runs(bert) == STEP

    # A profile for a while goes before it, and is no normal; one without end is.
    await profile(carl, "Eco", **{"for": {"minutes": 10}})
    await bench.advance(60)
    assert carl.status["reason"] == "temporary_profile"
    assert carl.shown["waits"]
    assert carl.shown["normal"] == "525 MHz, 1.150 V"
    await bench.advance(600)
    assert runs(carl) == STEP
    assert carl.status["reason"] == "power_target"
    await profile(carl, "Eco")
    await bench.advance(GAP)
    eco = runs(carl)
    assert eco != STEP
    assert carl.status["reason"] is None
    assert carl.shown["normal"] == carl.shown["step"]
    await carl.ask(carl.shown["max"])
    await bench.advance(GAP)
    assert runs(carl) == eco


async def test_what_goes_before_it(house: House) -> None:
    """Saving power does, and a hold; flash that is worn enough is left alone."""
    bench, hass = house.bench, house.bench.hass
    anna, bert, carl = (of(house, name) for name in house.miners)
    partial = round(0.85 * anna.watts, 1)
    saves = anna.handle.entity("switch", "throttle")
    await call(bench, saves, "turn_on")
    await anna.ask(partial)
    await bench.advance(GAP)
    assert (anna.miner.phase, runs(anna)) == (Phase.PAUSED, NORMAL)
    assert anna.status["reason"] == "save_power"
    assert anna.shown["waits"]
    await call(bench, saves, "turn_off")
    await bench.advance(GAP)
    assert (anna.miner.phase, runs(anna)) == (Phase.HASHING, STEP)
    assert not anna.shown["waits"]

    # Who is held is left alone by automations, and by what waits.
    await bert.ask(partial)
    await bench.advance(5)
    await bert.ask(bert.shown["max"])
    await call(bench, bert.handle.entity("switch", "follow_automations"), "turn_off")
    bert.told()
    await bench.advance(2 * GAP)
    assert bert.told() == []
    run = Context()
    hass.states.async_set(AUTOMATION, "on", {"friendly_name": "Sun"}, context=run)
    with pytest.raises(ServiceValidationError):
        await bench.run(
            hass.services.async_call(
                "number",
                "set_value",
                {"entity_id": bert.state.entity_id, "value": 0},
                blocking=True,
                context=run,
            )
        )
    assert bert.watts == bert.shown["max"]
    await call(bench, bert.handle.entity("switch", "follow_automations"), "turn_on")
    await bench.advance(2 * POLL)
    assert runs(bert) == NORMAL
    assert bert.watts == bert.shown["max"]

    # Thirty changes of a day: from then on it stops and resumes, and sets nothing.
    frequency = carl.handle.entity_of(Setting.FREQUENCY)
    for place in range(30):
        await call(bench, frequency, "set_value", value=(490, 525)[place % 2])
        await bench.advance(12)
    assert runs(carl) == NORMAL
    await bench.advance(MEASURED)
    written = carl.miner.flash_writes
    carl.told()
    await carl.ask(partial)
    await bench.advance(5)
    assert [order for _, order in carl.told()] == ["POST /api/system/pause"]
    assert carl.shown["step"] == "stopped"
    await bench.advance(1200)
    await carl.ask(carl.shown["max"])
    await bench.advance(5)
    assert [order for _, order in carl.told()] == ["POST /api/system/resume"]
    assert carl.miner.flash_writes == written
    assert runs(carl) == NORMAL


async def test_woken_by_hand(bench: TimedBench) -> None:
    """Who turns Mining on ends the target, and gets what the owner chose."""
    specs = (GAMMA_PAUSES, NERD, Q)
    dials = [await dial(bench, miner) for miner in await bench.start(*specs)]
    await bench.advance(POLL)
    mode = dials[2].handle.entity_of(Setting.WORK_MODE)
    await call(bench, mode, "select_option", option="standard")
    await bench.advance(MEASURED)
    normal = [(kept(one.miner), one.watts) for one in dials]
    for one, (_, watts) in zip(dials, normal, strict=True):
        await one.ask(round(0.86 * watts, 1))
    await bench.advance(GAP + POLL)
    for one, (before, _) in zip(dials, normal, strict=True):
        assert changed(one.miner, before)
        await one.ask(0)
    await bench.advance(GAP)
    for one in dials:
        assert not one.miner.truth.hashing
        await call(bench, one.handle.entity_of(Setting.MINING), "turn_on")
    await bench.advance(2 * GAP)
    for one, (before, watts) in zip(dials, normal, strict=True):
        assert one.miner.truth.hashing
        assert kept(one.miner) == before
        assert one.status["reason"] is None
        assert one.watts == pytest.approx(watts, rel=0.02)
        one.told()
    await bench.advance(2 * MEASURED)
    assert not any(one.told() for one in dials)


async def test_what_is_stored(house: House) -> None:
    """A target that wanders is not written each time; what has to come back is."""
    bench, hass = house.bench, house.bench.hass
    anna = of(house, "anna")
    key = anna.handle.entry.entry_id
    partial = 0.85 * anna.watts
    await anna.ask(round(partial, 1))
    await bench.advance(5)
    stored = stored_intents(hass, key)
    assert stored["intents"]["power"]["watts"] == round(partial, 1)
    assert stored["intents"]["power_target"]["before"] == {
        "frequency": 525,
        "core_voltage": 1.15,
    }
    times = {stored["saved_at"]}
    for place in range(40):
        await anna.ask(round(partial + 0.1 * (place % 7), 1))
        await bench.advance(30)
        times.add(stored_intents(hass, key)["saved_at"])
    assert len(times) <= 1 + 40 * 35 / GAP
    assert runs(anna) == STEP
    # What is asked for at last outlives the end of Home Assistant, and an unload.
    await anna.ask(round(partial + 0.2, 1))
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await bench.settle()
    stored = stored_intents(hass, key)
    assert stored["intents"]["power"]["watts"] == round(partial + 0.2, 1)
    await anna.ask(round(partial + 0.3, 1))
    await bench.run(hass.config_entries.async_reload(key))
    await bench.advance(5)
    assert anna.watts == round(partial + 0.3, 1)


async def test_the_real_meter(bench: TimedBench) -> None:
    """What draws too much at the wall goes one step lower, once."""
    meter = "sensor.plug"

    def measure(watts: float) -> None:
        bench.hass.states.async_set(meter, str(watts), {"unit_of_measurement": "W"})

    measure(20)
    one = await dial(bench, await bench.miner(GAMMA), plug_power=meter)
    await bench.advance(MEASURED)
    normal = one.watts
    assert normal == pytest.approx(20, rel=0.05)
    # About as much as the normal is the normal, however the meter wanders.
    one.told()
    await one.ask(normal)
    measure(20.4)
    await bench.advance(2 * MEASURED)
    assert one.told() == []

    await one.ask(one.shown["max"])
    await bench.advance(POLL)
    target = round(0.97 * one.shown["normal_power"], 1)
    await one.ask(target)
    await bench.advance(5)
    first = one.shown["step"]
    assert first == "490 MHz, 1.150 V"
    measure(round(1.04 * target, 1))
    await bench.advance(2 * GAP)
    assert one.shown["step"] == first
    one.told()
    measure(round(1.1 * target, 1))
    await bench.advance(2 * GAP)
    assert one.told()
    assert one.shown["step"] == "400 MHz, 1.060 V"
    await bench.advance(2 * MEASURED)
    assert one.told() == []


async def test_heat_goes_before_it(bench: TimedBench) -> None:
    """While it is too hot nothing is raised; what was before comes back later."""
    miner = await bench.miner(GAMMA_PAUSES)
    one = await dial(bench, miner)
    await bench.advance(MEASURED)
    await one.ask(round(0.85 * one.watts, 1))
    await bench.advance(GAP + POLL)
    assert runs(one) == STEP
    miner.inject("hot", temperature=74)
    await bench.advance(2 * POLL)
    one.told()
    await one.ask(one.shown["max"])
    await bench.advance(2 * GAP)
    assert one.told() == []
    assert runs(one) == STEP
    miner.clear("hot")
    await bench.advance(2 * GAP)
    assert runs(one) == NORMAL
