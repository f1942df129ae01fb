"""What was written to a miner and what came back, for whoever looks into a fault."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..control.write_log import WriteRequest
from ..miners.model import MinerState

type Evidence = dict[str, Any]
"""JSON types; temperatures are in °C, and the rest is in the units of ``UNITS``."""

UNITS = {
    "hash_rate": "TH/s",
    "power": "W",
    "temperature": "°C",
    "voltage": "V",
    "frequency": "MHz",
    "fan_speed": "rpm",
    "duty_cycle": "%",
    "uptime": "s",
}

READINGS = (
    *("status", "controller_state", "hash_rate", "hash_rate_now", "power"),
    *("frequency_actual", "core_voltage_actual", "input_voltage"),
    *("chip_temperature", "chip_temperature_2", "vr_temperature"),
    *("board_temperature", "inlet_temperature", "outlet_temperature"),
    *("pool_connected", "shares_accepted", "shares_rejected", "uptime", "faults"),
)
"""Fields of MinerState that a change of settings moves."""

DIGITS = 4


def readings_of(state: MinerState | None) -> Evidence | None:
    """Return what a miner measured, without what it does not report."""
    if state is None:
        return None
    found = {name: _rounded(getattr(state, name)) for name in READINGS}
    fans = {
        "fan_speeds": [fan.speed for fan in state.fans],
        "duty_cycles": [_rounded(fan.duty_cycle) for fan in state.fans],
    }
    return {key: value for key, value in {**found, **fans}.items() if value is not None}


def writes_of(hass: HomeAssistant, requests: Iterable[WriteRequest]) -> list[Evidence]:
    """Return the last requests that changed settings, the oldest first."""
    wall, loop = dt_util.now(), hass.loop.time()
    return [
        {
            "at": (wall - timedelta(seconds=max(0.0, loop - request.at))).isoformat(
                timespec="seconds"
            ),
            "acknowledged": request.error is None,
            "error": request.error,
            "settings": [
                {
                    "setting": str(setting),
                    "before": written.before,
                    "asked": written.asked,
                    "reported": written.reported,
                    "result": str(written.result),
                    "seconds": _rounded(written.seconds),
                }
                for setting, written in request.written.items()
            ],
            "readings_before": readings_of(request.before),
            "readings_after": readings_of(request.after),
            "after_seconds": _rounded(request.after_seconds),
        }
        for request in requests
    ]


def _rounded(value: Any) -> Any:
    """Return JSON types, of numbers as many digits as anybody reads."""
    if isinstance(value, float):
        return round(value, DIGITS)
    return list(value) if isinstance(value, tuple) else value
