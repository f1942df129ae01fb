"""Values beyond the limits that a device was seen running."""

from collections.abc import Mapping
from typing import Any, Self

from ..miners.model import (
    MinerIdentity,
    MinerSettings,
    MinerState,
    MinerStatus,
    Setting,
)
from .rules import is_number, same
from .values import number_of

_MOST_VALUES = 16
_LARGEST = 1e6
_NOT_CHOSEN = frozenset({MinerStatus.OVERHEATED, MinerStatus.FAULT})
"""A miner in trouble runs what its firmware falls back to."""


class Adopted:
    """Remembers per setting what a user had chosen without us."""

    def __init__(self) -> None:
        """Start with none."""
        self._values: dict[Setting, tuple[float, ...]] = {}
        self._seen: tuple[MinerIdentity | None, MinerSettings | None] = (None, None)

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
        """Keep what is reported outside the limits."""
        if state.status in _NOT_CHOSEN:
            return
        if identity is self._seen[0] and state.settings is self._seen[1]:
            return
        self._seen = identity, state.settings
        for setting, allowed in identity.limits.settings.items():
            value = number_of(state.settings.get(setting))
            if value is not None and not allowed.minimum <= value <= allowed.maximum:
                self._add(setting, value)

    def _add(self, setting: Setting, value: object) -> None:
        """Keep a number as the newest of its setting."""
        number = number_of(value, _LARGEST)
        if number is None or not is_number(setting) or setting is Setting.POOL:
            return
        known = self._values.get(setting, ())
        if known and same(setting, number, known[-1]):
            return
        others = tuple(item for item in known if not same(setting, item, number))
        kept = (*others, number)[-_MOST_VALUES:]
        self._values = {**self._values, setting: kept}
