"""One coordinator per miner: is it there, is it the right one, what does it say?"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
import time
from typing import Any, override
from zlib import crc32

from aiohttp import ClientSession
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import CONF_IDENTITY, ISSUE_ALIKE, LOGGER
from .insight.model import DayRow
from .miners import (
    MinerAuthError,
    MinerClient,
    MinerError,
    MinerStrangerError,
    MinerUnpluggedError,
    Prove,
)
from .miners.codec import dump_identity
from .miners.gaps import GapBridge
from .miners.model import (
    Changes,
    MinerIdentity,
    MinerReading,
    MinerState,
    Setting,
)
from .model import EventType, MinerData, MinerEvent
from .runtime.addresses import MinerAddresses, Outcome
from .runtime.controller import MinerController
from .runtime.entries import (
    NEEDS_CODE,
    async_alike,
    async_is_ours,
    async_update_device,
    device_info_of,
    learnt,
    stored_identity,
)
from .runtime.environment import Plug, this_moment
from .runtime.insight import InsightRuntime
from .runtime.messages import async_clear_issues
from .runtime.options import options_of
from .runtime.wanted import async_everything_wanted

type MinerConfigEntry = ConfigEntry[MinerCoordinator]

SETUP_PATIENCE = 0.8
"""Seconds that set-up waits for the first answer; a dead miner costs no more."""

AWAY_AFTER_POLLS = 3
AWAY_AFTER_SECONDS = 45.0
"""Both must pass before a silent miner counts as away: Wi-Fi loses a reply at times."""

PROOF_INTERVAL = 5.0
"""Seconds between polls while a write, or a restart, has to be confirmed."""

UNPLUGGED_INTERVAL = 60.0
"""Seconds between two looks at what the plug measures, while nobody asks the miner."""

RETURN_INTERVAL = 30.0
"""Seconds between polls at most of one that is away and is to save power: after a
power cut it works until it is found."""

RESTARTS_WITHIN = 600.0
"""Seconds that a miner may take to restart when it was asked to."""

RESTARTING = frozenset({Setting.MINING, Setting.POOL, Setting.WORK_MODE})
"""Settings with which some miners restart."""

SLOWEST_INTERVAL = 60.0
"""Seconds between polls of a miner that is away, unless its interval is longer."""


class MonitorCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """What entities need of the coordinator of a miner, or of all miners together."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Poll nobody before it is asked for."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=entry.title, update_interval=None
        )
        assert entry.unique_id is not None
        self.device_id = entry.unique_id
        self.platforms: set[Platform] = set()
        self._tied: list[Callable[[], None]] = []

    @callback
    def async_tie(self, write: Callable[[], None]) -> Callable[[], None]:
        """Have an entity written with others; return what ends that."""
        self._tied.append(write)
        return partial(self._tied.remove, write)

    @callback
    def async_write_tied(self) -> None:
        """Write all entities that show now what another one shows."""
        for write in self._tied:
            write()

    @property
    def device_info(self) -> DeviceInfo:
        """What the device registry holds of it."""
        raise NotImplementedError

    @property
    def owner(self) -> Any:
        """What decides which entities there are; another object if it changed."""
        return self.data

    @property
    def present(self) -> bool:
        """Whether there is something to show now."""
        return True


