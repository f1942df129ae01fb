"""What one device reported before, as far as the next reply depends on it."""

from collections.abc import Callable
from functools import partial
import time
from typing import Any, override

from ..errors import MinerCommandError, MinerResponseError
from ..model import (
    Capability,
    Light,
    MinerIdentity,
    MinerReading,
    MinerState,
    MinerStatus,
    Setting,
    Writing,
)
from ..values import text
from .commands import Command, CommandContext
from .figures import figures_of
from .identity import (
    DeviceParts,
    Who,
    identity_of,
    mac_of,
    shown_by_blob,
    shown_by_plain,
)
from .models import Model
from .parser import (
    blob_values,
    boards_found,
    evidence_of,
    fans_of,
    plain_values,
    restart_reason,
    settle,
)
from .poll import NOTHING, Figures, Items, Poll, Row, Wants, boards_of, dashed, vector
from .pools import PoolMemory, PoolsInUse, numbers_of, of_all_pools, user_of
from .recognizer import LOOKS_CLOSELY, DeviceRecognizer, uptime_in
from .settings import (
    AUTOMATIC,
    KEYS,
    commanded,
    offered,
    ordered_to_mine,
    settings_of,
    writing_of,
)
from .status import (
    Evidence,
    FaultMemory,
    Inventory,
    StatusMemory,
    system_of,
)

_CLOCK_JITTER = 5
_RESTARTED = 15.0
"""Seconds by which an uptime has to lag behind since the last poll, or it restarted.

A slow reply explains less, and no clock drifts that much between two polls.
"""

_EARLIEST, _LATEST = 1e9, 1e11
"""Epoch seconds between which a clock is set."""

_PROOFS_OF_A_SUMMARY = ("Elapsed", "Accepted", "MHS av", "GHS av")


