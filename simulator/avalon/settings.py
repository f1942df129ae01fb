"""What an Avalon keeps in flash, and the pools it works for."""

from dataclasses import dataclass
from typing import Any

from ..spec import MinerSpec
from .models import Model

WALLET = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
POOL_URLS = (
    "stratum+tcp://pool.example.com:3333",
    "stratum+tcp://backup.example.com:3334",
    "stratum+tcp://third.example.com:3335",
)
FILTER_SECONDS = 19_145 * 60.0
JOB_SECONDS, WORKS_PER_SECOND = 30.0, 4.7
UNUSABLE = frozenset({"Dead", "Disabled", "Rejecting"})
"""The words for pools that are not worked for."""
USUAL_BRIGHTNESS = 0x0150
"""Set by hand (the high byte) to 80 (the low one)."""
USUAL_LED = (0, 100, 100, 5, 0, 255)


@dataclass(slots=True, kw_only=True)
class Pool:
    """One pool with what this miner did for it since its start."""

    number: int
    url: str
    user: str
    phrase: str = "x"
    enabled: bool = True
    priority: int = 0
    hashed: float = 0.0
    accepted: int = 0
    rejected: int = 0
    last_share: float | None = None
    best: float = 0.0
    status: str | None = None
    reachable: bool = True
    connected: bool = False
    connected_at: float = 0.0
    lingers_until: float = 0.0

    @property
    def getworks(self) -> int:
        """Return how many jobs it sent."""
        return 2 + int(self.hashed / JOB_SECONDS)

    @property
    def works(self) -> int:
        """Return how many pieces of work were made of its jobs."""
        return int(self.hashed * WORKS_PER_SECOND)

    def credit(self, seconds: float, accepted: int, rejected: int, now: float) -> None:
        """Count the shares of some seconds of work."""
        self.hashed += seconds
        self.accepted += accepted
        self.rejected += rejected
        if accepted:
            self.last_share = now

    @property
    def willing(self) -> bool:
        """Tell whether a connection can be had."""
        unwilling = self.status in UNUSABLE
        return self.enabled and self.reachable and not unwilling

    @property
    def usable(self) -> bool:
        """Tell whether it can be worked for."""
        return self.willing and self.connected

    def forget(self) -> None:
        """Lose the counts, as a reboot does."""
        self.hashed, self.accepted, self.rejected = 0.0, 0, 0
        self.last_share, self.best = None, 0.0


def usual_pools(spec: MinerSpec, model: Model) -> list[Pool]:
    """Return the pools that a miner of this name works for."""
    user = f"{WALLET}.{spec.name}"
    return [
        Pool(number=number, url=POOL_URLS[number], user=user, priority=number)
        for number in range(model.pools)
    ]


class Settings:
    """Flash: what outlives a reboot; counts the writes that change something."""

    def __init__(self, spec: MinerSpec, model: Model, now: float) -> None:
        """Hold what a miner of this spec would hold."""
        mode = model.default_mode if spec.work_mode is None else spec.work_mode
        self.writes = 0
        self.values: dict[str, Any] = {
            "mode": mode,
            "level": 0,
            "lcd": 1,
            "lcd_page": 2,
            "lcd_bright": USUAL_BRIGHTNESS,
            "led": USUAL_LED,
            "led_mode": 0,
            "limit_temperature": 35,
            "filter_cleaned": now - FILTER_SECONDS,
            "pools": tuple(
                (pool.url, pool.user, pool.phrase) for pool in usual_pools(spec, model)
            ),
        }

    def __getitem__(self, key: str) -> Any:
        """Return a setting."""
        return self.values[key]

    def write(self, **changes: Any) -> None:
        """Store settings; what does not change costs nothing."""
        if any(self.values[key] != value for key, value in changes.items()):
            self.values |= changes
            self.writes += 1
