"""The hash rates that NerdOS shows, which are not always those of its chips."""

from ..averages import RollingMean

HALVES_EVERY = 5.0
SMALLEST = 1.4e-45
"""What a single precision number holds at least."""

WINDOWS = {"1m": 60.0, "10m": 600.0, "1h": 3600.0, "1d": 86_400.0}


class Rates:
    """The present rate and its averages, since the last boot.

    Chips that do not answer leave the rate as it was; chips that answer zero halve it
    every five seconds. An average counts the part of its window that is not filled
    yet as nothing.
    """

    def __init__(self) -> None:
        """Start without a rate."""
        self.shown = 0.0
        self._windows = {name: RollingMean(span) for name, span in WINDOWS.items()}

    def average(self, window: str) -> float:
        """Return an average as it is shown."""
        return self._windows[window].scaled

    def step(self, seconds: float, ghs: float, *, answering: bool) -> None:
        """Go on for some seconds in which the chips did so much, if they answer."""
        if answering:
            halved = self.shown * 0.5 ** (seconds / HALVES_EVERY)
            self.shown = ghs or (halved if halved >= SMALLEST else 0.0)
        for mean in self._windows.values():
            mean.add(seconds, self.shown)

    def settle(self, seconds: float, ghs: float) -> None:
        """Have done so much for some seconds."""
        self.shown = ghs
        for mean in self._windows.values():
            mean.clear()
            mean.add(seconds, ghs)

    def boot(self) -> None:
        """Forget everything."""
        self.settle(0.0, 0.0)
