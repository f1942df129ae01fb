"""Letters: the frontend's Roboto where it is there, and what other fonts lack."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
import unicodedata

from PIL import ImageFont
from slugify import slugify

type Font = ImageFont.FreeTypeFont

MOST_LETTERS = 64
"""Of a text that somebody else wrote."""

_FOLDER = "static/fonts/roboto"


@cache
def font(size: int, *, bold: bool = False) -> Font:
    """Return a font of so many dots; Pillow's own where the frontend has none."""
    found = find_spec("hass_frontend")
    for place in (found and found.submodule_search_locations) or ():
        name = "Roboto-Medium.woff2" if bold else "Roboto-Regular.woff2"
        try:
            return ImageFont.truetype(
                str(Path(place, _FOLDER, name)),
                size,
                layout_engine=ImageFont.Layout.BASIC,
            )
        except OSError:
            break
    default = ImageFont.load_default(size)
    assert isinstance(default, ImageFont.FreeTypeFont)  # Pillow's packages have it
    return default


@cache
def _drawn(letter: str) -> bool:
    """Whether the font has a letter: it looks unlike the sign for one that it lacks."""
    one = font(32)
    return letter == " " or bytes(one.getmask(letter)) not in {
        bytes(one.getmask(missing)) for missing in ("\uffff", "\U0010ffff")
    }


@cache
def _spelled(letter: str) -> str:
    """Write a letter with those that the font has; nothing for a sign without sound."""
    if _drawn(letter):
        return letter
    parts = unicodedata.normalize("NFKD", letter)
    plain = "".join(part for part in parts if _drawn(part))
    spoken = slugify(letter, separator=" ", lowercase=False)
    space = " " if unicodedata.east_asian_width(letter) == "W" else ""
    return plain or "".join(part for part in spoken if _drawn(part)) + space


def legible(text: str, most: int = MOST_LETTERS) -> str:
    """Return a text on one line, of letters that the font has, and not too long."""
    spaced = text[: 4 * most].replace("\u00a0", " ").replace("\u202f", " ")
    seen = "".join(_spelled(letter) for letter in spaced if letter.isprintable())
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1] + _spelled("…")
