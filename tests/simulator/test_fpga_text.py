"""The two text formats: numbers, labels, heads without samples, counters."""

import math

import pytest

from simulator.fpga.card import Statistics
from simulator.fpga.exporter import Exporter
from simulator.fpga.exposition import (
    Metric,
    Sample,
    escaped,
    open_metrics,
    plain,
    spelled,
    wants_open_metrics,
)
from simulator.fpga.kinds import NIMIQ, RB4, ZEROX_BITCOIN, Kind

NOW = 1795164271.5964925
LINE = {
    "hash_rate": 5.14,
    "mhz": 600,
    "error_percent": 0.3,
    "temperature": 61,
    "volts": 0.84,
    "solutions_good": 994,
    "solutions_total": 1000,
    "shares_good": 49,
    "shares_total": 50,
}
ZEROX_LINE = LINE | {
    "hash_rate": 16.54,
    "mhz": 730,
    "error_percent": 0.12,
    "temperature": 54,
    "volts": 0.85,
}
RB4_TEXT = """\
# HELP hashrate Hashrate (GH/S)
# TYPE hashrate gauge
hashrate{card="card0"} 5.14
# HELP clock_speed Clock Speed (MHz)
# TYPE clock_speed gauge
clock_speed{card="card0"} 600.0
# HELP temperature Temperature (C)
# TYPE temperature gauge
temperature{card="card0"} 61.0
# HELP voltage VINT Voltage
# TYPE voltage gauge
voltage{card="card0"} 0.84
# HELP errors Errors (%)
# TYPE errors gauge
errors{card="card0"} 0.3
# HELP last_update Last updated
# TYPE last_update gauge
last_update{card="card0"} 1.795164271e+09
# HELP solutions_good good solutions
# TYPE solutions_good gauge
solutions_good{card="card0"} 994.0
# HELP solutions_total total solutions
# TYPE solutions_total gauge
solutions_total{card="card0"} 1000.0
# HELP share_fail_calculated Share submission failures
# TYPE share_fail_calculated gauge
# HELP errors_calculated Calculated Error %
# TYPE errors_calculated gauge
# HELP share_good Good shares
# TYPE share_good gauge
share_good{card="card0"} 49.0
# HELP share_bad_total Bad shares
# TYPE share_bad_total counter
share_bad_total{card="card0"} 1.0
# HELP share_bad_created Bad shares
# TYPE share_bad_created gauge
share_bad_created{card="card0"} 1.7951642715964925e+09
# HELP share_percent % of bad shares
# TYPE share_percent gauge
share_percent{card="card0"} 2.0
# HELP share_total Total shares
# TYPE share_total gauge
share_total{card="card0"} 50.0
"""


def _exporter(kind: Kind, **changes: float) -> Exporter:
    line = Statistics(**(LINE | changes))
    exporter = Exporter(kind)
    assert exporter.read({"card0": line}, NOW)
    return exporter


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (5.14, "5.14"),
        (0.1 + 0.2, "0.30000000000000004"),
        (999_999, "999999.0"),
        (1_000_000, "1e+06"),
        (1_234_567, "1.234567e+06"),
        (1_795_164_271, "1.795164271e+09"),
        (1795164271.5964925, "1.7951642715964925e+09"),
        (123_456_789_012, "1.23456789012e+11"),
        (1.5e16, "1.5e+16"),
        (2.5e-05, "2.5e-05"),
        (-2_000_000, "-2000000.0"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert spelled(value) == text
    assert float(text) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("card0", "card0"),
        ('rig "A"', r"rig \"A\""),
        ("a\\b", r"a\\b"),
        ("two\nlines", r"two\nlines"),
        ("Küche", "Küche"),
    ],
)
def test_labels_are_escaped(label: str, text: str) -> None:
    assert escaped(label) == text


@pytest.mark.parametrize(
    ("accept", "newer"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain; version=0.0.4", False),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text; version=1.0.0,text/plain;q=0.5", True),
        ("text/plain, application/openmetrics-text;q=0.1", True),
        ("application/json", False),
    ],
)
def test_the_newer_format_is_for_those_who_ask(accept: str, newer: bool) -> None:
    assert wants_open_metrics(accept) is newer


def test_the_whole_reply_of_an_rb4_exporter() -> None:
    text = plain(_exporter(RB4).metrics({"card0": "card0"}))
    assert text == RB4_TEXT
    assert len(text) == 1371


