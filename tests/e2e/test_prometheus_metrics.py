"""A real Prometheus scrapes our metrics, and the former dashboard has its data."""

import asyncio
from pathlib import Path

import pytest

from scripts.rig.hass import CONFIGURATION, DOMAIN, HassProcess
from scripts.rig.prometheus import PrometheusProcess, find_prometheus
from simulator import Farm, MinerSpec, SystemClock

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(600)]

MINERS = [
    MinerSpec(name="nano3s", model="avalon_nano3s"),
    MinerSpec(name="mini3", model="avalon_mini3"),
]
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


def queries(ip: str) -> set[str]:
    """Return what the panels of the exporter's dashboard ask of one miner."""
    miner, pool = f'{{ip="{ip}"}}', f'{{ip="{ip}",pool_index="0"}}'
    watts, rate = f"avalon_power_pout_wall{miner}", f"avalon_hashrate_ghs{miner}"
    return {
        *(f"avalon_{name}{miner}" for name in OF_MINER),
        *(f"{WITHOUT}(rate(avalon_pool_{name}{pool}[5m]))" for name in OF_POOL["rate"]),
        *(f"{WITHOUT}(avalon_pool_{name}{pool})" for name in OF_POOL["max"]),
        f"max by (ip, pool_index) (avalon_pool_up{pool})",
        f"max_over_time(avalon_best_share{miner}[24h])",
        f"max_over_time(avalon_best_share{miner}[365d])",
        f"{watts} / ({rate} / 1000) and {rate} > 0",
        f"avalon_power_vout{miner} / 1000 * avalon_power_iout{miner}",
        f"avalon_power_vout_cmd{miner} / 1000",
    }


async def test_the_former_dashboard_has_data(tmp_path: Path) -> None:
    executable = await asyncio.to_thread(find_prometheus)
    if executable is None:
        pytest.skip("no Prometheus found: install the package prometheus")
    hass = HassProcess(tmp_path / "hass", configuration=CONFIGURATION)
    async with Farm(MINERS, clock=SystemClock()) as farm, hass:
        for spec in MINERS:
            flow = await hass.api.start_flow(DOMAIN)
            host = f"{farm[spec.name].host}:{farm[spec.name].port}"
            await hass.api.continue_flow(flow["flow_id"], {"host": host})
        entries = await hass.api.entries(DOMAIN)
        fleet = next(e for e in entries if e["title"] == "All miners")
        path = "config/config_entries/options/flow"
        flow = await hass.api.post(path, {"handler": fleet["entry_id"]})
        step = f"{path}/{flow['flow_id']}"
        await hass.api.post(step, {"next_step_id": "fleet"})
        await hass.api.post(step, {"metrics": True})
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
            missing = {
                query
                for spec in MINERS
                for query in queries(f"127.0.0.1:{farm[spec.name].port}")
            }
            async with asyncio.timeout(120):
                while missing:
                    await asyncio.sleep(3)
                    if await prometheus.scrapes():
                        answers = {q: await prometheus.query(q) for q in missing}
                        missing = {
                            query for query, found in answers.items() if not found
                        }
