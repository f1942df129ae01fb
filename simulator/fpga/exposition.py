"""The two text formats of Prometheus, spelled as the exporters' library does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import math

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value and, of a counter, the moment when it began to count."""

    value: float
    labels: Mapping[str, str]
    created: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A gauge or a counter with its samples; the name of a counter has no suffix."""

    name: str
    description: str
    counter: bool = False
    samples: Sequence[Sample] = ()


def spelled(value: float) -> str:
    """Return a number as Python spells it, but with an exponent from a million on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(float(value))
    whole, dot, rest = text.partition(".")
    if len(whole) < 7 or value < 0 or not dot:
        return text
    digits = (whole[1:] + rest).rstrip("0")
    mantissa = f"{whole[0]}.{digits}" if digits else whole[0]
    return f"{mantissa}e+{len(whole) - 1:02}"


def escaped(text: str) -> str:
    """Return a label's value as it stands between its quotes."""
    return _escaped_line(text).replace('"', '\\"')


def _escaped_line(text: str) -> str:
    """Return a text that stays on its line."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    """Return the line of one sample."""
    pairs = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
    return f"{name}{f'{{{pairs}}}' if pairs else ''} {spelled(value)}"


def _head(name: str, description: str, kind: str) -> list[str]:
    """Return the two lines before the samples of a metric."""
    return [f"# HELP {name} {description}", f"# TYPE {name} {kind}"]


def _text(lines: Iterable[str]) -> str:
    """Return whole lines."""
    return "".join(f"{line}\n" for line in lines)


def plain(metrics: Iterable[Metric]) -> str:
    """Return the older format, in which a `_created` series is a gauge of its own."""
    lines: list[str] = []
    for metric in metrics:
        description = _escaped_line(metric.description)
        name = f"{metric.name}_total" if metric.counter else metric.name
        lines += _head(name, description, "counter" if metric.counter else "gauge")
        lines += (_line(name, item.labels, item.value) for item in metric.samples)
        name = f"{metric.name}_created"
        created = [
            _line(name, item.labels, item.created)
            for item in metric.samples
            if item.created is not None
        ]
        if created:
            lines += _head(name, description, "gauge")
            lines += created
    return _text(lines)


def open_metrics(metrics: Iterable[Metric]) -> str:
    """Return the newer format, in which a counter's head has no suffix."""
    lines: list[str] = []
    for metric in metrics:
        kind = "counter" if metric.counter else "gauge"
        name = f"{metric.name}_total" if metric.counter else metric.name
        lines += _head(metric.name, escaped(metric.description), kind)
        for item in metric.samples:
            lines.append(_line(name, item.labels, item.value))
            if item.created is not None:
                created = f"{metric.name}_created"
                lines.append(_line(created, item.labels, item.created))
    return _text([*lines, "# EOF"])


def wants_open_metrics(accept: str) -> bool:
    """Tell whether a client's Accept header names the newer format."""
    kinds = (part.partition(";")[0].strip() for part in accept.split(","))
    return "application/openmetrics-text" in kinds
