"""Actions do what no entity can do alone, and say what they cannot do."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.control.errors import (
    ChangeError,
    ControlError,
    ControlFault,
    Refusal,
    WriteError,
)
from custom_components.miner_monitor.miners.errors import (
    ErrorReason,
    MinerAuthError,
    MinerBusyError,
    MinerCommandError,
    MinerConnectionError,
    MinerStrangerError,
    MinerTimeoutError,
)
from custom_components.miner_monitor.miners.model import Changes, MinerSettings, Setting
from custom_components.miner_monitor.runtime.messages import Failure, user_error
from simulator import MinerSpec

from .conftest import GAMMA, GAMMA_2, HEX, MINI_3, NANO_3S, NERD, Q, TimedBench
from .controls import patches
from .handles import Handle, take_over

TWIN = replace(GAMMA, name="twin", mac="E4:B0:63:00:C3:D4", seed=7)
LONGEST_CALL = 15.0


async def act(bench: TimedBench, action: str, target: Any, **data: Any) -> float:
    """Call an action for one miner, or for what a target names."""
    named = {"device_id": target.device_id} if isinstance(target, Handle) else target
    return await bench.call(DOMAIN, action, {**named, **data}, patience=LONGEST_CALL)


def options(handle: Handle) -> list[str]:
    """Return the profiles that are offered."""
    state = handle.hass.states.get(handle.entity("select", "profile"))
    return state.attributes["options"]


async def refused(
    bench: TimedBench,
    action: str,
    target: Any,
    error: type[Exception] = ServiceValidationError,
    **data: Any,
) -> str:
    """Call an action that fails, and return what it says."""
    with pytest.raises(error) as caught:
        await act(bench, action, target, **data)
    return str(caught.value)


SUBSETS = [
    (GAMMA, {"frequency": 490}, [{"frequency": 490}]),
    (
        GAMMA,
        {"frequency": "490", "core_voltage": "1.1"},
        [{"frequency": 490}, {"coreVoltage": 1100}],
    ),
    (
        GAMMA,
        {
            "frequency": 600,
            "core_voltage": 1.2,
            "auto_fan": "off",
            "fan_duty_cycle": 60,
            "min_fan_duty_cycle": 30,
            "target_temperature": 55,
        },
        [
            {
                "coreVoltage": 1200,
                "autofanspeed": 0,
                "manualFanSpeed": 60,
                "minFanSpeed": 30,
                "temptarget": 55,
            },
            {"frequency": 600},
        ],
    ),
    (GAMMA, {"frequency": 525, "core_voltage": 1.15, "auto_fan": True}, []),
    (HEX, {"frequency": 400, "auto_fan": True}, [{"frequency": 400}]),
    (
        NERD,
        {"frequency": 500, "target_temperature": 50},
        [{"frequency": 500, "pidTargetTemp": 50}],
    ),
    (NANO_3S, {"work_mode": "low"}, ["workmode,set,0"]),
    (Q, {"work_mode": "super"}, ["workmode,set,2"]),
]


@pytest.mark.parametrize(("spec", "data", "sent"), SUBSETS)
async def test_any_settings_are_one_request_or_two(
    bench: TimedBench, spec: MinerSpec, data: dict[str, Any], sent: list[Any]
) -> None:
    handle = await take_over(bench, await bench.miner(spec))

    await act(bench, "apply_settings", handle, **data)

    assert handle.writes == sent


async def miners(bench: TimedBench, *specs: MinerSpec) -> list[Handle]:
    return [await take_over(bench, await bench.miner(spec)) for spec in specs]


def _device_ids(hass: HomeAssistant, found: list[Handle]) -> Mapping[str, Any]:
    return {"device_id": [handle.device_id for handle in found]}


def _entity_ids(hass: HomeAssistant, found: list[Handle]) -> Mapping[str, Any]:
    return {"entity_id": [handle.entity("number", "frequency") for handle in found]}


def _area(hass: HomeAssistant, found: list[Handle]) -> Mapping[str, Any]:
    area = ar.async_get(hass).async_create("Garage")
    for handle in found:
        dr.async_get(hass).async_update_device(handle.device_id, area_id=area.id)
    return {"area_id": area.id}


def _one_twice(hass: HomeAssistant, found: list[Handle]) -> Mapping[str, Any]:
    return {**_device_ids(hass, found), **_entity_ids(hass, found[:1])}


@pytest.mark.parametrize("target", [_device_ids, _entity_ids, _area, _one_twice])
async def test_targets(bench: TimedBench, hass: HomeAssistant, target: Any) -> None:
    """All that are meant get one request each, and nobody else."""
    *meant, other = await miners(bench, GAMMA, TWIN, HEX)

    await act(bench, "apply_settings", target(hass, meant), frequency=490)

    assert [handle.writes for handle in meant] == [[{"frequency": 490}]] * 2
    assert other.writes == []


OUTSIDE = [
    (GAMMA, {"frequency": 5000}, ("Frequency", "5000 MHz", "100 MHz to 625 MHz")),
    (GAMMA, {"frequency": 0}, ("Frequency", "0 MHz", "100 MHz to 625 MHz")),
    (GAMMA, {"core_voltage": 1.3}, ("Core voltage", "1.3 V", "1 V to 1.25 V")),
    (GAMMA, {"core_voltage": 1150}, ("Core voltage", "1150 V", "1 V to 1.25 V")),
    (GAMMA, {"fan_duty_cycle": 101}, ("Fan duty cycle", "101%", "0% to 100%")),
    (
        GAMMA,
        {"target_temperature": 90, "frequency": 490},
        ("Target temperature", "90 °C", "35 °C to 66 °C"),
    ),
    (GAMMA, {"work_mode": "eco"}, ("no setting Work mode",)),
    (GAMMA, {"heating_temperature": 25}, ("no setting Heater",)),
    (Q, {"work_mode": "turbo"}, ("Work mode", "turbo", "eco, standard, super")),
    (Q, {"work_mode": "Super"}, ("Work mode", "Super", "eco, standard, super")),
    (Q, {"fan_duty_cycle": 5}, ("Fan duty cycle", "5%", "15% to 100%")),
    (Q, {"frequency": 500}, ("no setting Frequency",)),
    (MINI_3, {"heating_temperature": 70}, ("Heater", "70 °C", "20 °C to 50 °C")),
]


@pytest.mark.parametrize(("spec", "data", "words"), OUTSIDE)
async def test_what_a_miner_cannot_take(
    bench: TimedBench, spec: MinerSpec, data: dict[str, Any], words: tuple[str, ...]
) -> None:
    """The error names the miner, the setting and what is allowed."""
    handle = await take_over(bench, await bench.miner(spec))

    told = await refused(bench, "apply_settings", handle, **data)

    for word in (handle.entry.title, *words):
        assert word in told
    assert handle.writes == []


NO_VALUES = [
    {"frequency": True},
    {"frequency": float("nan")},
    {"frequency": "nan"},
    {"frequency": float("inf")},
    {"frequency": "-inf"},
    {"frequency": -1},
    {"frequency": "fast"},
    {"frequency": None},
    {"frequency": []},
    {"frequency": 10**400},
    {"core_voltage": False},
    {"auto_fan": "maybe"},
    {"auto_fan": None},
    {"work_mode": {"eco": 1}},
    {"work_mode": None},
    {"mining": False},
    {"hostname": "mine"},
]


async def test_what_is_no_value(bench: TimedBench) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    for data in NO_VALUES:
        await refused(bench, "apply_settings", handle, vol.Invalid, **data)
    assert handle.writes == []


async def test_failures_of_several(bench: TimedBench) -> None:
    """The error names each that failed; the others have changed."""
    gamma, twin, hex_, q = await miners(bench, GAMMA, TWIN, HEX, Q)
    twin.miner.inject("patch_refused")
    everyone = _device_ids(bench.hass, [gamma, twin, hex_, q])

    told = await refused(
        bench, "apply_settings", everyone, HomeAssistantError, frequency=575
    )

    assert told.startswith("2 miners failed: ")
    for word in (twin.entry.title, "525 MHz → 575 MHz", q.entry.title, "no setting"):
        assert word in told
    assert gamma.entry.title not in told
    assert hex_.entry.title not in told
    assert ".;" not in told
    assert ".." not in told
    assert gamma.writes == hex_.writes == [{"frequency": 575}]
    assert q.writes == []


async def test_several_that_cannot(bench: TimedBench) -> None:
    """What none can take is the caller's mistake, as with one."""
    both = await miners(bench, GAMMA, TWIN)
    target = _device_ids(bench.hass, both)
    told = await refused(bench, "apply_settings", target, frequency=900)
    for handle in both:
        assert handle.entry.title in told
        assert handle.writes == []


