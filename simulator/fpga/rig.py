"""A rig: cards with a miner each, and one exporter that reads their logs."""

from collections.abc import Sequence
from random import Random
from typing import override

from ..clock import Clock
from ..faults import FaultSet
from ..member import Phase, Truth
from ..spec import MinerSpec
from .card import Card, Drive
from .exporter import Exporter
from .exposition import Metric
from .kinds import Kind, Shares, kind_of
from .machine import INTERVAL, Machine

HOT = 95.0
HOUR = 3600.0


class Rig(Machine):
    """The cards of one computer.

    An exporter that died is started again every 30 s, as people do with a loop
    around it.
    """

    def __init__(self, spec: MinerSpec, clock: Clock, faults: FaultSet) -> None:
        """Make a rig without power."""
        super().__init__(spec, clock, faults)
        if spec.cards < 1:
            raise ValueError("A rig has at least one card")
        self.exporter: Exporter | None = None
        began = clock.now() - spec.uptime
        self.cards = {
            f"card{index}": Card(
                self.kind, Random(f"{spec.random_seed}/{index}"), began, spec.frequency
            )
            for index in range(spec.cards)
        }

    @property
    def kind(self) -> Kind:
        """Return what the cards run, as this release of the exporter sees it."""
        return kind_of(self.spec.model, self.firmware)

    @property
    @override
    def serving(self) -> bool:
        """Tell whether the exporter is running."""
        return self.exporter is not None

    @property
    @override
    def wakes_at(self) -> float | None:
        """Return when the exporter may start or die."""
        if self.booting or self.exporter is None or any(map(self._kills, self._all())):
            return self._boots_until or self.next_read
        return None

    @property
    @override
    def phase(self) -> Phase:
        """Return what the rig is doing."""
        phase = super().phase
        if phase is Phase.HASHING and not any(card.rate for card in self._all()):
            return Phase.FAULT if "flatline" in self.faults else Phase.STARTING
        return phase

    @property
    @override
    def truth(self) -> Truth:
        """Return what is really going on."""
        cards = list(self._all())
        rate = sum(card.rate for card in cards) * self.kind.unit
        return Truth(
            hash_rate_ths=rate / 1e12,
            power_w=sum(card.watts for card in cards),
            energy_wh=sum(card.watt_hours for card in cards),
            shares_accepted=sum(card.accepted for card in cards),
            shares_rejected=sum(card.rejected for card in cards),
            hashing=rate > 0,
            temperature=max(card.temperature for card in cards),
            restarts=self.restarts,
        )

    def _kills(self, card: Card) -> bool:
        """Tell whether the exporter would divide by what the card has not found."""
        match self.kind.shares:
            case Shares.LINE:
                return not card.shares_good + card.shares_bad
            case Shares.SOLUTIONS:
                return not card.solutions_good + card.solutions_bad
        return False

    def _all(self) -> Sequence[Card]:
        """Return the cards."""
        return list(self.cards.values())

    def _drive(self) -> Drive:
        """Return what happens to the cards at the moment."""
        hot = self.faults.get("hot")
        return Drive(
            powered=self.next_read is not None,
            hashing="flatline" not in self.faults,
            pool="pool_lost" not in self.faults,
            forced_temperature=None if hot is None else hot.number("celsius", HOT),
        )

    @override
    def advance(self, now: float) -> None:
        drive = self._drive()
        for card in self._all():
            card.step(now, drive)

    @override
    def power_off(self) -> None:
        self.sync()
        self.advance(self.clock.now())
        super().power_off()
        self.exporter = None
        for card in self._all():
            card.rate = card.watts = 0.0

    @override
    def begin(self, began: float, now: float) -> None:
        """Have miners and exporter started, and run until now."""
        self.advance(began)
        self.next_read = now
        for card in self._all():
            card.restart(began)
        while (last := self._all()[0].now) < now:
            self.advance(min(now, last + HOUR))
        if now > began:
            for card in self._all():
                card.watt_hours = 0.0
        self.exporter = Exporter(self.kind)
        self._look(now)

    @override
    def read(self, now: float) -> None:
        self.advance(now)
        if self.exporter is None:
            self.exporter = Exporter(self.kind)
        self._look(now)

    def _look(self, now: float) -> None:
        """Let the exporter read the logs; it may die of it."""
        assert self.exporter is not None
        back = self.faults.get("clock_back")
        shown = now if back is None else now - back.number("seconds", HOUR)
        lines = {name: card.statistics() for name, card in self.cards.items()}
        if not self.exporter.read(lines, shown):
            self.exporter = None

    @override
    def metrics(self) -> Sequence[Metric]:
        if self.exporter is None:
            return ()
        return self.exporter.metrics({name: name for name in self.cards})

    @override
    def restart_miner(self) -> None:
        """Start the miners anew; a running exporter reads nothing any more."""
        if self.next_read is None:
            return
        now = self.clock.now()
        self.advance(now)
        self.restarts += 1
        for card in self._all():
            card.restart(now)
        if self.exporter is not None:
            self.exporter.stuck = True
            self.faults.add("freeze", {})

    @override
    def restart_exporter(self) -> None:
        """Start the exporter anew: it reads the logs at once."""
        if self.next_read is None:
            return
        now = self.clock.now()
        self.advance(now)
        self.exporter = Exporter(self.kind)
        self.next_read = now + INTERVAL
        self._look(now)
