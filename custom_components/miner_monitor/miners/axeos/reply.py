"""Bytes to a checked JSON object, and a refusal to an error.

An error is told without what must not be told.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from ..client import Credentials
from ..errors import (
    ErrorReason,
    MinerAuthError,
    MinerBusyError,
    MinerCommandError,
    MinerError,
    MinerResponseError,
    MinerUnsupportedError,
    Outcome,
)
from ..http import Answer
from ..lenient import decode, without_surrogates
from ..model import ErrorKind
from ..values import (
    number,
    sentence,
)

_MANY_BRACKETS = 64
_MINER_SIGNS = (
    "ASICModel",
    "hashRate",
    "hashRate_10m",
    "deviceModel",
    "minerModel",
    "boardVersion",
)
_PROOFS = (
    "hashRate",
    "hashRate_10m",
    "power",
    "temp",
    "frequency",
    "coreVoltage",
    "uptimeSeconds",
)
_LONGEST_TEXT = 512
_UNAUTHORIZED = (401, 403)
_LATER = (429, 503)
_UNDECIDED = (408, 429)


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object, tolerating what JSON forbids inside single fields."""
    try:
        reply = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace").strip()
        reply, end = decode(text)
        if end < len(text):
            raise MinerResponseError("no readable JSON") from None
    if not isinstance(reply, dict):
        raise MinerResponseError("no JSON object")
    if body.count(b"[") + body.count(b"{") > _MANY_BRACKETS:
        # Only to find what is nested too deeply.
        without_surrogates(reply)
    return reply


def check_info(info: dict[str, Any]) -> None:
    """Refuse an object that AxeOS would not send."""
    if "ASICModel" in info and (
        info.get("hashRate").__class__ in (float, int)
        or any(number(info.get(key)) is not None for key in _PROOFS)
    ):
        return
    nested = isinstance(info.get("identity"), dict) and "miner" in info
    if nested or any(sign in info for sign in _MINER_SIGNS):
        raise MinerUnsupportedError("a miner of an unknown kind")
    raise MinerResponseError("not a miner")


def refusal_of(
    answer: Answer, secrets: Iterable[str], *, one_time_code: bool
) -> MinerError:
    """Find the error; ``one_time_code`` where the device is one that wants codes.

    NerdOS says that too many codes were wrong with the same status as that this one
    was.
    """
    said = _said(answer.body, secrets)
    message = f"refused with HTTP status {answer.status}"
    # A device that gave up on a request, or on itself, may have carried it out.
    refused = answer.status // 100 == 4 and answer.status not in _UNDECIDED
    outcome = Outcome.REFUSED if refused else Outcome.UNKNOWN
    if said is not None:
        message = f"{message}: {said}"
    if answer.status in _UNAUTHORIZED:
        if one_time_code and said is not None and "blocked" in said.lower():
            return MinerBusyError(
                message,
                ErrorKind.HTTP_STATUS,
                outcome=outcome,
                reason=ErrorReason.BLOCKED,
            )
        return MinerAuthError(
            message,
            outcome=outcome,
            credentials=answer.wants_password,
            one_time_code=one_time_code and not answer.wants_password,
        )
    if answer.status in _LATER:
        return MinerBusyError(message, ErrorKind.HTTP_STATUS, outcome=outcome)
    return MinerCommandError(
        message, ErrorKind.HTTP_STATUS, outcome=outcome, reason=ErrorReason.REJECTED
    )


def secrets_of(credentials: Credentials, *more: str) -> tuple[str, ...]:
    """List what must not come back in a text."""
    return (credentials.password, credentials.session, *more)


def _said(body: bytes, secrets: Iterable[str]) -> str | None:
    """Read a device's own words; no page, and nothing of ours."""
    text = body[:_LONGEST_TEXT].decode("utf-8", "replace")
    if "<" in text or any(secret and secret in text for secret in secrets):
        return None
    return sentence(text)
