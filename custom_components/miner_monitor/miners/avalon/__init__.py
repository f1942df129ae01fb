"""Canaan Avalon miners, and plain cgminer, over the cgminer TCP API."""

from .client import AvalonClient

__all__ = ["AvalonClient"]