async def test_one_of_several_fails(bench: TimedBench) -> None:
    """One failure is told in its own words."""
    gamma, hex_ = await miners(bench, GAMMA, HEX)
    gamma.miner.inject("patch_ignored")
    target = _device_ids(bench.hass, [gamma, hex_])
    told = await refused(
        bench, "apply_settings", target, HomeAssistantError, frequency=500
    )
    assert told == (
        "Gamma 601 A1B2 did not apply a setting: Frequency was set to 500 MHz, "
        "but the miner reports 525 MHz"
    )
    assert hex_.writes == [{"frequency": 500}]


ACTIONS: Mapping[str, dict[str, Any]] = {
    "apply_settings": {"frequency": 490},
    "save_profile": {"profile": "Night"},
    "apply_profile": {"profile": "eco"},
    "delete_profile": {"profile": "eco"},
}


@pytest.mark.parametrize(("action", "data"), ACTIONS.items())
async def test_targets_that_are_no_miners(
    bench: TimedBench, hass: HomeAssistant, action: str, data: dict[str, Any]
) -> None:
    await take_over(bench, await bench.miner(GAMMA))
    lamp = MockConfigEntry(domain="lamp")
    lamp.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=lamp.entry_id, identifiers={("lamp", "1")}
    )
    area = ar.async_get(hass).async_create("Attic")
    for target in (
        {"device_id": "0" * 32},
        {"device_id": device.id},
        {"entity_id": "light.lamp"},
        {"area_id": area.id},
        {"area_id": "nowhere"},
    ):
        told = await refused(bench, action, target, **data)
        assert told == "None of the selected devices is a miner of Miner Monitor"
    with pytest.raises(vol.Invalid):
        await act(bench, action, {}, **data)


