"""An action that gathers what a check of a real device is judged by; writes nothing."""

from collections.abc import Iterable
import json
from pathlib import Path
from typing import Any

from homeassistant.const import __version__ as home_assistant
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse

from ..coordinator import MinerConfigEntry
from ..runtime.entries import stored_credentials
from ..runtime.evidence import UNITS, Evidence, readings_of, writes_of
from ..runtime.redaction import redact
from ..runtime.targets import require_loaded, targets_of

# Read once: this module is imported outside of the event loop.
MANIFEST = json.loads(
    (Path(__file__).parents[1] / "manifest.json").read_text(encoding="utf-8")
)


async def device_check(call: ServiceCall) -> ServiceResponse:
    """Return who each miner is, and its last writes with what came back."""
    entries: list[MinerConfigEntry] = await targets_of(call)
    for entry in entries:
        require_loaded(entry)
    return {
        "miner_monitor": MANIFEST["version"],
        "home_assistant": home_assistant,
        "units": dict(UNITS),
        "miners": [_evidence(call.hass, entry) for entry in entries],
    }


def _evidence(hass: HomeAssistant, entry: MinerConfigEntry) -> Evidence:
    coordinator, secrets = entry.runtime_data, stored_credentials(entry)
    data = coordinator.data
    identity, insight = data.identity, data.insight
    found: Evidence = redact(
        {
            "family": str(identity.family),
            "manufacturer": identity.manufacturer,
            "model": identity.model,
            "board_version": identity.board,
            "chip_model": identity.chip_model,
            "chip_count": identity.chip_count,
            "firmware": identity.firmware,
            "online": data.online,
            "last_error": data.last_error,
            "failed_polls": {str(kind): n for kind, n in insight.failed_polls.items()},
            "capabilities": _sorted(identity.capabilities),
            "settings": {
                str(setting): {
                    "minimum": allowed.minimum,
                    "maximum": allowed.maximum,
                    "choices": list(allowed.choices),
                    "now": data.state and data.state.settings.get(setting),
                }
                for setting, allowed in identity.limits.settings.items()
            },
            "readings": readings_of(data.state),
            "writes": writes_of(hass, coordinator.controller.writes),
        },
        (secrets.password, secrets.session),
    )
    return found


def _sorted(values: Iterable[Any]) -> list[str]:
    return sorted(map(str, values))
