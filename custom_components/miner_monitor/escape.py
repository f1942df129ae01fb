"""Texts that somebody else wrote, safe inside Markdown."""

import re

MOST_CHARACTERS = 64

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~&$!])")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def escaped(text: str) -> str:
    """Write a text so that Markdown shows it as it is, without links and tags.

    A sign of Markdown gets a backslash; the rest stays, for phones show all signs.
    """
    printable = "".join(char for char in text if char.isprintable())
    short = printable.strip()[:MOST_CHARACTERS]
    return _LINKS.sub(r"\\", _SIGNS.sub(r"\\\1", short))
