"""What can go wrong between us and a miner.

Every function of this package raises these and nothing else. The text is for
logs and diagnostics; what a user reads is made from the class and ``reason``.
"""

from enum import Enum, StrEnum, auto


class ErrorKind(StrEnum):
    """Why a request failed, coarse enough to count."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    NETWORK = "network"
    HTTP_STATUS = "http_status"
    UNREADABLE = "unreadable"
    OTHER = "other"


class ErrorReason(StrEnum):
    """What a user reads of an error where its kind says too little."""

    BLOCKED = "blocked"
    BUSY = "busy"
    CALIBRATING = "calibrating"
    CONNECTION_LOST = "connection_lost"
    CLOCK_UNKNOWN = "clock_unknown"
    INTERRUPTED = "interrupted"
    INVALID_VALUE = "invalid_value"
    NOT_SUPPORTED = "not_supported"
    RECOVERED = "recovered"
    REGULATOR_OFF = "regulator_off"
    REJECTED = "rejected"
    STARTING = "starting"
    WAKING = "waking"


class Outcome(Enum):
    """What became of what was to be written, when an error came instead of success.

    ``NOT_SENT``: nothing has reached the device. ``REFUSED``: the device itself said
    no, and is as it was. ``UNKNOWN``: it may have taken all, a part, or nothing.
    """

    NOT_SENT = auto()
    REFUSED = auto()
    UNKNOWN = auto()


class MinerError(Exception):
    """Base of all errors of this package.

    ``outcome`` is set where the error is found. Who is cancelled gets no error: a
    write is unknown then from the moment at which it was decided.
    """

    kind: ErrorKind = ErrorKind.OTHER
    reason: ErrorReason | None = None
    proves_absence = False
    """Whether the miner is known to be away, so that no other poll is worth a wait."""

    def __init__(
        self,
        message: str,
        kind: ErrorKind | None = None,
        *,
        outcome: Outcome = Outcome.NOT_SENT,
        reason: ErrorReason | None = None,
    ) -> None:
        """Keep the text and, where the class does not give them, kind and reason."""
        super().__init__(message)
        if kind is not None:
            self.kind = kind
        if reason is not None:
            self.reason = reason
        self.outcome = outcome


class MinerConnectionError(MinerError):
    """Nothing answers there: refused, no route, unknown name, cut off."""

    kind = ErrorKind.NETWORK


class MinerCutOffError(MinerConnectionError):
    """The device took the request and went away before its reply was complete."""

    reason = ErrorReason.CONNECTION_LOST


class MinerUnpluggedError(MinerConnectionError):
    """The device is known to have no power, so that it is not asked."""


class MinerTimeoutError(MinerError):
    """No complete answer within the deadline."""

    kind = ErrorKind.TIMEOUT


class MinerAuthError(MinerError):
    """The device refuses this client (HTTP 401 or 403)."""

    kind = ErrorKind.HTTP_STATUS

    def __init__(
        self,
        message: str,
        *,
        credentials: bool,
        one_time_code: bool = False,
        outcome: Outcome = Outcome.NOT_SENT,
    ) -> None:
        """Tell whether a password or a one-time code would help.

        AxeOS also answers 401 to any client outside the private IPv4 ranges;
        then there is no password to ask for.
        """
        super().__init__(message, outcome=outcome)
        self.credentials = credentials
        self.one_time_code = one_time_code

    @property
    def wants(self) -> str:
        """What the device wants to be shown, if that is known."""
        if self.one_time_code:
            return "code_required"
        return "password_required" if self.credentials else "refused"


class MinerResponseError(MinerError):
    """Something answered, but not with what a miner says."""

    kind = ErrorKind.UNREADABLE


class MinerUnsupportedError(MinerResponseError):
    """It looks like a miner, but of a kind this package does not know."""


class MinerCommandError(MinerError):
    """The device understood a command and did not carry it out."""


class MinerBusyError(MinerCommandError):
    """The device does not take a command now, but will later."""

    reason = ErrorReason.BUSY


class MinerStrangerError(MinerError):
    """Another device than the one meant answers at the address."""


class MinerAlikeError(MinerStrangerError):
    """What answers may be another device, for nothing tells the two apart."""


class MinerStaleError(MinerError):
    """What answers has had nothing new from the device itself for too long."""

    proves_absence = True
