"""What one device told before, as far as the next reply depends on it."""

from collections.abc import Callable
from functools import partial
import time
from typing import Any

from ..errors import (
    MinerCommandError,
    MinerResponseError,
)
from ..model import (
    Figure,
    MinerIdentity,
    MinerReading,
    MinerState,
    MinerStatus,
    Setting,
    Writing,
)
from ..values import text
from .acquaintance import Acquaintance
from .blob import (
    Items,
    dashed,
    gather,
)
from .boards import boards_of
from .capabilities import ReadingMemory
from .faults import (
    FaultMemory,
    health_of,
)
from .figures import figures_of
from .identity import (
    Parts,
    Who,
    identity_of,
    mac_of,
    plain_identity,
)
from .inventory import Inventory
from .knobs import (
    commanded,
    offered,
    writing_of,
)
from .lazy import Figures
from .models import Model
from .orders import (
    Order,
    Situation,
)
from .parser import (
    blob_values,
    boards_found,
    evidence_of,
    fans_of,
    plain_values,
    restart_reason,
    settle,
    start_of,
)
from .poll import (
    NOTHING,
    Poll,
    Row,
    Wants,
)
from .pool_in_use import (
    PoolMemory,
    PoolsInUse,
)
from .pools import (
    numbers_of,
    of_all_pools,
    pools_of,
    user_of,
)
from .setpoints import (
    Circumstances,
    SetPoints,
    told_to_mine,
)
from .status import (
    Evidence,
    StatusMemory,
    system_of,
)
from .supply import Supply

_CLOCK_JITTER = 5
_PROOFS_OF_A_SUMMARY = ("Elapsed", "Accepted", "MHS av", "GHS av")


