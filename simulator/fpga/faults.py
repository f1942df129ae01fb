"""The faults of an FPGA rig and of what its exporter tells."""

from collections.abc import Callable, Sequence
from dataclasses import replace
import math

from ..axeos.faults import WIRE_FAULTS
from ..faults import Fault
from .exposition import Metric, Sample

DEVICE_FAULTS = frozenset({"clock_back", "flatline", "freeze", "hot", "pool_lost"})
EVENTS = frozenset({"reboot", "firmware_update"})
FOREIGN = "foreign"
FOREIGN_TEXT = """\
# HELP go_gc_duration_seconds A summary of pause durations.
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0"} 2.9342e-05
go_gc_duration_seconds{quantile="1"} 0.000541627
go_gc_duration_seconds_sum 13.482710046
go_gc_duration_seconds_count 145232
# HELP go_info Information about the Go environment.
# TYPE go_info gauge
go_info{version="go1.22.5"} 1
# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 1.15402834e+06
node_cpu_seconds_total{cpu="0",mode="user"} 48315.62
# HELP node_hwmon_temp_celsius Hardware monitor for temperature (input)
# TYPE node_hwmon_temp_celsius gauge
node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"} 47
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.21
"""
"""What the usual exporter of a whole computer tells; it knows of no FPGA."""

ODD_NAMES = ('rig "A"\\left\nupper', "card,1} 5.0", "Küche", "")
"""Names that a person could give to cards on the exporter's command line."""

type Metrics = Sequence[Metric]


def _samples(
    metrics: Metrics, change: Callable[[Metric, Sample], Sample | None]
) -> Metrics:
    """Change or leave out samples."""
    return [
        replace(
            metric,
            samples=[
                changed
                for sample in metric.samples
                if (changed := change(metric, sample)) is not None
            ],
        )
        for metric in metrics
    ]


def _numbers_to(replacement: float) -> Callable[[Metrics, Fault], Metrics]:
    """Return a distortion that replaces values, all or those of `keys`."""

    def distort(metrics: Metrics, fault: Fault) -> Metrics:
        """Replace the values."""
        chosen = fault.parameters.get("keys")
        return _samples(
            metrics,
            lambda metric, sample: (
                replace(sample, value=replacement)
                if chosen is None or metric.name in chosen
                else sample
            ),
        )

    return distort


def _card_lost(metrics: Metrics, fault: Fault) -> Metrics:
    """Leave a card out, as after a start of the exporter without its log."""
    card = fault.text("card", "card0")
    return _samples(
        metrics,
        lambda _metric, sample: None if sample.labels.get("card") == card else sample,
    )


def _card_names(metrics: Metrics, fault: Fault) -> Metrics:
    """Call the cards otherwise."""
    names = list(fault.parameters.get("names", ODD_NAMES))
    cards = list(
        dict.fromkeys(
            card
            for metric in metrics
            for sample in metric.samples
            if (card := sample.labels.get("card")) is not None
        )
    )
    called = dict(zip(cards, names, strict=False))

    def rename(_metric: Metric, sample: Sample) -> Sample:
        """Put the other name into the label."""
        card = sample.labels.get("card")
        if card not in called:
            return sample
        return replace(sample, labels={**sample.labels, "card": called[card]})

    return _samples(metrics, rename)


def _override(metrics: Metrics, fault: Fault) -> Metrics:
    """Show the given values, by the names of metrics, of one card or of all."""
    values: dict[str, float] = fault.parameters.get("values", {})
    card = fault.parameters.get("card")

    def change(metric: Metric, sample: Sample) -> Sample:
        """Put the other value in its place."""
        if metric.name not in values or card not in {None, sample.labels.get("card")}:
            return sample
        return replace(sample, value=float(values[metric.name]))

    return _samples(metrics, change)


REPLY_FAULTS: dict[str, Callable[[Metrics, Fault], Metrics]] = {
    "card_lost": _card_lost,
    "card_names": _card_names,
    "infinity": _numbers_to(math.inf),
    "nan": _numbers_to(math.nan),
    "override": _override,
}
KNOWN = WIRE_FAULTS | DEVICE_FAULTS | REPLY_FAULTS.keys() | {FOREIGN}
