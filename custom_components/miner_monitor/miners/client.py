"""What every family's client can be asked, and what their clients share."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
import time
from typing import Any

from .errors import (
    ErrorReason,
    MinerCommandError,
    MinerError,
    MinerTimeoutError,
    Outcome,
)
from .model import (
    Changes,
    Family,
    MinerIdentity,
    MinerReading,
    Setting,
    Writing,
)

FETCH_DEADLINE = 8.0
"""Seconds for one complete poll, connection included."""

DETECT_DEADLINE = 5.0
"""Seconds for the question whether a miner answers at an address."""


def monotonic() -> float:
    """Tell the seconds of the clock that nobody sets."""
    return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a device wants to see before it answers or obeys; never shown.

    ``username`` and ``password`` are those of HTTP Basic; ``session`` is what the
    device gave for a one-time code.
    """

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    session: str = field(default="", repr=False)


NO_CREDENTIALS = Credentials()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where one device is reached.

    ``path`` counts only for what is read from a page; ``unit`` picks one of several
    devices behind an address; ``pool_scraper`` is the URL of a second page, of one
    that asks the pool. ``known`` is what was learnt of the device before,
    which makes no other address of it.
    """

    host: str
    port: int
    path: str = "/"
    unit: str | None = None
    pool_scraper: str | None = None
    credentials: Credentials = NO_CREDENTIALS
    known: MinerIdentity | None = field(default=None, repr=False, compare=False)


type Decide = Callable[[MinerReading], Changes]
"""Looks at who answered and what it is, and returns what is to be written to it.

It raises what speaks against writing; where it returns nothing, nothing is sent.
"""

type Prove = Callable[[MinerReading], object]
"""Looks at who answered, and raises what speaks against commanding it."""


type Send = Callable[[float], Awaitable[None]]
"""Sends one request, at the latest until a time of the loop."""


class _Slot:
    """Lets one exchange at a time have a device, each for so many seconds.

    Who enters waits for those before, and is told until which time of the loop it
    may take all in all.
    """

    def __init__(self, seconds: float) -> None:
        """Begin with nobody in it."""
        self._seconds = seconds
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> float:
        ends = later(self._seconds)
        if self._lock.locked():
            try:
                async with asyncio.timeout_at(ends):
                    await self._lock.acquire()
            except TimeoutError as err:
                raise MinerTimeoutError("an earlier request is not done") from err
        else:
            await self._lock.acquire()
        return ends

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


class MinerClient(ABC):
    """One device at one address, which serves one request at a time.

    What a family's devices cannot do is refused here; its client overrides what they
    can. ``units`` are the names of the devices behind an address that can have several.
    """

    family: Family
    """The protocol that this client speaks."""

    configuration_url: str | None
    """The device's own web page."""

    units: tuple[str, ...] = ()

    thorough = False
    """Whether somebody wants what a device tells only when it is asked for more."""

    def __init__(
        self,
        host: str,
        port: int,
        deadline: float,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        """Keep the address; ``monotonic`` is the clock for what takes minutes."""
        self.host = host
        self.port = port
        self._deadline = deadline
        self._monotonic = monotonic
        self._slot = _Slot(deadline)

    @property
    @abstractmethod
    def raw(self) -> Mapping[str, Any]:
        """The last replies by request name, unredacted, for diagnostics."""

    @abstractmethod
    async def _read(self, ends: float) -> MinerReading:
        """Poll once, until a time of the loop; only within a slot."""

    async def fetch(self) -> MinerReading:
        """Poll once: the identity and the state of one and the same reply."""
        async with self._slot as ends:
            return await self._read(ends)

    def writing(self, setting: Setting) -> Writing:
        """Tell what it takes to write a setting of the device fetched last."""
        return Writing()

    async def apply(self, decide: Decide, known: MinerReading | None = None) -> None:
        """Poll, and write what is decided on that reading, as one exchange.

        Nothing gets between the reading and the write, which takes one request where
        the device takes the set points together. What this client read just now may
        be ``known``: then that is what it is decided on. Returns when the device has
        acknowledged; whether it took them, the next fetch tells. Nothing is sent
        twice. An error's ``outcome`` tells what became of the write; MinerBusyError
        means that the device refuses for the moment, MinerAuthError that it wants to
        be shown something first.
        """
        raise self._cannot("be set")

    async def restart(self, prove: Prove) -> None:
        """Reboot the device; a connection that breaks off then is success."""
        raise self._cannot("be restarted")

    async def recover(self, prove: Prove) -> None:
        """Bring back a device that stands still by itself, by what it takes.

        That is a restart, where nothing else keeps the device from working.
        """
        await self.restart(prove)

    async def locate(self, prove: Prove) -> None:
        """Make the device show where it is."""
        raise self._cannot("show where it is by a signal that ends by itself")

    async def dismiss_block(self, prove: Prove) -> None:
        """End the device's celebration of a block."""
        raise self._cannot("celebrate a block")

    async def reset_filter(self, prove: Prove) -> None:
        """Tell the device that its air filter is clean."""
        raise self._cannot("be told of a filter")

    async def open_session(self, code: str) -> str:
        """Trade a one-time code for a session; MinerAuthError when it is wrong."""
        raise self._cannot("open a session")

    def _cannot(self, what: str) -> MinerCommandError:
        return MinerCommandError(
            f"a device of the family {self.family} cannot {what}",
            reason=ErrorReason.NOT_SUPPORTED,
        )

    async def _command(self, prove: Prove, send: Send) -> None:
        """Poll, let somebody look at who answered, and send, as one exchange."""
        async with self._slot as ends:
            prove(await self._read(ends))
            await send(later(self._deadline))


def later(seconds: float) -> float:
    """Return the time of the loop so many seconds from now."""
    return asyncio.get_running_loop().time() + seconds


_ASIDE = 2.0
"""Seconds for what a poll asks beside the values."""


def aside(ends: float) -> float:
    """Return until when a poll that ends then waits for what it asks beside the values.

    Both are times of the loop.
    """
    return min(ends, later(_ASIDE))


async def send_in_order(requests: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Send the requests of one write; the first that fails ends it.

    What failed after a request was taken has left the device between two states.
    """
    taken = False
    for send in requests:
        try:
            await send()
        except MinerError as err:
            if taken:
                err.outcome = Outcome.UNKNOWN
            raise
        taken = True


_LARGE = 16 * 1024
"""Bytes. What a device that is well says is shorter, and read at once."""


async def read_apart[Content: (str, bytes), Read](
    read: Callable[[Content], Read], content: Content
) -> Read:
    """Read a reply; a large one in a thread, for it may be made to take long."""
    if len(content) <= _LARGE:
        return read(content)
    return await asyncio.to_thread(read, content)


_SELDOM = 600.0
"""Seconds between two questions to a device that never answers them."""


@dataclass(slots=True)
class Question:
    """What a device is asked once per start and firmware, until it has answered.

    It is due at once, and again after ``wait`` seconds; less and less often, the
    longer it is asked in vain.
    """

    wait: float = 10.0
    answered: bool = False
    _next: float = -inf

    def ask(self, now: float) -> bool:
        """Return whether it is time to ask, and note that it goes out then."""
        if self.answered or now < self._next:
            return False
        self._next = now + self.wait
        self.wait = min(2 * self.wait, max(self.wait, _SELDOM))
        return True
