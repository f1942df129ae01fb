"""The settings of an Avalon: which can be written, what that takes, how they are now.

The model has to be known, and its device has to list the option: each build of the
firmware differs.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from ..model import (
    SWITCH,
    Capability,
    Light,
    MinerSettings,
    Setting,
    SettingRange,
    Writing,
)
from ..values import between, flag
from .models import Model
from .poll import dashed, vector
from .status import Evidence, State

EFFECTS = ("on", "flash", "breath", "loop")
"""What a light does, in the order of the firmware's numbers, which begin at 1."""

HEATING = "heating_"
"""What the work modes of a room heater begin with."""

_PROOF_OF_POWER = 90.0
_PROOF = 10.0
_FLASH = Writing(wears=True, proof=_PROOF)
_WRITING: Mapping[Setting, Writing] = {
    Setting.MINING: Writing(power=True, proof=_PROOF_OF_POWER),
    Setting.POOL: Writing(proof=150.0),
    Setting.LIGHT: _FLASH,
    Setting.DISPLAY: _FLASH,
    Setting.HEATING_TEMPERATURE: _FLASH,
    Setting.TARGET_TEMPERATURE: Writing(proof=_PROOF),
}

type Ranges = Mapping[Setting, SettingRange]

NOTHING_OFFERED: Ranges = MappingProxyType({})
"""The ranges of what only reads."""


@lru_cache(maxsize=64)
def offered(model: Model, commands: frozenset[str] | None, pools: int) -> Ranges:
    """Collect the set points that a device takes, each with its range."""
    if not model.commanded:
        return NOTHING_OFFERED
    listed = commands or frozenset()
    modes = SettingRange(
        choices=tuple(mode.name for mode in model.modes), live=model.series is None
    )
    fan = "fan-spd" in listed and model.fans != 0
    duty = SettingRange(minimum=model.least_fan, maximum=100)
    chip = SettingRange(minimum=50, maximum=90)
    room = SettingRange(minimum=20, maximum=50)
    rows = (
        (Setting.WORK_MODE, _takes_modes(model, listed), modes),
        (Setting.MINING, _takes_rest(model, listed), SWITCH),
        (Setting.AUTO_FAN, fan, SWITCH),
        (Setting.FAN_DUTY_CYCLE, fan, duty),
        (Setting.TARGET_TEMPERATURE, model.home and "target-temp" in listed, chip),
        (Setting.HEATING_TEMPERATURE, model.heater and "limittemp" in listed, room),
        (Setting.DISPLAY, model.display and "lcd" in listed, SWITCH),
        (Setting.LIGHT, model.light in listed, SettingRange(choices=EFFECTS)),
        (Setting.POOL, pools > 1, SettingRange(maximum=pools - 1)),
    )
    return MappingProxyType(
        {setting: allowed for setting, is_there, allowed in rows if is_there}
    )


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


@lru_cache(maxsize=64)
def commanded(
    model: Model, commands: frozenset[str] | None, readings: frozenset[Capability]
) -> frozenset[Capability]:
    """Add to the readings what the device does on command.

    What it lists decides; a model that lists nothing may be known to do it.
    """
    if not model.commanded:
        return readings
    listed = commands or frozenset()
    rows = (
        (Capability.RESTART, "reboot" in listed or model.reboots_unlisted),
        (Capability.SOFT_OFF, _takes_rest(model, listed)),
        (Capability.RESET_FILTER, model.home and "filter-clean" in listed),
    )
    return readings.union(capability for capability, obeys in rows if obeys)


def heating_modes(model: Model) -> tuple[str, ...]:
    """Name the work modes that heat a room."""
    return tuple(mode.name for mode in model.modes if mode.name.startswith(HEATING))


def writing_of(model: Model, setting: Setting) -> Writing:
    """Return what it takes to write a setting."""
    reboots = model.series is not None
    if setting is Setting.WORK_MODE:
        return Writing(
            wears=True, power=True, proof=_PROOF_OF_POWER, needs_restart=reboots
        )
    if setting is Setting.MINING and reboots:
        return Writing(power=True, proof=300.0)
    return _WRITING.get(setting, Writing())


AUTOMATIC = -1
"""The duty cycle by which the firmware means that it chooses itself."""

KEYS = ("WORKMODE", "WORKLEVEL", "TarT", "Limitemp", "LEDUser", "Led", "LcdOnoff")
_PARTS_OF_LIGHT = 6
_HIGHEST = (len(EFFECTS), 100, 100, 255, 255, 255)
_WARMEST_ROOM = 100


def ordered_to_mine(evidence: Evidence, *, resting: bool) -> bool | None:
    """Tell whether it stands still by command; a fault leaves that open.

    A device that is idle by itself, for want of a pool, was not ordered to be.
    """
    if evidence.faulty or evidence.state == State.IDLE:
        return None
    return not resting


@lru_cache(maxsize=256)
def settings_of(
    texts: tuple[str | None, ...],
    model: Model,
    *,
    mining: bool | None,
    pool: int | None,
    targets: bool,
    fan: int | None,
    shade: Light | None,
) -> MinerSettings:
    """Read them from the items of ``KEYS``, and what else is known of them.

    ``targets``: its target temperature can be set. ``pool`` is the place of the one
    in use, ``fan`` and ``shade`` are what the device accepted for its fan and its
    light, None where that is not known.
    """
    mode, level, target, limit, shades, effect, screen = texts
    return MinerSettings(
        mining=mining,
        work_mode=_work_mode(model, mode, level),
        auto_fan=None if fan is None else fan == AUTOMATIC,
        fan_duty_cycle=None if fan in (None, AUTOMATIC) else fan,
        target_temperature=between(target, 1, 200) if targets else None,
        heating_temperature=between(limit, 0, _WARMEST_ROOM) if model.heater else None,
        light=_light(shades, effect, shade) if model.light else None,
        display=flag(screen) if model.display else None,
        pool=pool,
    )


def _work_mode(model: Model, mode: str | None, level: str | None) -> str | None:
    """Name the mode of these numbers."""
    numbers, levels = vector(mode), vector(level)
    for candidate in model.modes:
        fits = candidate.number is None or numbers == (candidate.number,)
        if fits and (candidate.level is None or levels == (candidate.level,)):
            return candidate.name
    return None


def _light(parts: str | None, number: str | None, shade: Light | None) -> Light | None:
    """Read the light.

    A Nano 3 reports no more than its effect: brightness and colour are those it was
    given.
    """
    numbers = dashed(parts)
    if len(numbers) != _PARTS_OF_LIGHT:
        numbers = vector(number)
        if len(numbers) != 1:
            return None
    if any(not 0 <= x <= most for x, most in zip(numbers, _HIGHEST, strict=False)):
        return None
    effect, *others = map(int, numbers)
    light = Light(on=effect > 0, effect=EFFECTS[effect - 1] if effect else None)
    if others:
        brightness, warmth, red, green, blue = others
        color = (red, green, blue)
        return replace(light, brightness=brightness, warmth=warmth, color=color)
    if shade is None:
        return light
    return replace(light, brightness=shade.brightness, color=shade.color)
