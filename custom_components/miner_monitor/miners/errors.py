"""What can go wrong between us and a miner.

Every function of this package raises these and nothing else. The text is for
logs and diagnostics; what a user reads is made from the class and ``reason``.
"""

from .model import ErrorKind


class MinerError(Exception):
    """Base of all errors of this package."""

    kind: ErrorKind = ErrorKind.OTHER
    proves_absence = False
    """Whether the miner is known to be away, so that no other poll is worth a wait."""

    def __init__(self, message: str, kind: ErrorKind | None = None) -> None:
        """Keep the text and, where the class does not tell it, the kind."""
        super().__init__(message)
        if kind is not None:
            self.kind = kind


class MinerConnectionError(MinerError):
    """Nothing answers there: refused, no route, unknown name, cut off."""

    kind = ErrorKind.NETWORK


class MinerCutOffError(MinerConnectionError):
    """The device took the request and went away before its reply was complete."""


class MinerUnpluggedError(MinerConnectionError):
    """The device is known to have no power, so that it is not asked."""


class MinerTimeoutError(MinerError):
    """No complete answer within the deadline."""

    kind = ErrorKind.TIMEOUT


class MinerAuthError(MinerError):
    """The device refuses this client (HTTP 401 or 403)."""

    kind = ErrorKind.HTTP_STATUS

    def __init__(
        self, message: str, *, credentials: bool, one_time_code: bool = False
    ) -> None:
        """Tell whether a password or a one-time code would help.

        AxeOS also answers 401 to any client outside the private IPv4 ranges;
        then there is no password to ask for.
        """
        super().__init__(message)
        self.credentials = credentials
        self.one_time_code = one_time_code


class MinerResponseError(MinerError):
    """Something answered, but not with what a miner says."""

    kind = ErrorKind.UNREADABLE


class MinerUnsupportedError(MinerResponseError):
    """It looks like a miner, but of a kind this package does not know."""


class MinerCommandError(MinerError):
    """The device understood a command and did not carry it out."""


class MinerBusyError(MinerCommandError):
    """The device does not take a command now, but will later."""


class MinerStrangerError(MinerError):
    """Another device than the one meant answers at the address."""


class MinerStaleError(MinerError):
    """What answers has had nothing new from the device itself for too long."""

    proves_absence = True
