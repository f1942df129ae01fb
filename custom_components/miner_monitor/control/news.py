"""What happened between two polls that a user wants to hear of."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Self

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
from .rules import same
from .values import (
    dump_changes,
    load_changes,
    reported,
    value_of,
)

_TOLD = tuple(setting for setting in Setting if SETTINGS[setting].announced)
_COMPARED = (*_TOLD, Setting.POOL)
_DEVICE = "device"
_HOME_ASSISTANT = "home_assistant"


class News:
    """Compares a poll with the one before; the first is a bearing, not news."""

    def __init__(self) -> None:
        """Start without a bearing."""
        self._settings: Changes = {}
        self._seen: MinerSettings | None = None
        self._overheated: bool | None = None
        self._written: dict[Setting, SettingValue] = {}

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        news = cls()
        if isinstance(data, Mapping):
            settings = load_changes(data.get("settings"))
            news._settings = {
                key: settings[key] for key in _COMPARED if key in settings
            }
            overheated = data.get("overheated")
            news._overheated = overheated if isinstance(overheated, bool) else None
            news.wrote(load_changes(data.get("written")))
        return news

    def dump(self) -> dict[str, Any]:
        """Return the last bearing as JSON types."""
        return {
            "settings": dump_changes(self._settings),
            "overheated": self._overheated,
            "written": dump_changes(self._written),
        }

    def wrote(self, changes: Changes) -> None:
        """Note what we wrote ourselves, until it is shown."""
        self._written |= {key: changes[key] for key in _COMPARED if key in changes}

    def heat(
        self, state: MinerState, lowered: Mapping[str, list[float]]
    ) -> Iterator[MinerEvent]:
        """Yield that it overheated or recovered, and what it lowered meanwhile."""
        before, self._overheated = self._overheated, state.overheated
        if before is False and self._overheated:
            yield MinerEvent(event_type=EventType.OVERHEATED, details=lowered)
        elif before and not self._overheated:
            yield MinerEvent(event_type=EventType.RECOVERED, details=lowered)
        elif lowered:
            yield MinerEvent(event_type=EventType.OVERHEATED, details=lowered)

    def settings(
        self, state: MinerState, *, silent: Collection[Setting]
    ) -> Iterator[MinerEvent]:
        """Yield which settings differ, apart from those told elsewhere."""
        if state.settings is self._seen and not self._written:
            return
        self._seen = state.settings
        before, now = self._settings, _compared(state)
        self._settings = {**before, **now}
        written = self._written
        self._written = {
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
                yield _pool_switched(state, old, value, who)
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


def _pool_switched(
    state: MinerState, old: SettingValue, new: SettingValue, who: str
) -> MinerEvent:
    """Tell between which pools, by host and port."""
    details = {
        "from": _pool_address(state, old),
        "to": _pool_address(state, new),
        "by": who,
    }
    return MinerEvent(event_type=EventType.POOL_SWITCHED, details=details)


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
