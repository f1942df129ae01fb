"""A sheet to draw on, in units of which a picture has 1400 x 700.

The picture has a palette: sixteen inks, each in sixteen shades between the ground and
its full colour. That takes a quarter of the memory and of the time of writing that
full colour would, and a shade is all that letters and edges need to be smooth.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cache
from struct import pack
from zlib import compress, crc32

from PIL import Image, ImageDraw

from .fonts import Font, font, legible
from .model import Theme

WIDTH, HEIGHT = 1400, 700
FULL = 15
"""The full shade of an ink; 0 is the ground."""

type Point = tuple[float, float]
type Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Ink(IntEnum):
    """What is drawn with; SERIES and those behind it tell lines apart."""

    TEXT = 0
    MUTED = 1
    SERIES = 2


_COLOURS = {
    Theme.LIGHT: (
        "#ffffff", "#1f2328", "#5b636c",
        "#0969c8", "#d97706", "#1a8a4f", "#cf2f3c", "#7a4fc0", "#0e8f9c", "#c2478f",
        "#8a5a2b", "#5f7d0f", "#4f6fae",
    ),
    Theme.DARK: (
        "#16181c", "#e6e8eb", "#9aa3ad",
        "#4ea3f5", "#f2a33c", "#4cc27e", "#f26d74", "#a98be8", "#43c4d0", "#e881bd",
        "#c99a6b", "#a9c64a", "#8fa8dc",
    ),
}  # fmt: skip

SERIES_INKS = len(_COLOURS[Theme.LIGHT]) - 1 - Ink.SERIES
"""So many lines can be told apart by their colours."""


def series_ink(index: int) -> int:
    """Return the ink of a line; after the last colour comes the first again."""
    return Ink.SERIES + index % SERIES_INKS


def palette(theme: Theme) -> list[int]:
    """Return red, green and blue of each shade of each ink."""
    ground, *inks = (bytes.fromhex(colour[1:]) for colour in _COLOURS[theme])
    return [
        round(back + (front - back) * shade / FULL)
        for ink in inks
        for shade in range(FULL + 1)
        for back, front in zip(ground, ink, strict=True)
    ]


_MASK = bytes(255 * (value > 15) for value in range(256))


@cache
def _shades(ink: int) -> bytes:
    """Return the shade of an ink for each strength of a letter's edge."""
    return bytes(ink * 16 + (value >> 4) for value in range(256))


_PALETTE = 3
"""A picture of one byte per dot, which names a colour of its palette."""

_METRES = 1


def _chunk(name: bytes, data: bytes) -> bytes:
    """Return a part of a PNG file: its length, its name, what it holds, a checksum."""
    return pack(">I4s", len(data), name) + data + pack(">I", crc32(data, crc32(name)))