class MinerCoordinator(MonitorCoordinator[MinerData]):
    """Polls one miner and gives MinerData; no answer is data, not an error."""

    config_entry: MinerConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: MinerConfigEntry, session: ClientSession
    ) -> None:
        """Begin with what is stored, so that a miner that is off changes nothing."""
        super().__init__(hass, entry)
        self._addresses = MinerAddresses(hass, entry, session)
        identity = stored_identity(entry)
        self.options = options_of(entry.options, identity.hash_rate_unit)
        self.data = MinerData(online=None, identity=identity)
        self.controller = MinerController(hass, entry, self)
        self._insight = InsightRuntime(
            hass, entry, identity, self.options, self.controller.publish
        )
        self._gaps = GapBridge()
        self._last_read: tuple[MinerClient | None, MinerReading | None] = (None, None)
        self._recent_until = 0.0
        self._failed_polls = 0
        self._failing_since: float | None = None
        self._restarts_until = 0.0
        self._plug = Plug(hass, self.options.plug_switch)
        # Miners that start together would be polled together for ever: the first
        # interval gives each its own phase.
        self._phase = 0.5 + crc32(self.device_id.encode()) / 2**33

    @property
    def client(self) -> MinerClient:
        """Who asks the miner where it is now."""
        return self._addresses.client

    @property
    def identity(self) -> MinerIdentity:
        """Who the miner is, as far as is known."""
        return self.data.identity

    @property
    @override
    def owner(self) -> MinerIdentity:
        """Who the miner is: its capabilities and limits decide."""
        return self.identity

    @property
    @override
    def present(self) -> bool:
        """Whether the miner answers."""
        return self.data.online is True

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """What the device registry holds of the miner."""
        return device_info_of(
            self.device_id,
            self.config_entry.title,
            self.identity,
            self.client.configuration_url,
        )

    @property
    def days(self) -> tuple[DayRow, ...]:
        """The last days of the miner, the oldest first."""
        return self._insight.tracker.days

    @property
    def _chosen_interval(self) -> float:
        return float(
            self.config_entry.options.get(
                CONF_SCAN_INTERVAL, self.identity.poll_interval
            )
        )

    @property
    def _nominal_interval(self) -> float:
        if self.controller.proving or self._insight.boots.doubtful:
            return PROOF_INTERVAL
        if self.controller.saves_power and self.data.online is not True:
            return min(self._chosen_interval, RETURN_INTERVAL)
        return self._chosen_interval

    async def async_start(self) -> None:
        """Poll for the first time, and wait for it only a moment."""
        await self.controller.async_load()
        await self._insight.async_load()
        self.async_control_changed()
        self.config_entry.async_on_unload(self._plug.async_follow(self._plug_switched))
        first = self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{self.name} first poll"
        )
        await asyncio.wait({first}, timeout=SETUP_PATIENCE)

    async def async_unload(self) -> None:
        """Send nothing more, and store what is known."""
        await self.controller.async_unload()
        await self._insight.async_unload()

    @callback
    def async_offer_address(self, host: str, port: int) -> None:
        """Try an address at which this miner may be, now; it is proved before use."""
        if self._addresses.offer(host, port):
            self.config_entry.async_create_background_task(
                self.hass, self.async_request_refresh(), f"{self.name} new address"
            )

    async def async_command(
        self,
        command: Callable[[MinerClient, Prove], Awaitable[None]],
        *,
        restarts: bool = False,
    ) -> None:
        """Send a command, once it is proved that the right device will get it.

        One that ``restarts`` the miner makes its absence no news.
        """
        self._require_power()
        try:
            if restarts:
                self._expect_restart()
            await command(self.client, self._prover())
        except MinerAuthError as err:
            self.async_ask_for_secret(err)
            raise
        await self.async_request_refresh()

    async def async_read(self, *, max_age: float = 0.0) -> MinerState:
        """Ask, prove who answers, and show it; MinerError if that fails.

        A reading taken with a ``max_age`` in seconds is used once more, by the write
        that comes of it or by another read, as long as it is no older.
        """
        self._require_power()
        if (known := self._recent) is None or not max_age:
            prove, client = self._prover(writing=False), self.client
            known = await client.fetch()
            prove(known)
            self._recent_until = time.monotonic() + max_age
            self._last_read = client, known
        return self.data.state or known.state

    @property
    def _recent(self) -> MinerReading | None:
        """What was read, if it may be used once more."""
        client, reading = self._last_read
        recent = client is self.client and time.monotonic() < self._recent_until
        return reading if recent and self.data.online else None

    async def async_write(self, decide: Callable[[MinerState], Changes]) -> None:
        """Read as ``async_read`` does, and write what is decided on that, in one turn.

        Nobody else reaches the device between the two, unless it was read just before.
        """
        self._require_power()
        prove, known = self._prover(), self._recent
        self._recent_until = 0.0

        def look(reading: MinerReading) -> Changes:
            if reading is not known:
                state = prove(reading)
            else:
                self._require_power()
                self._addresses.require_distinct(reading.identity)
                state = self.data.state or reading.state
            changes = decide(state)
            if not RESTARTING.isdisjoint(changes):
                self._expect_restart()
            return changes

        await self.client.apply(look, known)

    def _expect_restart(self) -> None:
        self._restarts_until = time.monotonic() + RESTARTS_WITHIN

    @property
    def _restart_expected(self) -> bool:
        return time.monotonic() < self._restarts_until

    def _prover(self, *, writing: bool = True) -> Callable[[MinerReading], MinerState]:
        """Return what proves who answered a question asked now, and shows it.

        For ``writing`` it must not be one of two that nothing distinguishes.
        """
        started, host = time.monotonic(), self.client.host

        def prove(reading: MinerReading) -> MinerState:
            self._require_power()
            seen = reading.identity
            if not async_is_ours(self.hass, self.identity, seen):
                raise MinerStrangerError(f"{seen.model} answers at {host}")
            data = self._answered(reading, (time.monotonic() - started) * 1e3)
            self._poll_again_in(self._nominal_interval)
            self.async_set_updated_data(data)
            if writing:
                self._addresses.require_distinct(seen)
            return data.state or reading.state

        return prove

    def _require_power(self) -> None:
        """Refuse while the plug is off: an answer from before says nothing now."""
        if self._plug.is_off():
            raise MinerUnpluggedError("its plug is off")

    @callback
    def async_control_changed(self) -> None:
        """Show what is wanted now, without a poll."""
        control = self.controller.show(self.data.state)
        if control != self.data.control:
            self.data = replace(self.data, control=control)
            self.async_update_listeners()

    @callback
    def async_ask_for_secret(self, error: MinerAuthError) -> None:
        """Ask the user once for the password or the code that the miner requires."""
        if error.credentials or error.one_time_code:
            self.config_entry.async_start_reauth(
                self.hass, data={NEEDS_CODE: error.one_time_code}
            )

    @override
    async def _async_update_data(self) -> MinerData:
        """Poll the miner, unless its plug is off."""
        if self._plug.is_off():
            return self._unplugged()
        self._addresses.follow_entry()
        self._poll_again_in(self._nominal_interval * self._phase)
        self._phase = 1.0
        outcome = await self._addresses.async_find(self._poll)
        if isinstance(outcome, MinerData):
            return outcome
        if self._plug.is_off():
            return self._unplugged()
        if isinstance(outcome, MinerError):
            return self._no_answer(outcome)
        if self._addresses.met_stranger(outcome):
            # Others announce ours when they see it; the stranger is left alone.
            self._poll_again_in(max(self._nominal_interval, SLOWEST_INTERVAL))
        return self._off(MinerStrangerError(f"{outcome.model} answers there"))

    async def _poll(self, client: MinerClient) -> Outcome:
        """Ask one address: our data, the stranger who answered, or what went wrong."""
        started = time.monotonic()
        client.thorough = async_everything_wanted(self.hass)
        try:
            reading = await client.fetch()
            self._require_power()
        except MinerError as err:
            if isinstance(err, MinerAuthError) and client is self.client:
                self.async_ask_for_secret(err)
            return err
        if async_is_ours(self.hass, self.identity, reading.identity):
            if async_alike(self.hass, self.config_entry, reading.identity) is None:
                async_clear_issues(self.hass, self.config_entry, ISSUE_ALIKE)
            return self._answered(reading, (time.monotonic() - started) * 1e3)
        return reading.identity

    def _answered(self, reading: MinerReading, response_time: float) -> MinerData:
        identity = self._remember(reading)
        if self.data.online is False and not self.data.unplugged:
            LOGGER.info("%s is back online", self.name)
        self._addresses.answered(anew=self.data.online is not True)
        self._failed_polls, self._failing_since = 0, None
        self._plug.answered()
        moment, interval = this_moment(), self._chosen_interval
        state = self._gaps.bridged(reading.state, moment.monotonic, interval)
        boot = self._insight.boots.observe(state.uptime, moment.wall, moment.monotonic)
        if boot.doubtful:
            self._poll_again_in(PROOF_INTERVAL)
        if boot.restarted:
            boot = replace(boot, expected=self._restart_expected)
            self._restarts_until = 0.0
        insight = self._insight.observe(
            identity,
            state,
            moment,
            boot,
            response_time=response_time,
            interval=interval,
        )
        return MinerData(
            online=True,
            identity=identity,
            state=state,
            believed=self._insight.tracker.believed,
            insight=insight,
            control=self.controller.observe(
                identity, state, moment, boot, insight=insight
            ),
        )

    def _no_answer(self, error: MinerError) -> MinerData:
        """Keep the last values for a moment, then count the miner as away."""
        if self._plug.starting:
            # It is not up yet: that is no failure.
            return self._off()
        now = time.monotonic()
        self._failed_polls += 1
        if self._failing_since is None:
            self._failing_since = now
        patient = not error.proves_absence and (
            self._failed_polls < AWAY_AFTER_POLLS
            or now - self._failing_since < AWAY_AFTER_SECONDS
        )
        if patient and self.data.online is not False:
            LOGGER.debug("%s gave no good answer: %s", self.name, error)
            return replace(
                self.data,
                insight=self._insight.failed(error.kind, this_moment(), away=False),
                last_error=str(error),
            )
        if self.data.online is not False or self.data.unplugged:
            LOGGER.info("%s is offline: %s", self.name, error)
        doublings = min(max(self._failed_polls - AWAY_AFTER_POLLS, 0) + 1, 5)
        backed_off = min(SLOWEST_INTERVAL, self._nominal_interval * 2**doublings)
        self._poll_again_in(max(self._nominal_interval, backed_off))
        return self._off(error)

    def _off(self, error: MinerError | None = None) -> MinerData:
        """Show that the miner is not there; without an error it is off on purpose."""
        moment = this_moment()
        return MinerData(
            online=False,
            identity=self.identity,
            insight=self._insight.unplugged(moment)
            if error is None
            else self._insight.failed(error.kind, moment, away=True),
            control=self.controller.show(None),
            last_error=None if error is None else str(error),
            unplugged=error is None,
            restart_expected=self._restart_expected,
        )

    @callback
    def _plug_switched(self) -> None:
        """Stop polling with the plug, and begin with it."""
        if self._plug.is_off():
            self.async_set_updated_data(self._unplugged())
            return
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{self.name} plugged in"
        )

    def _unplugged(self) -> MinerData:
        """Ask nobody until the plug goes on; what it measures counts on."""
        self._poll_again_in(UNPLUGGED_INTERVAL)
        self._failed_polls, self._failing_since = 0, None
        self._expect_restart()
        return self._off()

    def _poll_again_in(self, seconds: float) -> None:
        self.update_interval = timedelta(seconds=seconds)

    def _remember(self, reading: MinerReading) -> MinerIdentity:
        """Store what is new about the miner."""
        known = self.identity
        if (identity := learnt(known, reading)) == known:
            return known
        self.hass.config_entries.async_update_entry(
            self.config_entry,
            data={**self.config_entry.data, CONF_IDENTITY: dump_identity(identity)},
        )
        self.data = replace(self.data, identity=identity)
        before, firmware = known.firmware, identity.firmware
        if before and firmware and before != firmware:
            details = {"from": before, "to": firmware}
            self.controller.publish(
                MinerEvent(event_type=EventType.FIRMWARE_CHANGED, details=details)
            )
        async_update_device(
            self.hass, self.config_entry, identity, self.client.configuration_url
        )
        return identity
