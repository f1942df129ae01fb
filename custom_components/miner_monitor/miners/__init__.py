"""The device library: what miners say and do, without Home Assistant.

``detect`` finds the client for an address; a client gives a MinerReading per
poll; ``model`` is the vocabulary; ``errors`` is all that can be raised.
"""

from .client import MinerClient
from .detect import create_client, detect
from .errors import (
    ErrorKind,
    MinerAuthError,
    MinerCommandError,
    MinerConnectionError,
    MinerError,
    MinerResponseError,
    MinerStrangerError,
    MinerTimeoutError,
    MinerUnsupportedError,
)

__all__ = [
    "ErrorKind",
    "MinerAuthError",
    "MinerClient",
    "MinerCommandError",
    "MinerConnectionError",
    "MinerError",
    "MinerResponseError",
    "MinerStrangerError",
    "MinerTimeoutError",
    "MinerUnsupportedError",
    "create_client",
    "detect",
]
