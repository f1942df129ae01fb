"""What a device's refusal means, told without what must not be told."""

from collections.abc import Iterable

from ..client import Credentials
from ..errors import (
    MinerAuthError,
    MinerBusyError,
    MinerCommandError,
    MinerError,
    Outcome,
)
from ..http import Answer
from ..model import ErrorKind
from ..values import sentence

_LONGEST_TEXT = 512
_UNAUTHORIZED = (401, 403)
_LATER = (429, 503)
_UNDECIDED = (408, 429)
_STATUS = ErrorKind.HTTP_STATUS


def refusal_of(
    answer: Answer, secrets: Iterable[str], *, one_time_code: bool
) -> MinerError:
    """Find the error; ``one_time_code`` where the device is one that wants codes.

    NerdOS says that too many codes were wrong with the same status as that this one
    was.
    """
    said = _said(answer.body, secrets)
    message = f"refused with HTTP status {answer.status}"
    outcome = outcome_of(answer.status)
    if said is not None:
        message = f"{message}: {said}"
    if answer.status in _UNAUTHORIZED:
        if one_time_code and said is not None and "blocked" in said.lower():
            return MinerBusyError(message, _STATUS, outcome=outcome)
        return MinerAuthError(
            message,
            outcome=outcome,
            credentials=answer.wants_password,
            one_time_code=one_time_code and not answer.wants_password,
        )
    kind = MinerBusyError if answer.status in _LATER else MinerCommandError
    return kind(message, _STATUS, outcome=outcome)


def outcome_of(status: int) -> Outcome:
    """Tell what a status other than success says of a write.

    A device that gave up on a request, or on itself, may have carried it out.
    """
    refused = status // 100 == 4 and status not in _UNDECIDED
    return Outcome.REFUSED if refused else Outcome.UNKNOWN


def secrets_of(credentials: Credentials, *more: str) -> tuple[str, ...]:
    """List what must not come back in a text."""
    return (credentials.password, credentials.session, *more)


def _said(body: bytes, secrets: Iterable[str]) -> str | None:
    """Read a device's own words; no page, and nothing of ours."""
    text = body[:_LONGEST_TEXT].decode("utf-8", "replace")
    if "<" in text or any(secret and secret in text for secret in secrets):
        return None
    return sentence(text)
