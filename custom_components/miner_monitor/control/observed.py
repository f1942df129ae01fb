"""What polls show of a device: changes to report, and values beyond its limits."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..miners.events import (
    EventType,
    MinerEvent,
)
from ..miners.model import (
    Changes,
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
    SettingValue,
)
from ..miners.settings import SETTINGS, Kind
from .rules import endures
from .values import (
    StoredChanges,
    number_of,
    reported,
    same,
    value_of,
)

_TOLD = tuple(setting for setting in Setting if SETTINGS[setting].announced)
_COMPARED = (*_TOLD, Setting.POOL)
_DEVICE = "device"
_HOME_ASSISTANT = "home_assistant"
_MOST_VALUES = 16
_ENOUGH_POLLS = 3
"""Polls in a row, at work, that have to agree: one reply can say anything."""


@dataclass(slots=True)
class ChangeDetector:
    """Compares a poll with the one before, if there was one.

    ``written`` is what we wrote ourselves, until it is shown.
    """

    settings: StoredChanges = field(default_factory=dict)
    overheated: bool | None = None
    written: StoredChanges = field(default_factory=dict)
    _seen: MinerSettings | None = field(default=None, init=False)

    def wrote(self, changes: Changes) -> None:
        """Note what we wrote ourselves, until it is shown."""
        ours = {key: changes[key] for key in _COMPARED if key in changes}
        self.written = {**self.written, **ours}

    def compare_heat(
        self, state: MinerState, lowered: Mapping[str, object]
    ) -> Iterator[MinerEvent]:
        """Yield that it overheated or recovered, and what it lowered meanwhile."""
        before, self.overheated = self.overheated, state.overheated
        if before and not self.overheated:
            yield MinerEvent(event_type=EventType.RECOVERED, details=lowered)
        elif lowered or (before is False and self.overheated):
            yield MinerEvent(event_type=EventType.OVERHEATED, details=lowered)

    def compare(
        self, state: MinerState, *, silent: Collection[Setting]
    ) -> Iterator[MinerEvent]:
        """Yield which settings differ, apart from those reported elsewhere."""
        if state.settings is self._seen and not self.written:
            return
        self._seen = state.settings
        before, now = self.settings, _compared(state)
        self.settings = {**before, **now}
        written = self.written
        self.written = {
            key: value
            for key, value in written.items()
            if not same(key, value, now.get(key))
        }
        found: dict[str, dict[str, Any]] = {}
        for setting, value in now.items():
            old = before.get(setting)
            if old is None or same(setting, old, value) or setting in silent:
                continue
            ours = setting in written and same(setting, written[setting], value)
            who = _HOME_ASSISTANT if ours else _DEVICE
            if setting is Setting.POOL:
                details = {
                    "from": _pool_address(state, old),
                    "to": _pool_address(state, value),
                    "by": who,
                }
                yield MinerEvent(event_type=EventType.POOL_SWITCHED, details=details)
            else:
                found.setdefault(who, {})[setting.value] = [old, value]
        for who, details in found.items():
            yield MinerEvent(
                event_type=EventType.SETTINGS_CHANGED, details={**details, "by": who}
            )


def _compared(state: MinerState) -> Changes:
    """Return the settings to compare; an automatic fan has no speed of its own."""
    settings = state.settings
    found = dict(reported(settings, _TOLD))
    if settings.auto_fan is not False:
        found.pop(Setting.FAN_DUTY_CYCLE, None)
    pool = value_of(Setting.POOL, settings.pool)
    return found if pool is None else {**found, Setting.POOL: pool}


def _pool_address(state: MinerState, place: SettingValue) -> str | None:
    """Return the address of the pool at a place."""
    if not isinstance(place, int | float) or not 0 <= place < len(state.pools):
        return None
    return state.pools[int(place)].address


def changed_by_hand(details: Mapping[str, Any]) -> MinerEvent:
    """Tell that somebody changed settings on the device itself."""
    return MinerEvent(
        event_type=EventType.SETTINGS_CHANGED, details={**details, "by": _DEVICE}
    )


def hand_changed(event: MinerEvent, settings: Collection[Setting]) -> bool:
    """Whether an event tells that somebody else than us changed one of these."""
    return (
        event.event_type is EventType.SETTINGS_CHANGED
        and event.details.get("by") == _DEVICE
        and any(setting.value in event.details for setting in settings)
    )


@dataclass(slots=True)
class ObservedValues:
    """Remembers per setting what a user had chosen without us.

    ``values`` holds the newest last; it is the same object until one is added.
    """

    values: dict[Setting, tuple[float, ...]] = field(default_factory=dict)
    _seen: tuple[MinerIdentity | None, MinerSettings | None] = field(
        default=(None, None), init=False
    )
    _candidates: dict[Setting, tuple[float, int]] = field(
        default_factory=dict, init=False
    )
    """What is reported outside the limits, and in how many polls by now."""

    def __post_init__(self) -> None:
        """Leave out what was stored and cannot be."""
        stored, self.values = self.values, {}
        for setting, values in stored.items():
            for value in values[-_MOST_VALUES:]:
                self._add(setting, value)

    def observe(self, identity: MinerIdentity, state: MinerState) -> None:
        """Keep what is reported outside the limits, poll after poll, at work."""
        if not state.hashing:
            # A miner in trouble runs what its firmware falls back to.
            self._candidates, self._seen = {}, (None, None)
            return
        unchanged = identity is self._seen[0] and state.settings is self._seen[1]
        if unchanged and not self._candidates:
            return
        self._seen = identity, state.settings
        self._candidates = {
            setting: found
            for setting, allowed in identity.limits.settings.items()
            if (found := self._consider(setting, allowed, state.settings)) is not None
        }

    def _consider(
        self, setting: Setting, allowed: SettingRange, settings: MinerSettings
    ) -> tuple[float, int] | None:
        """Count a value outside the limits; None where there is none to wait for."""
        value = number_of(settings.get(setting))
        if value is None or allowed.minimum <= value <= allowed.maximum:
            return None
        if not endures(setting, allowed, value) or self._is_newest(setting, value):
            return None
        before, polls = self._candidates.get(setting, (value, 0))
        polls = polls + 1 if same(setting, value, before) else 1
        if polls < _ENOUGH_POLLS:
            return value, polls
        self._add(setting, value)
        return None

    def _is_newest(self, setting: Setting, value: float) -> bool:
        known = self.values.get(setting)
        return known is not None and same(setting, value, known[-1])

    def _add(self, setting: Setting, value: float) -> None:
        """Keep a number as the newest of its setting."""
        spec = SETTINGS[setting]
        number = number_of(value, spec.highest) if spec.kind is Kind.NUMBER else None
        if number is None or self._is_newest(setting, number):
            return
        known = self.values.get(setting, ())
        others = tuple(item for item in known if not same(setting, item, number))
        self.values = {**self.values, setting: (*others, number)[-_MOST_VALUES:]}
