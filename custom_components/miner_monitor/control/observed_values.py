"""Values beyond the limits that a device was seen running."""

from dataclasses import dataclass, field

from ..miners.model import (
    MinerIdentity,
    MinerSettings,
    MinerState,
    Setting,
    SettingRange,
)
from ..miners.settings import SETTINGS, Kind
from .rules import (
    endures,
)
from .values import (
    number_of,
    same,
)

_MOST_VALUES = 16
_ENOUGH_POLLS = 3
"""Polls in a row, at work, that have to agree: one reply can say anything."""


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
