"""The HTTP client of the exporters of FPGA cards."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, override

from aiohttp import ClientSession
from yarl import URL

from ..client import (
    FETCH_DEADLINE,
    NO_CREDENTIALS,
    Credentials,
    Endpoint,
    MinerClient,
    later,
    monotonic,
    read_apart,
)
from ..errors import (
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerStaleError,
    MinerTimeoutError,
)
from ..http import HttpDevice
from ..model import (
    Family,
    MinerReading,
)
from .parser import (
    RATE,
    REPORTED,
    Page,
    Parser,
    decode,
    identity_of,
    kind_of,
    kind_of_card,
    load_parser,
    pool_rate,
    read_page,
    reported_at,
    state_of,
)

SHORTEST_LIMIT = 90.0
"""Seconds without news that no exporter is blamed for."""

LARGEST_STEP = 600.0
"""Seconds; slower exporters than this are not waited for."""

_STEPS = 3
_USUAL_PATH = "/metrics"
_SCRAPER_DEADLINE = 3.0
"""Seconds; the card's own values must not wait longer for the pool's."""

type _Ask = Callable[[float], Awaitable[bytes]]
"""Returns a page as it is now, until a time of the loop."""


class FpgaClient(MinerClient):
    """One FPGA card behind an exporter, which takes no commands.

    A reply that has the words of another page only is refused before the library
    that reads such pages is imported.
    """

    family = Family.FPGA

    def __init__(
        self,
        endpoint: Endpoint,
        session: ClientSession,
        *,
        monotonic: Callable[[], float] = monotonic,
        deadline: float = FETCH_DEADLINE,
    ) -> None:
        """Prepare; ``monotonic`` is the clock by which values become stale."""
        host, port = endpoint.host, endpoint.port
        super().__init__(host, port, deadline, monotonic)
        self._endpoint = endpoint
        url, self._ask = _page_at(
            host, port, endpoint.path, session, endpoint.credentials
        )
        self.configuration_url = str(url)
        self._ask_scraper = _scraper_at(endpoint.pool_scraper, session)
        self._freshness = Freshness(monotonic)
        self._parser: Parser | None = None
        self._replies: dict[str, str] = {}

    @property
    @override
    def raw(self) -> Mapping[str, Any]:
        return dict(self._replies)

    @override
    async def _read(self, ends: float) -> MinerReading:
        pool = asyncio.create_task(self._pool_rate(ends))
        try:
            page = await self._page("metrics", self._ask, ends, RATE, REPORTED)
            kind = kind_of(page)
            self.units = tuple(card for card in page.cards if RATE in page.cards[card])
            card = self._pick_card()
            values = page.cards[card]
            kind = kind_of_card(kind, values)
            if (still := self._freshness.stale_for(reported_at(values))) is not None:
                raise MinerStaleError(f"nothing new from the card for {still:.0f} s")
            state = state_of(values, kind, await pool)
        finally:
            pool.cancel()
            await asyncio.gather(pool, return_exceptions=True)
        scraper = self._endpoint.pool_scraper
        identity = identity_of(kind, card, has_scraper=bool(scraper))
        return MinerReading(identity=identity, state=state)

    async def _pool_rate(self, ends: float) -> float | None:
        """Ask what the pool sees; no answer costs nothing but this value."""
        if self._ask_scraper is None:
            return None
        ends = min(ends, later(_SCRAPER_DEADLINE))
        try:
            page = await self._page("pool", self._ask_scraper, ends, "pool_hashrate")
        except MinerError:
            self._replies.pop("pool", None)
            return None
        return pool_rate(page.plain)

    async def _page(self, name: str, ask: _Ask, ends: float, *words: str) -> Page:
        """Ask for a page that must have these words in it."""
        reply = decode(await ask(ends))
        if not all(word in reply for word in words):
            raise MinerResponseError("not the page of such an exporter")
        if self._parser is None:
            try:
                async with asyncio.timeout_at(ends):
                    self._parser = await load_parser()
            except TimeoutError as err:
                raise MinerTimeoutError("no time left to read the reply") from err
        page = await read_apart(partial(read_page, parser=self._parser), reply)
        self._replies[name] = reply
        return page

    def _pick_card(self) -> str:
        """Return the card that is meant: the one asked for, else the first."""
        wanted = self._endpoint.unit
        if not self.units:
            raise MinerResponseError("no card has told anything yet")
        if wanted is None:
            return self.units[0]
        if wanted not in self.units:
            raise MinerResponseError(f"no card {wanted!r} in the reply any more")
        return wanted


class Freshness:
    """Tells values that stand still from values that come slowly.

    An exporter goes on for ever with the last values of a miner that started anew.
    Its own time stamp then stands still; how long, our clock measures, because the
    exporter's may be wrong. The limit follows the exporter's pace: three of the
    largest steps seen. A step beyond the limit is a freeze that ended, and must not
    hide the next one, so it teaches nothing unless the step before it was as long:
    then it is the pace. At most half an hour passes until a freeze is seen.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start without a past."""
        self._monotonic = monotonic
        self._stamp: float | None = None
        self._moved_at = 0.0
        self._last_step = 0.0
        self._limit = SHORTEST_LIMIT

    def stale_for(self, stamp: float | None) -> float | None:
        """Return how long nothing has come, None while that is not too long."""
        if stamp is None:
            return None
        now = self._monotonic()
        if stamp != self._stamp:
            if self._stamp is not None:
                step = now - self._moved_at
                usual = step if step < self._limit else min(step, self._last_step)
                self._last_step = step
                if usual <= LARGEST_STEP:
                    self._limit = max(self._limit, _STEPS * usual)
            self._stamp, self._moved_at = stamp, now
        still = now - self._moved_at
        return still if still >= self._limit else None


def _page_at(
    host: str,
    port: int,
    path: str,
    session: ClientSession,
    credentials: Credentials = NO_CREDENTIALS,
) -> tuple[URL, _Ask]:
    """Prepare a page; without a path, what every exporter answers to."""
    device = HttpDevice(host, port, session, credentials)
    try:
        url = device.url.with_path(path if path.strip("/") else _USUAL_PATH)
    except ValueError as err:
        raise MinerConnectionError(f"no usable address: {err}") from err
    return url, partial(device.request, "GET", url)


def _scraper_at(address: str | None, session: ClientSession) -> _Ask | None:
    """Prepare the second page; an address that cannot be one has no answer."""
    try:
        url = URL(address or "")
        if url.scheme != "http" or not url.host or not url.port:
            return None
        return _page_at(url.host, url.port, url.path, session)[1]
    except MinerError, ValueError:
        return None
