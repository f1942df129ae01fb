"""What is told of Prometheus, and the dashboard, agree with the entities."""

from itertools import combinations
import re
from typing import Any

from homeassistant.const import Platform, UnitOfTemperature
from homeassistant.util import slugify

from custom_components.miner_monitor.entity import MinerEntityDescription

from ..each import for_each
from .package import ENTITIES, INTEGRATION, ROOT, load_json, shown_unit

NAMES = load_json(INTEGRATION / "translations" / "en.json")["entity"]
DASHBOARD: dict[str, Any] = load_json(ROOT / "docs" / "grafana" / "miner_monitor.json")
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS = [target for panel in PANELS for target in panel["targets"]]
PAGE = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip(" `") for cell in line.strip("|").split("|"))
    for line in PAGE.splitlines()
    if line.startswith("| `homeassistant_")
]
OF_MINERS = [
    row
    for row in ROWS
    if row[1].startswith("_") and row[0] != "homeassistant_entity_available"
]


def _metric(platform: Platform, description: MinerEntityDescription) -> str:
    """Name a metric as Home Assistant does; hash rates are in TH/s."""
    unit = shown_unit(description)
    if platform is not Platform.SENSOR:
        unit = _words(unit)
        return f"homeassistant_{platform}_state" + (f"_{unit}" if unit else "")
    if getattr(description, "is_hash_rate", False):
        unit = "TH/s"
    if description.device_class == "timestamp":
        kind = "timestamp_seconds"
    elif description.device_class:
        kind = f"{description.device_class}_{_words(unit)}"
    else:
        kind = f"unit_{_words(unit)}" if unit else "state"
    return f"homeassistant_sensor_{kind}"


def _words(unit: str | None) -> str:
    if unit is None:
        return ""
    named = {UnitOfTemperature.CELSIUS: "celsius", "%": "percent"}
    return named.get(unit, unit.replace("/", "_per_").lower())


EXPORTED = {
    (
        _metric(platform, description),
        "_"
        + slugify(
            NAMES[platform][description.translation_key]["name"].replace("{index}", "1")
        ),
    ): description
    for platform, description in ENTITIES
    if (description.placeholders or {"index": "1"})["index"] == "1"
}


@for_each("row", OF_MINERS, ids=lambda row: f"{row[0]}{row[1]}")
def test_row(row: tuple[str, ...]) -> None:
    metric, ending, unit, default, _ = row
    # FPGA cards have a unit of their own.
    named = metric.replace("_gh_per_s", "_th_per_s") if unit == "GH/s" else metric
    description = EXPORTED[named, ending]
    assert default == ("on" if description.entity_registry_enabled_default else "off")
    assert _words(unit) in metric or unit in {"", "0, 1", "s since 1970"}


def test_dashboard_shows_only_what_is_documented() -> None:
    """Each selector of each query stands for a row of the table."""
    known = {(row[0], row[1]) for row in ROWS}
    selectors = re.compile(
        r'(homeassistant_\w+)\{entity=~"\w+\\\\\.\$\{miner\}(_[^"]+)"'
    )
    for target in TARGETS:
        found = selectors.findall(target["expr"])
        assert len(found) == target["expr"].count("homeassistant_")
        for metric, ending in found:
            assert (metric, ending.replace("[1-4]", "1")) in known


def test_dashboard_can_be_imported() -> None:
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    assert DASHBOARD["id"] is None
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
    assert {target["datasource"]["uid"] for target in TARGETS} == {"${datasource}"}
    variables = [item["name"] for item in DASHBOARD["templating"]["list"]]
    assert variables == ["datasource", "miner"]


def test_panels_do_not_overlap() -> None:
    for one, other in combinations(DASHBOARD["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        assert a["x"] + a["w"] <= 24
        assert (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        ), (one["title"], other["title"])
