"""PATCH /api/system: what each era of firmware takes, refuses and ignores."""

from collections.abc import Callable
from dataclasses import dataclass
import struct
from typing import Any

from .cjson import parse
from .device import POOL_LIST, Device
from .flash import DISPLAYS, pool_slot
from .versions import Span, Version, span

LONGEST_BODY = 10_240
VALIDATED: Version = (2, 11, 0)
CHECKED_POOLS = "2.13"
MOST_INT = 2**31 - 1
MASKED = "*****"

type Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchReply:
    """The answer to a PATCH; no text is the usual empty success."""

    status: int = 200
    text: str = ""
    json: dict[str, Any] | None = None
    crashes: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A setting, the releases that know it and what they accept for it."""

    name: str
    releases: Span
    check: Check
    stores: Callable[[Any], Any]


def _is_number(value: Any) -> bool:
    """Tell whether JSON gave a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cut(value: float) -> int:
    """Return a number without its fraction, as the firmware's library reads it."""
    return int(max(-MOST_INT - 1, min(MOST_INT, value)))


def _whole(low: int, high: int) -> Check:
    """Return a check for a number that is in a range without its fraction."""
    return lambda value: _is_number(value) and low <= _cut(value) <= high


def _number(low: float, high: float) -> Check:
    """Return a check for any number in a range."""
    return lambda value: _is_number(value) and low <= value <= high


def _switch(value: Any) -> bool:
    """Check for a boolean or 0 or 1."""
    return isinstance(value, bool) or _whole(0, 1)(value)


def _cleared(value: Any) -> bool:
    """Check for a flag that can only be cleared."""
    return _switch(value) and not _cut(value)


def _text(low: int, high: int) -> Check:
    """Return a check for a text of some length in bytes."""
    return lambda value: (
        isinstance(value, str)
        and low <= len(value.encode(errors="surrogateescape")) <= high
    )


def _one_of(*allowed: str) -> Check:
    """Return a check for a text from a list."""
    return lambda value: value in allowed


def _angle(value: Any) -> bool:
    """Check for a quarter turn."""
    return _is_number(value) and _cut(value) in {0, 90, 180, 270}


def _whole_part(value: Any) -> Any:
    """Store a number without its fraction, anything else as it came."""
    return _cut(value) if _is_number(value) else value


def _on(value: Any) -> bool:
    """Store a switch as a boolean."""
    return bool(_cut(value))


def _single(value: float) -> float:
    """Store a number with the precision of 32 bits."""
    stored: float = struct.unpack("f", struct.pack("f", value))[0]
    whole = int(stored)
    return whole if whole == stored else stored


def _rule(
    name: str,
    check: Check,
    since: str = "0.0",
    until: str = "999.0",
    stores: Callable[[Any], Any] = _whole_part,
) -> Rule:
    """Return a row of the table."""
    return Rule(name, span(since, until), check, stores)


def _pool_rules(prefix: str) -> tuple[Rule, ...]:
    """Return the rules of a pool's flat keys, which 2.15 ignores."""
    last = "2.14.99"
    start = "2.3" if prefix.startswith("fallback") else "0.0"
    return (
        _rule(f"{prefix}URL", _text(0, LONGEST_BODY), start, "2.12.99"),
        _rule(f"{prefix}URL", _text(0, 128), CHECKED_POOLS, last),
        _rule(f"{prefix}Port", _whole(0, 65_535), start, "2.12.99"),
        _rule(f"{prefix}Port", _whole(1, 65_535), CHECKED_POOLS, last),
        _rule(f"{prefix}User", _text(0, 128), start, last),
        _rule(f"{prefix}Password", _text(0, 128), start, last),
        _rule(f"{prefix}SuggestedDifficulty", _whole(0, 65_535), "2.9", last),
        _rule(f"{prefix}ExtranonceSubscribe", _switch, "2.9", last, _on),
        _rule(f"{prefix}TLS", _whole(0, 65_535), "2.13", last),
        _rule(f"{prefix}Cert", _text(0, 4096), "2.13", last),
        _rule(f"{prefix}DecodeCoinbase", _switch, "2.13", last, _on),
        _rule(f"{prefix}Protocol", _one_of("SV1", "SV2"), "2.14", last),
    )


