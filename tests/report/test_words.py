"""Words of reports: every case has a sentence, and no name is more than text."""

from dataclasses import replace
from datetime import UTC, datetime
import inspect
import itertools
import json
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
import pytest

from custom_components.miner_monitor.actions import assist, command
from custom_components.miner_monitor.charts.model import ChartKind
from custom_components.miner_monitor.chat.parser import Verb
from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.fleet.dispatch import Limit
from custom_components.miner_monitor.fleet.members import WhyLeft
from custom_components.miner_monitor.fleet.model import FleetMonth
from custom_components.miner_monitor.insight.model import (
    Bottleneck,
    DayRow,
    Figure,
    Finding,
    FindingKind,
    Health,
    Insight,
    Judgement,
    Missing,
    OperatingPoint,
    Severity,
    Tuning,
    Verdict,
)
from custom_components.miner_monitor.miners.model import (
    Changes,
    Family,
    HashRateUnit,
    MinerIdentity,
    MinerState,
    MinerStatus,
    Setting,
)
from custom_components.miner_monitor.model import MinerData
from custom_components.miner_monitor.report import markdown, spoken
from custom_components.miner_monitor.report.figures import (
    fleet_figures,
    miner_figures,
    month_figures,
    tuning_figures,
)
from custom_components.miner_monitor.report.markdown import Texts
from custom_components.miner_monitor.report.model import (
    UNITS,
    MinerFacts,
    Period,
    Price,
    Records,
    Spread,
)
from custom_components.miner_monitor.report.recorder import (
    period_of_today,
    period_until_now,
)
from custom_components.miner_monitor.runtime.escape import escaped
from custom_components.miner_monitor.runtime.ha_compat import texts_of

MONTH = "This month: 41.0 kWh"
SLOW = {Setting.FREQUENCY: 525.0, Setting.CORE_VOLTAGE: 1.15}
FAST = {Setting.FREQUENCY: 1000.0, Setting.CORE_VOLTAGE: 1.2}
HOSTILE = "<img src=x onerror=alert(1)> **a** _b_ `c` [d](https://e) www.f.g #h |i|"
PERIOD = Period(
    start=0.0, end=86_400.0, step=300, first_day="2026-11-19", last_day="2026-11-20"
)
FRAME = {
    "period": {
        "start": "2026-11-19T08:00:00+00:00",
        "end": "2026-11-20T08:00:00+00:00",
        "hours": 24.0,
    },
    "days": {"from": PERIOD.first_day, "to": PERIOD.last_day},
    "recorder": True,
    "units": dict(UNITS),
    "not_loaded": [],
}


@pytest.fixture(name="texts")
async def words(hass: HomeAssistant, enable_custom_integrations: None) -> Texts:
    """Return the words of reports."""
    for category in ("common", "entity"):
        await async_get_translations(hass, "en", category, {DOMAIN})
    return Texts(hass)


@pytest.mark.parametrize(
    ("month", "line"),
    [
        ({}, f"{MONTH}, 78% cheap or solar, 11.40 EUR less than at the mean price"),
        (
            {"cheap_part": None, "saving": -0.5},
            f"{MONTH}, 0.50 EUR more than at the mean price",
        ),
        ({"saving": None, "cheap_part": 0.0}, f"{MONTH}, 0% cheap"),
    ],
)
def test_the_month_is_the_first_line(
    texts: Texts, month: dict[str, Any], line: str
) -> None:
    known = FleetMonth(
        **{"energy": 41, "cost": 8.2, "cheap_part": 0.78, "saving": 11.4, **month}
    )
    price = Price(entity_id="sensor.p", present=None, per_kwh=1, currency="EUR")
    response = {
        **FRAME,
        "month": month_figures(known, price),
        **fleet_figures([miner()], Records(), PERIOD, price, UTC),
    }
    assert markdown.fleet_summary(response, texts).startswith(line)
    lines = markdown.fleet_report(response, texts).split("\n")
    assert lines[2].startswith(f"- {line}")
    assert month_figures(FleetMonth(energy=1), price) is None


