"""Set points to what is sent for them, in the words of the firmware's era."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ..errors import ErrorReason, MinerCommandError
from ..model import (
    Changes,
    Limits,
    Setting,
    SettingValue,
    Writing,
)
from ..settings import check_value
from ..values import (
    count,
    flag,
    members,
    number,
    version,
)
from .boards import (
    Reply,
    has_pool_list,
    is_2_10,
    is_2_11,
    is_nerdos,
)
from .nerdos import (
    MOST_POOLS,
    auto_fan_mode,
    has_no_core_voltage,
)
from .numbers import PLAIN

_LIVE_SINCE: Mapping[Setting, tuple[int, int, int]] = {
    Setting.FREQUENCY: (2, 2, 0),
    Setting.CORE_VOLTAGE: (2, 2, 0),
    Setting.AUTO_FAN: (2, 4, 0),
}


class Known(NamedTuple):
    """What a write depends on: the last reply, and what was read from it before.

    ``auto_fan_mode`` is the last mode but manual that the device reported.
    """

    info: Reply
    limits: Limits
    auto_fan_mode: int | None = None


type Body = dict[str, Any]
type _Writer = Callable[[SettingValue, Known], Body]


def writing_of(setting: Setting, info: Reply) -> Writing:
    """Tell what it takes to write a setting, and how soon it shows."""
    if setting is Setting.MINING:
        return Writing(proof=90.0 if is_nerdos(info) else 60.0)
    if setting is Setting.POOL or not is_live(setting, info):
        return Writing(wears=True, needs_restart=True)
    if setting is Setting.FAN_DUTY_CYCLE and "manualFanSpeed" not in info:
        # It tells no set point of its fan, but what that has reached.
        return Writing(wears=True, proof=10.0)
    if is_2_11(info):
        # It applies what it has acknowledged, one setting after the other.
        return Writing(wears=True, settles=5.0)
    # NerdOS, and AxeOS before that, change the voltage first and ramp afterwards.
    ramps = {Setting.FREQUENCY} if setting is Setting.CORE_VOLTAGE else ()
    return Writing(wears=True, precedes=frozenset(ramps))


def is_live(setting: Setting, info: Reply) -> bool:
    """Tell whether the firmware follows a set point without a restart."""
    release = version(info.get("version"))
    if release is None or is_nerdos(info):
        return True
    return release >= _LIVE_SINCE.get(setting, release)


def patch_body(changes: Changes, known: Known) -> Body:
    """Put the body of one request together; the order of its keys does nothing."""
    if unknown := changes.keys() - _WRITERS.keys():
        raise MinerCommandError(
            f"{', '.join(unknown)} cannot be written", reason=ErrorReason.NOT_SUPPORTED
        )
    body: Body = {}
    for setting, writer in _WRITERS.items():
        if setting in changes:
            value = changes[setting]
            check_value(setting, value, known.limits.settings.get(setting))
            body |= writer(value, known)
    return body


def _frequency(value: SettingValue, known: Known) -> Body:
    """Write MHz; only AxeOS since 2.10 keeps what is not whole."""
    asked = _number(value)
    whole = asked.is_integer() or not is_2_10(known.info)
    body: Body = {"frequency": round(asked) if whole else asked}
    # Until 2.10 the chip crawls after it was too hot, until somebody clears this;
    # later firmware cools the chip first and clears it then.
    if flag(known.info.get("overheat_mode")) and not is_2_11(known.info):
        body["overheat_mode"] = 0
    return body


def _core_voltage(value: SettingValue, known: Known) -> Body:
    """Write mV; NerdOS would give power to chips that it does not initialise then."""
    if is_nerdos(known.info) and has_no_core_voltage(known.info):
        raise MinerCommandError(
            "its regulator is off, and only a restart makes the chips ready",
            reason=ErrorReason.REGULATOR_OFF,
        )
    return {"coreVoltage": round(_number(value) * 1e3)}


def _auto_fan(value: SettingValue, known: Known) -> Body:
    """Write the fan's mode, which NerdOS numbers by the kind of its controller."""
    if not value or not is_nerdos(known.info):
        return {"autofanspeed": int(bool(value))}
    return {"autofanspeed": auto_fan_mode(known.info, known.auto_fan_mode)}


def _fan(value: SettingValue, known: Known) -> Body:
    key = "manualFanSpeed" if "manualFanSpeed" in known.info else "fanspeed"
    return {key: round(_number(value))}


def _plain(key: str, value: SettingValue, _: Known) -> Body:
    return {key: round(_number(value))}


def _target(value: SettingValue, known: Known) -> Body:
    key = "pidTargetTemp" if is_nerdos(known.info) else "temptarget"
    return {key: round(_number(value))}


def _pool(value: SettingValue, known: Known) -> Body:
    """Choose a pool, of two by a switch, of a list by the number of its slot."""
    place, info = round(_number(value)), known.info
    if not has_pool_list(info):
        return {"useFallbackStratum": place > 0}
    slots = members(info["pools"], MOST_POOLS)
    slot = count(slots[place].get("id", place)) if 0 <= place < len(slots) else None
    if slot is None:
        raise MinerCommandError(
            "there is no such pool", reason=ErrorReason.INVALID_VALUE
        )
    body: Body = {"primaryPoolIndex": slot}
    # The pool that was the second choice changes places, or there were none left.
    primary = count(info["primaryPoolIndex"])
    if slot == count(info.get("secondaryPoolIndex")) and primary not in (None, slot):
        body["secondaryPoolIndex"] = primary
    if flag(info.get("useFallbackStratum")):
        body["useFallbackStratum"] = False
    return body


def _number(value: SettingValue) -> float:
    if (found := number(value)) is None:
        raise MinerCommandError("not a number", reason=ErrorReason.INVALID_VALUE)
    return found


_WRITERS: Mapping[Setting, _Writer] = {
    Setting.CORE_VOLTAGE: _core_voltage,
    Setting.FREQUENCY: _frequency,
    Setting.AUTO_FAN: _auto_fan,
    Setting.FAN_DUTY_CYCLE: _fan,
    **{plain.setting: partial(_plain, plain.key) for plain in PLAIN},
    Setting.TARGET_TEMPERATURE: _target,
    Setting.POOL: _pool,
}