RULES = (
    _rule("frequency", _number(1, 65_535), stores=_single),
    _rule("coreVoltage", _whole(1, 65_535)),
    _rule("autofanspeed", _switch, "2.0.2", stores=_cut),
    _rule("manualFanSpeed", _whole(0, 100), "2.11"),
    _rule("fanspeed", _whole(0, 100), "2.0.2", "2.10.99"),
    _rule("minFanSpeed", _whole(0, 99), "2.10"),
    _rule("temptarget", _whole(35, 66), "2.7"),
    _rule("overheat_mode", _cleared, "2.1.10", stores=lambda _: 0),
    _rule("overclockEnabled", _switch, "2.6", stores=_cut),
    _rule("displayTimeout", _whole(-1, 65_535), "2.7"),
    _rule("statsFrequency", _whole(0, 65_535), "2.9"),
    _rule("rotation", _angle, "2.9"),
    _rule("flipscreen", _switch, "0.0", "2.8.99", _cut),
    _rule("invertscreen", _switch, stores=_cut),
    _rule("invertfanpolarity", _switch, "2.0.2", "2.6.5", _cut),
    _rule("display", _one_of(*DISPLAYS), "2.8"),
    _rule("displayOffset", _whole(0, 255), "2.11"),
    _rule("hostname", _text(1, 32), "2.1.5"),
    _rule("ssid", _text(1, 32)),
    _rule("wifiPass", _text(0, 63)),
    _rule("useFallbackStratum", _switch, "2.11", stores=_on),
    _rule("useCustomWWW", _switch, "2.15", stores=_cut),
    _rule("primaryPoolIndex", _whole(0, 7), "2.15"),
    _rule("secondaryPoolIndex", _whole(0, 7), "2.15"),
    *_pool_rules("stratum"),
    *_pool_rules("fallbackStratum"),
)


APPLIED = (
    "frequency",
    "coreVoltage",
    "overclockEnabled",
    "display",
    "rotation",
    "invertscreen",
    "displayOffset",
    "displayTimeout",
    "autofanspeed",
    "manualFanSpeed",
    "minFanSpeed",
    "temptarget",
    "overheat_mode",
    "useCustomWWW",
    "statsFrequency",
)
"""The order in which settings are applied since 2.11; network and pools go before."""

STORED_AS = {"fanspeed": "manualFanSpeed", "pidTargetTemp": "temptarget"}


def patch(device: Device, body: bytes) -> PatchReply:
    """Apply a PATCH body to the device and return its answer."""
    if len(body) >= LONGEST_BODY:
        return PatchReply(status=500, text="content too long")
    try:
        wanted = parse(body)
    except ValueError:
        return PatchReply(status=400, text="Invalid JSON")
    if not isinstance(wanted, dict):
        wanted = {}
    wanted = spelt(wanted)
    if isinstance(wanted.get("pools"), list):
        wanted["pools"] = [spelt(pool) for pool in wanted["pools"]]
    if _crashes(device, wanted):
        return PatchReply(crashes=True)
    rules = {
        rule.name.lower(): rule for rule in RULES if device.version in rule.releases
    }
    if device.stock and device.version >= VALIDATED:
        return _patch_validated(device, wanted, rules)
    for name, value in wanted.items():
        if (rule := rules.get(name.lower())) is not None:
            _store_loosely(device, rule, value)
    _take_effect(device)
    return PatchReply()


def _crashes(device: Device, wanted: dict[str, Any]) -> bool:
    """Tell whether the firmware compares a number with texts, until 2.12."""
    unchecked = VALIDATED <= device.version < (2, 13, 0)
    return unchecked and any(
        name.lower() == "display" and _is_number(value)
        for name, value in wanted.items()
    )


def _patch_validated(
    device: Device, wanted: dict[str, Any], rules: dict[str, Rule]
) -> PatchReply:
    """Take all of a body or nothing of it, as since 2.11; it is applied afterwards."""
    chosen = [
        (rules[name.lower()], value)
        for name, value in wanted.items()
        if name.lower() in rules
    ]
    pools = wanted.get("pools", []) if device.version >= POOL_LIST else []
    if not all(rule.check(value) for rule, value in chosen) or not _pools_valid(pools):
        return PatchReply(status=400, text="Wrong API input")
    for pool in pools:
        store_pool(device, pool["id"], pool)
    _take_effect(device)
    settings = {rule.name: rule.stores(value) for rule, value in chosen}
    reply = _hostname_reply(device, settings)
    for name in sorted(settings, key=_turn):
        if settings[name] != device.flash[name]:
            device.settings_task.put(name, settings[name])
    return reply


def _turn(name: str) -> int:
    """Return a setting's place in the firmware's table, by which it goes on."""
    return APPLIED.index(name) if name in APPLIED else -1