def test_each_limit_of_a_share_has_a_word(texts: Texts, hass: HomeAssistant) -> None:
    words = texts_of(hass, "common", "en")
    path = f"component.{DOMAIN}.common.dashboard_limit"
    assert [limit for limit in Limit if f"{path}_{limit}" not in words] == []


def data(**fields: Any) -> MinerData:
    identity = MinerIdentity(family=Family.AXEOS, manufacturer="Bitaxe", model="Gamma")
    return MinerData(**{"online": True, "identity": identity, **fields})


def miner(name: str = "Gamma", tuning: Tuning | None = None, **fields: Any) -> Any:
    insight = fields.pop("insight", Insight(tuning=tuning or Tuning()))
    days = fields.pop("days", ())
    recorded = {
        key: f"sensor.{key}"
        for key in (
            *("hash_rate", "power", "energy", "chip_temperature", "vr_temperature"),
            *("wall_energy", "shares_accepted", "shares_rejected"),
        )
    }
    return MinerFacts(
        name=name,
        device_id=None,
        data=data(insight=insight, **fields),
        recorded=recorded,
        days=days,
    )


def spread(mean: float) -> Spread:
    return Spread(mean=mean, minimum=mean - 1, maximum=mean + 1, seconds=86_400)


RECORDS = Records(
    spreads={
        "sensor.hash_rate": spread(2.0),
        "sensor.power": spread(30.0),
        "sensor.chip_temperature": spread(60.0),
        "sensor.vr_temperature": spread(70.0),
    },
    rises={
        "sensor.energy": 0.72,
        "sensor.wall_energy": 0.8,
        "sensor.shares_accepted": 990.0,
        "sensor.shares_rejected": 10.0,
    },
    costs={"sensor.wall_energy": 0.24},
    seconds=86_400.0,
)
PRICE = Price(entity_id="sensor.price", present=0.3, per_kwh=1.0, currency="EUR")
DAY = DayRow(
    day="2026-11-20",
    watched=36_000,
    answered=28_800,
    restarts=1,
    times_offline=2,
    best_difficulty=4.29e9,
    blocks_found=1,
    findings=(FindingKind.CHIP_HOT, FindingKind.STALLED),
)
STALLED = Insight(
    health=Health(
        findings=(Finding(kind=FindingKind.STALLED, severity=Severity.CRITICAL),)
    )
)


def of_miner(facts: MinerFacts, records: Records, texts: Texts) -> str:
    figures = miner_figures(facts, records, PERIOD, PRICE, UTC)
    return markdown.miner_report({**FRAME, "miners": [figures]}, texts)


def of_fleet(members: list[MinerFacts], records: Records, texts: Texts) -> str:
    figures = fleet_figures(members, records, PERIOD, PRICE, UTC)
    return markdown.fleet_report({**FRAME, **figures}, texts)


def of_settings(facts: MinerFacts, texts: Texts) -> str:
    figures = tuning_figures(facts, texts.setting, UTC)
    return markdown.settings_report({**FRAME, "miners": [figures]}, texts)


def test_report_of_a_miner(texts: Texts) -> None:
    text = of_miner(miner(insight=STALLED, days=(DAY,)), RECORDS, texts)
    assert text.splitlines() == [
        "**Gamma, 24 h until 2026-11-20 08:00**",
        "",
        "- Now: No shares for a long time",
        "- Hash rate 2.00 TH/s (1.00 to 3.00)",
        "- Efficiency 15.0 J/TH",
        "- Energy 0.72 kWh",
        "- Energy at the wall 0.80 kWh",
        "- Cost 0.24 EUR",
        "- Power 30.0 W (29.0 to 31.0)",
        "- Chip 60.0 °C (59.0 to 61.0)",
        "- Voltage regulator 70.0 °C (69.0 to 71.0)",
        "- Shares: 990 accepted, 10 rejected (1.00%)",
        "",
        "**Whole day 2026-11-20**",
        "",
        "- Available 80.0%, times offline: 2, restarts: 1",
        "- Best difficulty 4.29 G",
        "- Blocks found: 1",
        "- Earlier: Chip hot",
    ]