class DeviceMemory(DeviceRecognizer):
    """Reads the polls of one address, one after the other.

    What was learnt of a device lasts until its firmware changes or another device
    answers in its place.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        known: MinerIdentity | None = None,
    ) -> None:
        """Start on a clock of seconds, with what was ``known`` of the device before."""
        self._known = known
        self._identity: MinerIdentity | None = None
        self._poll: Poll | None = None
        self._devices: tuple[Row, ...] = ()
        self._polled_at = 0.0
        super().__init__(monotonic)

    @override
    def _forget(self) -> None:
        """Begin anew; what the device had is still known of it with other firmware."""
        super()._forget()
        seen, known = self._identity, self._known
        if seen is not None and (known is None or known.same_device(seen)):
            self._known = seen
        self._identity = None
        self._basis: tuple[object, ...] = ()
        # What was once shown, so that a miner in standby reports the same.
        self._readings: dict[Model | None, frozenset[Capability]] = {}
        self._parts = DeviceParts(frozenset())
        self._inventory: Inventory | None = None
        self._pools = PoolMemory()
        self._in_use = PoolsInUse()
        self._status = StatusMemory()
        self._last_status = MinerStatus.STARTING
        self._faults = FaultMemory()
        self._started: int | None = None
        self._began: float | None = None
        self._fan: int | None = None
        self._shade: Light | None = None
        self._mining: bool | None = None
        self._calibrating = False
        self._latest: tuple[Model, Poll, Items, MinerState, bool] | None = None

    @override
    def notice(self, poll: Poll, *, thorough: bool = False) -> Wants:
        self._poll = poll
        self._devices = poll.devices
        self._polled_at = self._monotonic()
        return super().notice(poll, thorough=thorough)

    def take_devices(self, devices: tuple[Row, ...]) -> None:
        """Keep what a device without a blob reports of its parts, for this poll."""
        self._devices = devices

    def writing(self, setting: Setting) -> Writing:
        """Return what it takes to write a setting."""
        model = self.model
        return Writing() if model is None else writing_of(model, setting)

    def command_context(self) -> CommandContext:
        """Return what commands to the device that was read last depend on."""
        if self._latest is None:
            raise MinerCommandError("only an Avalon is given commands")
        model, poll, items, state, working = self._latest
        passed = self._monotonic() - self._polled_at
        return CommandContext(
            model=model,
            listed=self._listed or frozenset(),
            offered=self._parts.settings,
            settings=state.settings,
            calibrating=self._calibrating,
            duty=state.fans[0].duty_cycle if state.fans and working else None,
            clock=None if poll.when is None else int(poll.when + passed),
            pools=numbers_of(poll.pools),
            dark=any(dashed(items.get("LED"))[:1]),
        )

    def sends(self, command: Command) -> None:
        """Note that a command goes out."""
        if command.in_litestats:
            self._look_closely(until=self._monotonic() + LOOKS_CLOSELY)

    def sent(self, command: Command, *, certainly: bool) -> None:
        """Note that the device took a command, or may have taken it."""
        if command.fan is not None:
            self._fan = command.fan if certainly else None
        if command.shade is not None:
            self._shade = command.shade if certainly else None

    def read(self, poll: Poll) -> MinerReading:
        """Translate a poll of the device that was noticed last."""
        if poll is not self._poll:
            self.notice(poll)
        if not self._reported.modules and not any(
            key in poll.summary for key in _PROOFS_OF_A_SUMMARY
        ):
            raise MinerResponseError("neither a summary nor statistics of a miner")
        who, model = self._certain(), self.model
        self._in_use = self._pools.read(poll.pools, poll.screen)
        if poll.poolless:
            self._in_use = PoolsInUse(connected=False)
        self._start(poll)
        if model is None:
            state, parts = self._read_plain(poll, who)
        else:
            state, parts = self._read_avalon(poll, who, model)
        self._parts = parts
        basis = (model, self._version, who, parts)
        if self._identity is None or basis != self._basis:
            self._basis = basis
            version = self._reported.items.get("Ver")
            identity = identity_of(model, self._version, who, version, parts)
            if identity != self._identity:
                self._identity = identity
        return MinerReading(
            identity=self._identity, state=state, complete=self._complete
        )

    def _read_avalon(
        self, poll: Poll, who: Who, model: Model
    ) -> tuple[MinerState, DeviceParts]:
        reported, extra = self._reported, self._extra
        items = {**extra, **reported.items} if extra else reported.items
        system = system_of(items.get("SYSTEMSTATU"))
        values = blob_values(reported, extra, model, poll.summary, system)
        if (uptime := values.get("uptime")) is None:
            uptime = values["uptime"] = self._uptime(poll)
        # With a start its fan becomes automatic.
        began = None if uptime is None else self._polled_at - uptime
        if began is not None:
            if self._began is not None and began > self._began + _RESTARTED:
                self._fan = AUTOMATIC
            self._began = began
        found = boards_found(reported.modules)
        evidence = evidence_of(items, model, values, system, found, self._in_use)
        if reported.modules:
            self._last_status = self._status.judge(evidence, self._monotonic())
            self._mining = ordered_to_mine(evidence, resting=self._status.resting)
            self._calibrating = evidence.calibrating
        status = self._last_status
        hashing = status is MinerStatus.HASHING
        working = settle(values, items, status, evidence.state)
        fans = fans_of(items, model, self._parts.fans, hashing=working)
        inventory = self._inventory_of(who, model)
        rates = [x for part in reported.modules for x in vector(part.items.get("MGHS"))]
        if hashing:
            inventory.learn(found or len(rates), values.get("chips_working"))
        state = MinerState(
            status=status,
            boards=boards_of(reported.modules, working=working, hashing=hashing),
            fans=fans,
            faults=self._faults.find(
                items, model, inventory, status, values, fans, found, rates
            ),
            restart_reason=restart_reason(items, model),
            controller_state=system.word,
            figures=Figures(
                partial(
                    figures_of,
                    items,
                    reported.row,
                    poll.summary,
                    self._started,
                    model,
                    self._version,
                )
            ),
            settings=settings_of(
                tuple(map(items.get, KEYS)),
                model,
                mining=self._mining,
                pool=self._in_use.place,
                targets="target-temp" in (self._listed or ()),
                fan=self._fan,
                shade=self._shade,
            ),
            **self._of_pools(poll),
            **values,
        )
        self._latest = model, poll, items, state, working
        return state, self._parts_of(items, who, model, state, inventory)

    def _parts_of(
        self,
        items: Items,
        who: Who,
        model: Model,
        state: MinerState,
        inventory: Inventory,
    ) -> DeviceParts:
        seen = self._parts
        boards = max(seen.boards, model.boards, len(state.boards), inventory.boards)
        known = self._readings.get(model, model.readings)
        shown = shown_by_blob(items, state, known)
        if boards > 1:
            shown.add(Capability.BOARDS)
        if not shown <= known:
            self._readings[model] = known = known | shown
        pools = len(state.pools) or seen.pools
        return DeviceParts(
            capabilities=commanded(model, self._listed, known),
            chip_model=text(items.get("Core")) or seen.chip_model,
            fans=len(state.fans),
            pools=pools,
            boards=boards,
            chips=max(model.chips or 0, inventory.chips) or None,
            settings=offered(model, self._listed, pools),
            pool_user=self._pool_user(who),
        )

    def _pool_user(self, who: Who) -> str | None:
        """Tell for whom a device without a name of its own works."""
        if who.serial is not None or self._poll is None:
            return None
        return user_of(self._poll.pools) or self._parts.pool_user

    def _inventory_of(self, who: Who, model: Model) -> Inventory:
        """Return what the device had, also before this start."""
        if self._inventory is None:
            self._inventory = Inventory()
            known, names = self._known, (who.serial, mac_of(self._version))
            if known is not None and (
                known.unique_id in names
                if known.unique_id is not None
                else names == (None, None) and known.model == model.name
            ):
                self._inventory = Inventory(known.board_count, known.chip_count or 0)
        return self._inventory

    def _read_plain(self, poll: Poll, who: Who) -> tuple[MinerState, DeviceParts]:
        values = plain_values(poll.summary, self._devices)
        evidence = Evidence(
            hash_rate=values["hash_rate_now"],
            pool_connected=self._in_use.connected,
            share_accepted=self._in_use.moved,
            uptime=values.get("uptime"),
        )
        status = self._status.judge(evidence, self._monotonic())
        self._last_status = status
        if status is not MinerStatus.HASHING:
            values["hash_rate_average"] = None
        state = MinerState(
            status=status,
            figures=Figures(
                partial(
                    figures_of,
                    NOTHING,
                    NOTHING,
                    poll.summary,
                    self._started,
                    version=self._version,
                )
            ),
            **self._of_pools(poll),
            **values,
        )
        known = self._readings.get(None, frozenset())
        shown = shown_by_plain(poll.summary, poll.pools)
        self._readings[None] = known | shown_by_blob(NOTHING, state, known) | shown
        parts = DeviceParts(
            capabilities=self._readings[None],
            pools=len(state.pools) or self._parts.pools,
            pool_user=self._pool_user(who),
        )
        return state, parts

    def _start(self, poll: Poll) -> None:
        """Keep the epoch second of the start; the same one while it only trembles."""
        when, uptime, known = poll.when, uptime_in(poll.summary), self._started
        if when is None or uptime is None or not _EARLIEST <= when < _LATEST:
            self._started = None
        elif known is None or abs(when - uptime - known) > _CLOCK_JITTER:
            self._started = when - uptime

    def _of_pools(self, poll: Poll) -> dict[str, Any]:
        in_use, traffic = self._in_use, self._traffic
        return {
            **of_all_pools(poll.pools, in_use),
            "pools": self._pools.pools_of(poll.pools, in_use, traffic, self._started),
        }
