"""All miners together: follows every loaded miner, and polls nobody.

Their entry comes with the first miner, and goes with the last. A user who removes it
by hand does not get it back, not even after a restart or after all miners were gone,
until the form that adds a miner is asked for it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
import time
from typing import Any, TypeIs, override

from homeassistant.config_entries import SOURCE_IMPORT, ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..const import (
    DOMAIN,
    FLEET,
    LOGGER,
    SIGNAL_MINERS,
)
from ..coordinator import MinerConfigEntry, MonitorCoordinator
from ..insight.luck import Difficulty
from ..insight.worth import WorthVerdict
from ..miners.codec import load_or
from ..runtime.entries import is_fleet, miner_entries
from ..runtime.restore import async_last_totals
from ..runtime.store import (
    Data,
    EntryStore,
    async_read,
    store_of,
)
from . import (
    FleetData,
    FleetFeature,
    FleetMeters,
    FleetTotal,
    Member,
    aggregate,
)
from .commands import FleetCommands
from .heating import FleetHeater
from .market import FleetMarket
from .members import FleetMember
from .model import NO_MONTH
from .month import MonthMeter
from .power import FleetPower
from .prices import FleetPrices
from .runner import FleetRunner
from .worth import FleetDay, draw_of, worth_of

type FleetConfigEntry = ConfigEntry[FleetCoordinator]
type MonitorConfigEntry = MinerConfigEntry | FleetConfigEntry

RECOMPUTE_EVERY = 5.0
"""Seconds within which all is added up at most once."""

SAVE_EVERY = timedelta(minutes=15)

_DIFFICULTY: Any = Difficulty


def is_fleet_entry(entry: MonitorConfigEntry) -> TypeIs[FleetConfigEntry]:
    """Whether an entry is the one of all miners together, not of one of them."""
    return is_fleet(entry)


class FleetCoordinator(MonitorCoordinator[FleetData]):
    """Adds up what the miners' own coordinators know."""

    config_entry: FleetConfigEntry

    def __init__(self, hass: HomeAssistant, entry: FleetConfigEntry) -> None:
        """Begin with nobody."""
        super().__init__(hass, entry)
        self.data = FleetData()
        self.members: dict[str, FleetMember] = {}
        self.meters = FleetMeters()
        self.commands = FleetCommands(
            hass, entry, self.members, self.async_update_listeners
        )
        self.prices = FleetPrices(hass, entry, self._compute_soon)
        self.power = FleetPower(hass, entry, self.members, self._compute_soon)
        self.runner = FleetRunner(hass, entry, self.power, self.compute_now)
        self.heater = FleetHeater(hass, entry, self.power, self.compute_now)
        self._market = FleetMarket(hass, entry, self._compute_soon)
        self._verdict = WorthVerdict()
        self._day, self._month = FleetDay(), MonthMeter()
        self._store = EntryStore(hass, entry, FLEET, self._dump, SAVE_EVERY)
        self._best = 0.0
        self._computed_at = -RECOMPUTE_EVERY
        self._cancel_computing: CALLBACK_TYPE | None = None
        self._stop_following: CALLBACK_TYPE | None = None

    @property
    @override
    def device_info(self) -> dr.DeviceInfo:
        """What the device registry holds of all miners together."""
        return dr.DeviceInfo(
            entry_type=dr.DeviceEntryType.SERVICE,
            identifiers={(DOMAIN, FLEET)},
            manufacturer="Miner Monitor",
            translation_key=FLEET,
        )

    async def async_start(self) -> None:
        """Take up what was stored, and follow the miners from now on."""
        stored = await self._store.async_load() or {}
        if stored and not self.meters.load(stored.get("totals")):
            LOGGER.warning("Stored data of %s is not readable", self.name)
        self._best = load_or(_DIFFICULTY, stored.get("best"), 0.0)
        self._day.load(stored.get("day"))
        self._month.load(stored.get("month"))
        stored_at = load_or(float, stored.get("stored_at"), 0.0)
        await self.commands.async_load(stored_at)
        await self.power.async_load(stored_at)
        self._stop_following = async_dispatcher_connect(
            self.hass, SIGNAL_MINERS, self._follow
        )
        self._follow()
        self.prices.load(stored.get("prices"))
        self.prices.start()
        self._market.load(stored.get("network"))
        self._market.start()
        self.config_entry.async_on_unload(
            self.config_entry.add_update_listener(self._async_options_changed)
        )
        self._compute()
        self.commands.go_on()
        self.config_entry.async_create_background_task(
            self.hass, self._async_resume(), f"{self.name} last totals"
        )

    async def async_unload(self) -> None:
        """Follow nobody any more, and store what was counted; take nothing back."""
        self.commands.close()
        await self.power.async_close()
        self.prices.stop()
        self._market.close()
        if self._stop_following is not None:
            self._stop_following()
            self._stop_following = None
        for key in tuple(self.members):
            self._leave(key)
        if self._cancel_computing is not None:
            self._cancel_computing()
            self._cancel_computing = None
        await self._store.async_close()

    async def _async_resume(self) -> None:
        """Go on from what was published last."""
        self.meters.resume(await async_last_totals(self.hass, FLEET, FleetTotal))
        self._compute_soon()

    @callback
    def _follow(self) -> None:
        """Listen to each loaded miner, and to no other."""
        known: list[MinerConfigEntry] = miner_entries(self.hass)
        loaded = {
            entry.entry_id: entry
            for entry in known
            if entry.state is ConfigEntryState.LOADED
        }
        for key, member in tuple(self.members.items()):
            entry = loaded.get(key)
            if entry is None or entry.runtime_data is not member.miner:
                self._leave(key)
        for key, entry in loaded.items():
            if key not in self.members:
                member = self.members[key] = FleetMember(entry)
                member.stop_listening = member.miner.async_add_listener(
                    partial(self._look_at, member)
                )
                self._look_at(member)

    def _leave(self, key: str) -> None:
        member = self.members.pop(key)
        if member.stop_listening is not None:
            member.stop_listening()
        self.meters.forget(member.key)
        self._compute_soon()

    @callback
    def _look_at(self, member: FleetMember) -> None:
        """Count what a miner adds at once, so that no poll is missed."""
        self.meters.observe(member.key, member.miner.data)
        money = member.miner.data.insight.money
        self._day.observe(member.key, money)
        self._month.observe(member.key, money, _today())
        self.commands.observe(member)
        self._compute_soon()

    @callback
    def _compute_soon(self) -> None:
        """Add all up, at once or when it is time again."""
        if self._cancel_computing is None:
            left = self._computed_at + RECOMPUTE_EVERY - time.monotonic()
            self._cancel_computing = async_call_later(
                self.hass,
                max(0.0, left),
                HassJob(self._computing, cancel_on_shutdown=True),
            )

    @callback
    def _computing(self, _: datetime) -> None:
        self._cancel_computing = None
        self._compute()

    @callback
    def compute_now(self) -> None:
        """Add all up, for who has just asked for something and reads what it is."""
        if self._cancel_computing is not None:
            self._cancel_computing()
            self._cancel_computing = None
        self._compute()

    def _compute(self) -> None:
        self._computed_at = time.monotonic()
        members = [
            Member(member.entry.title, member.miner.data, member.features)
            for member in self.members.values()
        ]
        data = aggregate(members)
        if (best := data.best_difficulty or 0.0) >= self._best:
            self._best = best
        else:
            data = replace(data, best_difficulty=self._best, luckiest=None)
        prices = self.prices.view
        features = data.features
        if prices.source:
            features |= {FleetFeature.PRICE}
        if prices.rule is not None:
            features |= {FleetFeature.CHEAP_POWER}
        market = self._market.look(members, prices)
        worth = worth_of(members, market, self._verdict)
        self.prices.take_break_even(worth.break_even)
        if market.valued:
            features |= {FleetFeature.WORTH}
        self._month.observe_price(prices.price, time.monotonic(), _today())
        if self.runner.has_grid:
            features |= {FleetFeature.GRID}
        if self.heater.is_set_up:
            features |= {FleetFeature.HEATER}
        data = replace(
            data,
            totals=self.meters.totals,
            prices=prices,
            features=features,
            market=market,
            worth=worth,
            money=self._day.total(_today())
            if market.priced or market.valued
            else data.money,
            month=self._month.total() if market.priced else NO_MONTH,
        )
        run_when = self.runner.look(data, draw_of(members))
        heater = self.heater.look()
        self.power.look()
        self.async_set_updated_data(
            replace(
                data,
                power_target=self.power.view,
                run_when=run_when,
                heater=heater,
            )
        )

    def _dump(self) -> Data:
        return {
            "stored_at": time.time(),
            "totals": self.meters.dump(),
            "best": self._best,
            "prices": self.prices.dump(),
            "network": self._market.dump(),
            "day": self._day.dump(),
            "month": self._month.dump(),
        }

    async def _async_options_changed(self, _: HomeAssistant, __: ConfigEntry) -> None:
        self.prices.start()
        self._market.start()

    @override
    async def _async_update_data(self) -> FleetData:
        """Give what is known, for whoever asks Home Assistant to refresh it."""
        self._compute_soon()
        return self.data


