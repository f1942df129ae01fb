"""Texts that somebody else wrote, safe wherever they are shown.

Whatever a device says of itself (names, modes, refusals) and what users call their
miners is text, not markup and not a second line of a log. Each sink has one place:

- Markdown (repairs, flows, notifications, reports): ``escaped``, ``for_markdown``
- action errors: ``user_error`` and ``invalid`` take ``plain`` texts
- what Assist says, and models read: ``spoken``
- events, and with them the log book: ``plain_values``, in the event entity
- log lines: ``one_line``, the filter of the integration's logger
"""

from collections.abc import Mapping
from logging import LogRecord
import re
from typing import Any

MOST_CHARACTERS = 64
"""The length of a name."""

LONGEST_SENTENCE = 500
"""The length of an error with what a device said about it."""

LONGEST_LINE = 2000
"""The length of a line of the log."""

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~&$!@])")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_LIST = re.compile(r"^[-+=]")
_WIDE = re.compile(r"[\u00a0\u202f]")
"""Spaces that break no line: French has them before a colon."""

_IN_A_WORD = re.compile(r"(?<=[^\W_])\\_(?=[^\W_])")
WALLET = re.compile(
    r"\b(?:(?:bc|tb|bcrt)1[02-9ac-hj-np-z]{20,}|0x[0-9a-f]{40}|kaspa:[a-z0-9]{50,}"
    r"|[123mn](?-i:[1-9A-HJ-NP-Za-km-z]){25,39})\b",
    re.IGNORECASE,
)
"""Addresses to which somebody is paid."""


def plain(text: str, longest: int = MOST_CHARACTERS) -> str:
    """Write a text on one line, without what cannot be seen, and without wallets."""
    spaced = _WIDE.sub(" ", text[: 4 * longest])
    seen = "".join(char for char in spaced if char.isprintable())
    return WALLET.sub("…", seen)[:longest]


def escaped(text: str, longest: int = MOST_CHARACTERS) -> str:
    """Write a text so that Markdown shows it as it is, without links and tags.

    A sign of Markdown gets a backslash; the rest stays, for phones show all signs.
    """
    signs = _SIGNS.sub(r"\\\1", plain(text.strip(), longest).strip())
    return _LINKS.sub(r"\\", _LIST.sub(r"\\\g<0>", signs))


def spoken(text: str, longest: int = MOST_CHARACTERS) -> str:
    """Write a text for a voice, or a model: without markup, as no voice reads it."""
    return " ".join(_SIGNS.sub(" ", plain(text, longest)).split())


def for_markdown(texts: Mapping[str, str]) -> dict[str, str]:
    """Return what stands in texts of Home Assistant's own pages, all of it escaped.

    Titles are no Markdown: a name with an underscore keeps it, as both allow.
    """
    return {
        key: _IN_A_WORD.sub("_", escaped(text, LONGEST_SENTENCE))
        for key, text in texts.items()
    }


def plain_values(value: Any) -> Any:
    """Return JSON types with every text in them plain."""
    match value:
        case str():
            return plain(value, LONGEST_SENTENCE)
        case Mapping():
            return {key: plain_values(item) for key, item in value.items()}
        case list() | tuple():
            return [plain_values(item) for item in value]
    return value


def one_line(record: LogRecord) -> bool:
    """Keep a line of the log one line, whatever it quotes."""
    record.msg, record.args = plain(record.getMessage(), LONGEST_LINE), None
    return True
