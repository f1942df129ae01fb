"""What was asked of mining last, while the device does not show it for good."""

_SHOWS_WITHIN = 180.0
"""Seconds after which the device counts, whatever was asked of it."""

_RESTARTS_WITHIN = 120.0
"""Seconds in which a restart that was already under way undoes a stop."""


class MiningRequest:
    """Stands in for what is reported: a miner takes its time to stop and to resume."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._pending: bool | None = None
        self._since = 0.0
        self._stopped_at: float | None = None
        self.undone = False

    def ask(self, mining: bool, monotonic: float) -> None:
        """Note that it is to mine, or to stop."""
        self._pending, self._since = mining, monotonic
        self._stopped_at, self.undone = None, False

    def stopped(self, monotonic: float) -> None:
        """Note that the device took a user's order to stop."""
        self._stopped_at = monotonic

    def observe(self, mining: bool | None, monotonic: float) -> None:
        """Look at a poll: what shows, or had its time to, is not pending any more."""
        if mining is self._pending or monotonic - self._since >= _SHOWS_WITHIN:
            self._pending = None

    def restarted(self, monotonic: float) -> None:
        """Note a restart: some resume by one, and take a stop just before it."""
        at, self._stopped_at = self._stopped_at, None
        self.undone = at is not None and monotonic - at < _RESTARTS_WITHIN

    def expected(self, mining: bool | None) -> bool | None:
        """Return what a device that now reports this is about to do."""
        return mining if self._pending is None else self._pending
