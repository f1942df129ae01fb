"""What became of the charts of other tools: the list that docs/dashboard.md shows.

A test opens each place in the browser and counts what is drawn there.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scripts.rig.hass import REPOSITORY

PAGE = REPOSITORY / "docs" / "dashboard.md"
HEADING = "## What became of the charts of other tools"

LEAST = 10
"""A series with fewer points is no chart."""


class Count(StrEnum):
    """What is counted of the elements that a selector finds."""

    ELEMENTS = "elements"
    POINTS = "points"
    """What the attribute data-points tells."""
    PATH = "path"
    """The corners of a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where we draw something; ``words`` say so to a reader."""

    words: str
    view: str
    miner: str = ""
    card: str = ""
    """A kind of built-in card, or a selector of what one of ours draws."""
    title: str | None = None
    """Above a built-in card; None is any."""
    series: str = ""
    """What the name of a series begins with."""
    count: Count | None = None
    """Of one of ours; None is a built-in card."""
    choose: tuple[str, str] | None = None
    """A list above the card, and what is to be chosen in it."""
    press: str = ""
    """A selector of what has to be pressed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart of another tool, and where it is drawn here."""

    tool: str
    name: str
    places: tuple[Place, ...]


def _history(
    title: str, series: str, miner: str = "gamma", tab: str = "charts"
) -> Place:
    return Place(
        words=f"A miner, {tab}: *{title}*",
        view=f"miner-{tab}",
        miner=miner,
        card="hui-history-graph-card",
        title=title,
        series=series,
    )


def _untitled(series: str, miner: str, tab: str = "shares") -> Place:
    """Return a chart that goes with the one above it."""
    return Place(
        words=f"A miner, {tab}: *{series}*",
        view=f"miner-{tab}",
        miner=miner,
        card="hui-history-graph-card",
        series=series,
    )


def _rate(series: str, words: str, miner: str = "gamma") -> Place:
    return Place(
        press=_pressed(series),
        words=f"A miner: *Hash rate*, {words}",
        view="miner",
        miner=miner,
        card=f'miner-hash-rate-card path[data-series="{series}"]',
        count=Count.POINTS,
    )


def _pressed(series: str) -> str:
    """Return what has to be pressed: a mean of a day says little of one day."""
    return 'miner-hash-rate-card button[data-hours="72"]' if "1440" in series else ""


def _swarm(series: str, words: str) -> Place:
    return Place(
        press=_pressed(series),
        words=f"All miners: *Hash rate of All miners*, {words}",
        view="fleet",
        card=f'miner-hash-rate-card path[data-series="{series}"]',
        count=Count.POINTS,
    )


def _compared(quantity: str, miner: str) -> Place:
    return Place(
        words=f"Compare: *{quantity.partition(' (')[0]}*",
        view="compare",
        card="hui-statistics-graph-card",
        series=miner,
        choose=("Show", quantity),
    )


def _scatter(against: str, value: str) -> Place:
    return Place(
        words=f"Tuning: *{against}*",
        view="tuning",
        miner="gamma",
        card="miner-tuning-card .scatter circle.point",
        count=Count.ELEMENTS,
        choose=("Compare two readings", value),
    )


def _map(quantity: str, words: str) -> Place:
    return Place(
        words=f"Tuning: the map, {words}",
        view="tuning",
        miner="gamma",
        card="miner-tuning-card .map-part svg g.point",
        count=Count.ELEMENTS,
        press=f'miner-tuning-card .map-part button[data-value="{quantity}"]',
    )


def _spark(hours: int) -> Place:
    return Place(
        words=f"All miners: *Trend*, {hours} h",
        view="fleet",
        card="miner-fleet-card .row path.spark-line",
        count=Count.PATH,
        press=f'miner-fleet-card button.range[data-hours="{hours}"]',
    )


RATE, EXPECTED = (
    _rate("hash_rate", "the thin line"),
    _rate("expected", "the dashed line"),
)
MEANS = tuple(
    _rate(f"mean_{minutes}", f"the mean of {words}")
    for minutes, words in ((15, "15 minutes"), (60, "1 hour"), (1440, "24 hours"))
)
EFFICIENCY = _history("Efficiency", "Efficiency")
POWER = _history("Power", "Power")
CHIP = _history("Temperatures", "Chip temperature")
REGULATOR = _history("Temperatures", "Regulator temperature")
FAN = _history("Fan", "Fan 1 speed")
VOLTAGE = _history("Core voltage", "Actual core voltage")
CLOCK = _history("Frequency", "Actual frequency", "q")
DEVIATION = Place(
    words="A miner: *Hash rate*, the areas beside the dashed line",
    view="miner",
    miner="gamma",
    card="miner-hash-rate-card .deviation path",
    count=Count.PATH,
)
SPREAD = _history("Hash rate spread", "Hash rate spread, 1 minute")
STABILITY = _history("Stability", "Hash rate stability")
RATE_POWER = _scatter("Hash rate vs. power", "hash_rate_power")
RATE_CLOCK = _scatter("Hash rate vs. frequency", "hash_rate_frequency")
RATE_VOLTAGE = _scatter("Hash rate vs. core voltage", "hash_rate_voltage")
RATE_HEAT = _scatter("Hash rate vs. chip temperature", "hash_rate_temperature")
COST_CLOCK = _scatter("Efficiency vs. frequency", "efficiency_frequency")
COST_VOLTAGE = _scatter("Efficiency vs. core voltage", "efficiency_voltage")
COST_HEAT = _scatter("Efficiency vs. chip temperature", "efficiency_temperature")
CLOCK_VOLTAGE = _scatter("Frequency vs. core voltage", "frequency_voltage")
POWER_HEAT = _scatter("Power vs. chip temperature", "power_temperature")
MAP_COST = _map("efficiency", "colored by efficiency")
MAP_RATE = _map("hash_rate", "colored by hash rate")
MAP_STEADY = _map("stability", "colored by deviation")

RATIO = _compared("% of expected", "Gamma")
COMPARED_RATE = _compared("Hash rate (TH/s)", "Gamma")
COMPARED_VOLTAGE = _compared("Actual core voltage", "Gamma")
COMPARED_CLOCK = _compared("Actual frequency", "Hex")
COMPARED_CARD_CLOCKS = _compared("Actual frequency", "RB4")
COMPARED_CARD_VOLTAGES = _compared("Actual core voltage", "RB4")

CSV = "bitaxe-monitor, csv-visualizer"
SWARM = "bitaxe-monitor, logger with charts and dashboard"
ENHANCED = "bitaxe-monitor, Enhanced"
FPGA = "whitefire-fpga-metrics, Grafana"
AVALON = "avalonhome-prometheus-exporter, Grafana"

_CHARTS: tuple[tuple[str, str, tuple[Place, ...]], ...] = (
    (CSV, "Trends: hash rate with its mean", (RATE, *MEANS)),
    (CSV, "Trends: core voltage", (VOLTAGE,)),
    (CSV, "Trends: frequency", (CLOCK,)),
    (CSV, "Overview: hash rate of all", (COMPARED_RATE,)),
    (
        CSV,
        "Overview: core voltage of all",
        (_compared("Actual core voltage", "Gamma"),),
    ),
    (CSV, "Overview: frequency of all", (COMPARED_CLOCK,)),
    (CSV, "Analysis: efficiency over time", (EFFICIENCY,)),
    (CSV, "Analysis: power over time", (POWER,)),
    (CSV, "Analysis: hash rate against power", (RATE_POWER,)),
    (CSV, "Analysis: chip temperature over time", (CHIP,)),
    (CSV, "Analysis: regulator temperature over time", (REGULATOR,)),
    (CSV, "Analysis: fan over time", (FAN,)),
    (CSV, "Analysis: efficiency against temperature", (COST_HEAT,)),
    (CSV, "Analysis: frequency against core voltage", (CLOCK_VOLTAGE,)),
    (CSV, "Analysis: power against temperature", (POWER_HEAT,)),
    (
        CSV,
        "Best hash rate: against frequency, core voltage and temperature",
        (RATE_CLOCK, RATE_VOLTAGE, RATE_HEAT, MAP_RATE),
    ),
    (
        CSV,
        "Best efficiency: against frequency, core voltage and temperature",
        (COST_CLOCK, COST_VOLTAGE, COST_HEAT, MAP_COST),
    ),
    (SWARM, "Spark line of 1 hour", (_spark(1),)),
    (SWARM, "Spark line of 24 hours", (_spark(24),)),
    (
        SWARM,
        "Swarm: hash rate of all, means of 15 minutes and 24 hours",
        (
            _swarm("hash_rate", "the thin line"),
            _swarm("mean_15", "the mean of 15 minutes"),
            _swarm("mean_1440", "the mean of 24 hours"),
        ),
    ),
    (SWARM, "Miner detail: hash rate, mean of 15 minutes", (RATE, MEANS[0])),
    (SWARM, "Miner detail: chip temperature", (CHIP,)),
    (SWARM, "Single miner: means of 15 minutes and 24 hours", (MEANS[0], MEANS[2])),
    (SWARM, "Variance of 1 h to 3 d", (SPREAD, STABILITY)),
    (ENHANCED, "Hash rate", (RATE,)),
    (ENHANCED, "Expected against actual hash rate", (EXPECTED,)),
    (ENHANCED, "Efficiency in % of the expected hash rate", (RATIO,)),
    (ENHANCED, "Standard deviation", (SPREAD,)),
    (ENHANCED, "Voltage", (VOLTAGE, _history("Input voltage", "Input voltage"))),
    (ENHANCED, "Directional deviation", (DEVIATION,)),
    (
        ENHANCED,
        "3-D landscapes of hash rate, efficiency and stability over MHz and mV",
        (MAP_RATE, MAP_COST, MAP_STEADY),
    ),
    (
        FPGA,
        "Hash rate and its averages",
        (
            _rate("hash_rate", "the thin line", "card"),
            _rate("mean_15", "the mean of 15 minutes", "card"),
            _rate("mean_60", "the mean of 1 hour", "card"),
        ),
    ),
    (FPGA, "Temperature", (_history("Temperatures", "Chip temperature", "card"),)),
    (FPGA, "Errors", (_untitled("Hardware error rate", "card"),)),
    (FPGA, "Voltage", (COMPARED_CARD_VOLTAGES,)),
    (
        FPGA,
        "Share failure rate",
        (_history("Rejected shares", "Reject rate", "card", "shares"),),
    ),
    (FPGA, "Clock", (COMPARED_CARD_CLOCKS,)),
    (
        AVALON,
        "Hash rate now, moving and average",
        (
            _rate("hash_rate", "the thin line", "q"),
            _rate("mean_60", "the mean of 1 hour", "q"),
        ),
    ),
    (AVALON, "W per TH/s", (_history("Efficiency", "Efficiency", "q"),)),
    (AVALON, "Fan duty", (_untitled("Fan duty cycle", "q", "charts"),)),
    (AVALON, "Fan speed", (_history("Fan", "Fan 1 speed", "q"),)),
    (
        AVALON,
        "Temperatures: average, highest, inlet, outlet",
        (
            _history("Temperatures", "Chip temperature", "q"),
            _history("Temperatures", "Inlet temperature", "q"),
            _history("Temperatures", "Outlet temperature", "nano"),
        ),
    ),
    (AVALON, "Power, and power at the wall", (_history("Power", "", "q"),)),
    (
        AVALON,
        "Accepted and rejected shares",
        (
            Place(
                words="A miner, shares: *Shares per hour*",
                view="miner-shares",
                miner="q",
                card="hui-statistics-graph-card",
                series="Shares accepted",
            ),
        ),
    ),
    (AVALON, "Hardware errors %", (_untitled("Hardware error rate", "q"),)),
    (AVALON, "Reject %", (_history("Rejected shares", "Reject rate", "q", "shares"),)),
)

CHARTS = tuple(
    Chart(tool=tool, name=name, places=places) for tool, name, places in _CHARTS
)


def table() -> str:
    """Return the table of the documentation."""
    lines = ["| Tool | Its chart | Here |", "| --- | --- | --- |"]
    before = ""
    for chart in CHARTS:
        tool = chart.tool if chart.tool != before else ""
        before = chart.tool
        lines.append(f"| {tool} | {chart.name} | {_words(chart.places)} |")
    return "\n".join(lines)


def _words(places: tuple[Place, ...]) -> str:
    """Return where the places are, each view and each card named once."""
    views: dict[str, dict[str, list[str]]] = {}
    for place in places:
        view, _, where = place.words.partition(": ")
        card, _, part = where.partition(", ")
        views.setdefault(view, {}).setdefault(card, []).append(part)
    return "; ".join(
        f"{view}: {', '.join(_with(card, parts) for card, parts in cards.items())}"
        for view, cards in views.items()
    )


def _with(card: str, parts: list[str]) -> str:
    told = ", ".join(filter(None, parts))
    return f"{card} ({told})" if told else card


def documented(page: Path = PAGE) -> str:
    """Return the table that the documentation has."""
    section = page.read_text(encoding="utf-8").partition(HEADING)[2]
    lines = section.partition("\n## ")[0].splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))
