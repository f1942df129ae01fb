"""A month on the sun: six miners run on what is left over, and nobody flaps.

Meanwhile Home Assistant restarts, the meter and miners go away and come back, a user
takes a miner into his own hands, and it gets hot. Each run lives through some hours of
a day, a full one through thirty days.
"""

from collections.abc import AsyncIterator
from itertools import pairwise

from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.fleet.coordinator import async_fleet_entry
from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import SimulatedMiner

from .conftest import GAMMA, MINI_3, NANO_3S, NERD, Q, TimedBench
from .controls import call
from .fleets import choose, fleet_state
from .house import DAY, GAMMA_PAUSES, HOUR, MINUTE, SETTLED, House, build, kept
from .sunny import GRID, TARGET, Roof, Sky, asked_of, build_six, too_soon

RUN_WHEN, DRY_RUN = "select.all_miners_run_when", "switch.all_miners_dry_run"
PRICE = "sensor.price"
MOST_FLASH_WRITES = 30
WITHIN = 1.03
METERS_ERROR = 3.0
"""W by which six meters that show whole watts may be off."""

SEED = 7
PARTS, DAYS = (0, 10, 20), 10
"""The days with which the parts of the month begin, and how many each has."""


class Month:
    """Some days of a house, and what happens on each of them."""

    def __init__(self, house: House) -> None:
        """Take the house; its sky follows from a seed."""
        self.house = house
        self.roof = Roof(house, Sky(SEED))
        self.hands: dict[str, list[tuple[float, float]]] = {}
        self.written: dict[str, list[int]] = {one.name: [0] for one in house.miners}

    def miner(self, name: str) -> SimulatedMiner:
        """Return a miner by its name."""
        return next(one for one in self.house.miners if one.name == name)

    def entity(self, name: str, platform: str, key: str) -> str:
        """Return the name of an entity of a miner."""
        registry = er.async_get(self.house.hass)
        switch = registry.async_get(self.house.switches[name])
        assert switch is not None
        assert switch.unique_id.endswith("_throttle")
        unique = switch.unique_id.removesuffix("throttle") + key
        found = registry.async_get_entity_id(platform, DOMAIN, unique)
        assert found is not None
        return found

    async def set_up(self) -> None:
        """Name the meter and a price, and let miners run on the surplus."""
        house = self.house
        self.tell_price()
        self.roof.tell()
        rule = {"cheap_rule": "limit", "cheap_limit": 0.25}
        options = {"price": PRICE, "rule": rule, "solar": {"grid_power": GRID}}
        await house.bench.run(choose(house.hass, "prices", options))
        await call(house.bench, DRY_RUN, "turn_off")
        await self.choose("surplus")

    async def choose(self, option: str) -> None:
        """Choose when miners run."""
        await call(self.house.bench, RUN_WHEN, "select_option", option=option)

    def tell_price(self) -> None:
        """Tell a price with a peak in the morning and one in the evening."""
        hour = self.house.now % DAY / HOUR
        dear = 6 <= hour < 9 or 17 <= hour < 21
        unit = {"unit_of_measurement": "EUR/kWh"}
        self.house.hass.states.async_set(PRICE, "0.42" if dear else "0.19", unit)

    async def live(self, until: float) -> None:
        """Let time pass; who was touched by hand or too hot is not judged."""
        while self.house.now < until - 1:
            self.tell_price()
            hour = (self.house.now - self.roof.begin) % DAY / HOUR
            dark = not 5 <= hour < 21
            await self.roof.live(
                min(until, self.house.now + 30 * MINUTE),
                step=15 * MINUTE if dark else MINUTE,
            )

    async def hold(self, name: str, hours: float) -> None:
        """Keep all off a miner for some hours: it is not touched."""
        switch = self.entity(name, "switch", "follow_automations")
        await call(self.house.bench, switch, "turn_off")
        await self.house.bench.pass_time(SETTLED)
        miner = self.miner(name)
        before = len(self.house.orders(miner)), kept(miner), miner.truth.hashing
        await self.live(self.house.now + hours * HOUR)
        assert before == (
            len(self.house.orders(miner)),
            kept(miner),
            miner.truth.hashing,
        )
        await call(self.house.bench, switch, "turn_on")

    async def gone(self, name: str, hours: float) -> None:
        """Take a miner off the network for some hours."""
        self.miner(name).inject("offline")
        await self.live(self.house.now + hours * HOUR)
        self.miner(name).clear("offline")

    async def no_meter(self, hours: float) -> None:
        """Let the meter tell nothing: all stay as they are."""
        self.roof.known = False
        self.roof.tell()
        await self.house.bench.pass_time(2 * SETTLED)
        before = [len(self.house.orders(one)) for one in self.house.miners]
        await self.live(self.house.now + hours * HOUR)
        assert [len(self.house.orders(one)) for one in self.house.miners] == before
        self.roof.known = True

    async def by_hand(self, name: str) -> None:
        """Turn a miner over by hand, which counts until the sun goes or comes."""
        begin, shines = self.house.now, bool(asked_of(self.house))
        hashes = self.miner(name).truth.hashing
        mining = self.entity(name, "switch", "mining")
        await call(self.house.bench, mining, "turn_off" if hashes else "turn_on")
        await self.live(begin + 2 * MINUTE)
        while bool(asked_of(self.house)) is shines and self.house.now < begin + HOUR:
            assert self.miner(name).truth.hashing is not hashes
            await self.live(self.house.now + MINUTE)
        await call(self.house.bench, mining, "turn_on")
        self.hands.setdefault(name, []).append((begin, self.house.now + 5 * MINUTE))

    async def heat(self, name: str) -> None:
        """Let a miner get too hot for half an hour: nothing raises it meanwhile.

        One that its own firmware has stopped waits for its owner, who restarts it.
        """
        begin, miner = self.house.now, self.miner(name)
        miner.inject("hot", duration=30 * MINUTE)
        await self.live(begin + 2 * HOUR)
        status = self.entity(name, "sensor", "status")
        if self.house.hass.states.is_state(status, "overheated"):
            orders = len(self.house.orders(miner))
            await self.live(self.house.now + HOUR)
            assert len(self.house.orders(miner)) == orders
            restart = self.entity(name, "button", "restart")
            await call(self.house.bench, restart, "press")
            await self.live(self.house.now + 15 * MINUTE)
            assert not self.house.hass.states.is_state(status, "overheated")
        self.hands.setdefault(name, []).append((begin, self.house.now))

    async def restart(self) -> None:
        """Load all anew, as at a restart, with nothing but what was stored."""
        entries = [async_fleet_entry(self.house.hass), *miner_entries(self.house.hass)]
        for entry in filter(None, entries):
            manager = self.house.hass.config_entries
            await self.house.bench.run(manager.async_reload(entry.entry_id))

    def count(self) -> None:
        """Count what went to flash since the last time, a day ago at most."""
        for miner in self.house.miners:
            self.written[miner.name].append(miner.flash_writes)

    async def all_back(self) -> None:
        """Have all run as their owner set them."""
        await self.choose("always")
        await self.house.bench.pass_time(45 * MINUTE)
        house = self.house
        for miner in house.miners:
            assert miner.truth.hashing, miner.name
            assert kept(miner) == house.first[miner.name], miner.name

    def judge(self) -> None:
        """Look at all that happened."""
        for name, total in self.written.items():
            days = [later - earlier for earlier, later in pairwise(total)]
            assert max(days) <= MOST_FLASH_WRITES, (name, days)
        assert [
            turn
            for turn in too_soon(self.house)
            if not any(
                begin <= turn[1] * HOUR <= end + HOUR
                for begin, end in self.hands.get(turn[0], [])
            )
        ] == []
        over = [
            (round(target), round(drawn))
            for target, drawn in self.roof.windows
            if drawn > max(target, self.least) * WITHIN + METERS_ERROR
        ]
        assert len(self.roof.windows) >= 10
        assert over == []

    @property
    def least(self) -> float:
        """What all draw that have nothing."""
        return max(
            (drawn for asked, drawn in self.roof.windows if asked < 5), default=0
        )


