"""When a miner was asked to go to sleep and to wake."""

from dataclasses import dataclass


@dataclass(slots=True)
class Schedule:
    """The last times that were asked for, and those that are still to come."""

    off_at: float = 0.0
    on_at: float = 0.0
    off_due: float | None = None
    on_due: float | None = None

    def plan_off(self, when: float) -> None:
        """Go to sleep at a time."""
        self.off_at = self.off_due = when

    def plan_on(self, when: float) -> None:
        """Wake at a time."""
        self.on_at = self.on_due = when

    def cancel(self) -> None:
        """Forget what is still to come."""
        self.off_due = self.on_due = None

    def falls_asleep(self, now: float) -> bool:
        """Tell once whether it has become time to go to sleep."""
        due = self.off_due is not None and now >= self.off_due
        self.off_due = None if due else self.off_due
        return due

    def wakes(self, now: float) -> bool:
        """Tell once whether it has become time to wake."""
        due = self.on_due is not None and now >= self.on_due
        self.on_due = None if due else self.on_due
        return due