def test_the_reply_of_a_0xbitcoin_exporter_has_six_metrics() -> None:
    text = plain(_exporter(ZEROX_BITCOIN, **ZEROX_LINE).metrics({"card0": "card0"}))
    assert len(text) == 514
    assert text.count("# TYPE") == text.count(" gauge\n") == 6
    assert "share" not in text
    assert "solutions" not in text


def test_a_nimiq_exporter_counts_shares_and_mistakes_its_unit() -> None:
    exporter = _exporter(NIMIQ, hash_rate=1484.0, shares_good=2, shares_total=3)
    text = plain(exporter.metrics({"card0": "card0"}))
    assert "# HELP hashrate Hashrate (GH/S)\n" in text
    assert 'hashrate{card="card0"} 1484.0\n' in text
    for name, value in (("share_good", 2), ("share_bad", 1), ("share", 3)):
        assert f"# TYPE {name}_total counter\n" in text
        assert f'{name}_total{{card="card0"}} {value}.0\n' in text
        assert f'{name}_created{{card="card0"}} 1.7951642715964925e+09\n' in text
    assert "share_percent" not in text
    assert "share_fail_calculated" not in text


def test_open_metrics_drops_the_suffix_of_a_counters_head() -> None:
    text = open_metrics(_exporter(RB4).metrics({"card0": "card0"}))
    assert (
        "# HELP share_bad Bad shares\n"
        "# TYPE share_bad counter\n"
        'share_bad_total{card="card0"} 1.0\n'
        'share_bad_created{card="card0"} 1.7951642715964925e+09\n'
        "# HELP share_percent"
    ) in text
    assert text.endswith('share_total{card="card0"} 50.0\n# EOF\n')
    assert "share_bad_created gauge" not in text


def test_descriptions_are_escaped_otherwise_in_the_newer_format() -> None:
    metric = Metric(name="m", description='say "a\\b"\nnow')
    assert plain([metric]).startswith('# HELP m say "a\\\\b"\\nnow\n')
    assert open_metrics([metric]).startswith('# HELP m say \\"a\\\\b\\"\\nnow\n')


def test_a_metric_without_labels_has_no_braces() -> None:
    metric = Metric(name="m", description="M", samples=[Sample(value=1, labels={})])
    assert plain([metric]).splitlines()[-1] == "m 1.0"


def test_before_the_first_line_of_a_log_there_are_only_heads() -> None:
    exporter = Exporter(RB4)
    assert exporter.read({"card0": None}, NOW)
    lines = plain(exporter.metrics({"card0": "card0"})).splitlines()
    assert len(lines) == 28
    assert all(line.startswith("# ") for line in lines)


def test_a_counter_comes_with_its_first_event() -> None:
    exporter = _exporter(RB4, shares_good=50)
    text = plain(exporter.metrics({"card0": "card0"}))
    assert "# TYPE share_bad_total counter\n" in text
    assert "share_bad_total{" not in text
    assert "share_bad_created" not in text
    assert 'share_percent{card="card0"} 0.0' in text


def test_a_counter_remembers_when_it_began() -> None:
    exporter = _exporter(RB4)
    later = Statistics(**(LINE | {"shares_total": 60}))
    assert exporter.read({"card0": later}, NOW + 30)
    text = plain(exporter.metrics({"card0": "card0"}))
    assert 'share_bad_total{card="card0"} 11.0' in text
    assert 'share_bad_created{card="card0"} 1.7951642715964925e+09' in text
    assert 'last_update{card="card0"} 1.795164301e+09' in text


@pytest.mark.parametrize(
    ("kind", "survives"), [(RB4, False), (NIMIQ, True), (ZEROX_BITCOIN, True)]
)
def test_only_the_rb4_exporter_dies_of_no_shares(kind: Kind, survives: bool) -> None:
    line = Statistics(**(LINE | {"shares_good": 0, "shares_total": 0}))
    assert Exporter(kind).read({"card0": line}, NOW) is survives


def test_a_stuck_exporter_reads_nothing() -> None:
    exporter = _exporter(RB4)
    before = plain(exporter.metrics({"card0": "card0"}))
    exporter.stuck = True
    assert exporter.read({"card0": Statistics(**(LINE | {"mhz": 500}))}, NOW + 30)
    assert plain(exporter.metrics({"card0": "card0"})) == before