@pytest.mark.parametrize(("action", "data"), ACTIONS.items())
async def test_a_miner_that_is_not_loaded(
    bench: TimedBench, hass: HomeAssistant, action: str, data: dict[str, Any]
) -> None:
    """It is named, and the others are not kept from anything."""
    gamma, twin = await miners(bench, GAMMA, TWIN)
    await bench.run(hass.config_entries.async_unload(twin.entry.entry_id))
    both = _device_ids(hass, [gamma, twin])

    told = await refused(bench, action, both, **data)

    assert told == (
        f"{twin.entry.title} isn't loaded. See Settings > Devices & services for the "
        "reason"
    )
    assert twin.writes == []
    changed = gamma.writes or options(gamma) != ["eco", "default", "high"]
    assert changed


async def test_a_disabled_miner_does_not_fail_an_area(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    gamma, twin = await miners(bench, GAMMA, TWIN)
    area = _area(hass, [gamma, twin])
    await bench.run(
        hass.config_entries.async_set_disabled_by(
            twin.entry.entry_id, ConfigEntryDisabler.USER
        )
    )

    await act(bench, "apply_settings", area, frequency=490)
    told = await refused(bench, "apply_settings", twin, frequency=490)

    assert gamma.writes == [{"frequency": 490}]
    assert f"{twin.entry.title} isn't loaded" in told


async def test_no_settings(bench: TimedBench) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    told = await refused(bench, "apply_settings", handle)
    assert told == "Enter at least one setting to apply"


# Profiles.


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("N", "N"),
        ("x" * 30, "x" * 30),
        (f"  {'x' * 30}  ", "x" * 30),
        ("Nacht ☾", "Nacht ☾"),
        ("<b>Night</b>", "<b>Night</b>"),
        (5, "5"),
    ],
)
async def test_names(bench: TimedBench, name: Any, saved: str) -> None:
    """A profile is offered at once under the name that it was given."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    await act(bench, "save_profile", handle, profile=name)
    assert options(handle) == ["eco", "default", "high", saved]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", '""'),
        ("   ", '"   "'),
        ("x" * 31, f'"{"x" * 31}"'),
        ("x" * 5000, f'"{"x" * 64}"'),
        ("a\nb", '"ab"'),
        ("a\x00b", '"ab"'),
        ("a\x1b[31mb", '"a[31mb"'),
    ],
)
async def test_no_names(bench: TimedBench, name: str, shown: str) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    told = await refused(bench, "save_profile", handle, profile=name)
    assert told == (
        f"{shown} isn't a valid profile name: "
        "use 1 to 30 characters without line breaks"
    )
    assert options(handle) == ["eco", "default", "high"]


@pytest.mark.parametrize("action", ["save_profile", "apply_profile", "delete_profile"])
async def test_a_profile_has_a_name(bench: TimedBench, action: str) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    for data in ({}, {"profile": None}, {"profile": {}}):
        await refused(bench, action, handle, vol.Invalid, **data)


async def test_the_life_of_a_profile(bench: TimedBench, hass: HomeAssistant) -> None:
    """Saved, replaced, kept over a reload, applied in any case, and forgotten."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    profile = handle.entity("select", "profile")

    await act(bench, "apply_settings", handle, frequency=450)
    await act(bench, "save_profile", handle, profile="Night")
    assert hass.states.get(profile).state == "Night"
    await bench.advance(15)
    await act(bench, "apply_settings", handle, frequency=475)
    await act(bench, "save_profile", handle, profile="night")
    assert options(handle) == ["eco", "default", "high", "night"]

    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(15)
    assert options(handle) == ["eco", "default", "high", "night"]

    await act(bench, "apply_profile", handle, profile="default")
    await bench.advance(15)
    await act(bench, "apply_profile", handle, profile=" NIGHT ")
    assert hass.states.get(profile).state == "night"
    assert [body.get("frequency") for body in patches(handle.miner)] == [
        *(450, 475, 525, 475)
    ]

    await act(bench, "delete_profile", handle, profile="NIGHT")
    assert options(handle) == ["eco", "default", "high"]
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(15)
    assert options(handle) == ["eco", "default", "high"]


