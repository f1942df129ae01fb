"""The HTTP client of the exporters of FPGA cards."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, override

from aiohttp import ClientSession
from yarl import URL

from ..client import (
    FETCH_DEADLINE,
    NO_CREDENTIALS,
    Credentials,
    Decide,
    Endpoint,
    MinerClient,
    Prove,
    monotonic,
)
from ..errors import (
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerStaleError,
    MinerTimeoutError,
)
from ..http import HttpDevice
from ..model import (
    Family,
    MinerIdentity,
    MinerReading,
    Setting,
    Writing,
)
from ..offload import read_apart
from .exposition import (
    Page,
    Parser,
    decode,
    load_parser,
    read_page,
)
from .freshness import Freshness
from .kinds import (
    RATE,
    REPORTED,
    identity_of,
    kind_of,
    kind_of_card,
)
from .parser import (
    pool_rate,
    reported_at,
    state_of,
)

_USUAL_PATH = "/metrics"
_SCRAPER_DEADLINE = 3.0
"""Seconds; the card's own values must not wait longer for the pool's."""


class WebPage:
    """One page of values, asked for by one request at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        path: str,
        session: ClientSession,
        credentials: Credentials = NO_CREDENTIALS,
    ) -> None:
        """Prepare the address; without a path, what every exporter answers to."""
        self._device = HttpDevice(host, port, session, credentials)
        try:
            self.url = self._device.url.with_path(
                path if path.strip("/") else _USUAL_PATH
            )
        except ValueError as err:
            raise MinerConnectionError(f"no usable address: {err}") from err

    async def ask(self, deadline: float) -> bytes:
        """Return the page as it is now."""
        async with self._device.turn(deadline) as ends:
            return await self._device.request("GET", self.url, ends)


class FpgaClient(MinerClient):
    """One FPGA card behind an exporter.

    A reply that has the words of another page only is refused before the library
    that reads such pages is imported.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        session: ClientSession,
        *,
        monotonic: Callable[[], float] = monotonic,
        deadline: float = FETCH_DEADLINE,
    ) -> None:
        """Prepare; ``monotonic`` is the clock by which values become stale."""
        self._endpoint = endpoint
        self._deadline = deadline
        self._page = WebPage(
            endpoint.host,
            endpoint.port,
            endpoint.path,
            session,
            endpoint.credentials,
        )
        self._scraper = _scraper_page(endpoint.pool_scraper, session)
        self._freshness = Freshness(monotonic)
        self._parser: Parser | None = None
        self._identity: MinerIdentity | None = None
        self._units: tuple[str, ...] = ()
        self._replies: dict[str, str] = {}

    @property
    @override
    def family(self) -> Family:
        return Family.FPGA

    @property
    @override
    def host(self) -> str:
        return self._endpoint.host

    @property
    @override
    def port(self) -> int:
        return self._endpoint.port

    @property
    @override
    def configuration_url(self) -> str | None:
        return str(self._page.url)

    @property
    @override
    def raw(self) -> Mapping[str, Any]:
        return dict(self._replies)

    @property
    @override
    def units(self) -> tuple[str, ...]:
        return self._units

    @override
    async def identify(self) -> MinerIdentity:
        return (await self.fetch()).identity

    @override
    async def fetch(self) -> MinerReading:
        ends = asyncio.get_running_loop().time() + self._deadline
        pool = asyncio.create_task(self._ask_scraper(ends))
        try:
            page = await self._read("metrics", self._page, ends, RATE, REPORTED)
            kind = kind_of(page)
            self._units = tuple(card for card in page.cards if RATE in page.cards[card])
            card = self._pick_card()
            values = page.cards[card]
            kind = kind_of_card(kind, values)
            self._check_freshness(reported_at(values))
            state = state_of(values, kind, await pool)
        finally:
            pool.cancel()
            await asyncio.gather(pool, return_exceptions=True)
        identity = identity_of(
            kind, card, has_scraper=bool(self._endpoint.pool_scraper)
        )
        if identity != self._identity:
            self._identity = identity
        return MinerReading(identity=self._identity, state=state)

    @override
    def writing(self, setting: Setting) -> Writing:
        return Writing()

    @override
    async def apply(self, decide: Decide) -> None:
        raise _no_commands()

    @override
    async def restart(self, prove: Prove) -> None:
        raise _no_commands()

    @override
    async def locate(self, prove: Prove) -> None:
        raise _no_commands()

    @override
    async def dismiss_block(self, prove: Prove) -> None:
        raise _no_commands()

    @override
    async def reset_filter(self, prove: Prove) -> None:
        raise _no_commands()

    @override
    async def open_session(self, code: str) -> str:
        raise _no_commands()

    async def _ask_scraper(self, ends: float) -> float | None:
        """Ask what the pool sees; no answer costs nothing but this value."""
        if self._scraper is None:
            return None
        soon = asyncio.get_running_loop().time() + _SCRAPER_DEADLINE
        try:
            page = await self._read(
                "pool", self._scraper, min(ends, soon), "pool_hashrate"
            )
        except MinerError:
            self._replies.pop("pool", None)
            return None
        return pool_rate(page.plain)

    async def _read(self, name: str, source: WebPage, ends: float, *words: str) -> Page:
        """Ask for a page that must have these words in it."""
        left = ends - asyncio.get_running_loop().time()
        reply = decode(await source.ask(left))
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
        if not self._units:
            raise MinerResponseError("no card has told anything yet")
        if wanted is None:
            return self._units[0]
        if wanted not in self._units:
            raise MinerResponseError(f"no card {wanted!r} in the reply any more")
        return wanted

    def _check_freshness(self, stamp: float | None) -> None:
        """Refuse values that the exporter only repeats."""
        stale = self._freshness.stale_for(stamp)
        if stale is not None:
            raise MinerStaleError(f"nothing new from the card for {stale:.0f} s")


def _scraper_page(address: str | None, session: ClientSession) -> WebPage | None:
    """Prepare the second page; an address that cannot be one has no answer."""
    if not address:
        return None
    try:
        url = URL(address)
        if url.scheme != "http" or not url.host or not url.port:
            return None
        return WebPage(url.host, url.port, url.path, session)
    except MinerError, ValueError:
        return None


def _no_commands() -> MinerCommandError:
    return MinerCommandError("an exporter takes no commands")
