"""Set points to the commands that bring a device there."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from ..errors import (
    ErrorReason,
    MinerBusyError,
    MinerCommandError,
)
from ..model import (
    Changes,
    Light,
    MinerSettings,
    Setting,
    SettingValue,
)
from ..settings import check_value
from .models import (
    Mode,
    Model,
)
from .settings import (
    AUTOMATIC,
    EFFECTS,
    NOTHING_OFFERED,
    Ranges,
)

_FULL = 100
_WHITE = (255, 255, 255)


class Command(NamedTuple):
    """One command. ``may_be_silent``: no reply means that it was taken.

    ``fan`` is the duty cycle that it sets and ``shade`` brightness and colour, which no
    reply shows; ``in_litestats`` says that only the short statistics may show what
    became of it.
    """

    command: str
    parameter: str
    may_be_silent: bool = False
    fan: int | None = None
    in_litestats: bool = False
    shade: Light | None = None


class CommandContext(NamedTuple):
    """What commands depend on, as the last poll told it.

    ``clock`` is the device's own time now, ``duty`` what its fans turn with while it
    works, ``pools`` the numbers of its pools by place. ``dark``: its light is in a mode
    for the night, in which it takes no colour.
    """

    model: Model
    listed: frozenset[str] = frozenset()
    offered: Ranges = NOTHING_OFFERED
    settings: MinerSettings = MinerSettings()
    calibrating: bool = False
    duty: float | None = None
    clock: int | None = None
    pools: tuple[int, ...] = ()
    dark: bool = False


def option(
    text: str,
    *,
    may_be_silent: bool = False,
    fan: int | None = None,
    in_litestats: bool = False,
    shade: Light | None = None,
) -> Command:
    """Set an option of the one device behind the API."""
    return Command("ascset", f"0,{text}", may_be_silent, fan, in_litestats, shade)


def clean_filter(_: Model) -> Command:
    """Let the filter's age begin anew."""
    return option("filter-clean,1", in_litestats=True)


def commands_for(changes: Changes, context: CommandContext) -> tuple[Command, ...]:
    """Find the commands for all changes, or refuse them all before one is sent."""
    for setting, value in changes.items():
        allowed = context.offered.get(setting)
        if allowed is None:
            raise MinerCommandError(
                f"{setting} cannot be written here", reason=ErrorReason.NOT_SUPPORTED
            )
        check_value(setting, value, allowed)
    _check_time(changes, context)
    return tuple(
        command
        for setting, encode in _in_order(changes, context.model)
        for command in encode(changes, context, setting)
    )


def _check_time(changes: Changes, context: CommandContext) -> None:
    """Refuse what the device does not take at this moment.

    It takes a mode no sooner than a minute after it was woken up; the A series does
    so with its start.
    """
    if Setting.WORK_MODE not in changes:
        return
    if context.calibrating:
        raise MinerBusyError(
            "it calibrates, and takes no work mode meanwhile",
            reason=ErrorReason.CALIBRATING,
        )
    if changes.get(Setting.MINING) is True and context.model.series is None:
        raise MinerBusyError(
            "a work mode is taken a minute after the wake-up", reason=ErrorReason.WAKING
        )


type _Commands = Iterator[Command]
type _Encode = Callable[[Changes, CommandContext, Setting], _Commands]


def _in_order(changes: Changes, model: Model) -> Iterator[tuple[Setting, _Encode]]:
    """Go through the changes: rest first, but what reboots the device last."""
    settings = [setting for setting in _ENCODERS if setting in changes]
    if Setting.FAN_DUTY_CYCLE in changes and Setting.AUTO_FAN in changes:
        settings.remove(Setting.FAN_DUTY_CYCLE)
    if model.series is not None and changes.get(Setting.MINING) is True:
        settings.remove(Setting.MINING)
        settings.append(Setting.MINING)
    for setting in settings:
        yield setting, _ENCODERS[setting]


def _mining(changes: Changes, context: CommandContext, _: Setting) -> _Commands:
    """Stop or start hashing, by the clock of the device.

    The A series goes to sleep at once and wakes by a reboot.
    """
    model = context.model
    wanted = changes[Setting.MINING]
    if model.series is not None:
        yield reboot(model) if wanted else option("softoff")
        return
    if context.clock is None:
        raise MinerCommandError(
            "it does not tell the time by which it would act",
            reason=ErrorReason.CLOCK_UNKNOWN,
        )
    name = "softon" if wanted else "softoff"
    soon = context.clock + 5
    yield option(f"{name},1:{soon}", may_be_silent=bool(wanted))


def reboot(model: Model) -> Command:
    """Restart the device."""
    if model.reboot is None:
        raise MinerCommandError(
            "how to restart this model is not known", reason=ErrorReason.NOT_SUPPORTED
        )
    return option(f"reboot,{model.reboot}", may_be_silent=True)