def test_a_miner_in_one_line(texts: Texts) -> None:
    figures = [
        miner_figures(one, RECORDS, PERIOD, PRICE, UTC)
        for one in (miner(insight=STALLED), miner("B", online=False, unplugged=True))
    ]
    text = markdown.miner_summary({**FRAME, "miners": figures}, texts)
    did = "2.00 TH/s, 15.0 J/TH, 0.72 kWh, Cost 0.24 EUR"
    assert text.splitlines() == [
        f"Gamma: Now: No shares for a long time, {did}",
        f"B: Plug turned off, {did}",
    ]


def test_report_of_all_miners(texts: Texts) -> None:
    state = MinerState(status=MinerStatus.HASHING, hash_rate=2.0, power=30.0)
    members = [miner(state=state, days=(DAY,)), miner("B", online=False)]
    members[1] = MinerFacts(name="B", device_id=None, data=members[1].data)
    text = of_fleet(members, RECORDS, texts)
    assert text.splitlines() == [
        "**All miners, 24 h until 2026-11-20 08:00**",
        "",
        "- Total: 2.00 TH/s, 15.0 J/TH, 0.72 kWh",
        "- Offline now: B",
        "- Nothing needs attention",
        "- Most efficient: Gamma 15.0 J/TH",
        "- Cost 0.24 EUR",
        "",
        "**Details**",
        "",
        "- Energy at the wall 0.80 kWh (miners: 1 of 2)",
        "- Shares: 990 accepted, 10 rejected (1.00%)",
        "",
        "**Whole days, 2026-11-19 to 2026-11-20**",
        "",
        "- Available 80.0%, times offline: 2, restarts: 1",
        "- Best difficulty 4.29 G",
        "- Blocks found: 1",
        "- Gamma: Times offline: 2, 2:00 h in total",
        "- Gamma: Earlier: Chip hot, No shares for a long time",
    ]


def test_five_lines_say_what_matters(texts: Texts) -> None:
    seen = Insight(last_seen=25_200.0)
    members = [miner(insight=STALLED), *(miner(name) for name in "BCD")]
    members.append(miner("E", online=False, insight=seen))
    figures = fleet_figures(members, RECORDS, PERIOD, PRICE, UTC)
    response = {**FRAME, **figures}
    best = "B 15.0 J/TH, C 15.0 J/TH, D 15.0 J/TH"
    assert markdown.fleet_summary(response, texts).splitlines() == [
        "Total: 10.00 TH/s, 15.0 J/TH, 3.60 kWh",
        "Offline now: E (since 1970-01-01 07:00)",
        "Needs attention: Gamma (No shares for a long time)",
        f"Most efficient: {best}",
        "Cost 1.20 EUR",
    ]
    whole = markdown.fleet_report(response, texts)
    assert whole.index("Efficiency over 24 h") < whole.index("5. Gamma 15.0 J/TH")


@pytest.mark.parametrize(
    ("answered", "told"),
    [(36_000 - 125, "0:02 h"), (36_000 - 7170, "2:00 h"), (36_000 - 4000, "1:07 h")],
)
def test_time_away(texts: Texts, answered: float, told: str) -> None:
    day = DayRow(day="2026-11-20", watched=36_000, answered=answered, times_offline=1)
    text = of_fleet([miner(days=(day,))], RECORDS, texts)
    assert f"- Gamma: Times offline: 1, {told} in total" in text.splitlines()


def test_rejected_shares_of_some_are_not_compared_with_those_of_all(
    texts: Texts,
) -> None:
    members = [miner(), miner("B")]
    del members[1].recorded["shares_rejected"]
    lines = of_fleet(members, RECORDS, texts).splitlines()
    assert "- Shares: 1980 accepted" in lines
    assert "- Energy at the wall 1.60 kWh" in lines


