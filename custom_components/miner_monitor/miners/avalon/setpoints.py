"""The set points that an Avalon reports, and those of fan and light that it keeps."""

from dataclasses import replace
from typing import NamedTuple

from ..model import (
    Light,
    MinerSettings,
)
from ..values import (
    between,
    flag,
)
from .blob import (
    Items,
    dashed,
    vector,
)
from .knobs import EFFECTS
from .models import Model
from .status import (
    Evidence,
    State,
)

AUTOMATIC = -1
"""The duty cycle by which the firmware means that it chooses itself."""

_RESTARTED = 15.0
"""Seconds by which an uptime has to lag behind since the last poll, or it restarted.

A slow reply explains less, and no clock drifts that much between two polls.
"""

_KEYS = ("WORKMODE", "WORKLEVEL", "TarT", "Limitemp", "LEDUser", "Led", "LcdOnoff")
_PARTS_OF_LIGHT = 6
_HIGHEST = (len(EFFECTS), 100, 100, 255, 255, 255)
_WARMEST_ROOM = 100


class Circumstances(NamedTuple):
    """What set points are beyond the items of a blob.

    ``targets``: its target temperature can be set. ``pool`` is the place of the one
    in use.
    """

    mining: bool | None = None
    pool: int | None = None
    targets: bool = False


class SetPoints:
    """The set points of one device, from one poll to the next."""

    def __init__(self) -> None:
        """Begin without knowledge."""
        self.settings = MinerSettings()
        self._key: tuple[object, ...] = ()
        self._fan: int | None = None
        self._shade: Light | None = None
        self._began: float | None = None

    def read(
        self, items: Items, model: Model, circumstances: Circumstances
    ) -> MinerSettings:
        """Read them; the same object while nothing changed."""
        kept = (self._fan, self._shade)
        key = (*map(items.get, _KEYS), circumstances, kept, model.name)
        if key != self._key:
            self._key = key
            settings = _settings_of(items, model, circumstances, self._fan)
            self.settings = _shaded(settings, self._shade)
        return self.settings

    def notice(self, uptime: int | None, now: float) -> None:
        """Note how long it is up: with a start its fan becomes automatic."""
        if uptime is None:
            return
        began = now - uptime
        if self._began is not None and began > self._began + _RESTARTED:
            self._fan = AUTOMATIC
        self._began = began

    def fan_set(self, duty: int | None) -> None:
        """Keep what the device accepted for its fan, None if that is uncertain."""
        self._fan = duty

    def shade_set(self, shade: Light | None) -> None:
        """Keep what the device accepted for its light, None if that is uncertain."""
        self._shade = shade


def _shaded(settings: MinerSettings, shade: Light | None) -> MinerSettings:
    """Add the brightness and colour that a light was given and does not tell."""
    light = settings.light
    if light is None or shade is None or light.color is not None:
        return settings
    shaded = replace(light, brightness=shade.brightness, color=shade.color)
    return replace(settings, light=shaded)


def told_to_mine(evidence: Evidence, *, resting: bool) -> bool | None:
    """Tell whether it stands still by command; a fault leaves that open.

    A device that is idle by itself, for want of a pool, was not told to be.
    """
    if evidence.faulty or evidence.state == State.IDLE:
        return None
    return not resting


def _settings_of(
    items: Items, model: Model, circumstances: Circumstances, fan: int | None
) -> MinerSettings:
    get = items.get
    target = between(get("TarT"), 1, 200) if circumstances.targets else None
    return MinerSettings(
        mining=circumstances.mining,
        work_mode=_work_mode(model, get("WORKMODE"), get("WORKLEVEL")),
        auto_fan=None if fan is None else fan == AUTOMATIC,
        fan_duty_cycle=None if fan in (None, AUTOMATIC) else fan,
        target_temperature=target,
        heating_temperature=(
            between(get("Limitemp"), 0, _WARMEST_ROOM) if model.heater else None
        ),
        light=_light(items, model),
        display=flag(get("LcdOnoff")) if model.display else None,
        pool=circumstances.pool,
    )


def _work_mode(model: Model, mode: str | None, level: str | None) -> str | None:
    """Name the mode of these numbers."""
    numbers, levels = vector(mode), vector(level)
    for candidate in model.modes:
        fits = candidate.number is None or numbers == (candidate.number,)
        if fits and (candidate.level is None or levels == (candidate.level,)):
            return candidate.name
    return None


def _light(items: Items, model: Model) -> Light | None:
    """Read the light; a Nano 3 tells no more than its effect."""
    if model.light is None:
        return None
    told = dashed(items.get("LEDUser"))
    if len(told) != _PARTS_OF_LIGHT:
        effect = vector(items.get("Led"))
        return _effect(int(effect[0])) if len(effect) == 1 else None
    if any(not 0 <= x <= most for x, most in zip(told, _HIGHEST, strict=True)):
        return None
    number, brightness, warmth, red, green, blue = map(int, told)
    return Light(
        on=number > 0,
        effect=EFFECTS[number - 1] if number else None,
        brightness=brightness,
        warmth=warmth,
        color=(red, green, blue),
    )


def _effect(number: int) -> Light | None:
    """Read a light of which only the effect is told."""
    if not 0 <= number <= len(EFFECTS):
        return None
    return Light(on=number > 0, effect=EFFECTS[number - 1] if number else None)
