"""What of a model can be written, and what writing it takes.

The model has to be known, and its device has to list the option: each build of the
firmware differs.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from ..model import (
    SWITCH,
    Capability,
    Setting,
    SettingRange,
    Writing,
)
from .models import Model

EFFECTS = ("on", "flash", "breath", "loop")
"""What a light does, in the order of the firmware's numbers, which begin at 1."""

HEATING = "heating_"
"""What the work modes of a room heater begin with."""

_PROOF_OF_POWER = 90.0
_PROOF_AFTER_REBOOT = 300.0
_PROOF_OF_POOL = 150.0
_PROOF = 10.0
_FULL_DUTY = 100
_HEATS_TO = SettingRange(minimum=20, maximum=50)
_TARGETS = SettingRange(minimum=50, maximum=90)
_FLASH = Writing(wears=True, proof=_PROOF)

type Ranges = Mapping[Setting, SettingRange]

NOTHING_OFFERED: Ranges = MappingProxyType({})
"""The ranges of what only reads."""


@lru_cache(maxsize=64)
def offered(model: Model, commands: frozenset[str] | None, pools: int) -> Ranges:
    """Collect the set points that a device takes, each with its range."""
    if not model.commanded:
        return NOTHING_OFFERED
    found: dict[Setting, SettingRange] = {}
    listed = commands or frozenset()
    if _takes_modes(model, listed):
        names = tuple(mode.name for mode in model.modes)
        found[Setting.WORK_MODE] = SettingRange(
            choices=names, live=model.series is None
        )
    if _takes_rest(model, listed):
        found[Setting.MINING] = SWITCH
    if "fan-spd" in listed and model.fans != 0:
        found[Setting.AUTO_FAN] = SWITCH
        found[Setting.FAN_DUTY_CYCLE] = SettingRange(
            minimum=model.least_fan, maximum=_FULL_DUTY
        )
    if model.home and "target-temp" in listed:
        found[Setting.TARGET_TEMPERATURE] = _TARGETS
    if model.heater and "limittemp" in listed:
        found[Setting.HEATING_TEMPERATURE] = _HEATS_TO
    if model.display and "lcd" in listed:
        found[Setting.DISPLAY] = SWITCH
    if model.light in listed:
        found[Setting.LIGHT] = SettingRange(choices=EFFECTS)
    if pools > 1:
        found[Setting.POOL] = SettingRange(maximum=pools - 1)
    return MappingProxyType(found)


def _takes_modes(model: Model, listed: frozenset[str]) -> bool:
    """Tell whether all modes of the model can be set."""
    if any(mode.number is None for mode in model.modes):
        return "worklevel" in listed
    if any(mode.level is not None for mode in model.modes):
        return "work_mode_lvl" in listed or {"workmode", "worklevel"} <= listed
    return bool(model.modes) and "workmode" in listed


def _takes_rest(model: Model, listed: frozenset[str]) -> bool:
    """Tell whether hashing can be stopped and started again.

    The A series wakes by a reboot, which needs no list.
    """
    if model.series is not None:
        return "softoff" in listed
    return model.sleeps and {"softoff", "softon"} <= listed


def commanded(model: Model, commands: frozenset[str] | None) -> frozenset[Capability]:
    """Collect what the device does when told to.

    What it lists decides; a model that lists nothing may be known to do it.
    """
    if not model.commanded:
        return frozenset()
    listed = commands or frozenset()
    found: set[Capability] = set()
    if "reboot" in listed or model.reboots_unlisted:
        found.add(Capability.RESTART)
    if _takes_rest(model, listed):
        found.add(Capability.SOFT_OFF)
    if model.home and "filter-clean" in listed:
        found.add(Capability.RESET_FILTER)
    return frozenset(found)


def heating_modes(model: Model) -> tuple[str, ...]:
    """Name the work modes that heat a room."""
    return tuple(mode.name for mode in model.modes if mode.name.startswith(HEATING))


def writing_of(model: Model, setting: Setting) -> Writing:
    """Tell what it takes to write a setting."""
    reboots = model.series is not None
    match setting:
        case Setting.WORK_MODE:
            return Writing(
                wears=True, power=True, proof=_PROOF_OF_POWER, needs_restart=reboots
            )
        case Setting.MINING:
            proof = _PROOF_AFTER_REBOOT if reboots else _PROOF_OF_POWER
            return Writing(power=True, proof=proof)
        case Setting.POOL:
            return Writing(proof=_PROOF_OF_POOL)
        case Setting.LIGHT | Setting.DISPLAY | Setting.HEATING_TEMPERATURE:
            return _FLASH
        case Setting.TARGET_TEMPERATURE:
            return Writing(proof=_PROOF)
    return Writing()
