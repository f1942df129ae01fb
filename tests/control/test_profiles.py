"""Settings that a user keeps under a name."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from custom_components.miner_monitor.control.errors import ProfileError, ProfileFault
from custom_components.miner_monitor.miners.model import (
    Changes,
    Light,
    MinerIdentity,
    MinerSettings,
    Setting,
    SettingRange,
)

from .reconciling import (
    AUTO,
    FAN,
    GAMMA,
    GAMMA_SETTINGS,
    MINING,
    MODE,
    NANO,
    NANO_SETTINGS,
    OLD_GAMMA,
    QUIET,
    Case,
    F,
    V,
    with_settings,
)

TARGET, MINIMUM = Setting.TARGET_TEMPERATURE, Setting.MIN_FAN_DUTY_CYCLE
HEATING = Setting.HEATING_TEMPERATURE
HEATER = replace(
    NANO,
    limits=replace(
        NANO.limits,
        settings={
            MODE: SettingRange(choices=("Night", "Mining", "Heating")),
            HEATING: SettingRange(minimum=20, maximum=50),
        },
        heating_modes=("Night", "Heating"),
    ),
)
ALL = replace(GAMMA_SETTINGS, light=Light(on=True), display=True, pool=1, mining=True)
SAVED: Changes = {F: 525, V: 1.15, AUTO: True, TARGET: 60, MINIMUM: 25}


def fault_of(caught: pytest.ExceptionInfo[ProfileError]) -> tuple[ProfileFault, str]:
    return caught.value.kind, caught.value.shows


@pytest.mark.parametrize(
    ("identity", "settings", "expected"),
    [
        (GAMMA, ALL, SAVED),
        (
            GAMMA,
            replace(ALL, auto_fan=False),
            {**SAVED, AUTO: False, FAN: 40},
        ),
        (
            GAMMA,
            replace(ALL, core_voltage=None),
            {k: SAVED[k] for k in SAVED if k != V},
        ),
        (
            GAMMA,
            replace(ALL, frequency=850, core_voltage=1.28),
            {**SAVED, F: 850, V: 1.28},
        ),
        (with_settings(GAMMA, {F: SettingRange(maximum=600)}), ALL, {F: 525}),
        (NANO, replace(NANO_SETTINGS, auto_fan=False, frequency=500), {MODE: "High"}),
        (
            HEATER,
            MinerSettings(work_mode="Heating", heating_temperature=35),
            {MODE: "Heating", HEATING: 35},
        ),
        (
            HEATER,
            MinerSettings(work_mode="Mining", heating_temperature=35),
            {MODE: "Mining"},
        ),
    ],
)
def test_saved(
    identity: MinerIdentity, settings: MinerSettings, expected: Changes
) -> None:
    """What makes the speed of a device, and nothing that does not."""
    case = Case(identity, settings)
    for _ in range(3):
        case.poll()
    case.reconciler.save_profile("Mine")

    assert case.reconciler.profile_changes("Mine") == expected
    assert case.shown.profile == "Mine"
    case.restart()
    assert case.reconciler.profile_changes("mine ") == expected


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Night", "Night"),
        ("  Night ", "Night"),
        ("x" * 30, "x" * 30),
        ("Für die Nacht 🌙", "Für die Nacht 🌙"),
        ("", None),
        ("   ", None),
        ("x" * 31, None),
        ("a\nb", None),
        ("a\x00b", None),
        ("a\u202eb", None),
    ],
)
def test_names(name: str, kept: str | None) -> None:
    """One to thirty characters that can be seen."""
    case = Case()
    if kept is not None:
        case.reconciler.save_profile(name)
        assert list(case.reconciler.memory.profiles.saved)[-1] == kept
        return
    with pytest.raises(ProfileError) as caught:
        case.reconciler.save_profile(name)
    assert fault_of(caught) == (ProfileFault.INVALID_NAME, name)


def test_names_are_unique_by_any_case() -> None:
    """Saving again replaces, in its place, and takes the new spelling."""
    case = Case()
    case.reconciler.save_profile("STRASSE")
    case.reconciler.save_profile("Other")
    case.set(frequency=550)
    case.poll()
    case.reconciler.save_profile("straße")

    names = list(case.reconciler.memory.profiles.saved)
    assert names[-2:] == ["straße", "Other"]
    assert case.reconciler.profile_changes("STRASSE")[F] == 550


def test_too_many() -> None:
    """Twenty at most; the twenty-first is refused, a replacement is not."""
    case = Case()
    for number in range(20 - len(case.reconciler.memory.profiles.saved)):
        case.reconciler.save_profile(f"P{number}")
    case.reconciler.save_profile("P0")
    with pytest.raises(ProfileError) as caught:
        case.reconciler.save_profile("One more")

    assert fault_of(caught) == (ProfileFault.TOO_MANY, "One more")
    assert len(case.reconciler.memory.profiles.saved) == 20


@pytest.mark.parametrize("case", [Case(QUIET), Case(GAMMA, look=False)])
def test_nothing_to_save(case: Case) -> None:
    """A device that reports nothing of it has no profile."""
    with pytest.raises(ProfileError) as caught:
        case.reconciler.save_profile("Empty")
    assert fault_of(caught) == (ProfileFault.NOTHING_TO_SAVE, "Empty")


def test_unknown() -> None:
    """What is not there can be neither applied nor deleted."""
    reconciler = Case().reconciler
    for ask in (reconciler.profile_changes, reconciler.memory.profiles.delete):
        with pytest.raises(ProfileError) as caught:
            ask("Nothing")
        assert fault_of(caught) == (ProfileFault.UNKNOWN, "Nothing")


@pytest.mark.parametrize(
    ("identity", "expected"), [(NANO, {MODE: "High"}), (OLD_GAMMA, SAVED)]
)
def test_saved_while_power_is_saved(identity: MinerIdentity, expected: Changes) -> None:
    """The user's settings, not the least power."""
    case = Case(identity)
    case.throttle(True)
    case.poll()
    case.reconciler.save_profile("Mine")

    assert case.reconciler.profile_changes("Mine") == expected