def _hostname_reply(device: Device, settings: dict[str, Any]) -> PatchReply:
    """Answer a change of the host name with the new address, as since 2.15."""
    before = device.flash["hostname"]
    if device.version < POOL_LIST or settings.get("hostname", before) == before:
        return PatchReply()
    settings["hostname"] = settings["hostname"].removesuffix(".local")
    redirect = {
        "url": f"http://{before}.local",
        "delay": 2000,
        "message": "The host name has changed",
    }
    return PatchReply(json={"status": "success", "redirect": redirect})


def _store_loosely(device: Device, rule: Rule, value: Any) -> None:
    """Store without a check: other types are skipped, numbers cut to 16 bits."""
    name = STORED_AS.get(rule.name, rule.name)
    if rule.name == "overheat_mode":
        device.flash.write(name, 0)
    elif isinstance(value, str):
        if isinstance(device.flash[name], str):
            device.flash.write(name, value)
    elif isinstance(value, int | float) and not isinstance(device.flash[name], str):
        device.flash.write(name, _sixteen_bits(device, name, value))


def _sixteen_bits(device: Device, name: str, value: float) -> float:
    """Cut a number the way the old settings store does; -1 stays a sign."""
    if name == "frequency" and device.version >= (2, 10, 0):
        return _single(value) if abs(value) < 65_536 else _cut(value) & 0xFFFF
    if name == "displayTimeout" and value == -1:
        return -1
    return _cut(value) & 0xFFFF


def _take_effect(device: Device) -> None:
    """Write what changed to flash and run what works without a restart."""
    device.flash.commit()
    device.sync()
    device.set_points_changed()
    device.reconsider()


def _pools_valid(pools: Any) -> bool:
    """Tell whether a list of pools has what each pool needs."""
    return isinstance(pools, list) and all(
        isinstance(pool, dict) and _whole(0, 7)(pool.get("id")) and pool_valid(pool)
        for pool in pools
    )


POOL_RULES = {
    "stratumURL": (_text(1, 255), _whole_part),
    "stratumPort": (_whole(1, 65_535), _whole_part),
    "stratumUser": (_text(1, 255), _whole_part),
    "stratumPassword": (_text(0, 255), _whole_part),
    "stratumSuggestedDifficulty": (_whole(0, 65_535), _whole_part),
    "stratumExtranonceSubscribe": (_switch, _on),
    "stratumTLS": (_whole(0, 2), _whole_part),
    "stratumCert": (_text(0, LONGEST_BODY), _whole_part),
    "stratumDecodeCoinbase": (_switch, _on),
    "stratumProtocol": (_one_of("SV1", "SV2"), _whole_part),
    "stratumV2ChannelType": (_one_of("standard", "extended"), _whole_part),
    "stratumV2AuthorityPubkey": (_text(0, 255), _whole_part),
    "stratumV2RequireAuth": (_switch, _on),
}
NEEDED = frozenset({"stratumURL", "stratumPort", "stratumUser"})
POOL_NAMES = {name.lower(): name for name in (*POOL_RULES, "id", "pools")}


def spelt(value: Any) -> Any:
    """Return an object with pools' members as the firmware spells them."""
    if not isinstance(value, dict):
        return value
    return {POOL_NAMES.get(name.lower(), name): item for name, item in value.items()}


def pool_valid(pool: Any) -> bool:
    """Tell whether a pool has an address, a port and a user, and nothing odd."""
    if not isinstance(pool, dict) or not pool.keys() >= NEEDED:
        return False
    known = POOL_RULES.keys() & pool.keys()
    return all(POOL_RULES[name][0](pool[name]) for name in known)


def store_pool(device: Device, slot: int, pool: dict[str, Any]) -> None:
    """Store a pool; what is missing gets its default, a masked password stays."""
    pools: dict[int, dict[str, Any]] = device.flash["pools"]
    slot = _cut(slot)
    fresh = pool_slot(slot, "", 0, "")
    known = POOL_RULES.keys() & pool.keys()
    fresh |= {name: POOL_RULES[name][1](pool[name]) for name in known}
    if fresh["stratumPassword"] == MASKED:
        fresh["stratumPassword"] = pools.get(slot, fresh)["stratumPassword"]
    device.flash.write("pools", pools | {slot: fresh})
    device.revision += 1


def drop_pool(device: Device, slot: int) -> bool:
    """Empty a slot; one in use cannot be emptied."""
    if slot in {
        device.flash["primaryPoolIndex"],
        device.flash["secondaryPoolIndex"],
    }:
        return False
    pools: dict[int, dict[str, Any]] = device.flash["pools"]
    rest = {index: pool for index, pool in pools.items() if index != slot}
    device.flash.write("pools", rest)
    device.flash.commit()
    device.revision += 1
    return True
