"""Pictures: what is known lands where it should, and nothing is where nothing is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
import math
import re
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image
import pytest

from custom_components.miner_monitor.charts import fonts
from custom_components.miner_monitor.charts.axis import value_scale
from custom_components.miner_monitor.charts.draw import draw
from custom_components.miner_monitor.charts.model import (
    NEEDS,
    Change,
    ChartData,
    ChartKind,
    OperatingMark,
    Theme,
    Track,
)
from custom_components.miner_monitor.charts.series import rolling
from scripts.rig.translations import languages, texts_of

from ..meta.package import INTEGRATION, load_json

ZONE = ZoneInfo("Europe/Berlin")
END = datetime(2026, 12, 2, 12, 15, tzinfo=ZONE).timestamp()
WORDS = load_json(INTEGRATION / "translations" / "en.json")["common"]
GROUND = {Theme.LIGHT: (255, 255, 255), Theme.DARK: (0x16, 0x18, 0x1C)}
RATE = {Theme.LIGHT: (0x09, 0x69, 0xC8), Theme.DARK: (0x4E, 0xA3, 0xF5)}
CHANGED = {Theme.LIGHT: (0xCF, 0x2F, 0x3C), Theme.DARK: (0xF2, 0x6D, 0x74)}

LEFT, TOP, RIGHT, BOTTOM = 86, 136, 1372, 656
"""The plot of the rate of all miners, as the pictures in the documentation show it."""

type Picture = Image.Image


def say(key: str, **values: Any) -> str:
    """Return a text of ours; one that is missing is an error."""
    return str(WORDS[f"report_chart_{key}"]).format_map(values)


def chart(
    values: Sequence[float], hours: int, kind: ChartKind = ChartKind.ALL_MINERS
) -> ChartData:
    """Make a chart of one miner that did this in the steps of so many hours."""
    step = 300 if hours <= 48 else 3600
    end = END // step * step
    lead = 86_400 // step
    assert len(values) == hours * 3600 // step
    return ChartData(
        kind=kind,
        start=end - hours * 3600,
        end=end,
        step=step,
        lead=lead,
        zone=ZONE,
        say=say,
        tracks=[
            Track(name="Gamma", readings={"hash_rate": [math.nan] * lead + [*values]})
        ],
    )


def seen(data: ChartData, theme: Theme = Theme.LIGHT, dpi: int = 200) -> Picture:
    """Draw a picture and open it."""
    with Image.open(BytesIO(draw(data, theme, dpi))) as image:
        assert image.size == (14 * dpi, 7 * dpi)
        return image.convert("RGB")


def column(image: Picture, x: float, colour: tuple[int, ...]) -> list[float]:
    """Return where a colour is in a column of the plot, in the picture's units."""
    return [
        y / 2
        for y in range(TOP * 2, BOTTOM * 2)
        if image.getpixel((round(x * 2), y)) == colour
    ]


@pytest.mark.parametrize("dpi", [100, 300])
def test_the_file_is_whole_and_tells_its_size_on_paper(dpi: int) -> None:
    """All checksums are right, as a reader sees it that is not ours."""
    with Image.open(BytesIO(draw(chart([4.0] * 144, 12), dpi=dpi))) as image:
        assert image.format == "PNG"
        assert image.info["dpi"] == pytest.approx((dpi, dpi), rel=1e-3)
        image.verify()


@pytest.mark.parametrize("theme", Theme)
def test_a_known_series_lands_where_it_should(theme: Theme) -> None:
    """4 TH/s for six hours, nothing for two, then 8: level lines and a gap."""
    values = [4.0] * 72 + [math.nan] * 24 + [8.0] * 48
    data = chart(values, 12)
    change = Change(data.start + 7 * 3600, "525 MHz")
    data = replace(data, tracks=[replace(data.tracks[0], changes=[change])])
    image = seen(data, theme)
    assert image.getpixel((2, 2)) == GROUND[theme]
    scale = value_scale(values)

    def height(value: float) -> float:
        part = (value - scale.low) / (scale.high - scale.low)
        return BOTTOM - part * (BOTTOM - TOP)

    def place(hour: float) -> float:
        return LEFT + hour / 12 * (RIGHT - LEFT)

    # The first and last minutes of a mean of a quarter of an hour are left out.
    for hour, value in ((0.6, 4.0), (3.1, 4.0), (5.7, 4.0), (8.7, 8.0), (11.7, 8.0)):
        rows = column(image, place(hour), RATE[theme])
        assert rows, hour
        assert min(rows) == pytest.approx(height(value), abs=2)
        assert max(rows) == pytest.approx(height(value), abs=2)
    for hour in (6.1, 7.0, 7.9):
        assert not column(image, place(hour), RATE[theme]), hour
    marks = column(image, place(7), CHANGED[theme])
    assert BOTTOM - 18 < min(marks) < max(marks) < BOTTOM
    assert not column(image, place(6.5), CHANGED[theme])


