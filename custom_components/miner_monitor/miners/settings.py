"""What can be set on a miner: one row per setting, from which the rest follows.

A new setting is a member of ``Setting``, a field of MinerSettings and a row of
SETTINGS; then a family offers, reads and writes it. Checks, read-back, profiles,
texts, the actions and most entities are made from the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from .errors import ErrorReason, MinerCommandError


class Setting(StrEnum):
    """A set point that a client can write; MinerSettings has a field for each."""

    MINING = "mining"
    WORK_MODE = "work_mode"
    FREQUENCY = "frequency"
    CORE_VOLTAGE = "core_voltage"
    AUTO_FAN = "auto_fan"
    FAN_DUTY_CYCLE = "fan_duty_cycle"
    MIN_FAN_DUTY_CYCLE = "min_fan_duty_cycle"
    TARGET_TEMPERATURE = "target_temperature"
    HEATING_TEMPERATURE = "heating_temperature"
    LIGHT = "light"
    DISPLAY = "display"
    POOL = "pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A light: brightness and warmth in %, colour as red, green, blue to 255.

    ``effect`` is one of the choices of the device's Setting.LIGHT.
    """

    on: bool
    effect: str | None = None
    brightness: int | None = None
    warmth: int | None = None
    color: tuple[int, int, int] | None = None


type SettingValue = bool | float | str | Light
"""A value of a setting: a switch, a number in its unit, the name of a choice."""

