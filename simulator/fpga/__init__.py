"""Simulated FPGA rigs: an exporter that answers with Prometheus metrics."""

from ..registry import Family
from .faults import EVENTS, KNOWN
from .kinds import KINDS, POOL_SCRAPER
from .miner import SimulatedFpga

MODELS = (*KINDS, POOL_SCRAPER)
FAMILY = Family(models=MODELS, faults=KNOWN | EVENTS, make=SimulatedFpga)

__all__ = ["FAMILY", "MODELS", "SimulatedFpga"]
