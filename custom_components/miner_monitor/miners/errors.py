"""What can go wrong between us and a miner.

Every function of this package raises these and nothing else. The text is for
logs and diagnostics; what a user reads is made from the class and ``reason``.
"""

from enum import StrEnum


class ErrorKind(StrEnum):
    """Why a request failed, coarse enough to count."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    NETWORK = "network"
    HTTP_STATUS = "http_status"
    UNREADABLE = "unreadable"
    OTHER = "other"


class MinerError(Exception):
    """Base of all errors of this package."""

    kind: ErrorKind = ErrorKind.OTHER

    def __init__(self, message: str, kind: ErrorKind | None = None) -> None:
        """Keep the text and, where the class does not tell it, the kind."""
        super().__init__(message)
        if kind is not None:
            self.kind = kind


class MinerConnectionError(MinerError):
    """Nothing answers there: refused, no route, unknown name, cut off."""

    kind = ErrorKind.NETWORK


class MinerTimeoutError(MinerError):
    """No complete answer within the deadline."""

    kind = ErrorKind.TIMEOUT


class MinerAuthError(MinerError):
    """The device refuses this client (HTTP 401 or 403)."""

    kind = ErrorKind.HTTP_STATUS

    def __init__(self, message: str, *, credentials: bool) -> None:
        """Tell whether a password would help.

        AxeOS also answers 401 to any client outside the private IPv4 ranges;
        then there is no password to ask for.
        """
        super().__init__(message)
        self.credentials = credentials


class MinerResponseError(MinerError):
    """Something answered, but not with what a miner says."""

    kind = ErrorKind.UNREADABLE


class MinerUnsupportedError(MinerResponseError):
    """It looks like a miner, but of a kind this package does not know."""


class MinerCommandError(MinerError):
    """The device understood a command and did not carry it out."""


class MinerStrangerError(MinerError):
    """Another device than the one meant answers at the address."""