@pytest.mark.parametrize("action", ["apply_profile", "delete_profile"])
async def test_unknown_profile(bench: TimedBench, action: str) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    told = await refused(bench, action, handle, profile="Turbo")
    assert told == "Gamma 601 A1B2 has no profile named Turbo"
    assert handle.writes == []


async def test_a_miner_without_settings_saves_none(bench: TimedBench) -> None:
    handle = await take_over(
        bench, await bench.miner(MinerSpec(name="rival", model="cgminer", seed=17))
    )
    told = await refused(bench, "save_profile", handle, profile="Night")
    assert "reports no settings that a profile could keep" in told


async def test_twenty_profiles_are_the_most(bench: TimedBench) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    for number in range(17):
        await act(bench, "save_profile", handle, profile=f"P{number}")
    told = await refused(bench, "save_profile", handle, profile="One more")
    assert told == (
        "Gamma 601 A1B2 already has the maximum number of profiles. Delete one first"
    )
    await act(bench, "save_profile", handle, profile="p3")
    assert len(options(handle)) == 20


PAST = "The end is in the past. Enter a later time, or a duration"
TOO_FAR = "The end is too far ahead. Enter an earlier time, or a shorter duration"


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ({"for": 0}, PAST),
        ({"for": {"hours": 0}}, PAST),
        ({"until": "2020-01-01 00:00:00"}, PAST),
        ({"for": {"days": 999_999_999}}, TOO_FAR),
        ({"until": "9999-12-31 23:59:59"}, TOO_FAR),
    ],
)
async def test_an_end_that_cannot_be(
    bench: TimedBench, hass: HomeAssistant, end: dict[str, Any], told: str
) -> None:
    await hass.config.async_set_time_zone("America/New_York")
    handle = await take_over(bench, await bench.miner(GAMMA))
    assert await refused(bench, "apply_profile", handle, profile="eco", **end) == told
    assert handle.writes == []


@pytest.mark.parametrize(
    "end",
    [
        {"for": "01:00:00", "until": "2099-01-01 00:00:00"},
        {"for": -5},
        {"for": "soon"},
        {"until": "tomorrow"},
        {"until": 5},
    ],
)
async def test_what_is_no_end(bench: TimedBench, end: dict[str, Any]) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA))
    await refused(bench, "apply_profile", handle, vol.Invalid, profile="eco", **end)
    assert handle.writes == []


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
async def test_until_is_in_local_time(
    bench: TimedBench, hass: HomeAssistant, zone: str
) -> None:
    """What the user's clock shows, and what names its zone, is the same moment."""
    await hass.config.async_set_time_zone(zone)
    handle = await take_over(bench, await bench.miner(GAMMA))
    until = dt_util.now() + timedelta(hours=1)

    await act(
        bench,
        "apply_profile",
        handle,
        profile="eco",
        until=f"{until:%Y-%m-%d %H:%M:%S}",
    )
    await bench.advance(3500)
    assert handle.miner.reply("info")["frequency"] == 400
    await bench.advance(200)
    assert handle.miner.reply("info")["frequency"] == 525


