"""Replies of the three exporters, line by line as they spell them."""

from collections.abc import Mapping

HELP: Mapping[str, str] = {
    "hashrate": "Hashrate (GH/S)",
    "clock_speed": "Clock speed (MHz)",
    "errors": "Errors (%)",
    "temperature": "Temperature (C)",
    "voltage": "Voltage (V)",
    "last_update": "Last update",
}


def family(
    name: str, values: Mapping[str, str], kind: str = "gauge", head: str | None = None
) -> str:
    """Build one metric with its head, and one line per card."""
    head = head or name
    lines = [f"# HELP {head} {HELP.get(name, name)}", f"# TYPE {head} {kind}"]
    lines += [f'{name}{{card="{card}"}} {value}' for card, value in values.items()]
    return "\n".join(lines) + "\n"


def one(name: str, value: str, kind: str = "gauge") -> str:
    """Build one metric of card0."""
    return family(name, {"card0": value}, kind)


def sensors(
    rate: str = "16.54", clock: str = "730.0", stamp: str = "1.795164271e+09"
) -> str:
    """Build the metrics that all kinds have, of card0."""
    return (
        one("hashrate", rate)
        + one("clock_speed", clock)
        + one("errors", "0.12")
        + one("temperature", "54.0")
        + one("voltage", "0.85")
        + one("last_update", stamp)
    )


ZEROX = sensors()

RB4 = (
    sensors("5.14", "600.0")
    + one("solutions_good", "994.0")
    + one("solutions_total", "1000.0")
    + one("share_good", "49.0")
    + one("share_total", "50.0")
    + one("share_percent", "2.0")
    + one("share_bad_total", "1.0", "counter")
    + one("share_bad_created", "1.7951642715964925e+09")
    + family("share_fail_calculated", {})
    + family("errors_calculated", {})
)

RB4_BEFORE_SHARES = (
    sensors("5.14", "600.0")
    + one("solutions_good", "0.0")
    + one("solutions_total", "0.0")
    + one("share_good", "0.0")
    + one("share_total", "0.0")
    + family("share_percent", {})
    + family("share_bad_total", {}, "counter")
)

NIMIQ = (
    sensors("1484.0", "400.0")
    + one("solutions_good", "2234.0")
    + one("solutions_total", "2258.0")
    + one("share_good_total", "211.0", "counter")
    + one("share_good_created", "1.7951642715964925e+09")
    + one("share_total", "214.0", "counter")
    + one("share_created", "1.7951642715964925e+09")
    + one("share_bad_total", "3.0", "counter")
    + one("share_bad_created", "1.7951642715964925e+09")
)

NIMIQ_BEFORE_SHARES = (
    sensors("1484.0", "400.0")
    + one("solutions_good", "12.0")
    + one("solutions_total", "12.0")
    + family("share_good_total", {}, "counter")
    + family("share_total", {}, "counter")
    + family("share_bad_total", {}, "counter")
)

NIMIQ_OPEN_METRICS = (
    sensors("1484.0", "400.0")
    + one("solutions_good", "2234.0")
    + one("solutions_total", "2258.0")
    + family("share_good_total", {"card0": "211.0"}, "counter", "share_good")
    + 'share_good_created{card="card0"} 1.7951642715964925e+09\n'
    + family("share_total", {"card0": "214.0"}, "counter", "share")
    + 'share_created{card="card0"} 1.7951642715964925e+09\n'
    + family("share_bad_total", {"card0": "3.0"}, "counter", "share_bad")
    + 'share_bad_created{card="card0"} 1.7951642715964925e+09\n'
    + "# EOF\n"
)

NIMIQ_OPEN_METRICS_BEFORE_SHARES = (
    sensors("1484.0", "400.0")
    + family("share_good", {}, "counter")
    + family("share", {}, "counter")
    + family("share_bad", {}, "counter")
    + "# EOF\n"
)

SEVERAL = (
    family("hashrate", {"card10": "1.0", "card2": "2.0", "card1": "0.0"})
    + family("temperature", {"card10": "60.0", "card2": "61.0", "card1": "20.0"})
    + family("last_update", {"card10": "1e+09", "card2": "1e+09", "card1": "1e+09"})
)

PROCESS = """\
# HELP python_gc_objects_collected_total Objects collected during gc
# TYPE python_gc_objects_collected_total counter
python_gc_objects_collected_total{generation="0"} 391.0
# HELP python_info Python platform information
# TYPE python_info gauge
python_info{implementation="CPython",major="3",minor="11",version="3.11.2"} 1.0
# HELP process_start_time_seconds Start time since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.79516e+09
"""

POOL = (
    PROCESS
    + """\
# HELP pool_hashrate Hashrate at the pool (GH/S)
# TYPE pool_hashrate gauge
pool_hashrate 15.9
"""
)

NODE_EXPORTER = (
    PROCESS
    + """\
# HELP node_time_seconds System time in seconds since epoch (1970).
# TYPE node_time_seconds gauge
node_time_seconds 1.795164271e+09
"""
)