@pytest.mark.parametrize(
    ("settings", "profile"),
    [
        ({}, "default"),
        ({"frequency": 525.4, "core_voltage": 1.1496}, "default"),
        ({"frequency": 526}, None),
        ({"core_voltage": 1.16}, None),
        ({"frequency": None}, None),
        ({"frequency": 400, "core_voltage": 1.0}, "eco"),
        ({"target_temperature": 50}, "default"),
    ],
)
def test_matching(settings: dict[str, float | None], profile: str | None) -> None:
    """All of its values are reported, as far as devices round."""
    case = Case()
    case.set(**settings)

    assert case.shown.profile == profile


def test_most_exact_match() -> None:
    """Of two that match the one that says more."""
    case = Case()
    case.reconciler.save_profile("All of it")

    assert case.shown.profile == "All of it"
    case.set(target_temperature=50)
    assert case.shown.profile == "default"
    case.copy({"Mine": {F: 525, V: 1.15}})
    assert case.shown.profile == "Mine"


MODES = (
    (("Low", "Medium", "High"), {"eco": "Low", "default": "Medium", "high": "High"}),
    (("Low", "High"), {"eco": "Low", "high": "High"}),
    (("1", "2", "3", "4"), {"eco": "1", "default": "2", "high": "4"}),
    (("Only",), {"eco": "Only"}),
)


@pytest.mark.parametrize(("choices", "expected"), MODES)
def test_first_ones_of_modes(
    choices: tuple[str, ...], expected: Mapping[str, str]
) -> None:
    """The lowest, the middle and the highest, each under its own name."""
    case = Case(with_settings(NANO, {MODE: SettingRange(choices=choices)}))

    found = {
        name: kept[MODE] for name, kept in case.reconciler.memory.profiles.saved.items()
    }
    assert found == expected


