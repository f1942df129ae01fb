"""Real replies give the exporter's numbers under its names."""

from collections.abc import Mapping
from typing import Any

import pytest

from custom_components.miner_monitor.fleet.model import FleetData
from custom_components.miner_monitor.metrics.page import page
from custom_components.miner_monitor.metrics.subject import Scrape, Subject
from custom_components.miner_monitor.miners.avalon.poll import Poll
from custom_components.miner_monitor.model import MinerData

from ..miners.avalon_polls import CAPTURES, SUMMARY, Device, reply
from ..miners.test_avalon_captures import STATS, stats_of
from .exporter import Samples, item, samples_of, told

OWN_RULES = {"uptime_seconds", "hashrate_ghs", "soft_power_off", "lcd_switch"}
"""What is not only a number of the reply: see the simulated miners."""

POOLS = {
    "q-25052801_14a19a2-stats.json": "q-25052801_14a19a2-pools.json",
    "a1566-24102401_25462b2_9ddf522-stats.json": (
        "a1566-24102401_25462b2_9ddf522-pools.json"
    ),
    "a1566-24102401_25462b2_9ddf522-estats.json": (
        "a1566-24102401_25462b2_9ddf522-pools.json"
    ),
    "a1047-19120401-stats.json": "a1047-19120401-pools.json",
}

VERSIONS = {
    "q-25052801_14a19a2-stats.json": "q-25052801_14a19a2-version.json",
    "a1566-24102401_25462b2_9ddf522-stats.json": (
        "a1566-24102401_25462b2_9ddf522-version.json"
    ),
    "a1566-24102401_25462b2_9ddf522-estats.json": (
        "a1566-24102401_25462b2_9ddf522-version.json"
    ),
}

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures here")


def scraped(poll: Poll, version: str | None) -> Samples:
    row = None if version is None else reply(version).row("VERSION")
    reading = Device(row).answers(poll)
    data = MinerData(online=True, identity=reading.identity, state=reading.state)
    miner = Subject("miner", "key", "192.0.2.1", 4028, data)
    everything = Scrape(0.0, "1", "EUR", (miner,), FleetData())
    return samples_of(page(everything).decode())


def part(labels: Mapping[str, str]) -> str:
    return labels.get("pool_index") or labels.get("chip") or ""


@pytest.mark.parametrize("file", [file for file in STATS if "litestats" not in file])
def test_capture(file: str) -> None:
    stats = stats_of(file)
    pools: Any = reply(POOLS[file]).rows("POOLS") if file in POOLS else ()
    found = scraped(Poll(summary=SUMMARY, stats=stats, pools=pools), VERSIONS.get(file))
    expected = told(stats, SUMMARY, pools)
    resting = item(str(stats), "GHSspd") in {None, "0.00"}

    for name, values in expected.items():
        if name in OWN_RULES or (resting and not name.startswith(("ps_", "pool_"))):
            continue
        if name.startswith("pool_") and not pools:
            continue
        ours = {part(dict(k)): v for k, v in found.get(f"avalon_{name}", {}).items()}
        assert ours == pytest.approx(values, rel=1e-6), name