class Canvas:
    """What is drawn on; sizes and places are in its units, not in dots."""

    def __init__(self, theme: Theme, scale: float, height: float = HEIGHT) -> None:
        """Begin with an empty sheet of so many dots per unit."""
        self.scale = scale
        self.width, self.height = WIDTH, height
        size = round(WIDTH * scale), round(height * scale)
        self._palette = bytes(palette(theme))
        self._image = Image.new("P", size)
        self._image.putpalette(self._palette)
        self._draw = ImageDraw.Draw(self._image)
        self._tiles: dict[tuple[str, Font], tuple[Image.Image, int, int, float]] = {}

    def png(self) -> bytes:
        """Return the picture as a file.

        Pillow keeps all other threads waiting while it compresses; zlib does not.
        """
        (width, height), dots = self._image.size, self._image.tobytes()
        per_metre = round(self.scale * 100 / 0.0254)
        # A row begins with its filter, which is none.
        rows = (b"\0" + dots[at : at + width] for at in range(0, width * height, width))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            (
                _chunk(b"IHDR", pack(">2I5B", width, height, 8, _PALETTE, 0, 0, 0)),
                _chunk(b"PLTE", self._palette),
                _chunk(b"pHYs", pack(">2IB", per_metre, per_metre, _METRES)),
                _chunk(b"IDAT", compress(b"".join(rows), 5)),
                _chunk(b"IEND", b""),
            )
        )

    def _dots(self, points: Iterable[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def text_width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return how wide a text is."""
        letters = font(round(size * self.scale), bold=bold)
        return letters.getlength(text) / self.scale

    def cut(self, text: str, size: float, width: float) -> str:
        """Return a text, too wide without its middle: names end in numbers."""
        if self.text_width(text, size) <= width:
            return text
        head, tail, gap = text[:-3], text[-3:].lstrip(), legible("…")
        while head and self.text_width(head + gap + tail, size) > width:
            head = head[:-1].rstrip()
        return head + gap + tail

    def text(
        self,
        at: Point,
        text: str,
        size: float = 16,
        ink: int = Ink.TEXT,
        anchor: str = "la",
        *,
        bold: bool = False,
    ) -> None:
        """Write a text; the anchor is Pillow's, of l, m, r and of a, m, s."""
        if not text:
            return
        letters = font(round(size * self.scale), bold=bold)
        tile, left, top, wide = self._tile(text, letters)
        above, below = letters.getmetrics()
        left -= round({"l": 0.0, "m": wide / 2, "r": wide}[anchor[0]])
        top += round({"a": above, "m": (above - below) / 2, "s": 0.0}[anchor[1]])
        place = round(at[0] * self.scale) + left, round(at[1] * self.scale) + top
        strength = tile.tobytes()
        shades, mask = (
            Image.frombytes("L", tile.size, strength.translate(table))
            for table in (_shades(ink), _MASK)
        )
        self._image.paste(shades, place, mask)

    def _tile(self, text: str, letters: Font) -> tuple[Image.Image, int, int, float]:
        """Return a text, where it stands from its begin on its line, and its width.

        Numbers come again and again, and to draw them is what takes time.
        """
        key = text, letters
        if (tile := self._tiles.get(key)) is None:
            left, top, right, bottom = map(int, letters.getbbox(text, anchor="ls"))
            image = Image.new("L", (right - left + 2, bottom - top + 2))
            ImageDraw.Draw(image).text(
                (1 - left, 1 - top), text, fill=255, font=letters, anchor="ls"
            )
            tile = image, left - 1, top - 1, letters.getlength(text)
            self._tiles[key] = tile
        return tile

    def line(
        self, points: Sequence[Point], ink: int, width: float = 1.75, shade: int = FULL
    ) -> None:
        """Draw a line through points, with an edge that lets it look smooth."""
        dots = self._dots(points)
        wide = max(1, round(width * self.scale))
        if wide > 2:
            self._draw.line(dots, ink * 16 + shade // 2, wide + 1)
            wide -= 1
        self._draw.line(dots, ink * 16 + shade, wide)

    def dashed(self, start: Point, end: float, ink: int, width: float = 1.25) -> None:
        """Draw a level line of dashes from a point to the x of another."""
        x, y = start
        while x < end:
            self.line([(x, y), (min(x + 7, end), y)], ink, width)
            x += 12

    def area(self, points: Sequence[Point], ink: int, shade: int) -> None:
        """Fill what points go round."""
        if len(points) > 2:
            self._draw.polygon(self._dots(points), ink * 16 + shade)

    def box(
        self, box: Box, ink: int, shade: int = FULL, *, outline: bool = False
    ) -> None:
        """Fill a box, or draw its outline."""
        left, top, right, bottom = (round(side * self.scale) for side in box)
        corners = left, top, max(left, right), max(top, bottom)
        colour = ink * 16 + shade
        if outline:
            self._draw.rectangle(corners, outline=colour, width=round(self.scale))
        else:
            self._draw.rectangle(corners, colour)

    def dot(self, at: Point, radius: float, ink: int, shade: int = FULL) -> None:
        """Draw a disc."""
        x, y, around = at[0] * self.scale, at[1] * self.scale, radius * self.scale
        self._draw.ellipse(
            (x - around, y - around, x + around, y + around), ink * 16 + shade
        )

    def diamond(self, at: Point, radius: float, ink: int) -> None:
        """Draw a square that stands on its corner."""
        x, y = at
        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        self.area(corners, ink, FULL)