POINTS = (
    OperatingPoint(
        settings=FAST,
        blocks=24,
        days=2,
        last=86_400.0,
        figures={
            "hash_rate": Figure(mean=2.1, deviation=0.1, minimum=2.0, maximum=2.2),
            "efficiency": Figure(mean=18.0, deviation=None, minimum=17, maximum=19),
        },
        bottlenecks=tuple(Bottleneck),
    ),
    OperatingPoint(settings=SLOW, blocks=12, days=1, last=0.0),
)


@pytest.mark.parametrize(
    ("balanced", "there"),
    [(FAST, False), (SLOW, True), (None, True)],
    ids=["the fastest too", "another", "not yet"],
)
def test_balanced_is_left_out_where_it_says_nothing_more(
    texts: Texts, balanced: Changes | None, there: bool
) -> None:
    verdicts = {
        Verdict.HASH_RATE: Judgement(settings=FAST, value=2.1),
        Verdict.EFFICIENCY: Judgement(missing=Missing.DAYS, days_missing=1),
        Verdict.BALANCED: Judgement(
            settings=balanced, missing=None if balanced else Missing.DIFFERENCE
        ),
        Verdict.QUIETEST: Judgement(settings=SLOW, value=38.0),
    }
    if balanced is SLOW:
        del verdicts[Verdict.QUIETEST]
    text = of_settings(miner(tuning=Tuning(points=POINTS, verdicts=verdicts)), texts)
    assert ("Balanced" in text) is there
    assert ("Lowest fan duty" in text) is (balanced is not SLOW)


def test_settings(texts: Texts) -> None:
    verdicts = {
        Verdict.EFFICIENCY: Judgement(settings=SLOW, value=15.2, margin=3.14),
        Verdict.HASH_RATE: Judgement(settings=FAST, value=2.1),
        Verdict.BALANCED: Judgement(missing=Missing.BLOCKS, blocks_missing=3),
        Verdict.QUIET: Judgement(missing=Missing.DAYS, days_missing=1),
    }
    text = of_settings(miner(tuning=Tuning(points=POINTS, verdicts=verdicts)), texts)
    hot = "Chip hot, Voltage regulator hot, Input voltage low"
    did = f"2.10 TH/s, 18.0 J/TH, {hot}, At the power limit, Unstable"
    assert text.splitlines() == [
        "**Gamma, operating points**",
        "",
        "- 525 MHz, 1.150 V: 2.0 h, days: 1",
        f"- 1000 MHz, 1.200 V: {did}, 4.0 h, days: 2",
        "- Most efficient: 525 MHz, 1.150 V (At least 3.1% better than the next)",
        "- Highest hash rate: 1000 MHz, 1.200 V",
        "- Balanced: Not yet: 0.5 h more at constant settings needed",
        "- Fastest with a quiet fan (≤ 60%): Not yet, more days needed: 1",
    ]


def test_settings_are_compared_in_hours_and_the_miners_unit() -> None:
    """A card that counts GH/s gets no TH/s beside them."""
    verdicts = {
        Verdict.HASH_RATE: Judgement(settings=FAST, value=2.1),
        Verdict.EFFICIENCY: Judgement(missing=Missing.BLOCKS, blocks_missing=3),
    }
    facts = miner(tuning=Tuning(points=POINTS, verdicts=verdicts))
    identity = replace(facts.data.identity, hash_rate_unit=HashRateUnit.GIGA)
    card = replace(facts, data=replace(facts.data, identity=identity))
    figures = tuning_figures(card, lambda _: "", UTC)
    fastest, efficient = figures["verdicts"].values()
    assert (fastest["value"], fastest["unit"]) == (2100.0, "GH/s")
    assert (efficient["hours_missing"], efficient["unit"]) == (0.5, "J/TH")
    assert [point["hours"] for point in figures["points"]] == [2.0, 4.0]
    assert figures["points"][1]["figures"]["hash_rate"]["mean"] == 2100.0


def test_work_modes_are_named_as_the_select_names_them(texts: Texts) -> None:
    settings = {Setting.WORK_MODE: "heating_eco"}
    point = OperatingPoint(settings=settings, blocks=1, days=1, last=0.0)
    text = of_settings(miner(tuning=Tuning(points=(point,))), texts)
    assert "- Heating Eco" in text


