"""What every family's client can be asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import time
from typing import Any, Protocol

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


class MinerClient(Protocol):
    """One device at one address.

    One request at a time; the connection is closed after every reply; every
    method raises MinerError subclasses only and ends within its deadline.
    """

    @property
    def family(self) -> Family:
        """The protocol this client speaks."""

    @property
    def host(self) -> str:
        """Host name or address of the device."""

    @property
    def port(self) -> int:
        """Port of the device."""

    @property
    def configuration_url(self) -> str | None:
        """The device's own web page."""

    @property
    def raw(self) -> Mapping[str, Any]:
        """The last replies by request name, unredacted, for diagnostics."""

    @property
    def units(self) -> tuple[str, ...]:
        """What the devices behind this address are called, if it can have several."""

    async def identify(self) -> MinerIdentity:
        """Ask who is there."""

    async def fetch(self) -> MinerReading:
        """Poll once: the identity and the state of one and the same reply."""

    def writing(self, setting: Setting) -> Writing:
        """Tell what it takes to write a setting of the device fetched last."""

    async def apply(self, decide: Decide) -> None:
        """Poll, and write what is decided on that reading, as one exchange.

        Nothing gets between the reading and the write, which takes one request where
        the device takes the set points together. Returns when the device has
        acknowledged; whether it took them, the next fetch tells. Nothing is sent
        twice. An error's ``outcome`` tells what became of the write; MinerBusyError
        means that the device refuses for the moment, MinerAuthError that it wants to
        be shown something first.
        """

    async def restart(self, prove: Prove) -> None:
        """Reboot the device; a connection that breaks off then is success."""

    async def recover(self, prove: Prove) -> None:
        """Bring back a device that stands still by itself, by what it takes.

        That is a restart, where nothing else keeps the device from working.
        """
        await self.restart(prove)

    async def locate(self, prove: Prove) -> None:
        """Make the device show where it is."""

    async def dismiss_block(self, prove: Prove) -> None:
        """End the device's celebration of a block."""

    async def reset_filter(self, prove: Prove) -> None:
        """Tell the device that its air filter is clean."""

    async def open_session(self, code: str) -> str:
        """Trade a one-time code for a session; MinerAuthError when it is wrong."""
