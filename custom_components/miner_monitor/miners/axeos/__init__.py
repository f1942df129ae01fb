"""AxeOS, NerdOS and their forks: HTTP with one flat JSON object."""

from aiohttp import ClientSession

from ..client import Endpoint
from .client import AxeOsClient

__all__ = ["AxeOsClient", "client_at"]


def client_at(at: Endpoint, session: ClientSession) -> AxeOsClient:
    """Return the client of a device."""
    return AxeOsClient(at.host, at.port, session, credentials=at.credentials)
