"""FPGA cards behind the Prometheus exporters of WhiteFire miners."""

from .client import FpgaClient

__all__ = ["FpgaClient", "client_at"]

client_at = FpgaClient
