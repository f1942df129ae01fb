"""What happened between two polls that a user wants to hear of."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..miners.events import (
    EventType,
    MinerEvent,
)
from ..miners.model import (
    Changes,
    MinerSettings,
    MinerState,
    Setting,
    SettingValue,
)
from ..miners.settings import SETTINGS
from .values import (
    StoredChanges,
    reported,
    same,
    value_of,
)

_TOLD = tuple(setting for setting in Setting if SETTINGS[setting].announced)
_COMPARED = (*_TOLD, Setting.POOL)
_DEVICE = "device"
_HOME_ASSISTANT = "home_assistant"


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
        """Yield which settings differ, apart from those told elsewhere."""
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