def ranges(**values: object) -> MinerIdentity:
    """Change one of the Gamma's two ranges."""
    settings = dict(GAMMA.limits.settings)
    for name, other in values.items():
        settings[Setting(name)] = replace(settings[Setting(name)], **other)
    return with_settings(GAMMA, settings)


ECO, DEFAULT = {F: 400, V: 1.0}, {F: 525, V: 1.15}


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (GAMMA, {"eco": ECO, "default": DEFAULT, "high": {F: 625, V: 1.2}}),
        (
            ranges(core_voltage={"default": 1.25}),
            {"eco": ECO, "default": {F: 525, V: 1.25}, "high": {F: 625, V: 1.25}},
        ),
        (ranges(frequency={"default": None}), {"eco": ECO}),
        (ranges(frequency={"options": ()}), {}),
        (ranges(core_voltage={"options": ()}), {}),
        (with_settings(GAMMA, {F: GAMMA.limits.settings[F]}), {}),
        (QUIET, {}),
    ],
)
def test_first_ones_of_presets(
    identity: MinerIdentity, expected: Mapping[str, Changes]
) -> None:
    """From the device's own lists, and without lists none."""
    case = Case(identity)

    assert case.reconciler.memory.profiles.saved == expected


def test_first_ones_are_made_once() -> None:
    """What the user deleted stays away, what he named so stays his."""
    case = Case(ranges(frequency={"options": ()}))
    case.reconciler.save_profile("ECO")
    case.identity = GAMMA
    case.poll()
    assert list(case.reconciler.memory.profiles.saved) == ["ECO", "default", "high"]
    assert case.reconciler.profile_changes("eco")[F] == 525

    for name in ("eco", "default", "high"):
        case.reconciler.memory.profiles.delete(name)
    case.poll()
    case.restart()
    case.poll()
    case.restart(30 * 86_400)
    case.poll()
    assert case.reconciler.memory.profiles.saved == {}


@pytest.mark.parametrize(
    "changes",
    [
        {F: 650},
        {F: 399},
        {V: 1.3},
        {F: "525"},
        {F: True},
        {F: float("nan")},
        {F: float("inf")},
        {F: 10**400},
        {AUTO: 1},
        {MODE: "Low"},
        {MINING: False},
        {Setting.POOL: 1},
        {F: 525, V: 9.0},
    ],
)
def test_not_possible_here(changes: Changes) -> None:
    """A profile that this device cannot take is named, and none is copied."""
    case = Case()
    before = case.reconciler.memory.profiles.saved
    with pytest.raises(ProfileError) as caught:
        case.copy({"Good": {F: 490}, "Bad": changes})

    assert fault_of(caught) == (ProfileFault.NOT_POSSIBLE, "Bad")
    assert case.reconciler.memory.profiles.saved == before


def test_copied() -> None:
    """Into the limits, or into what this device was seen to run."""
    source = Case(GAMMA, replace(GAMMA_SETTINGS, frequency=850, core_voltage=1.28))
    source.reconciler.save_profile("Fast")
    case = Case()
    with pytest.raises(ProfileError):
        case.copy(source.reconciler.memory.profiles.saved)
    case.set(frequency=850, core_voltage=1.28)
    case.polls(3)
    case.set(frequency=525, core_voltage=1.15)
    case.poll()
    case.copy(source.reconciler.memory.profiles.saved)

    assert case.reconciler.profile_changes("fast")[F] == 850


def test_copied_modes() -> None:
    """A mode that this device does not know is refused."""
    case = Case(NANO)
    case.copy({"Calm": {MODE: "Low"}})
    with pytest.raises(ProfileError):
        case.copy({"Wild": {MODE: "Super"}})

    assert case.reconciler.profile_changes("Calm") == {MODE: "Low"}


def test_copied_too_many() -> None:
    """All or none."""
    case = Case()
    many = {f"P{number}": {F: 490} for number in range(20)}
    before = case.reconciler.memory.profiles.saved
    with pytest.raises(ProfileError) as caught:
        case.copy(many)

    assert caught.value.kind is ProfileFault.TOO_MANY
    assert case.reconciler.memory.profiles.saved == before
