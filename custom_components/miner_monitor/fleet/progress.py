"""How far a command of many miners is, and whom it leaves as they are."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from ..control.errors import WriteError
from ..control.model import Requester
from ..coordinator import MinerCoordinator
from ..miners.errors import MinerConnectionError, MinerTimeoutError, Outcome
from ..runtime.escape import plain
from ..runtime.messages import Failure
from .members import FleetMember, StopMemory, WhyLeft

type Command = Callable[[MinerCoordinator, Requester], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom a command reaches, and whom it leaves as they are, by name.

    Who was already so is in neither.
    """

    names: tuple[str, ...]
    left_out: tuple[tuple[str, WhyLeft], ...]


@dataclass(slots=True)
class FeatureCommands:
    """How a feature is stopped and started, and how far its last command is.

    ``number`` is that of the last command, which ends the one before it; ``starting``
    are still to be started, in that order. Of ``total`` miners ``done`` followed, and
    ``failed`` names those that did not; ``left_out`` names whom it left as they were.
    ``memory`` is whom it stopped, where only those start again.
    """

    start: Command
    stop: Command | None = None
    memory: StopMemory | None = None
    number: int = 0
    starting: list[str] = field(default_factory=list)
    waiting: int = 0
    done: int = 0
    total: int = 0
    failed: list[str] = field(default_factory=list)
    left_out: list[tuple[str, WhyLeft]] = field(default_factory=list)

    def begin(self, number: int) -> None:
        """End what is under way, and begin to count anew."""
        self.number = number
        self.starting, self.waiting, self.done, self.total = [], 0, 0, 0
        self.failed, self.left_out = [], []

    def choose(self, members: Iterable[FleetMember]) -> list[FleetMember]:
        """Return whom a command reaches, and note whom it does not."""
        chosen = list[FleetMember]()
        for member in members:
            if (why := member.kept_out) is None:
                chosen.append(member)
            else:
                self.left_out.append((name_of(member), why))
        return chosen

    def ended(self, member: FleetMember, error: Failure | None) -> None:
        """Count what became of one; who is not there any more is no failure."""
        if error is None:
            self.done += 1
        elif is_away(error):
            self.left_out.append((name_of(member), WhyLeft.OFFLINE))
        else:
            self.failed.append(name_of(member))


def is_away(error: Failure) -> bool:
    """Whether nothing was sent, because nobody answered."""
    cause = error.cause if isinstance(error, WriteError) else error
    silent = isinstance(cause, MinerConnectionError | MinerTimeoutError)
    return silent and error.outcome is Outcome.NOT_SENT


def name_of(member: FleetMember) -> str:
    """Return a miner's name as it can stand in a sentence."""
    return plain(member.entry.title)