# Copying.


async def copy(bench: TimedBench, source: Handle, *targets: Handle) -> None:
    target = _device_ids(bench.hass, list(targets))
    await act(bench, "copy_profiles", target, source=source.device_id)


async def test_profiles_are_copied(bench: TimedBench, hass: HomeAssistant) -> None:
    """To miners with the same board, on which they then work."""
    gamma, twin = await miners(bench, GAMMA, TWIN)
    await act(bench, "apply_settings", gamma, frequency=450, core_voltage=1.05)
    await act(bench, "save_profile", gamma, profile="Night")

    await copy(bench, gamma, gamma, twin)

    assert options(twin) == options(gamma) == ["eco", "default", "high", "Night"]
    assert twin.writes == []
    await act(bench, "apply_profile", twin, profile="Night")
    assert twin.writes == [{"frequency": 450}, {"coreVoltage": 1050}]


async def test_profiles_of_another_board(bench: TimedBench) -> None:
    """Where one does not fit, nobody gets any."""
    gamma, twin, hex_ = await miners(bench, GAMMA, TWIN, HEX)
    await act(bench, "save_profile", gamma, profile="Night")

    with pytest.raises(ServiceValidationError) as caught:
        await copy(bench, gamma, twin, hex_)

    assert str(caught.value) == (
        "Hex 303 0004 has a different board than Gamma 601 A1B2, "
        "so its profiles don't fit"
    )
    assert "Night" not in options(twin)
    assert "Night" not in options(hex_)


@pytest.mark.parametrize("expert", [False, True])
async def test_profiles_beyond_the_range(
    bench: TimedBench, hass: HomeAssistant, expert: bool
) -> None:
    """What one may run by its user's choice, another may only by the same choice."""
    gamma, twin = await miners(bench, GAMMA, TWIN)
    for handle, on in ((gamma, True), (twin, expert)):
        hass.config_entries.async_update_entry(handle.entry, options={"expert": on})
        await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(15)
    await act(bench, "apply_settings", gamma, frequency=700)
    await act(bench, "save_profile", gamma, profile="Fast")

    if expert:
        await copy(bench, gamma, twin)
    else:
        with pytest.raises(ServiceValidationError) as caught:
            await copy(bench, gamma, twin)
        assert str(caught.value) == (
            f"The profile Fast doesn't fit {twin.entry.title}: "
            "it has values outside of this miner's limits"
        )

    assert ("Fast" in options(twin)) is expert


async def test_a_source_that_is_none(bench: TimedBench, hass: HomeAssistant) -> None:
    gamma, twin = await miners(bench, GAMMA, TWIN)
    lamp = MockConfigEntry(domain="lamp")
    lamp.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=lamp.entry_id, identifiers={("lamp", "1")}
    )
    for source in ("0" * 32, device.id, ""):
        told = await refused(bench, "copy_profiles", gamma, source=source)
        assert told == "None of the selected devices is a miner of Miner Monitor"
    await bench.run(hass.config_entries.async_unload(twin.entry.entry_id))
    told = await refused(bench, "copy_profiles", gamma, source=twin.device_id)
    assert told.startswith(f"{twin.entry.title} isn't loaded")


# What is told.