def _work_mode(changes: Changes, context: CommandContext, _: Setting) -> _Commands:
    """Set mode and level as the model counts them."""
    model = context.model
    mode = next(x for x in model.modes if x.name == changes[Setting.WORK_MODE])
    if model.series is not None:
        yield option(f"workmode,{mode.number}")
    elif mode.number is None:
        yield option(f"worklevel,set,{mode.level}")
    elif all(x.level is None for x in model.modes):
        yield option(f"workmode,set,{mode.number}")
    elif "work_mode_lvl" in context.listed:
        yield option(f"work_mode_lvl,set,{mode.number},{mode.level or 0}")
    else:
        yield from _mode_then_level(mode, context)


def _mode_then_level(mode: Mode, context: CommandContext) -> _Commands:
    """Set one after the other, and only what differs: a new mode has level 0."""
    now = next(
        (x for x in context.model.modes if x.name == context.settings.work_mode),
        None,
    )
    if now is None or now.number != mode.number:
        yield option(f"workmode,set,{mode.number}")
        if not mode.level:
            return
    if mode.level is not None:
        yield option(f"worklevel,set,{mode.level}")


def _fan(changes: Changes, context: CommandContext, _: Setting) -> _Commands:
    """Fix the fan or let it follow.

    Fixed without a duty cycle it stays at the present one, or at full speed where
    that is not known: too much air harms nothing.
    """
    if changes.get(Setting.AUTO_FAN) is True:
        duty = AUTOMATIC
    elif Setting.FAN_DUTY_CYCLE in changes:
        duty = _whole(changes[Setting.FAN_DUTY_CYCLE])
    else:
        present = _FULL if context.duty is None else round(context.duty)
        duty = min(_FULL, max(context.model.least_fan, present))
    yield option(f"fan-spd,{duty}", fan=duty)


def _simple(changes: Changes, _: CommandContext, setting: Setting) -> _Commands:
    """Set a temperature, or switch the screen."""
    text = _SIMPLE[setting].format(_whole(changes[setting]))
    yield option(text, in_litestats=setting is not Setting.TARGET_TEMPERATURE)


def _pool(changes: Changes, context: CommandContext, setting: Setting) -> _Commands:
    """Work for the pool at a place."""
    place = _whole(changes[setting])
    numbers = context.pools
    number = numbers[place] if place < len(numbers) else place
    yield Command("switchpool", str(number))


def _light(changes: Changes, context: CommandContext, setting: Setting) -> _Commands:
    """Set a light; what is not asked for stays as it is."""
    wanted = changes[setting]
    if not isinstance(wanted, Light):
        return
    known = context.settings.light
    now = known or Light(on=not wanted.on)
    effect = 1 + EFFECTS.index(wanted.effect or now.effect or EFFECTS[0])
    number = effect if wanted.on else 0
    if context.model.light == "led":
        yield from _light_by_parts(wanted, now, number)
        return
    red, green, blue = _first(wanted.color, now.color, _WHITE)
    brightness = _first(wanted.brightness, now.brightness, _FULL)
    warmth = _first(wanted.warmth, now.warmth, _FULL)
    if context.dark and "ledmode" in context.listed:
        # Only in the mode for the day it takes a colour.
        yield option("ledmode,0", in_litestats=True)
    yield option(
        f"ledset,{number}-{brightness}-{warmth}-{red}-{green}-{blue}",
        in_litestats=True,
    )


def _light_by_parts(wanted: Light, now: Light, number: int) -> _Commands:
    """Set a Nano 3's light, which takes colour and effect one after the other."""
    brightness = wanted.brightness
    if wanted.on and wanted.color is not None:
        bright = _first(brightness, now.brightness, _FULL)
        red, green, blue = wanted.color
        shade = Light(on=True, brightness=bright, color=wanted.color)
        yield option(f"led,setrgb,{bright}-{_FULL}-{red}-{green}-{blue}", shade=shade)
    elif wanted.on and brightness is not None:
        shade = Light(on=True, brightness=brightness, color=now.color)
        yield option(f"led,setbright,{brightness}", shade=shade)
    if wanted.on != now.on or wanted.effect not in (None, now.effect):
        yield option(f"led,setmode,{number}")


def _first[Value](wanted: Value | None, now: Value | None, usual: Value) -> Value:
    """Return what is asked for, else what is, else what is usual."""
    return next((value for value in (wanted, now) if value is not None), usual)


def _whole(value: SettingValue) -> int:
    """Round a number, which is all that the firmware takes."""
    return round(value) if isinstance(value, int | float) else 0


_SIMPLE: Mapping[Setting, str] = {
    Setting.TARGET_TEMPERATURE: "target-temp,{}",
    Setting.HEATING_TEMPERATURE: "limittemp,{}",
    Setting.DISPLAY: "lcd,0:{}",
}
_ENCODERS: Mapping[Setting, _Encode] = {
    Setting.MINING: _mining,
    Setting.WORK_MODE: _work_mode,
    Setting.AUTO_FAN: _fan,
    Setting.FAN_DUTY_CYCLE: _fan,
    Setting.TARGET_TEMPERATURE: _simple,
    Setting.HEATING_TEMPERATURE: _simple,
    Setting.POOL: _pool,
    Setting.LIGHT: _light,
    Setting.DISPLAY: _simple,
}
"""In the order in which they are sent."""
