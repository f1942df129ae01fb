"""Values beyond the limits that a device was seen running."""

from collections.abc import Mapping
from typing import Any, Self

from ..miners.model import (
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
)
from ..miners.settings import SETTINGS, Kind
from .bounds import endures
from .rules import same
from .values import number_of

_MOST_VALUES = 16
_ENOUGH_POLLS = 3
"""Polls in a row, at work, that have to agree: one reply can say anything."""

type _Candidates = dict[Setting, tuple[float, int]]
"""What is reported outside the limits, and in how many polls by now."""


class Adopted:
    """Remembers per setting what a user had chosen without us."""

    def __init__(self) -> None:
        """Start with none."""
        self._values: dict[Setting, tuple[float, ...]] = {}
        self._seen: tuple[MinerIdentity | None, MinerSettings | None] = (None, None)
        self._candidates: _Candidates = {}

    @classmethod
    def load(cls, data: object) -> Self:
        """Read what ``dump`` wrote."""
        adopted = cls()
        if not isinstance(data, Mapping):
            return adopted
        for setting in Setting:
            values = data.get(setting.value)
            if isinstance(values, list):
                for value in values[-_MOST_VALUES:]:
                    adopted._add(setting, value)
        return adopted

    def dump(self) -> dict[str, Any]:
        """Return the values as JSON types."""
        return {setting.value: list(found) for setting, found in self._values.items()}

    @property
    def values(self) -> Mapping[Setting, tuple[float, ...]]:
        """The values of each setting, the newest last; the same until one comes."""
        return self._values

    def observe(self, identity: MinerIdentity, state: MinerState) -> None:
        """Keep what is reported outside the limits, poll after poll, at work."""
        if not state.hashing:
            # A miner in trouble runs what its firmware falls back to.
            self._candidates = {}
            self._seen = (None, None)
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
        known = self._values.get(setting)
        return known is not None and same(setting, value, known[-1])

    def _add(self, setting: Setting, value: object) -> None:
        """Keep a number as the newest of its setting."""
        spec = SETTINGS[setting]
        number = number_of(value, spec.highest) if spec.kind is Kind.NUMBER else None
        if number is None:
            return
        if self._is_newest(setting, number):
            return
        known = self._values.get(setting, ())
        others = tuple(item for item in known if not same(setting, item, number))
        kept = (*others, number)[-_MOST_VALUES:]
        self._values = {**self._values, setting: kept}
