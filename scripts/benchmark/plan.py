"""What a run of the bench does and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Numbers of rounds, lengths of windows (seconds), sizes of fleets."""

    fetch_rounds: int = 60
    fetch_block: int = 100
    gather_rounds: int = 40
    starts: int = 3
    settle: float = 25
    silent_window: float = 60
    slices: int = 30
    slice_seconds: float = 10
    recorder_settle: float = 60
    few: int = 10
    few_silent: int = 3
    many: int = 100
    many_silent: int = 40
    recorded: int = 50
    reported: int = 20
    report_days: int = 30
    report_rounds: int = 15
    interval: int = 10
    recorded_interval: int = 15

    @property
    def rate(self) -> float:
        """Return the polls per second of the large fleet."""
        return self.many / self.interval


FULL = Plan()
QUICK = Plan(
    fetch_rounds=20,
    fetch_block=50,
    gather_rounds=10,
    starts=1,
    settle=15,
    silent_window=30,
    slices=4,
    recorder_settle=15,
    report_rounds=5,
    recorded=20,
)
