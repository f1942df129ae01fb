"""Which pools a cgminer is connected to, and which one it works for.

As cgminer 4.11.1 does it with the strategy Failover: a new priority counts at once,
the work follows once the better pool has been connected for `opt_pool_fallback`.
"""

from collections.abc import Collection, Sequence

from .settings import Pool

FALLBACK_SECONDS = 120.0
"""How long a better pool has to be connected before the work moves there."""

LOOK_SECONDS = 5.0
"""How often cgminer looks after its pools."""

CONNECT_SECONDS = 3.0
LINGER_SECONDS = 60.0
"""How long a pool that is not needed stays connected: until it says something."""


class Pooling:
    """The pools of one miner."""

    def __init__(self, pools: list[Pool], now: float) -> None:
        """Be connected to the best pool, and to no other, for a long time."""
        self.pools = pools
        self.current = 0
        self.keeps_all = False
        self._connects_at: dict[int, float] = {}
        self._watched = now
        for pool in pools:
            self._leave(pool)
        self._connect(pools[0], now)

    @property
    def hopeful(self) -> bool:
        """Tell whether any pool could be worked for."""
        return any(pool.willing for pool in self.pools)

    @property
    def in_use(self) -> Pool | None:
        """Return the pool that gets the shares, None while there is none."""
        pool = self.pools[self.current]
        return pool if pool.usable else None

    @property
    def last_worked(self) -> Pool | None:
        """Return the pool that a share was found for last, None before the first."""
        worked = [pool for pool in self.pools if pool.last_share is not None]
        return max(worked, key=lambda pool: pool.last_share or 0, default=None)

    def restart(self, now: float) -> None:
        """Begin anew: all pools are tried at once."""
        self._connects_at.clear()
        for pool in self.pools:
            self._leave(pool)
            pool.lingers_until = now + LINGER_SECONDS
        self.current = next(iter(self._by_priority()), 0)

    def lose(self, numbers: Collection[int]) -> None:
        """Let these pools be out of reach, and all others answer."""
        for pool in self.pools:
            pool.reachable = pool.number not in numbers

    def next_event(self) -> float | None:
        """Return when something changes by itself."""
        times = list(self._connects_at.values())
        for pool in self.pools:
            if pool.connected and pool.number != self.current:
                times += [pool.lingers_until, self._stable_at(pool)]
        later = [at for at in times if at > self._watched]
        return min(later, default=None)

    def watch(self, now: float) -> None:
        """Connect, hang up and switch as it has become time to."""
        self._watched = now
        for pool in self.pools:
            if not pool.willing or not self._needs(pool, now):
                self._leave(pool)
            elif not pool.connected:
                self._try(pool, now)
        best = self._best()
        if best is None or best.number == self.current:
            return
        if self.in_use is None or (
            self._is_better(best) and now >= self._stable_at(best)
        ):
            self._switch(best.number, now)

    def prefer(self, chosen: Pool, now: float) -> None:
        """Make a pool the best of all, and move down those that were better."""
        for pool in self.pools:
            pool.priority += pool.priority < chosen.priority
        chosen.enabled, chosen.priority = True, 0
        self.reconsider(now)

    def reconsider(self, now: float) -> None:
        """Go to the best pool that is connected already."""
        self.watch(now)
        best = self._best()
        if best is not None and best.number != self.current:
            self._switch(best.number, now)
        self.watch(now)

    def _by_priority(self) -> Sequence[int]:
        """Return the numbers of the pools, the best first."""
        ordered = sorted(self.pools, key=lambda pool: pool.priority)
        return [pool.number for pool in ordered]

    def _best(self) -> Pool | None:
        """Return the best pool that can be worked for."""
        pools = (self.pools[number] for number in self._by_priority())
        return next((pool for pool in pools if pool.usable), None)

    def _is_better(self, pool: Pool) -> bool:
        """Tell whether a pool comes before the one in use."""
        return pool.priority < self.pools[self.current].priority

    def _stable_at(self, pool: Pool) -> float:
        """Return when the work may move to a pool: at a look after the time."""
        return pool.connected_at + FALLBACK_SECONDS + LOOK_SECONDS

    def _needs(self, pool: Pool, now: float) -> bool:
        """Tell whether a connection is to be kept."""
        return (
            pool.number == self.current
            or self._is_better(pool)
            or self.in_use is None
            or self.keeps_all
            or now < pool.lingers_until
        )

    def _try(self, pool: Pool, now: float) -> None:
        """Connect to a pool, which takes a moment."""
        due = self._connects_at.setdefault(pool.number, now + CONNECT_SECONDS)
        if now >= due:
            self._connect(pool, now)

    def _connect(self, pool: Pool, now: float) -> None:
        """Be connected to a pool from now on."""
        self._connects_at.pop(pool.number, None)
        pool.connected, pool.connected_at = True, now

    def _leave(self, pool: Pool) -> None:
        """Hang up."""
        self._connects_at.pop(pool.number, None)
        pool.connected = False

    def _switch(self, number: int, now: float) -> None:
        """Work for another pool; the one before stays connected for a while."""
        self.pools[self.current].lingers_until = now + LINGER_SECONDS
        self.current = number
