"""What answers at an address."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

from aiohttp import ClientSession

from .client import (
    DETECT_DEADLINE,
    NO_CREDENTIALS,
    Credentials,
    Endpoint,
    MinerClient,
)
from .errors import (
    MinerAuthError,
    MinerError,
    MinerResponseError,
    MinerTimeoutError,
    MinerUnsupportedError,
)
from .http import NotHttpError
from .model import (
    Family,
    MinerReading,
)

DEFAULT_PORTS: Mapping[Family, int] = {
    Family.AXEOS: 80,
    Family.AVALON: 4028,
    Family.FPGA: 9090,
}
"""Where a family listens unless told otherwise."""

USUAL_PORTS = (DEFAULT_PORTS[Family.AXEOS], DEFAULT_PORTS[Family.AVALON])
"""Where miners themselves listen."""

EXPORTER_PORT = DEFAULT_PORTS[Family.FPGA]
"""Where what listens is mostly no miner."""

_TELLING = (
    MinerAuthError,
    MinerUnsupportedError,
    MinerResponseError,
    MinerTimeoutError,
    MinerError,
)

type Found = tuple[MinerClient, MinerReading]


def create_client(
    family: Family, endpoint: Endpoint, session: ClientSession
) -> MinerClient:
    """Return the client of a family whose device is known."""
    client: MinerClient = _package(family).client_at(endpoint, session)
    return client


async def load_family(family: Family) -> None:
    """Import what a family needs, in a thread: it is slow."""
    await asyncio.to_thread(_package, family)


def _package(family: Family) -> ModuleType:
    """Import the package that is named as its family, in a home that has it."""
    # By its whole name, which tells Home Assistant that it is loaded already.
    return import_module(f"{__package__}.{family}")


async def detect(
    host: str,
    port: int | None,
    session: ClientSession,
    *,
    path: str = "/",
    credentials: Credentials = NO_CREDENTIALS,
    deadline: float | None = None,
) -> Found:
    """Find out which family answers at a host, and read it once.

    Without a port every family's default port is asked at the same time, and the
    first miner that answers counts. A given port belongs to one device, which is
    asked by one family after the other while it answers. When nobody
    answers as a miner, the error that tells most is raised.
    """
    if deadline is None:
        deadline = DETECT_DEADLINE
    if port is None:
        usual = Endpoint(host=host, port=0, path=path, credentials=credentials)
        return await _first(
            [
                _ask(family, replace(usual, port=default), session)
                for family, default in DEFAULT_PORTS.items()
            ],
            deadline,
        )
    endpoint = Endpoint(host=host, port=port, path=path, credentials=credentials)
    errors: list[MinerError] = []
    for family in sorted(
        Family,
        # The port's usual one first, and last Avalon, to whose client HTTP is silent.
        key=lambda family: (DEFAULT_PORTS[family] != port, family is Family.AVALON),
    ):
        # A web server that answered would be silent to an Avalon's client.
        http = any(not isinstance(err, NotHttpError) for err in errors)
        if http and family is Family.AVALON:
            continue
        try:
            return await _first([_ask(family, endpoint, session)], deadline)
        except MinerUnsupportedError:
            raise
        except MinerError as err:
            errors.append(err)
            if not isinstance(err, MinerResponseError):
                break
    raise min(errors, key=_rank)


async def _ask(family: Family, endpoint: Endpoint, session: ClientSession) -> Found:
    await load_family(family)
    client = create_client(family, endpoint, session)
    return client, await client.fetch()


async def _first(
    asking: Iterable[Coroutine[Any, Any, Found]], deadline: float
) -> Found:
    """Return the first good answer; what is still asking then is called off."""
    errors: list[MinerError] = []
    tasks = [asyncio.create_task(question) for question in asking]
    try:
        async with asyncio.timeout(deadline):
            for answer in asyncio.as_completed(tasks):
                try:
                    return await answer
                except MinerError as err:
                    errors.append(err)
    except TimeoutError:
        errors.append(MinerTimeoutError("no answer in time"))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise min(errors, key=_rank)


def _rank(error: MinerError) -> int:
    return next(rank for rank, kind in enumerate(_TELLING) if isinstance(error, kind))
