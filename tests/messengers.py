"""What Home Assistant's own messengers take, from their own code."""

from importlib import import_module
from typing import Any


def telegram_schema(action: str) -> Any:
    """Return the schema of an action of the Telegram bot."""
    services = import_module("homeassistant.components.telegram_bot.services")
    return getattr(services, f"SERVICE_SCHEMA_{action}")
