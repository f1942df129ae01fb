"""AxeOS, NerdOS and their forks: HTTP with one flat JSON object."""

from .client import AxeOsClient

__all__ = ["AxeOsClient"]