async def test_a_silent_miner_is_named(bench: TimedBench) -> None:
    """Saving a profile asks the miner; without an answer none is saved."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    handle.miner.inject("offline")
    told = await refused(
        bench, "save_profile", handle, HomeAssistantError, profile="Night"
    )
    assert told.startswith("Gamma 601 A1B2 doesn't respond at 127.0.0.1")
    assert ".." not in told
    assert options(handle) == ["eco", "default", "high"]


CHANGE: Changes = {Setting.FREQUENCY: 550.0, Setting.AUTO_FAN: False}
RUNS = MinerSettings(frequency=525.0, auto_fan=True)
STEPS = "Frequency: 525 MHz → 550 MHz, Automatic fan: on → off"
WHERE = "Settings > Devices & services"
NAME = "Gamma 601 A1B2"
REJECTED = MinerCommandError("HTTP 400", reason=ErrorReason.REJECTED)
TOLD: list[tuple[Failure, str]] = [
    (
        WriteError(MinerBusyError("no"), CHANGE, RUNS),
        (
            f"{NAME} can't apply this now. It is busy ({STEPS}). "
            "Try again in a few minutes"
        ),
    ),
    (
        WriteError(MinerTimeoutError("no reply"), CHANGE, RUNS),
        (
            f"{NAME} didn't respond in time. No complete reply arrived in time "
            f"({STEPS}). Try again when it is idle or its Wi-Fi signal is better"
        ),
    ),
    (
        WriteError(REJECTED, CHANGE, MinerSettings()),
        (
            f"{NAME} didn't carry out the command. It rejected the command "
            "(Frequency: nothing → 550 MHz, Automatic fan: nothing → off)"
        ),
    ),
    (
        MinerConnectionError("no route"),
        (
            f"{NAME} doesn't respond at 127.0.0.1. It can't be reached over the "
            "network. Check that it is turned on and connected"
        ),
    ),
    (
        MinerStrangerError("Supra"),
        (
            "Nothing was sent: another device responds at 127.0.0.1, the address of "
            f"Gamma 601 A1B2. Reconfigure {NAME} with its new address"
        ),
    ),
    (
        MinerAuthError("401", credentials=True),
        (
            f"{NAME} didn't carry out the command: it asks for a password. Open "
            f"{WHERE}, where Miner Monitor asks for it, and try again"
        ),
    ),
    (
        MinerAuthError("401", credentials=False, one_time_code=True),
        (
            f"{NAME} didn't carry out the command: it requires a one-time code first. "
            f"Open {WHERE}, where Miner Monitor asks for it, and try again"
        ),
    ),
    (
        MinerAuthError("401", credentials=False),
        (
            f"{NAME} rejects requests from Home Assistant. It responds only to "
            "private IPv4 addresses"
        ),
    ),
    (
        ChangeError(Refusal.UNCONFIRMED, Setting.CORE_VOLTAGE, 1.2, reported=1.15),
        (
            f"{NAME} stopped responding while Core voltage was being changed to 1.2 V; "
            "before that it reported 1.15 V. Check the value once it is back online"
        ),
    ),
    (
        ChangeError(Refusal.NOT_TAKEN, Setting.POOL, 1),
        (
            f"{NAME} did not apply a setting: Pool was set to 2, but the miner reports "
            "nothing"
        ),
    ),
    (
        ControlError(ControlFault.NOTHING_TO_RESTORE),
        f"There is nothing to restore: {NAME} isn't throttled",
    ),
]
"""What no other test here brings about."""


@pytest.mark.parametrize(("error", "told"), TOLD, ids=lambda value: repr(value)[:40])
async def test_texts(
    bench: TimedBench, hass: HomeAssistant, error: Failure, told: str
) -> None:
    """Home Assistant's own translation fills every gap."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    assert str(user_error(hass, handle.entry, error)) == told


async def test_a_miner_that_goes_away_over_it(bench: TimedBench) -> None:
    """What it was before is told, for nobody knows what it became."""
    handle = await take_over(bench, await bench.miner(GAMMA))
    handle.miner.inject("patch_lost", silent=True)
    data = {"device_id": handle.device_id, "frequency": 550}
    call = asyncio.ensure_future(
        bench.hass.services.async_call(DOMAIN, "apply_settings", data, blocking=True)
    )
    await bench.advance(2)
    handle.miner.inject("offline")

    with pytest.raises(HomeAssistantError) as caught:
        await bench.run(asyncio.wait_for(call, LONGEST_CALL))

    assert len(handle.writes) == 1
    assert str(caught.value) == (
        "Gamma 601 A1B2 stopped responding while Frequency was being changed to "
        "550 MHz; before that it reported 525 MHz. Check the value once it is back "
        "online"
    )


async def test_settings_are_named_as_their_entities(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    handle = await take_over(bench, await bench.miner(GAMMA_2))
    told = await refused(bench, "apply_settings", handle, min_fan_duty_cycle=100)
    name = (
        er.async_get(hass)
        .async_get(handle.entity("number", "min_fan_duty_cycle"))
        .original_name
    )
    assert name is not None
    assert name in told
