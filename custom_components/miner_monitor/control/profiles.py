"""Settings that a user keeps under a name."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ..miners.model import (
    Changes,
    Limits,
    MinerIdentity,
    MinerSettings,
    Setting,
    SettingRange,
)
from ..miners.settings import SETTINGS, KeptWith
from .errors import (
    ProfileError,
    ProfileFault,
)
from .rules import (
    Allowed,
    bounded,
    clamped,
    fits,
    require_fitting,
)
from .throttle import middle
from .values import (
    StoredChanges,
    agrees,
    reported,
)

_CHIP = {Setting.FREQUENCY, Setting.CORE_VOLTAGE}
_MOST_PROFILES = 20
_LONGEST_NAME = 30


def clean_name(name: str) -> str:
    """Return the name without its edges, if it is one."""
    cleaned = name.strip() if isinstance(name, str) else ""
    if not 1 <= len(cleaned) <= _LONGEST_NAME or not cleaned.isprintable():
        raise ProfileError(ProfileFault.INVALID_NAME, str(name))
    return cleaned


def worth_keeping(limits: Limits, settings: MinerSettings) -> Changes:
    """Pick what belongs into a profile from what a device reports.

    A work mode brings its own set points; without modes these are what counts.
    What the hardware does not endure is left out. For a frequency or voltage this
    raises a ChangeError: one without the other is not what the device runs.
    """
    modes = Setting.WORK_MODE in limits.settings
    kept = KeptWith.MODES if modes else KeptWith.SET_POINTS
    wanted = {item for item in limits.settings if SETTINGS[item].kept is kept}
    if settings.auto_fan is not False and Setting.AUTO_FAN in limits.settings:
        wanted.discard(Setting.FAN_DUTY_CYCLE)
    if limits.heating_modes and settings.work_mode not in limits.heating_modes:
        wanted.discard(Setting.HEATING_TEMPERATURE)
    found = reported(settings, [item for item in Setting if item in wanted])
    for setting in wanted & _CHIP:
        require_fitting(setting, settings.get(setting), limits)
    return {key: value for key, value in found.items() if fits(key, value, limits)}


@dataclass(slots=True)
class Profiles:
    """The profiles of one miner, in the order in which they were made."""

    saved: dict[str, StoredChanges] = field(default_factory=dict)
    """By their names; replaced, never changed, so that what was found is kept."""
    made: bool = False
    """Whether the first ones were made."""
    _matched: tuple[object, object, str | None] = field(
        default=(None, None, None), init=False
    )

    def __post_init__(self) -> None:
        """Leave out what was stored and cannot be."""
        stored, self.saved = self.saved, {}
        for name, changes in stored.items():
            kept = {key: changes[key] for key in changes if SETTINGS[key].kept}
            with suppress(ProfileError):
                self.save(name, kept)

    def get(self, name: str) -> Changes:
        """Return what a profile writes."""
        return self.saved[self._known(name)]

    def save(self, name: str, changes: Changes) -> None:
        """Keep settings under a name, in place of a profile that has it."""
        name = clean_name(name)
        if not changes:
            raise ProfileError(ProfileFault.NOTHING_TO_SAVE, name)
        known = self._find(name)
        if known is None and len(self.saved) >= _MOST_PROFILES:
            raise ProfileError(ProfileFault.TOO_MANY, name)
        same_order = {
            name if key == known else key: kept for key, kept in self.saved.items()
        }
        self.saved = {**same_order, name: changes}

    def delete(self, name: str) -> None:
        """Forget a profile."""
        known = self._known(name)
        self.saved = {key: kept for key, kept in self.saved.items() if key != known}

    def take(self, profiles: Mapping[str, Changes], allowed: Allowed) -> None:
        """Copy another miner's profiles, all of them or none."""
        for name, changes in profiles.items():
            if not _possible(changes, allowed):
                raise ProfileError(ProfileFault.NOT_POSSIBLE, name)
        before = self.saved
        try:
            for name, changes in profiles.items():
                self.save(name, dict(changes))
        except ProfileError:
            self.saved = before
            raise

    def matching(self, settings: MinerSettings) -> str | None:
        """Name the profile that a device runs: the most exact one, then the newest."""
        if self._matched[0] is settings and self._matched[1] is self.saved:
            return self._matched[2]
        newest = reversed(self.saved.items())
        found = [name for name, kept in newest if agrees(kept, settings)]
        name = max(found, key=lambda name: len(self.saved[name]), default=None)
        self._matched = (settings, self.saved, name)
        return name

    def make_first(self, identity: MinerIdentity) -> None:
        """Make profiles from the device's own lists, once in its life."""
        if self.made:
            return
        for name, changes in _starters(identity.limits.settings):
            self.made = True
            if self._find(name) is None and len(self.saved) < _MOST_PROFILES:
                self.saved = {**self.saved, name: changes}

    def _find(self, name: str) -> str | None:
        """Return the name under which it is known, whatever its case."""
        folded = name.casefold()
        return next((key for key in self.saved if key.casefold() == folded), None)

    def _known(self, name: str) -> str:
        """Return the name under which it is known."""
        if (known := self._find(name.strip())) is None:
            raise ProfileError(ProfileFault.UNKNOWN, name)
        return known


def _possible(changes: Changes, allowed: Allowed) -> bool:
    """Whether a device can be set to all that another one had."""
    _, differing = clamped(changes, allowed)
    return not differing and all(SETTINGS[setting].kept for setting in changes)


def _starters(
    settings: Mapping[Setting, SettingRange],
) -> Iterator[tuple[str, Changes]]:
    """Yield the profiles that a device's own modes or presets suggest."""
    modes = settings.get(Setting.WORK_MODE)
    if modes is not None and modes.choices:
        names = {
            modes.choices[-1]: "high",
            middle(modes): "default",
            modes.choices[0]: "eco",
        }
        for mode, name in reversed(names.items()):
            yield name, {Setting.WORK_MODE: mode}
        return
    frequency = settings.get(Setting.FREQUENCY)
    voltage = settings.get(Setting.CORE_VOLTAGE)
    if frequency is None or voltage is None:
        return
    frequency = bounded(Setting.FREQUENCY, frequency)
    voltage = bounded(Setting.CORE_VOLTAGE, voltage)
    if not frequency.options or not voltage.options:
        return
    yield "eco", _pair(frequency.options[0], voltage.options[0])
    if frequency.default is not None and voltage.default is not None:
        usual = voltage.default
        yield "default", _pair(frequency.default, usual)
        higher = next((item for item in voltage.options if item > usual), usual)
        yield "high", _pair(frequency.options[-1], higher)


def _pair(frequency: float, core_voltage: float) -> Changes:
    """Return the two set points that belong together."""
    return {Setting.FREQUENCY: frequency, Setting.CORE_VOLTAGE: core_voltage}
