"""Mending what firmware and bad links do to the JSON of a reply.

Every function takes time in proportion to the text, whatever it holds.
"""

from collections.abc import Collection, Iterator
from itertools import islice
import json
import math
import re
from typing import Any

from ..errors import MinerResponseError

_DEEPEST = 12
_LONGEST_INTEGER = 40
_TRIES = 16

_BLOB_START = re.compile(
    r'(?P<key>MM ID\d{1,3}(?::\w{1,20})?|HBinfo)(?:=|"\s{0,8}:\s{0,8}")'
)
_JSON_BLOB_END = re.compile(r'[\]}](?="\s{0,8}[,}\]])')
_TEXT_BLOB_END = re.compile(r"(?=,MM |,HBinfo=|,Nonce Mask=|\|)")
_LAST_ITEMS = re.compile(r"\b(MPO|ADJ)\[[^\[\]]{0,20}\]")
_SECTION = re.compile(r'"([A-Z]{4,8})"\s{0,8}:\s{0,8}(?=\[)')
_NO_NUMBER = re.compile(
    r'("\s{0,8}:\s{0,8})[-+]?(?:nan|inf(?:inity)?)%?(?=\s{0,8}[,}\]])', re.IGNORECASE
)
_COMMAS = (
    (re.compile(r"(?<=[\[{]),"), ""),
    (re.compile(r",(?=[\]}])"), ""),
    (re.compile(r"\}\{"), "},{"),
)


def load_leniently(text: str) -> object:
    """Read JSON with the known defects, tried from the likeliest on, else None."""
    for mended in _mended(text):
        try:
            return _without_surrogates(_DECODER.decode(mended), _DEEPEST)
        except ValueError:
            continue
        except RecursionError as err:
            raise MinerResponseError("nested too deeply") from err
    return None


def salvaged_sections(text: str, kinds: Collection[str]) -> dict[str, Any]:
    """Take those sections whose list is whole out of a broken reply."""
    sections: dict[str, Any] = {}
    for match in islice(_SECTION.finditer(text), _TRIES):
        if match[1] in kinds and match[1] not in sections:
            try:
                rows, _ = _DECODER.raw_decode(text, match.end())
            except ValueError:
                continue
            except RecursionError as err:
                raise MinerResponseError("nested too deeply") from err
            sections[match[1]] = _without_surrogates(rows, _DEEPEST)
    return sections


def whole_blobs(text: str) -> dict[str, str]:
    """Take the blobs out of anything, each only if its end is there."""
    blobs: dict[str, str] = {}
    for start, end in blob_places(text):
        blob = text[start.end() : end]
        if end is not None or blob_is_whole(blob):
            blobs.setdefault(start["key"], blob)
    return blobs


def blob_is_whole(blob: str) -> bool:
    """Whether a blob that nothing follows has both the items that come last."""
    return len(set(_LAST_ITEMS.findall(blob))) == 2


def _mended(text: str) -> Iterator[str]:
    text = text[: text.rfind("}") + 1]
    yield text
    text = _with_escaped_blobs(text)
    yield text
    for pattern, replacement in _COMMAS:
        text = pattern.sub(replacement, text)
    yield text
    yield _NO_NUMBER.sub(r"\1null", text)


def _with_escaped_blobs(text: str) -> str:
    """Escape what users named so that it ends the text around it."""
    pieces: list[str] = []
    done = 0
    for start, end in blob_places(text):
        if end is not None:
            blob = text[start.end() : end]
            pieces += (text[done : start.end()], json.dumps(blob)[1:-1])
            done = end
    return "".join(pieces) + text[done:]


def blob_places(text: str) -> Iterator[tuple[re.Match[str], int | None]]:
    """Find where blobs begin and end; an end of None is missing."""
    place = 0
    for _ in range(_TRIES):
        start = _BLOB_START.search(text, place)
        if start is None:
            return
        in_text = start[0].endswith("=")
        end = (_TEXT_BLOB_END if in_text else _JSON_BLOB_END).search(text, start.end())
        yield start, end.end() if end is not None else None
        if end is None:
            return
        place = end.end()


def _nothing(_: str) -> None:
    return None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else None


def _real(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _without_surrogates(value: Any, depth: int) -> Any:
    """Replace lone surrogates, which no later encoder takes."""
    if depth == 0:
        raise MinerResponseError("nested too deeply")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {
            _without_surrogates(key, depth - 1): _without_surrogates(item, depth - 1)
            for key, item in value.items()
        }
    return value


_DECODER = json.JSONDecoder(
    strict=False, parse_constant=_nothing, parse_int=_integer, parse_float=_real
)
