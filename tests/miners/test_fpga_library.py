"""What the exporters' own library says, read by the client."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics
from prometheus_client.parser import text_string_to_metric_families
import pytest

from custom_components.miner_monitor.miners.fpga.parser import (
    NIMIQ,
    RB4,
    ZEROX_BITCOIN,
    Kind,
    decode,
    kind_of,
    read_page,
    state_of,
)

COMMON = ("hashrate", "clock_speed", "errors", "temperature", "voltage", "last_update")
SOLUTIONS = ("solutions_good", "solutions_total")
EXPORTERS: dict[str, tuple[Kind, tuple[str, ...], tuple[str, ...]]] = {
    "0xBitcoin": (ZEROX_BITCOIN, COMMON, ()),
    "RB4": (
        RB4,
        (*COMMON, *SOLUTIONS, "share_good", "share_total", "share_percent"),
        ("share_bad",),
    ),
    "Nimiq": (NIMIQ, (*COMMON, *SOLUTIONS), ("share_good", "share_bad", "share")),
}


@pytest.mark.parametrize("spell", [generate_latest, open_metrics])
@pytest.mark.parametrize("name", EXPORTERS)
def test_own_library(name: str, spell: Callable[[CollectorRegistry], bytes]) -> None:
    kind, gauges, counters = EXPORTERS[name]
    registry = CollectorRegistry()
    shown = {item: Gauge(item, item, ["card"], registry=registry) for item in gauges}
    counted = [Counter(item, item, ["card"], registry=registry) for item in counters]

    page = read_page(decode(spell(registry)), text_string_to_metric_families)
    assert kind_of(page) is kind
    assert page.cards == {}

    for index, gauge in enumerate(shown.values()):
        gauge.labels('the "old" one').set(index + 1)
    shown["last_update"].labels('the "old" one').set(1_795_164_271.5)
    page = read_page(decode(spell(registry)), text_string_to_metric_families)
    assert kind_of(page) is kind
    values = page.cards['the "old" one']
    assert values.keys() == set(gauges)

    for counter in counted:
        counter.labels('the "old" one').inc(3)
    page = read_page(decode(spell(registry)), text_string_to_metric_families)
    assert kind_of(page) is kind
    state = state_of(page.cards['the "old" one'], kind, None)
    assert state.reported_at == 1_795_164_271.5
    assert state.core_voltage_actual == 5
    assert state.shares_rejected == (3 if counters else None)
