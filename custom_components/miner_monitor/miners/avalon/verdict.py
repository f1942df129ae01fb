"""Whether a device took a command."""

from ..errors import (
    MinerBusyError,
    MinerCommandError,
    MinerCutOffError,
    MinerResponseError,
    Outcome,
)
from ..values import sentence
from .reply import (
    BrokenReplyError,
    parse_reply,
)

_PADDING = b"\0 \t\r\n"


def check_taken(body: bytes, *, may_be_silent: bool) -> None:
    """Raise unless the device says that it took a command.

    What says nothing, or not to its end, may come from a device that took it.
    """
    try:
        status = parse_reply(body).status if body.strip(_PADDING) else None
    except BrokenReplyError as err:
        if not err.cut:
            err.outcome = Outcome.UNKNOWN
            raise
        status = None
    except MinerResponseError as err:
        err.outcome = Outcome.UNKNOWN
        raise
    else:
        if status is None and body.strip(_PADDING):
            raise MinerResponseError(
                "the reply to a command tells no status", outcome=Outcome.UNKNOWN
            )
    if status is None:
        if may_be_silent:
            return
        raise MinerCutOffError(
            "the reply to a command is missing or incomplete", outcome=Outcome.UNKNOWN
        )
    if not status.refused:
        return
    told = sentence(status.message) or f"code {status.code}"
    if status.not_now:
        raise MinerBusyError(f"not now: {told}", outcome=status.outcome)
    raise MinerCommandError(f"refused: {told}", outcome=status.outcome)