@pytest.mark.parametrize(
    ("verdict", "missing"), itertools.product(Verdict, [None, *Missing])
)
def test_every_verdict_has_words(
    texts: Texts, verdict: Verdict, missing: Missing | None
) -> None:
    tuning = Tuning(verdicts={verdict: Judgement(missing=missing)})
    text = of_settings(miner(tuning=tuning), texts)
    expected = "Not possible" if missing in (None, Missing.DATA) else "Not yet"
    assert expected in text
    assert "_" not in text


@pytest.mark.parametrize("kind", FindingKind)
def test_every_finding_has_words(texts: Texts, kind: FindingKind) -> None:
    health = Health(findings=(Finding(kind=kind, severity=Severity.WARNING),))
    text = of_miner(miner(insight=Insight(health=health)), RECORDS, texts)
    assert re.search(r"^- Now: [A-Z][a-z0-9 ]+$", text, re.MULTILINE)


def test_many_names_are_a_number(texts: Texts) -> None:
    names = [f"M{number}" for number in range(12)]
    assert spoken.listed([], texts) is None
    assert spoken.listed(names[:2], texts) == "M0, M1"
    assert (spoken.listed(names, texts) or "").endswith(", M8, M9 and 2 more")


def test_no_text_is_unused() -> None:
    """Every text is asked for by its name, or is one of a kind.

    Charts and the reader of a chat know their texts without the beginning of the names.
    """
    package = Path(inspect.getfile(markdown)).parents[1]
    source = "".join(map(inspect.getsource, (markdown, spoken, assist, command)))
    parts = "".join(
        path.read_text(encoding="utf-8")
        for room in ("charts", "chat")
        for path in (package / room).glob("*.py")
    )
    kinds = (
        *(f"chart_title_{kind}" for kind in ChartKind),
        *(f"chart_weekday_{day}" for day in range(7)),
        *(
            f"chart_{of}_per_{time}"
            for of in ("energy", "cost")
            for time in ("hour", "day")
        ),
        *(f"chat_help_{verb}" for verb in Verb),
        "chat_unknown_nearest",
        *(f"finding_{kind}" for kind in (*FindingKind, *Bottleneck)),
        *(f"verdict_{verdict}" for verdict in Verdict),
        *(f"missing_{missing}" for missing in Missing),
        *(f"why_{why}" for why in WhyLeft),
        "hash_rate_mean",
        "total_mean",
    )
    path = package / "translations" / "en.json"
    common = json.loads(path.read_text(encoding="utf-8"))["common"]
    told = {key.removeprefix("report_") for key in common if key.startswith("report_")}
    assert told

    def is_used(key: str) -> bool:
        part = re.sub("^(chart_quantity|chart|chat)_", "", key)
        return (
            key in kinds
            or f'"{key}"' in source
            or f'"{part}"' in parts.replace("'", '"')
        )

    assert [key for key in told if not is_used(key)] == []
    assert set(kinds) <= told


def test_switched_off(texts: Texts) -> None:
    one = miner(online=False, unplugged=True)
    assert "- Plug turned off" in of_miner(one, Records(), texts)


@pytest.mark.parametrize("name", [HOSTILE, "a\nb", "x" * 500, "\\", "*", ""])
def test_hostile_names_stay_text(texts: Texts, name: str) -> None:
    """Without escaped signs nothing is left that Markdown or HTML could take."""
    one = miner(name, online=False, days=(DAY,), insight=STALLED)
    price = Price(entity_id="s.p", present=1.0, per_kwh=1.0, currency=name)
    figures = miner_figures(one, RECORDS, PERIOD, price, UTC)
    response = {**FRAME, "miners": [figures], "not_loaded": [name]}
    for text in (
        markdown.miner_report(response, texts),
        of_fleet([one], RECORDS, texts),
        of_settings(one, texts),
    ):
        bare = re.sub(r"\\.", "", text).replace("**", "")
        assert not re.search(r"[<>*`\[\]|]|://|www\.", bare)
        assert max(map(len, text.splitlines())) < 250


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gamma 601", "Gamma 601"),
        ("a_b", r"a\_b"),
        ("<b>", r"\<b\>"),
        ("http://miner.example", r"http:\//miner.example"),
        ("WWW.a.b", r"WWW\.a.b"),
        ("&lt;", r"\&lt;"),
        ("a\u202eb\x00c", "abc"),
        (" x ", "x"),
    ],
)
def test_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