@pytest.mark.parametrize("kind", ChartKind)
@pytest.mark.parametrize("hours", [1, 744])
def test_every_kind_over_every_span(kind: ChartKind, hours: int) -> None:
    """With numbers, and with nothing but gaps: different pictures, and no error."""
    steps = hours * 3600 // (300 if hours <= 48 else 3600)
    data = chart([1.0] * steps, hours, kind)
    length = data.lead + steps
    known = Track(
        name="Gamma",
        readings={
            key: [1.0 + index for index in range(length)]
            for key in (
                *NEEDS[kind].measured,
                "frequency",
                "core_voltage",
            )
        },
        energy=[0.1] * length,
        changes=[Change(data.end - 900, "525 MHz")],
        points=[
            OperatingMark(
                text="525 MHz", rate=1.0, deviation=0.0, efficiency=15.0, hours=0.0
            )
        ],
    )
    unknown = Track(
        name="",
        readings={key: [math.nan] * length for key in known.readings},
        energy=[math.nan] * length,
    )
    full = replace(data, tracks=[known, unknown], price=[0.3] * length, currency="EUR")
    bare = replace(data, tracks=[unknown], price=[math.nan] * length)
    none = replace(data, tracks=[])
    pictures = [draw(one, dpi=100) for one in (full, bare, none)]
    assert pictures[0] not in pictures[1:]


def test_a_mean_needs_half_of_its_steps() -> None:
    nan = math.nan
    assert rolling([1, 2, 3, nan, nan, 6], 3) == pytest.approx(
        [nan, 1.5, 2, 2.5, nan, nan], nan_ok=True
    )


HOSTILE = (
    "<script>alert(1)</script>",
    "😀" * 3000,
    "a" * 10_000,
    "\x00\x1b[31m\n\u202eevil\u200b",
    "日本語 العربية עברית ไทย",
    "{name} %s {0.__class__}",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_harmless(name: str) -> None:
    """They are cut: the right end of the head and the margins stay empty."""
    data = chart([1.0] * 144, 12, ChartKind.ONE_MINER)
    track = replace(data.tracks[0], name=name, changes=[Change(END - 9000, name)])
    image = seen(replace(data, tracks=[track]))
    head = image.crop((1100 * 2, 0, 1400 * 2, 16 * 2))
    assert head.getcolors() == [(300 * 2 * 16 * 2, GROUND[Theme.LIGHT])]
    assert len(fonts.legible(name)) <= fonts.MOST_LETTERS
    assert fonts.legible(name).isprintable()


def test_letters() -> None:
    """Of most of Europe as they are; others by their sound, signs not at all."""
    for text in (
        "Łódź žluťoučký kůň",
        "Größe · Ærø € ğış",
        "Ελλάδα",
        "Київ Жук",
        "Việt",
    ):
        assert fonts.legible(text) == text
    assert fonts.legible("日本") == "Ri Ben"
    assert fonts.legible("Rig 😀 1") == "Rig 1"


@pytest.mark.parametrize("language", languages())
def test_letters_of_a_language(language: str) -> None:
    """All texts of charts, and names of statuses and modes, are drawn as they are."""
    for key, text in texts_of(language).items():
        if key.startswith(("common.report_", "entity.")):
            written = re.sub(r"[\u00a0\u202f]", " ", text)
            assert fonts.legible(text, 500) == written, key


def test_without_the_font_of_the_frontend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own takes its place; letters that it lacks are written with others."""
    caches = (fonts.font, fonts._drawn, fonts._spelled)
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    try:
        for cache in caches:
            cache.cache_clear()
        assert fonts.legible("Łódź Жук") == "Lodz Zhuk"
        assert draw(chart([1.0] * 144, 12)).startswith(b"\x89PNG")
    finally:
        for cache in caches:
            cache.cache_clear()