class DeviceMemory:
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
        self._monotonic = monotonic
        self._known = known
        self._identity: MinerIdentity | None = None
        self._device = Acquaintance(monotonic)
        self._poll: Poll | None = None
        self._devices: tuple[Row, ...] = ()
        self._polled_at = 0.0
        self._forget()

    def _forget(self) -> None:
        """Begin anew; what the device had is still known of it with other firmware."""
        seen, known = self._identity, self._known
        if seen is not None and (known is None or known.same_device(seen)):
            self._known = seen
        self._age = self._device.age
        self._inventory: Inventory | None = None
        self._pools = PoolMemory()
        self._in_use = PoolsInUse()
        self._status = StatusMemory()
        self._last_status: MinerStatus | None = None
        self._faults = FaultMemory()
        self._started: int | None = None
        self._readings: ReadingMemory | None = None
        self._parts = Parts(frozenset())
        self._basis: tuple[object, ...] = ()
        self._identity = None
        self._set_points = SetPoints()
        self._mining: bool | None = None
        self._calibrating = False
        self._duty: float | None = None
        self._items: Items = NOTHING

    @property
    def model(self) -> Model | None:
        """The model of the device that was noticed last; None of a plain cgminer."""
        return self._device.model if self._device.is_avalon else None

    @property
    def sections(self) -> tuple[str, ...]:
        """What to ask for in the one request of the next poll."""
        return self._device.sections

    def notice(self, poll: Poll) -> Wants:
        """Take note who answers; tell what else to ask in the same turn."""
        self._poll = poll
        self._devices = poll.devices
        self._polled_at = self._monotonic()
        return self._device.meet(poll)

    def take_version(self, version: Row) -> None:
        """Keep what the device says of its make."""
        self._device.take_version(version)

    def has_no_version(self) -> None:
        """Note that the device refuses to say anything of its make."""
        self._device.has_no_version()

    def take_commands(self, commands: frozenset[str]) -> None:
        """Keep which commands the device lists; none means read-only."""
        self._device.take_commands(commands)

    def take_litestats(self, stats: tuple[Row, ...]) -> None:
        """Keep the short form of the statistics for this poll."""
        self._device.take_litestats(gather(stats))

    def take_devices(self, devices: tuple[Row, ...]) -> None:
        """Keep what a device without a blob tells of its parts, for this poll."""
        self._devices = devices

    def writing(self, setting: Setting) -> Writing:
        """Tell what it takes to write a setting."""
        model = self.model
        return Writing() if model is None else writing_of(model, setting)

    def situation(self) -> Situation:
        """Tell what commands to the device that was read last depend on."""
        model = self.model
        if model is None or self._poll is None:
            raise MinerCommandError("only an Avalon is given commands")
        when = self._poll.when
        passed = self._monotonic() - self._polled_at
        return Situation(
            model=model,
            listed=self._device.commands or frozenset(),
            offered=self._parts.settings,
            settings=self._set_points.settings,
            calibrating=self._calibrating,
            duty=self._duty,
            clock=None if when is None else int(when + passed),
            pools=numbers_of(self._poll.pools),
            dark=any(dashed(self._items.get("LED"))[:1]),
        )

    def sends(self, order: Order) -> None:
        """Note that a command goes out."""
        if order.in_litestats:
            self._device.look_closely()

    def sent(self, order: Order, *, certainly: bool) -> None:
        """Note that the device took a command, or may have taken it."""
        if order.fan is not None:
            self._set_points.fan_set(order.fan if certainly else None)
        if order.shade is not None:
            self._set_points.shade_set(order.shade if certainly else None)

    def read(self, poll: Poll) -> MinerReading:
        """Translate a poll of the device that was noticed last."""
        if poll is not self._poll:
            self.notice(poll)
        device = self._device
        if not device.told.modules and not any(
            key in poll.summary for key in _PROOFS_OF_A_SUMMARY
        ):
            raise MinerResponseError("neither a summary nor statistics of a miner")
        who = device.certain()
        if device.age != self._age:
            self._forget()
        if device.is_avalon:
            return self._read_avalon(poll, who, device.model)
        return self._read_plain(poll, who)

    def _read_avalon(self, poll: Poll, who: Who, model: Model) -> MinerReading:
        told = self._device.told
        extra = self._device.extra
        items: Items = {**extra, **told.items} if extra else told.items
        self._items = items
        common = self._of_pools(poll)
        system = system_of(items.get("SYSTEMSTATU"))
        values = blob_values(told, extra, model, poll.summary, system)
        uptime = self._device.uptime(poll)
        values.setdefault("uptime", uptime)
        found = boards_found(told.modules)
        evidence = evidence_of(items, model, values, system, found, self._in_use)
        status = self._judge(evidence, told_anything=bool(told.modules))
        working = settle(values, items, status, evidence.state)
        if told.modules:
            self._mining = told_to_mine(evidence, resting=self._status.resting)
            self._calibrating = evidence.calibrating
        self._set_points.notice(uptime, self._polled_at)
        boards = boards_of(
            told.modules, working=working, hashing=status is MinerStatus.HASHING
        )
        fans = fans_of(items, model, self._parts.fans, hashing=working)
        self._duty = fans[0].duty_cycle if fans and working else None
        inventory = self._inventory_of(who, model)
        health = health_of(status, values, found, told.modules, fans)
        if status is MinerStatus.HASHING:
            inventory.learn(found or health.listed, health.chips)
        state = MinerState(
            status=status,
            boards=boards,
            fans=fans,
            faults=self._faults.find(items, model, inventory, health),
            restart_reason=restart_reason(items, model),
            controller_state=system.word,
            figures=Figures(
                partial(self._figures_of, items, told.row, poll, model.supply)
            ),
            settings=self._set_points.read(items, model, self._circumstances()),
            **common,
            **values,
        )
        return MinerReading(
            identity=self._identify_avalon(items, who, model, state),
            state=state,
            complete=self._device.complete,
        )

    def _inventory_of(self, who: Who, model: Model) -> Inventory:
        """Return what the device had, also before this start."""
        if self._inventory is None:
            known = self._known
            if known is not None and self._is_of(known, who, model):
                self._inventory = Inventory(known.board_count, known.chip_count or 0)
            else:
                self._inventory = Inventory()
        return self._inventory

    def _is_of(self, known: MinerIdentity, who: Who, model: Model) -> bool:
        """Tell whether an identity is that of the device that answers."""
        names = (who.serial, mac_of(self._device.version))
        if known.unique_id is None:
            return names == (None, None) and known.model == model.name
        return known.unique_id in names

    def _circumstances(self) -> Circumstances:
        """Collect what set points are beyond the blob."""
        commands = self._device.commands
        return Circumstances(
            mining=self._mining,
            pool=self._in_use.place,
            targets=commands is not None and "target-temp" in commands,
        )

    def _read_plain(self, poll: Poll, who: Who) -> MinerReading:
        common = self._of_pools(poll)
        values = plain_values(poll.summary, self._devices)
        evidence = Evidence(
            hash_rate=values["hash_rate_now"],
            pool_connected=self._in_use.connected,
            share_accepted=self._in_use.moved,
            uptime=values.get("uptime"),
        )
        status = self._judge(evidence, told_anything=True)
        if status is not MinerStatus.HASHING:
            values["hash_rate_average"] = None
        state = MinerState(
            status=status,
            figures=Figures(partial(self._figures_of, NOTHING, NOTHING, poll)),
            **common,
            **values,
        )
        if self._readings is None or self._readings.model is not None:
            self._readings = ReadingMemory(None)
        self._readings.learn(NOTHING, state)
        self._readings.learn_plain(poll.summary, poll.pools)
        self._parts = Parts(
            self._readings.found,
            pools=len(state.pools) or self._parts.pools,
            pool_user=user_of(poll.pools) or self._parts.pool_user,
        )
        version = self._device.version
        basis = (None, version, who, self._parts)
        if self._identity is None or basis != self._basis:
            self._basis = basis
            self._identity = plain_identity(version, who, self._parts)
        return MinerReading(
            identity=self._identity, state=state, complete=self._device.complete
        )

    def _figures_of(
        self, items: Items, row: Row, poll: Poll, supply: Supply = Supply.UNKNOWN
    ) -> dict[str, Figure]:
        return figures_of(items, row, poll.summary, self._start_of(poll), supply)

    def _judge(self, evidence: Evidence, *, told_anything: bool) -> MinerStatus:
        """Decide on the status; a miner that says nothing is as it was."""
        if not told_anything:
            return self._last_status or MinerStatus.STARTING
        self._last_status = self._status.judge(evidence, self._monotonic())
        return self._last_status

    def _of_pools(self, poll: Poll) -> dict[str, Any]:
        """Read what follows from the pools, and how these are read."""
        self._in_use = in_use = self._pools.read(poll.pools, poll.screen)
        if poll.poolless:
            self._in_use = in_use = PoolsInUse(connected=False)
        values = of_all_pools(poll.pools, in_use)
        start = partial(self._start_of, poll)
        values["pools"] = pools_of(poll.pools, in_use, self._device.told.pools, start)
        return values

    def _start_of(self, poll: Poll) -> int | None:
        """Tell the epoch second of the start; the same one while it only trembles."""
        started = start_of(poll)
        known = self._started
        if started is None or known is None or abs(started - known) > _CLOCK_JITTER:
            self._started = started
        return self._started

    def _pool_user(self, who: Who) -> str | None:
        """Tell for whom a device without a name of its own works."""
        if who.serial is not None or self._poll is None:
            return None
        return user_of(self._poll.pools) or self._parts.pool_user

    def _identify_avalon(
        self, items: Items, who: Who, model: Model, state: MinerState
    ) -> MinerIdentity:
        """Return the identity, the same object while nothing about it changed."""
        if self._readings is None or self._readings.model != model:
            self._readings = ReadingMemory(model)
        readings = self._readings
        readings.learn(items, state)
        seen = self._parts
        inventory = self._inventory_of(who, model)
        boards = max(seen.boards, model.boards, len(state.boards), inventory.boards)
        if boards > 1:
            readings.add_boards()
        device = self._device
        basis: tuple[object, ...] = (
            model,
            device.version,
            who,
            readings.found,
            device.commands,
            items.get("Core"),
            (len(state.fans), len(state.pools), boards, inventory.chips),
            pool_user := self._pool_user(who),
        )
        if self._identity is None or basis != self._basis:
            self._basis = basis
            pools = len(state.pools) or seen.pools
            self._parts = Parts(
                capabilities=readings.found | commanded(model, device.commands),
                chip_model=text(items.get("Core")) or seen.chip_model,
                fans=len(state.fans),
                pools=pools,
                boards=boards,
                chips=max(model.chips or 0, inventory.chips) or None,
                settings=offered(model, device.commands, pools),
                pool_user=pool_user,
            )
            identity = identity_of(
                model, device.version, who, items.get("Ver"), self._parts
            )
            if identity != self._identity:
                self._identity = identity
        assert self._identity is not None
        return self._identity
