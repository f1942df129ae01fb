"""Electricity prices into slots, and rules that say which of them are cheap: pure."""

from .fixed import FixedTariff
from .model import Planned, Slot
from .rules import Plan, Rule, RuleKind, plan
from .seen import SeenPrices
from .shapes import PriceError, PriceProblem, per_kwh, read_prices

__all__ = [
    "FixedTariff",
    "Plan",
    "Planned",
    "PriceError",
    "PriceProblem",
    "Rule",
    "RuleKind",
    "SeenPrices",
    "Slot",
    "per_kwh",
    "plan",
    "read_prices",
]
