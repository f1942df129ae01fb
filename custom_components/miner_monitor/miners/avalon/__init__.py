"""Canaan Avalon miners, and plain cgminer, over the cgminer TCP API."""

from aiohttp import ClientSession

from ..client import Endpoint
from .client import AvalonClient

__all__ = ["AvalonClient", "client_at"]


def client_at(at: Endpoint, _: ClientSession) -> AvalonClient:
    """Return the client of a device."""
    return AvalonClient(at.host, at.port, known=at.known)
