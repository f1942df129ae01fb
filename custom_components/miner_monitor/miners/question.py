"""What a device is asked once per start and firmware, until it has answered."""

_SOON = 10.0
"""Seconds until a question is asked again whose answer was lost."""

_SELDOM = 600.0
"""Seconds between two questions to a device that never answers them."""


class Question:
    """When to ask, by a clock of seconds: less and less often, the longer in vain."""

    __slots__ = ("_next", "_wait", "answered")

    def __init__(self, wait: float = _SOON) -> None:
        """Be due at once, and then after so many seconds."""
        self.answered = False
        self._wait = wait
        self._next: float | None = None

    def due(self, now: float) -> bool:
        """Tell whether it is time to ask."""
        return not self.answered and (self._next is None or now >= self._next)

    def asked(self, now: float) -> None:
        """Note that it goes out."""
        self._next = now + self._wait
        self._wait = min(2 * self._wait, max(self._wait, _SELDOM))
