"""A real Prometheus scrapes our metrics, and two dashboards have their data.

One is the former exporter's, the other our own.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.rig.hass import CONFIGURATION, DOMAIN, REPOSITORY, HassProcess
from scripts.rig.prometheus import PrometheusProcess, find_prometheus
from simulator import Farm, MinerSpec, SystemClock

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1200)]

AVALONS = [
    MinerSpec(name="nano3s", model="avalon_nano3s"),
    MinerSpec(name="mini3", model="avalon_mini3"),
    MinerSpec(name="q", model="avalon_q"),
]
GAMMA = MinerSpec(name="gamma", model="gamma_601", firmware="2.15.0")
BROKEN = MinerSpec(name="broken", model="gamma_602", firmware="2.14.0")
CARD = MinerSpec(name="card", model="fpga_rb4")
OTHERS = [GAMMA, BROKEN, CARD]
DASHBOARD = REPOSITORY / "docs" / "grafana" / "miner_metrics.json"
WITHOUT_OUTLET = {"q"}
"""Which has no sensor in the air that goes out."""

PATIENCE = 800
"""Seconds; a rate in percent of the expected one needs ten minutes of polls."""

WITHOUT = "max without (status, url, priority, id) "
OF_MINER = (
    *("up", "hashrate_ghs", "hashrate_moving_ghs", "hashrate_avg_ghs"),
    *("temp_avg_celsius", "temp_max_celsius", "temp_target_celsius"),
    *("temp_outlet_celsius", "fan1_rpm", "fan_duty_percent", "uptime_seconds"),
    *("down_duration_seconds", "power_pout_wall", "mpo_target", "power_iout"),
    *("hw_errors_total", "hw_error_rate_percent", "pool_up"),
    *(f"chip_temp_{part}_celsius" for part in ("min", "avg", "max")),
    *(f"chip_voltage_{part}_volts" for part in ("min", "avg", "max")),
    *(f"chip_matching_work_{part}" for part in ("min", "avg", "max", "sum")),
    *("chip_temp_celsius", "chip_voltage_volts", "chip_matching_work"),
)
OF_POOL = {
    "rate": (
        *("shares_accepted_total", "shares_rejected_total", "stale_total"),
        *("bytes_sent_total", "bytes_recv_total"),
        *("times_sent_total", "times_recv_total"),
    ),
    "max": ("rejected_percent", "stale_percent", "current_block_height"),
}


def queries(ip: str, *, outlet: bool = True) -> set[str]:
    """Return what the panels of the exporter's dashboard ask of one miner."""
    miner, pool = f'{{ip="{ip}"}}', f'{{ip="{ip}",pool_index="0"}}'
    watts, rate = f"avalon_power_pout_wall{miner}", f"avalon_hashrate_ghs{miner}"
    shown = [name for name in OF_MINER if outlet or name != "temp_outlet_celsius"]
    return {
        *(f"avalon_{name}{miner}" for name in shown),
        *(f"{WITHOUT}(rate(avalon_pool_{name}{pool}[5m]))" for name in OF_POOL["rate"]),
        *(f"{WITHOUT}(avalon_pool_{name}{pool})" for name in OF_POOL["max"]),
        f"max by (ip, pool_index) (avalon_pool_up{pool})",
        f"max_over_time(avalon_best_share{miner}[24h])",
        f"max_over_time(avalon_best_share{miner}[365d])",
        f"{watts} / ({rate} / 1000) and {rate} > 0",
        f"avalon_power_vout{miner} / 1000 * avalon_power_iout{miner}",
        f"avalon_power_vout_cmd{miner} / 1000",
    }


def of_dashboard(chosen: str) -> set[str]:
    """Return the queries of our dashboard, for these miners."""
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    variable = variables["miner"]
    assert variable["query"]["query"] == "label_values(miner_up, miner)"
    found = {
        target["expr"].replace("${miner}", chosen)
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }
    assert not any("$" in query for query in found)
    return found


async def _add(hass: HassProcess, host: str) -> str:
    flow = await hass.api.start_flow(DOMAIN)
    result = await hass.api.continue_flow(flow["flow_id"], {"host": host})
    return str(result["result"]["entry_id"])


async def _choose(hass: HassProcess, entry_id: str, *steps: dict[str, Any]) -> None:
    """Fill in the forms of an entry's options."""
    path = "config/config_entries/options/flow"
    flow = await hass.api.post(path, {"handler": entry_id})
    for step in steps:
        result = await hass.api.post(f"{path}/{flow['flow_id']}", step)
    assert result["type"] == "create_entry", result


async def _without_data(prometheus: PrometheusProcess, expected: set[str]) -> set[str]:
    """Return which queries give nothing, after some patience."""
    missing = set(expected)
    try:
        async with asyncio.timeout(PATIENCE):
            while missing:
                await asyncio.sleep(3)
                if await prometheus.scrapes():
                    answers = {q: await prometheus.query(q) for q in missing}
                    missing = {query for query, found in answers.items() if not found}
    except TimeoutError:
        pass
    return missing


async def test_the_dashboards_have_data(tmp_path: Path) -> None:
    executable = await asyncio.to_thread(find_prometheus)
    if executable is None:
        pytest.skip("no Prometheus found: install the package prometheus")
    hass = HassProcess(tmp_path / "hass", configuration=CONFIGURATION)
    async with Farm([*AVALONS, *OTHERS], clock=SystemClock()) as farm, hass:
        for spec in (*AVALONS, BROKEN, CARD):
            await _add(hass, f"{farm[spec.name].host}:{farm[spec.name].port}")
        farm[BROKEN.name].inject("hardware_fault", text="fan controller")
        gamma = await _add(hass, f"{farm[GAMMA.name].host}:{farm[GAMMA.name].port}")
        supply = {"psu_efficiency": 92}
        sections: dict[str, Any] = {"judgement": {}, "tuning": {}}
        await _choose(hass, gamma, {"scan_interval": 10, "supply": supply, **sections})
        entries = await hass.api.entries(DOMAIN)
        fleet = next(e["entry_id"] for e in entries if e["title"] == "All miners")
        await _choose(hass, fleet, {"next_step_id": "fleet"}, {"metrics": True})
        token = await hass.api.command(
            "auth/long_lived_access_token", client_name="Prometheus", lifespan=1
        )
        (tmp_path / "prometheus").mkdir()
        async with PrometheusProcess(
            executable,
            tmp_path / "prometheus",
            target=f"127.0.0.1:{hass.port}",
            token=token,
            path="/api/miner_monitor/metrics",
        ) as prometheus:
            expected = {
                query
                for spec in AVALONS
                for query in queries(
                    f"127.0.0.1:{farm[spec.name].port}",
                    outlet=spec.name not in WITHOUT_OUTLET,
                )
            }
            assert await _without_data(prometheus, {"miner_up"}) == set()
            titles = await prometheus.label_values("miner", "miner_up")
            assert len(titles) == len([*AVALONS, *OTHERS])
            expected |= of_dashboard(f"({'|'.join(titles)})")
            assert len(expected) > 150
            assert await _without_data(prometheus, expected) == set()
