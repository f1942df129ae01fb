"""Draws the pictures in the integration's brand folder: `scripts/draw-brand`.

A chip with a pickaxe on it. It is drawn once, at least twice as large as any
picture needs it, and scaled down, which smooths it.
"""

from math import cos, radians, sin
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .hass import REPOSITORY

BRAND = REPOSITORY / "custom_components" / "miner_monitor" / "brand"

ORANGE = "#f0851a"
WHITE = "#ffffff"
INK = "#22303a"

CANVAS = 1024
ICON_SIZE = 256
LOGO_SIZE = (512, 192)
LOGO_ICON = 176
LOGO_TEXT_LEFT = 206
LOGO_TEXT_SIZE = 68
LOGO_LINES = ("Miner", "Monitor")

type Point = tuple[float, float]


def main() -> None:
    """Write every picture at its usual and at double size."""
    BRAND.mkdir(exist_ok=True)
    chip = _chip()
    for scale, suffix in ((1, ""), (2, "@2x")):
        _save(_scaled(chip, ICON_SIZE * scale), f"icon{suffix}.png")
        _save(_logo(chip, INK, scale), f"logo{suffix}.png")
        _save(_logo(chip, WHITE, scale), f"dark_logo{suffix}.png")


def _chip() -> Image.Image:
    """Draw the icon: pins, body, pickaxe."""
    image = Image.new("RGBA", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(image)
    for offset in (300, 512, 724):
        for box in (
            (offset - 44, 24, offset + 44, CANVAS - 24),
            (24, offset - 44, CANVAS - 24, offset + 44),
        ):
            draw.rounded_rectangle(box, radius=40, fill=ORANGE)
    draw.rounded_rectangle((130, 130, 894, 894), radius=130, fill=ORANGE)
    draw.polygon(_turned(_handle()), fill=WHITE)
    draw.polygon(_turned(_head()), fill=WHITE)
    return image


def _handle() -> list[Point]:
    """Outline the handle, upright, with a round end."""
    half, top, bottom = 44.0, -215.0, 330.0
    end = [
        (half * cos(radians(angle)), bottom + half * sin(radians(angle)))
        for angle in range(0, 181, 6)
    ]
    return [(-half, top), (half, top), *end]


def _head() -> list[Point]:
    """Outline the head: a crescent with blunt points, thickest above the handle."""
    outer = _arc(radius=372, centre=112, half_angle=64)
    inner = _arc(radius=420, centre=248, half_angle=48)
    return [*outer, *reversed(inner)]


def _arc(*, radius: float, centre: float, half_angle: int) -> list[Point]:
    """Return the points of an arc that bulges upwards."""
    return [
        (radius * sin(radians(angle)), centre - radius * cos(radians(angle)))
        for angle in range(-half_angle, half_angle + 1, 2)
    ]


def _turned(points: list[Point]) -> list[Point]:
    """Turn an outline around the middle of the canvas, its top to the right."""
    turn, left, top = radians(45), CANVAS / 2 - 20, CANVAS / 2 + 20
    return [
        (left + x * cos(turn) - y * sin(turn), top + x * sin(turn) + y * cos(turn))
        for x, y in points
    ]


def _logo(chip: Image.Image, ink: str, scale: int) -> Image.Image:
    """Draw the icon with the name beside it."""
    width, height = (side * scale for side in LOGO_SIZE)
    image = Image.new("RGBA", (width, height))
    side = LOGO_ICON * scale
    image.alpha_composite(_scaled(chip, side), (0, (height - side) // 2))
    font = ImageFont.load_default(LOGO_TEXT_SIZE * scale)
    draw = ImageDraw.Draw(image)
    for line, baseline in zip(LOGO_LINES, (86, 158), strict=True):
        draw.text(
            (LOGO_TEXT_LEFT * scale, baseline * scale),
            line,
            fill=ink,
            font=font,
            anchor="ls",
            stroke_width=1.3 * scale,
            stroke_fill=ink,
        )
    return image


def _scaled(image: Image.Image, side: int) -> Image.Image:
    return image.resize((side, side), Image.Resampling.LANCZOS)


def _save(image: Image.Image, name: str) -> None:
    path: Path = BRAND / name
    image.save(path, optimize=True)
    print(f"{path.relative_to(REPOSITORY)}: {image.width} x {image.height}")


if __name__ == "__main__":
    main()
