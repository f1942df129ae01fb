"""Tables of the sensors of a miner, by what they are about."""

from collections.abc import Callable
from dataclasses import replace

from ..insight.model import Quantity
from ..model import MinerData
from .description import MinerSensorEntityDescription
from .hardware import HARDWARE
from .insight import INSIGHT
from .service import SERVICE
from .work import SHARES, WORK
from .worth import WORTH


def _named(quantity: str) -> Callable[[MinerData], bool]:
    """Ask whether a finding names this quantity."""

    def is_named(data: MinerData) -> bool:
        findings = data.insight.health.findings
        return any(finding.quantity == quantity for finding in findings)

    return is_named


def _tied(item: MinerSensorEntityDescription) -> MinerSensorEntityDescription:
    """Show what findings name as of the same poll as they do."""
    return replace(item, tied_fn=_named(item.key)) if item.key in _NAMED else item


_NAMED = frozenset(Quantity)

SENSORS = tuple(map(_tied, (*WORK, *HARDWARE, *SHARES, *INSIGHT, *SERVICE, *WORTH)))
