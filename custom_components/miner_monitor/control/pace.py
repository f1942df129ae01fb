"""How often a device may be written to; all times are seconds of one clock."""

SPACING = 10.0
"""Between two writes to flash, on average."""

QUIET = 2.0
"""After so long without a wish, the next one is not part of a flood."""

MOMENT = 0.3
"""What is wished within this time is one wish."""

POWER_SPACING = 60.0
"""Between two changes of power, in which the device tunes itself."""


class Pace:
    """The budget of writes to flash.

    Each write costs one spacing, and what is not urgent waits until all of them are
    paid. What is urgent may be sent on credit: always when it is a single wish, and
    once at the beginning of a flood, which then gets by with seven writes a minute.
    The debt ends at two spacings: nothing is held back for longer.
    """

    __slots__ = ("_asked_at", "_flood_since", "_fresh", "_next_at", "_spacing")

    def __init__(self, spacing: float = SPACING) -> None:
        """Begin without debts."""
        self._spacing = spacing
        self._next_at = float("-inf")
        self._asked_at = float("-inf")
        self._flood_since = float("-inf")
        self._fresh = True

    def asked(self, now: float) -> None:
        """Note that a change is wanted."""
        if now - self._asked_at > QUIET:
            self._flood_since = now
            self._fresh = True
        self._asked_at = now

    def due(self, now: float, *, urgent: bool) -> float:
        """Return in how many seconds what is wanted may be written."""
        wait = max(0.0, self._next_at - now)
        if not urgent:
            return wait
        single = self._fresh and self._asked_at - self._flood_since <= MOMENT
        begins = now - self._flood_since < self._spacing
        return 0.0 if single or (begins and wait <= self._spacing) else wait

    def wrote(self, now: float) -> None:
        """Pay for a write."""
        self._fresh = False
        owed = max(now, self._next_at) + self._spacing
        self._next_at = min(owed, now + 2 * self._spacing)


class PowerPace:
    """The time that a device needs after a change of power; nothing is urgent."""

    __slots__ = ("_next_at",)

    def __init__(self) -> None:
        """Begin with a device that has had its time."""
        self._next_at = float("-inf")

    def due(self, now: float) -> float:
        """Return in how many seconds a change may be written."""
        return max(0.0, self._next_at - now)

    def wrote(self, now: float) -> None:
        """Begin to wait."""
        self._next_at = now + POWER_SPACING
