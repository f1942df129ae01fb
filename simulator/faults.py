"""Faults by name, with parameters and an end."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock, Timer

GARBAGE = bytes((index * 73 + 5) % 256 for index in range(600))
HUGE_BYTES = 10 * 1024 * 1024


@dataclass(slots=True)
class Fault:
    """A fault with its parameters."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    replies: int = 0

    def optional(self, key: str) -> float | None:
        """Return a number, None if it was not given."""
        value = self.parameters.get(key)
        return None if value is None else float(value)

    def number(self, key: str, default: float) -> float:
        """Return a number."""
        return float(self.parameters.get(key, default))

    def text(self, key: str, default: str) -> str:
        """Return a text."""
        return str(self.parameters.get(key, default))

    def concerns(self, request: str) -> bool:
        """Tell whether a request meets it: each, or those with the text ``only``."""
        return self.text("only", "") in request

    def flag(self, key: str) -> bool:
        """Return a switch, off if it was not given."""
        return bool(self.parameters.get(key, False))


class FaultSet:
    """The faults that are on."""

    def __init__(self, known: Collection[str]) -> None:
        """Start sound; only faults that the family knows can be switched on."""
        self._known = known
        self._faults: dict[str, Fault] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether a fault is on."""
        return name in self._faults

    def __iter__(self) -> Iterator[Fault]:
        """Go through the faults."""
        return iter(self._faults.values())

    def get(self, name: str) -> Fault | None:
        """Return a fault that is on."""
        return self._faults.get(name)

    def add(self, name: str, parameters: dict[str, Any]) -> None:
        """Switch a fault on."""
        if name not in self._known:
            raise ValueError(f"Unknown fault {name!r}, known: {sorted(self._known)}")
        self._faults[name] = Fault(name, parameters)

    def remove(self, name: str | None) -> None:
        """Switch one fault off, or all."""
        if name is None:
            self._faults.clear()
        else:
            self._faults.pop(name, None)

    def use_up(self, fault: Fault) -> None:
        """Note that a fault had its way; it ends after its `count`, or at once."""
        fault.replies += 1
        if fault.replies >= fault.number("count", 1):
            self.remove(fault.name)

    def count_reply(self) -> None:
        """Note that a reply goes out."""
        for fault in self._faults.values():
            fault.replies += 1


class FaultEnds:
    """Ends faults when their time is over."""

    def __init__(self, clock: Clock, end: Callable[[str], None]) -> None:
        """Call `end` with the name of the fault that is over."""
        self._clock = clock
        self._end = end
        self._timers: dict[str, Timer] = {}

    def plan(self, name: str, duration: float | None) -> None:
        """Let a fault end after some seconds, or never."""
        self.cancel(name)
        if duration is not None:
            due = self._clock.now() + duration
            self._timers[name] = self._clock.call_at(due, lambda: self._end(name))

    def cancel(self, name: str | None) -> None:
        """Forget the end of one fault, or of all."""
        ended = self._timers.keys() if name is None else {name} & self._timers.keys()
        for fault in list(ended):
            self._timers.pop(fault).cancel()