PERIODS = [
    # now, hours, step, first day
    ("2026-11-20T08:02:00+01:00", 24, 300, "2026-11-19"),
    ("2026-11-20T08:02:00+01:00", 8, 300, "2026-11-20"),
    ("2026-11-20T08:02:00+01:00", 2, 300, "2026-11-20"),
    ("2026-11-20T20:02:00+01:00", 24, 300, "2026-11-20"),
    ("2026-11-20T00:02:00+01:00", 24, 300, "2026-11-19"),
    ("2026-11-20T00:02:00+01:00", 1, 300, "2026-11-20"),
    ("2026-11-20T08:02:00+01:00", 48, 300, "2026-11-18"),
    ("2026-11-20T08:02:00+01:00", 49, 3600, "2026-11-18"),
    ("2026-10-25T12:02:00+01:00", 24, 300, "2026-10-25"),
    ("2026-11-20T08:02:00+01:00", 744, 3600, "2026-10-20"),
]


@pytest.mark.parametrize(("now", "hours", "step", "first"), PERIODS)
async def test_period(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    now: str,
    hours: int,
    step: int,
    first: str,
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    moment = datetime.fromisoformat(now)
    freezer.move_to(moment)
    period = period_until_now(hass, hours)
    assert period.step == step
    assert period.hours == hours
    assert 0 <= moment.timestamp() - period.end < step
    assert period.end % step == 0
    assert period.first_day == first
    assert period.last_day == moment.date().isoformat()


TODAYS = [
    # Now, the zone, since when, for how many hours.
    ("2026-11-20T08:02:00+01:00", "Europe/Berlin", "2026-11-20T00:00:00+01:00", 8),
    ("2026-11-20T08:02:00-05:00", "America/New_York", "2026-11-20T00:00:00-05:00", 8),
    ("2026-11-20T23:59:59+00:00", "UTC", "2026-11-20T00:00:00+00:00", 23 + 11 / 12),
    ("2026-11-20T03:00:00+05:45", "Asia/Kathmandu", "2026-11-20T00:00:00+05:45", 3),
    # Clocks are put forward, and back: days of 23 and of 25 hours.
    ("2026-03-29T06:02:00+02:00", "Europe/Berlin", "2026-03-29T00:00:00+01:00", 5),
    ("2026-10-25T05:02:00+01:00", "Europe/Berlin", "2026-10-25T00:00:00+02:00", 6),
    (
        "2026-10-25T23:55:00+01:00",
        "Europe/Berlin",
        "2026-10-25T00:00:00+02:00",
        24 + 11 / 12,
    ),
    # Where midnight itself is skipped, the day begins at one.
    ("2026-09-06T02:00:00-03:00", "America/Santiago", "2026-09-06T00:00:00-04:00", 1),
    ("2026-11-20T00:00:00+01:00", "Europe/Berlin", "2026-11-20T00:00:00+01:00", 0),
    ("2026-11-20T00:04:59+01:00", "Europe/Berlin", "2026-11-20T00:00:00+01:00", 0),
    ("2026-11-20T00:05:00+01:00", "Europe/Berlin", "2026-11-20T00:00:00+01:00", 1 / 12),
]


@pytest.mark.parametrize(("now", "zone", "start", "hours"), TODAYS)
async def test_period_of_today(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    now: str,
    zone: str,
    start: str,
    hours: float,
) -> None:
    await hass.config.async_set_time_zone(zone)
    moment = datetime.fromisoformat(now)
    freezer.move_to(moment)
    period = period_of_today()
    assert period.start == datetime.fromisoformat(start).timestamp()
    assert period.hours == pytest.approx(hours)
    assert period.step == 300
    assert period.first_day == period.last_day == moment.date().isoformat()
