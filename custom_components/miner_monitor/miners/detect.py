"""What answers at an address."""

import asyncio
from collections.abc import Mapping

from aiohttp import ClientSession

from .axeos import AxeOsClient
from .client import DETECT_DEADLINE, MinerClient
from .errors import (
    MinerAuthError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    MinerUnsupportedError,
)
from .model import Family, MinerReading

DEFAULT_PORTS: Mapping[Family, tuple[int, ...]] = {Family.AXEOS: (80,)}
"""Where a family listens unless told otherwise, and the families we can ask."""

_TELLING = (
    MinerAuthError,
    MinerUnsupportedError,
    MinerResponseError,
    MinerTimeoutError,
    MinerError,
)


def create_client(
    family: Family, host: str, port: int, session: ClientSession
) -> MinerClient:
    """Return the client of a family whose device is known."""
    match family:
        case Family.AXEOS:
            return AxeOsClient(host, port, session)
    raise ValueError(family)


async def detect(
    host: str,
    port: int | None,
    session: ClientSession,
    *,
    deadline: float = DETECT_DEADLINE,
) -> tuple[MinerClient, MinerReading]:
    """Find out which family answers at a host, and read it once.

    Without a port every family's default ports are asked at the same time. When
    nobody answers as a miner, the error that tells most is raised.
    """
    answers = await asyncio.gather(
        *(
            _ask(family, host, candidate, session, deadline)
            for family, ports in DEFAULT_PORTS.items()
            for candidate in (ports if port is None else (port,))
        )
    )
    for answer in answers:
        if not isinstance(answer, MinerError):
            return answer
    errors = [answer for answer in answers if isinstance(answer, MinerError)]
    raise min(errors, key=_rank)


async def _ask(
    family: Family, host: str, port: int, session: ClientSession, deadline: float
) -> tuple[MinerClient, MinerReading] | MinerError:
    try:
        async with asyncio.timeout(deadline):
            client = create_client(family, host, port, session)
            return client, await client.fetch()
    except TimeoutError:
        return MinerTimeoutError("no answer in time")
    except MinerError as err:
        return err


def _rank(error: MinerError) -> int:
    return next(rank for rank, kind in enumerate(_TELLING) if isinstance(error, kind))
