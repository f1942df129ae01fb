"""A real Prometheus reads from Home Assistant what the documentation promises."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
import json
from pathlib import Path
import re
from typing import Any

import pytest

from scripts.rig.hass import CONFIGURATION, DOMAIN, REPOSITORY, HassProcess
from scripts.rig.prometheus import PrometheusProcess, find_prometheus
from simulator import Farm, MinerSpec, SystemClock

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1200)]

GAMMA = MinerSpec(name="gamma", model="gamma_601", firmware="2.15.0")
MINI = MinerSpec(name="mini", model="avalon_mini3")
CARD = MinerSpec(name="card", model="fpga_rb4")
SPECS = (GAMMA, MINI, CARD)

DOCUMENT = REPOSITORY / "docs" / "grafana.md"
DASHBOARD = REPOSITORY / "docs" / "grafana" / "miner_monitor.json"
ROW = re.compile(r"^\| `(homeassistant_\w+)` \| `([._]\w+)` \|[^|]*\| (on|off) \|")
ROWS = [
    line
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `homeassistant_")
]
METRICS = [(row[1], row[2], row[3]) for row in map(ROW.match, ROWS) if row]

PATIENCE = 800.0
"""Seconds; a rate in percent of the expected one needs ten minutes of polls."""

LOOK_EVERY = 2.0


def _selector(metric: str, ending: str, miners: Sequence[str]) -> str:
    """Return what selects a metric's series of miners, or of all together."""
    who = f"({'|'.join(miners)})" if ending.startswith("_") else ""
    entity = rf"\\w+\\.{who}{ending.lstrip('.')}"
    return f'{metric}{{entity=~"{entity}"}}'


async def _add(hass: HassProcess, host: str) -> str:
    flow = await hass.api.start_flow(DOMAIN)
    result = await hass.api.continue_flow(flow["flow_id"], {"host": host})
    return str(result["result"]["entry_id"])


async def _tell_supply(hass: HassProcess, entry_id: str) -> None:
    """Let the options tell what the power supply wastes, and poll often."""
    path = "config/config_entries/options/flow"
    flow = await hass.api.post(path, {"handler": entry_id})
    told = {
        "scan_interval": 10,
        "supply": {"psu_efficiency": 92},
        "judgement": {},
        "tuning": {},
    }
    result = await hass.api.post(f"{path}/{flow['flow_id']}", told)
    assert result["type"] == "create_entry", result


async def _turn_on(hass: HassProcess) -> None:
    """Turn on what the documentation calls off; the rest stays as it is."""
    endings = tuple(ending for _, ending, default in METRICS if default == "off")
    for entity in await hass.api.entities(DOMAIN):
        if entity["disabled_by"] and entity["entity_id"].endswith(endings):
            await hass.api.command(
                "config/entity_registry/update",
                entity_id=entity["entity_id"],
                disabled_by=None,
            )
    for entry in await hass.api.entries(DOMAIN):
        await hass.api.post(f"config/config_entries/entry/{entry['entry_id']}/reload")


@pytest.fixture(scope="module")
async def prometheus(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[PrometheusProcess]:
    """Scrape a Home Assistant with miners of three families."""
    executable = await asyncio.to_thread(find_prometheus)
    if executable is None:
        pytest.skip("no Prometheus found: install the package prometheus")
    hass = HassProcess(
        tmp_path_factory.mktemp("exported"),
        configuration=f"{CONFIGURATION}prometheus:\n",
    )
    async with Farm(list(SPECS), clock=SystemClock()) as farm, hass:
        entries = [
            await _add(hass, f"{farm[spec.name].host}:{farm[spec.name].port}")
            for spec in SPECS
        ]
        await _tell_supply(hass, entries[0])
        await _turn_on(hass)
        token = await hass.api.command(
            "auth/long_lived_access_token", client_name="Prometheus", lifespan=1
        )
        async with PrometheusProcess(
            executable,
            tmp_path_factory.mktemp("prometheus"),
            target=f"127.0.0.1:{hass.port}",
            token=token,
        ) as process:
            await _until(process.scrapes)
            yield process


async def _until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if await condition():
                return
            await asyncio.sleep(LOOK_EVERY)


async def _without_data(process: PrometheusProcess, expressions: set[str]) -> set[str]:
    """Return which expressions give nothing, after some patience for each."""
    missing = set(expressions)
    try:
        async with asyncio.timeout(PATIENCE):
            while missing:
                answers = {query: await process.query(query) for query in missing}
                missing = {query for query, found in answers.items() if not found}
                await asyncio.sleep(LOOK_EVERY if missing else 0)
    except TimeoutError:
        pass
    return missing


async def test_every_documented_metric_has_a_sample(
    prometheus: PrometheusProcess,
) -> None:
    assert len(METRICS) == len(ROWS) > 50
    miners = await _miners(prometheus, _dashboard(DASHBOARD))

    wanted = {_selector(metric, ending, miners) for metric, ending, _ in METRICS}

    assert await _without_data(prometheus, wanted) == set()


async def test_every_query_of_the_dashboard_has_data(
    prometheus: PrometheusProcess,
) -> None:
    dashboard = _dashboard(DASHBOARD)
    miners = await _miners(prometheus, dashboard)
    assert len(miners) == len(SPECS)
    chosen = f"({'|'.join(miners)})"

    queries = {query.replace("${miner}", chosen) for query in _queries(dashboard)}

    assert len(queries) > 40
    assert not any("$" in query for query in queries)
    assert await _without_data(prometheus, queries) == set()


def _dashboard(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _queries(dashboard: dict[str, Any]) -> list[str]:
    return [
        target["expr"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    ]


async def _miners(
    prometheus: PrometheusProcess, dashboard: dict[str, Any]
) -> list[str]:
    """Ask for the values of the dashboard's variable as Grafana does."""
    variables = dashboard["templating"]["list"]
    variable = next(item for item in variables if item["name"] == "miner")
    asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
    assert asked is not None
    pattern = re.compile(variable["regex"].strip("/"))
    values = await prometheus.label_values(asked[2], asked[1])
    return [found[1] for value in values if (found := pattern.search(value))]