def _today() -> str:
    return dt_util.now().date().isoformat()


_REMOVED = "removed"


@callback
def async_fleet_entry(hass: HomeAssistant) -> FleetConfigEntry | None:
    """Return the entry of all miners, loaded or not."""
    return hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, FLEET)


@callback
def async_loaded_fleet(hass: HomeAssistant) -> FleetCoordinator | None:
    """Return the coordinator of all miners, while their entry is loaded."""
    entry = async_fleet_entry(hass)
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    return entry.runtime_data


async def async_ensure_fleet(hass: HomeAssistant) -> None:
    """Make the entry of all miners, unless it is there or is not wanted."""
    if async_fleet_entry(hass) is not None:
        return
    stored = await async_read(store_of(hass, FLEET))
    if stored is not None and stored.get(_REMOVED) is True:
        return
    # The frontend lets nobody remove or reconfigure what has the source "system".
    await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_IMPORT})


async def async_fleet_removed(hass: HomeAssistant) -> None:
    """Remember who removed it: while there are miners, it was the user."""
    store = store_of(hass, FLEET)
    if not miner_entries(hass):
        await store.async_remove()
        return
    stored = await async_read(store)
    await store.async_save({**(stored or {}), _REMOVED: True})


async def async_miner_removed(hass: HomeAssistant) -> None:
    """Let the entry of all miners go with the last of them."""
    fleet = async_fleet_entry(hass)
    if fleet is not None and not miner_entries(hass):
        await hass.config_entries.async_remove(fleet.entry_id)
