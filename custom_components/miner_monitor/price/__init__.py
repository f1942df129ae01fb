"""Electricity prices into slots, and rules that say which of them are cheap: pure."""

from .fixed import FixedTariff
from .model import Planned, Slot, at_moment
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
    "at_moment",
    "per_kwh",
    "plan",
    "read_prices",
]
