"""The status string: `Key[value]` items in the order of each model's firmware."""

from .blob_home import MINI3_STATUS, NANO3_STATUS, NANO3S_STATUS, Q_STATUS
from .blob_industrial import A10_STATUS, A12_STATUS, A15_STATUS
from .faults import distort_blob
from .items import UNOPENED, Item
from .models import Dialect
from .readings import Readings

STATUSES = {
    Dialect.Q: Q_STATUS,
    Dialect.NANO3S: NANO3S_STATUS,
    Dialect.MINI3: MINI3_STATUS,
    Dialect.NANO3: NANO3_STATUS,
    Dialect.A10: A10_STATUS,
    Dialect.A12: A12_STATUS,
    Dialect.A15: A15_STATUS,
}


def filled(items: list[Item], readings: Readings) -> str:
    """Return a status string; an item that says nothing now is left out."""
    mode = readings.device.settings["mode"]
    values = {
        name.replace("{mode}", str(mode)): str(value)
        for name, fill in items
        if (value := fill(readings)) is not None
    }
    shown = distort_blob(values, readings.device.faults)
    return " ".join(
        f"{name}]" if value == UNOPENED else f"{name}[{value}]"
        for name, value in shown.items()
    )