type Changes = Mapping[Setting, SettingValue]
"""The set points that are to be written together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRange:
    """The values one setting may take, in the unit of the setting.

    ``options`` are the device's own presets in rising order. ``choices`` are names,
    those of work modes from the least power to the most. ``expert_maximum`` is what
    a user may open up who knows what it does to the chip, ``lowest`` and ``highest``
    what the hardware endures at all. What is not ``live`` takes effect with the
    device's next restart.
    """

    minimum: float = 0
    maximum: float = 1
    step: float = 1
    options: tuple[float, ...] = ()
    default: float | None = None
    choices: tuple[str, ...] = ()
    expert_maximum: float | None = None
    lowest: float | None = None
    highest: float | None = None
    live: bool = True


SWITCH = SettingRange()
"""The range of what is on or off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What it takes to write a setting, and when the device shows it.

    ``wears``: kept in flash, which every change wears. ``power``: the device needs a
    minute between two of these. ``proof``: seconds within which the device reports
    the new value; 0 is with its next reply. ``settles``: seconds for which it may
    still be applying what it has acknowledged. ``needs_restart``: reported and in
    effect only after a restart. ``precedes``: the settings that it changes after this
    one, where one request holds both.
    """

    wears: bool = False
    power: bool = False
    proof: float = 0.0
    settles: float = 0.0
    needs_restart: bool = False
    precedes: frozenset[Setting] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerSettings:
    """The set points a device reports.

    Frequency in MHz, voltage in V, duty cycles in %, temperatures in °C. ``mining``
    is False while the device stands still by command, ``pool`` the place of the pool
    in use in MinerState.pools.
    """

    mining: bool | None = None
    work_mode: str | None = None
    frequency: float | None = None
    core_voltage: float | None = None
    auto_fan: bool | None = None
    fan_duty_cycle: float | None = None
    min_fan_duty_cycle: float | None = None
    target_temperature: float | None = None
    heating_temperature: float | None = None
    light: Light | None = None
    display: bool | None = None
    pool: int | None = None
    forced_fallback_pool: bool | None = None

    def get(self, setting: Setting) -> SettingValue | None:
        """Return what the device reports of a setting."""
        value: SettingValue | None = getattr(self, setting)
        return value


class Kind(Enum):
    """What the values of a setting are; a place in a list is a whole number."""

    SWITCH = auto()
    NUMBER = auto()
    PLACE = auto()
    CHOICE = auto()
    LIGHT = auto()


class KeptWith(Enum):
    """With which miners a setting belongs into profiles, and so into the actions.

    A work mode brings its own set points; without modes these are what counts.
    """

    MODES = auto()
    SET_POINTS = auto()


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """What is the same of a setting for all miners.

    ``platform`` and ``key`` name the entity that shows it, a ``primary`` one without
    a category; ``enabled`` from the beginning or not. ``unit`` is that of its numbers,
    ``tolerance`` how far a device may round them.

    ``bounds``: what is written at most to a device that did not tell its own range.
    ``ceiling``: the most that any board lists, of a number that may go beyond the
    range that is offered, as far as the hardware endures it.

    ``stress``: 1 where a higher value, or on, puts load or heat on a chip, -1 where it
    takes that off. ``heats``: it makes the miner work harder, and must not be raised
    while that is too hot. ``announced``: a change at the device is an event.
    """

    kind: Kind
    platform: str
    key: str
    unit: str = ""
    tolerance: float = 0.5
    bounds: tuple[float, float] = (0.0, 100.0)
    ceiling: float | None = None
    stress: int = 0
    heats: bool = False
    kept: KeptWith | None = None
    announced: bool = False
    primary: bool = False
    enabled: bool = True

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.kind in {Kind.NUMBER, Kind.PLACE}

    @property
    def highest(self) -> float:
        """The end of a number for any device; the limits of one are narrower."""
        return max(100.0, self.bounds[1]) if self.ceiling is None else self.ceiling


LOWEST_FREQUENCY = 100
"""MHz. Presets end far higher, but less power must be possible."""

HIGHEST_FREQUENCY = 1200
"""MHz, which only large coolers endure."""

HIGHEST_VOLTAGE = 1.4
"""V, beyond which chips die young, but those whose board lists more."""

SETTINGS: Mapping[Setting, SettingSpec] = {
    Setting.MINING: SettingSpec(
        Kind.SWITCH,
        "switch",
        "mining",
        stress=1,
        primary=True,
    ),
    Setting.WORK_MODE: SettingSpec(
        Kind.CHOICE,
        "select",
        "work_mode",
        stress=1,
        heats=True,
        kept=KeptWith.MODES,
        announced=True,
        primary=True,
    ),
    Setting.FREQUENCY: SettingSpec(
        Kind.NUMBER,
        "number",
        "frequency",
        unit="MHz",
        bounds=(50.0, HIGHEST_FREQUENCY),
        ceiling=HIGHEST_FREQUENCY,
        stress=1,
        heats=True,
        kept=KeptWith.SET_POINTS,
        announced=True,
    ),
    Setting.CORE_VOLTAGE: SettingSpec(
        Kind.NUMBER,
        "number",
        "core_voltage",
        unit="V",
        tolerance=0.0005,
        bounds=(0.8, HIGHEST_VOLTAGE),
        ceiling=1.5,
        stress=1,
        heats=True,
        kept=KeptWith.SET_POINTS,
        announced=True,
    ),
    Setting.AUTO_FAN: SettingSpec(
        Kind.SWITCH,
        "switch",
        "auto_fan",
        stress=-1,
        kept=KeptWith.SET_POINTS,
        announced=True,
    ),
    Setting.FAN_DUTY_CYCLE: SettingSpec(
        Kind.NUMBER,
        "number",
        "fan_duty_cycle",
        unit="%",
        stress=-1,
        kept=KeptWith.SET_POINTS,
        announced=True,
    ),
    Setting.MIN_FAN_DUTY_CYCLE: SettingSpec(
        Kind.NUMBER,
        "number",
        "min_fan_duty_cycle",
        unit="%",
        stress=-1,
        kept=KeptWith.SET_POINTS,
        announced=True,
        enabled=False,
    ),
    Setting.TARGET_TEMPERATURE: SettingSpec(
        Kind.NUMBER,
        "number",
        "target_temperature",
        unit="°C",
        bounds=(30.0, 90.0),
        stress=1,
        kept=KeptWith.SET_POINTS,
        enabled=False,
    ),
    Setting.HEATING_TEMPERATURE: SettingSpec(
        Kind.NUMBER,
        "climate",
        "heater",
        unit="°C",
        bounds=(20.0, 50.0),
        stress=1,
        kept=KeptWith.MODES,
        primary=True,
    ),
    Setting.LIGHT: SettingSpec(Kind.LIGHT, "light", "led", enabled=False),
    Setting.DISPLAY: SettingSpec(Kind.SWITCH, "switch", "display", enabled=False),
    Setting.POOL: SettingSpec(
        Kind.PLACE, "select", "pool", tolerance=0.0, bounds=(0.0, 15.0), enabled=False
    ),
}
"""All settings, in the order in which they are named."""


def shown_by(platform: str) -> tuple[Setting, ...]:
    """Name the settings that have an entity of a platform."""
    return tuple(key for key, spec in SETTINGS.items() if spec.platform == platform)


def hard_range(setting: Setting, allowed: SettingRange) -> tuple[float, float]:
    """Return the least and the most that may be offered, adopted, or sent."""
    spec = SETTINGS[setting]
    if spec.ceiling is None:
        return allowed.minimum, allowed.maximum
    least, usual = spec.bounds
    low = allowed.minimum if allowed.lowest is None else allowed.lowest
    high = allowed.highest
    if high is None:
        high = max(allowed.maximum, usual)
    return max(least, low), min(spec.ceiling, high)


def check_value(
    setting: Setting, value: SettingValue, allowed: SettingRange | None
) -> None:
    """Raise a MinerCommandError for a value that must not be sent.

    It stands where a request is put together, behind all other checks: what it
    refuses is somebody's mistake, and is never sent as something else.
    """
    if not is_possible(setting, value, allowed):
        raise MinerCommandError(
            f"{setting} does not take {str(value)[:32]!r}",
            reason=ErrorReason.INVALID_VALUE,
        )


_ROUNDING = 1e-9


def is_possible(setting: Setting, value: object, allowed: SettingRange | None) -> bool:
    """Whether a value is of the setting's kind, and one that the hardware endures."""
    spec = SETTINGS[setting]
    choices = () if allowed is None else allowed.choices
    if spec.kind is Kind.SWITCH:
        return isinstance(value, bool)
    if spec.kind is Kind.CHOICE:
        return value in choices
    if spec.kind is Kind.LIGHT:
        return isinstance(value, Light) and _is_light(value, choices)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = spec.bounds if allowed is None else hard_range(setting, allowed)
    if not low - _ROUNDING <= value <= high + _ROUNDING:
        return False
    return spec.kind is Kind.NUMBER or value == int(value)


def _is_light(light: Light, effects: tuple[str, ...]) -> bool:
    """Whether the parts of a light are within their bounds, whoever put it together."""
    color: object = light.color
    shares = (light.brightness, light.warmth)
    return (
        isinstance(light.on, bool)
        and (light.effect is None or light.effect in effects)
        and all(share is None or _is_whole(share, 100) for share in shares)
        and (
            color is None
            or (
                isinstance(color, tuple)
                and len(color) == 3
                and all(_is_whole(part, 255) for part in color)
            )
        )
    )


def _is_whole(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
