"""Set points to what is sent for them, in the words of the firmware's era."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..errors import MinerCommandError
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

_RESUME = 60.0
_NERDOS_START = 90.0
_LIVE_FAN = Writing(wears=True, proof=10.0)
"""Firmware that tells no set point of its fan shows what the fan has reached."""

_KEPT = Writing(wears=True)
_KEPT_LATER = Writing(wears=True, settles=5.0)
"""AxeOS since 2.11 applies what it has acknowledged, one setting after the other."""

_VOLTAGE = Writing(wears=True, precedes=frozenset({Setting.FREQUENCY}))
"""NerdOS, and AxeOS before that, change the voltage first and ramp afterwards."""

_AFTER_RESTART = Writing(wears=True, needs_restart=True)
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
        return Writing(proof=_NERDOS_START if is_nerdos(info) else _RESUME)
    if setting is Setting.POOL:
        return _AFTER_RESTART
    if setting is Setting.FAN_DUTY_CYCLE and "manualFanSpeed" not in info:
        return _LIVE_FAN
    if not is_live(setting, info):
        return _AFTER_RESTART
    if is_2_11(info):
        return _KEPT_LATER
    return _VOLTAGE if setting is Setting.CORE_VOLTAGE else _KEPT


def is_live(setting: Setting, info: Reply) -> bool:
    """Tell whether the firmware follows a set point without a restart."""
    release = version(info.get("version"))
    if release is None or is_nerdos(info):
        return True
    return release >= _LIVE_SINCE.get(setting, release)


def patch_body(changes: Changes, known: Known) -> Body:
    """Put the body of one request together; the order of its keys does nothing."""
    if unknown := changes.keys() - _WRITERS.keys():
        raise MinerCommandError(f"{', '.join(unknown)} cannot be written")
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
            "its regulator is off, and only a restart makes the chips ready for voltage"
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


def _min_fan(value: SettingValue, _: Known) -> Body:
    return {"minFanSpeed": round(_number(value))}


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
        raise MinerCommandError("there is no such pool")
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
        raise MinerCommandError("not a number")
    return found


_WRITERS: Mapping[Setting, _Writer] = {
    Setting.CORE_VOLTAGE: _core_voltage,
    Setting.FREQUENCY: _frequency,
    Setting.AUTO_FAN: _auto_fan,
    Setting.FAN_DUTY_CYCLE: _fan,
    Setting.MIN_FAN_DUTY_CYCLE: _min_fan,
    Setting.TARGET_TEMPERATURE: _target,
    Setting.POOL: _pool,
}
