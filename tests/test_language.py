"""Messages are in the language of Home Assistant, and no word of them is of the code.

A language of none but Cyrillic letters, made of the English texts, shows each word that
is not taken from the texts. Its signs of numbers are those of German.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
import math
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir, translation
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.miner_monitor import notation
from custom_components.miner_monitor.alerts.book import Alert
from custom_components.miner_monitor.alerts.trigger import EVENTS
from custom_components.miner_monitor.alerts.words import Writer
from custom_components.miner_monitor.charts.canvas import Canvas
from custom_components.miner_monitor.charts.draw import draw
from custom_components.miner_monitor.charts.model import (
    NEEDS,
    ChartKind,
    OperatingMark,
    Track,
)
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.miners.model import Setting
from custom_components.miner_monitor.report.markdown import Texts
from custom_components.miner_monitor.runtime import messages
from custom_components.miner_monitor.runtime.entries import is_fleet
from scripts.rig import translations

from .charts.test_draw import chart
from .conftest import GAMMA, Q, TimedBench
from .fleets import build
from .handles import take_over
from .meta.test_translations import _raised
from .report import test_words as reports

LANGUAGE = "xx"
OF_NO_LANGUAGE = {
    *("TH", "GH", "J", "kWh", "W", "V", "mV", "MHz", "rpm", "C", "h", "min", "s"),
    *("G", "T", "P", "M", "k", "EUR"),
    # Commands, whose words stay; and the names of miners.
    *("status", "stats", "report", "miner", "health", "help", "save", "resume", "d"),
    *("restart", "freq", "frequency", "voltage", "fan", "auto", "profile", "all"),
    *("NAME", "PROFILE"),
    *("Gamma", "anna", "bert", "carl"),
}


def strange(text: str) -> str:
    """Return a text in the strange language."""
    parts = re.split(r"(\{\w+\})", text)
    return "".join(
        part if part.startswith("{") else re.sub(r"[A-Za-z]", "ж", part)
        for part in parts
    )


@pytest.fixture
def speak(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    enable_custom_integrations: None,
) -> None:
    """Let Home Assistant speak the strange language; errors themselves are English."""
    texts = {
        f"component.{DOMAIN}.{key}": strange(text)
        for key, text in translations.texts_of("en").items()
    }
    known = translation.async_get_cached_translations

    def cached(
        hass: HomeAssistant, language: str, category: str, *others: Any
    ) -> Mapping[str, str]:
        if language != LANGUAGE:
            return known(hass, language, category, *others)
        return texts if others == (DOMAIN,) else {}

    monkeypatch.setattr(translation, "async_get_cached_translations", cached)
    german = notation.notation_of("de")
    monkeypatch.setattr(notation, "NOTATIONS", {LANGUAGE: german})
    hass.config.language = LANGUAGE


def foreign(text: str) -> list[str]:
    """Return the words of a text that are of no translation."""
    return [
        word for word in re.findall(r"[A-Za-z]+", text) if word not in OF_NO_LANGUAGE
    ]


def assert_strange(text: str) -> None:
    """Check that a text has words, and only translated ones; and its numbers."""
    assert "ж" in text, text
    assert foreign(text) == [], text
    assert not re.search(r"\d\.\d\d?\b(?!\d)(?!\.)", _without_days(text)), text


def _without_days(text: str) -> str:
    return re.sub(r"\d\d\.\d\d\.(?:\d{4})?", "", text)


@pytest.mark.usefixtures("speak")
def test_reports(hass: HomeAssistant) -> None:
    texts = Texts(hass)
    facts = reports.miner(insight=reports.STALLED, days=(reports.DAY,))
    one = reports.of_miner(facts, reports.RECORDS, texts)
    assert "2,00 TH/s" in one
    assert "20.11.2026" in one
    every = reports.of_fleet([facts], reports.RECORDS, texts)
    for text in (one, every):
        for line in filter(None, text.splitlines()):
            assert_strange(line)


def _alert(event: str, **fields: Any) -> Alert:
    details = {"value": 97.3, "limit": 95.5, "difficulty": 4.29e9}
    return Alert(miner="1", event=event, since=dt_util.utcnow().timestamp() - 60, **{
        "details": details, **fields
    })  # fmt: skip


@pytest.mark.usefixtures("speak")
@pytest.mark.parametrize("event", EVENTS)
def test_alerts(hass: HomeAssistant, event: str) -> None:
    entry = MockConfigEntry(domain=DOMAIN, title="Gamma", entry_id="1")
    entry.add_to_hass(hass)
    writer = Writer(hass, {"1": entry})
    one, bare = _alert(event, count=3), _alert(event, details={})
    over = _alert(event, over=True)
    has_end = f"common.alert_{event}_over" in translations.texts_of("en")
    for group in ([one], [bare], [one, bare], [over] if has_end else [one]):
        told = writer.message(group)
        assert_strange(told["title"])
        for line in told["message"].splitlines():
            if "://" not in line:
                assert_strange(line)


@pytest.mark.usefixtures("speak")
async def test_every_error(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(domain=DOMAIN, title="Gamma", data={"host": "10.0.0.5"})
    entry.add_to_hass(hass)
    for error in _raised():
        told = messages.user_error(hass, entry, error)
        text = messages.message_of(hass, told).replace("low, high", "")
        # What a user called a profile, and what was typed, stay.
        assert foreign(text.replace("Night", "")) == [], text


@pytest.mark.usefixtures("speak")
@pytest.mark.parametrize("kind", ChartKind)
def test_charts(
    hass: HomeAssistant, kind: ChartKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = list[str]()
    write: Callable[..., None] = Canvas.text

    def noted(canvas: Canvas, at: Any, text: str, *others: Any, **more: Any) -> None:
        written.append(text)
        write(canvas, at, text, *others, **more)

    monkeypatch.setattr(Canvas, "text", noted)
    texts = Texts(hass)
    data = chart([1.25] * 144, 12, kind)
    length = data.lead + 144
    mark = OperatingMark(
        text="525 MHz", rate=1.25, deviation=0.1, efficiency=15.5, hours=3.0
    )
    readings = {key: [1.25] * length for key in NEEDS[kind].measured}
    track = Track(name="Gamma", readings=readings, energy=[0.1] * length, points=[mark])
    full = replace(
        data,
        say=lambda key, **values: texts.say(f"chart_{key}", **values),
        notation=texts.notation,
        tracks=[track],
        price=[0.3] * length,
        currency="EUR",
    )
    for one in (
        full,
        replace(full, tracks=[]),
        replace(full, price=[math.nan] * length),
    ):
        draw(one, dpi=100)
    assert len(written) > 5
    assert [text for text in written if foreign(text)] == []
    assert [text for text in written if re.fullmatch(r"-?\d+\.\d+", text)] == []
    assert any(re.search(r"\d,\d", text) for text in written)


@pytest.mark.usefixtures("speak")
async def test_a_chat(bench: TimedBench) -> None:
    house = await build(bench)
    await bench.advance(60)

    async def say(text: str, **fields: bool) -> str:
        response = await bench.run(
            bench.hass.services.async_call(
                DOMAIN,
                "command",
                {"text": text, "pictures": False, **fields},
                blocking=True,
                return_response=True,
            )
        )
        return str(response["text"])

    may = {"allow_control": True, "allow_tuning": True}
    answers = [
        await say("help", **may),
        *[await say(text) for text in ("status", "health", "stats", "save")],
        await say("report 24"),
        *[await say(text, **may) for text in ("miner anna 24", "miner nobody", "xyz")],
        *[
            await say(text, **may)
            for text in ("save anna", "resume anna", "resume anna")
        ],
        await say("report 9999"),
        await say("freq anna 9999", **may),
        await say("freq anna 500", **may),
        await say("fan anna auto", **may),
        await say("profile anna night", **may),
    ]
    assert house.miners
    for answer in answers:
        assert "ж" in answer, answer
        words = [
            word
            for word in foreign(answer)
            if word not in {"nobody", "xyz", "night", "high"}
        ]
        assert words == [], answer
        assert not re.search(r"\d\.\d+ [A-Zk]", answer), answer


@pytest.mark.usefixtures("speak")
async def test_repairs(bench: TimedBench, hass: HomeAssistant) -> None:
    """What a repair is filled with is in the language of Home Assistant too."""
    handle = await take_over(bench, await bench.miner(Q))
    await bench.advance(30)
    handle.miner.inject("write_ignored")
    await handle.set(Setting.WORK_MODE, "super")
    await bench.advance(150)
    filled = [
        text
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
        for key, text in (issue.translation_placeholders or {}).items()
        if key == "error"
    ]
    assert filled
    for text in filled:
        assert foreign(text.replace(handle.entry.title, "")) == [], text


@pytest.mark.usefixtures("speak")
async def test_the_title_of_all_miners(bench: TimedBench, hass: HomeAssistant) -> None:
    await take_over(bench, await bench.miner(GAMMA))
    await bench.run(hass.async_block_till_done())
    (title,) = [
        entry.title
        for entry in hass.config_entries.async_entries(DOMAIN)
        if is_fleet(entry)
    ]
    assert title == strange("All miners")


THERE = translations.languages()


@pytest.mark.parametrize("language", THERE)
async def test_a_report_has_no_english_text(
    hass: HomeAssistant, enable_custom_integrations: None, language: str
) -> None:
    """With real languages: no text of several words is that of English."""
    for category in ("common", "entity"):
        await translation.async_get_translations(hass, language, category, {DOMAIN})
    hass.config.language = language
    english, other = (translations.texts_of(name) for name in ("en", language))
    texts = Texts(hass)
    facts = reports.miner(insight=reports.STALLED, days=(reports.DAY,))
    told = reports.of_miner(facts, reports.RECORDS, texts)
    told += reports.of_fleet([facts], reports.RECORDS, texts)
    left = [
        part
        for key, text in english.items()
        if key.startswith("common.report_")
        for part in re.split(r"\{\w+\}", text)
        if len(part.split()) > 1 and part not in other[key] and part.strip() in told
    ]
    assert left == []