@pytest.fixture
async def month(bench: TimedBench) -> AsyncIterator[Month]:
    """Give the six miners and their sky."""
    return Month(await build_six(bench, 120))


@pytest.mark.timeout(300)
async def test_some_hours_of_sun(month: Month) -> None:
    """In the afternoon of a day: a restart, a hold, and the way back."""
    await month.house.until(25 * MINUTE)
    month.roof.begin = -11 * HOUR
    month.count()
    await month.set_up()
    await month.live(1.5 * HOUR)
    await month.restart()
    await month.hold(NANO_3S.name, 0.75)
    await month.live(3 * HOUR)
    month.count()
    await month.all_back()
    month.judge()


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", PARTS)
async def test_a_month_of_sun(month: Month, first: int) -> None:
    """Every day has something else, by turns."""
    month.roof.sky = Sky(SEED + first)
    month.count()
    await month.set_up()
    for day in range(first, first + DAYS):
        begin = (day - first) * DAY
        await month.live(begin + 11 * HOUR)
        match day % 8:
            case 1:
                await month.restart()
            case 2:
                await month.no_meter(2)
            case 3:
                await month.gone((NERD, Q, GAMMA)[day % 3].name, 2)
            case 4:
                await month.by_hand(GAMMA_PAUSES.name)
            case 5:
                await month.heat((GAMMA_PAUSES, NERD)[day % 2].name)
            case 6:
                await month.hold((MINI_3, NANO_3S, Q)[day % 3].name, 4)
            case 7:
                await month.choose("cheap_power")
        await month.live(begin + 18 * HOUR)
        await month.choose("surplus")
        await month.live(begin + DAY)
        month.count()
    await month.all_back()
    month.judge()


@pytest.mark.timeout(300)
async def test_who_may_write_no_more_flash_today(bench: TimedBench) -> None:
    """It stays where it is until tomorrow, what it draws is counted, and it says so."""
    house = await build(bench, [NANO_3S], 60)
    (nano,) = house.miners
    await house.until(HOUR)

    async def ask(watts: float) -> None:
        data = {"entity_id": TARGET, "value": watts}
        await bench.call("number", "set_value", data)
        await bench.pass_time(7 * MINUTE)

    def share() -> tuple[str | None, float]:
        target = fleet_state(house.hass, "number", "power_target")
        (one,) = target.attributes["shares"]
        return one["limit"], one["power"]

    for _ in range(MOST_FLASH_WRITES):
        await ask(66)
        if share()[0] == "flash_writes":
            break
        assert nano.truth.power_w < 80
        await ask(132)
    assert 20 <= nano.flash_writes <= MOST_FLASH_WRITES
    limit, power = share()
    assert limit == "flash_writes"
    assert power == pytest.approx(nano.truth.power_w, abs=5)
    before = nano.flash_writes
    await ask(70)
    assert nano.flash_writes == before

    await ask(fleet_state(house.hass, "number", "power_target").attributes["max"])
    assert kept(nano) == house.first[nano.name]
    await house.until(DAY + HOUR)
    await ask(66)
    assert share()[0] == "target"
    assert nano.truth.power_w < 80
