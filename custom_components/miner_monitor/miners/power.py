"""The operating points that a miner can be set to, by the power that it draws there."""

from dataclasses import dataclass

from .model import Changes, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerStep:
    """One operating point, and what a miner is expected to draw and work there.

    ``settings`` lead there from any other step. ``power`` in W: at the wall where the
    user told how that follows from the device's own meter, else by that meter;
    ``error`` (W) is how far off it may be. ``measured``: it ran there for long enough.
    ``hash_rate`` is in TH/s, 0 where it rests. ``wears_flash``: to go there writes the
    device's flash.
    """

    settings: Changes
    power: float
    error: float = 0.0
    measured: bool = False
    hash_rate: float | None = None
    wears_flash: bool = False

    @property
    def stops(self) -> bool:
        """Whether nothing is hashed there."""
        return self.settings.get(Setting.MINING) is False
