"""The device library: what miners say and do, without Home Assistant.

``detect`` finds the client for an address; a client gives a MinerReading per
poll; ``model`` is the vocabulary; ``errors`` is all that can be raised.
"""

from .client import (
    NO_CREDENTIALS,
    Credentials,
    Endpoint,
    MinerClient,
    Prove,
)
from .detect import (
    create_client,
    detect,
    load_family,
)
from .errors import (
    ErrorReason,
    MinerAlikeError,
    MinerAuthError,
    MinerBusyError,
    MinerCommandError,
    MinerConnectionError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    MinerStaleError,
    MinerStrangerError,
    MinerTimeoutError,
    MinerUnpluggedError,
    MinerUnsupportedError,
    Outcome,
)
from .model import ErrorKind

__all__ = [
    "NO_CREDENTIALS",
    "Credentials",
    "Endpoint",
    "ErrorKind",
    "ErrorReason",
    "MinerAlikeError",
    "MinerAuthError",
    "MinerBusyError",
    "MinerClient",
    "MinerCommandError",
    "MinerConnectionError",
    "MinerCutOffError",
    "MinerError",
    "MinerResponseError",
    "MinerStaleError",
    "MinerStrangerError",
    "MinerTimeoutError",
    "MinerUnpluggedError",
    "MinerUnsupportedError",
    "Outcome",
    "Prove",
    "create_client",
    "detect",
    "load_family",
]
