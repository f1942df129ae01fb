"""Conditions: what is so of miners now, for automations."""

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.condition import (
    Condition,
    ConditionCheckParams,
    ConditionConfig,
)
import voluptuous as vol

from .coordinator import MinerConfigEntry
from .model import MinerData
from .runtime.verdicts import (
    CONF_AT_LEAST,
    Judge,
    Options,
    Verdict,
    hash_rate_at_least,
    hashing,
    online,
    overheated,
    saving_power,
)
from .runtime.watching import PERCENT, OfMiners, targeted_entries

CONF_BEHAVIOR = "behavior"
ANY, ALL = "any", "all"


class MinerCondition(OfMiners, Condition):
    """Whether something is so of any, or of all, miners of a target.

    Of no miner nothing is so, and what is not known is not so.
    """

    judge: ClassVar[staticmethod[[MinerData, Options], Verdict]]

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Take whom to ask about."""
        super().__init__(hass, config)
        self._target, self._settings = config.target, config.options or {}

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        entries: list[MinerConfigEntry] = targeted_entries(self._hass, self._target)
        verdicts = [
            type(self).judge(entry.runtime_data.data, self._settings).holds is True
            for entry in entries
        ]
        every = self._settings.get(CONF_BEHAVIOR) == ALL
        return bool(verdicts) and (all(verdicts) if every else any(verdicts))


def _whether(
    judged_by: Judge, more: Mapping[vol.Marker, Any] | None = None
) -> type[Condition]:
    class Whether(MinerCondition):
        judge = staticmethod(judged_by)
        options: ClassVar = {
            vol.Optional(CONF_BEHAVIOR, default=ANY): vol.In([ANY, ALL]),
            **(more or {}),
        }

    return Whether


CONDITIONS: Mapping[str, type[Condition]] = {
    "hash_rate_at_least": _whether(
        hash_rate_at_least, {vol.Required(CONF_AT_LEAST, default=80.0): PERCENT}
    ),
    "is_hashing": _whether(hashing),
    "is_online": _whether(online),
    "is_overheated": _whether(overheated),
    "is_saving_power": _whether(saving_power),
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by their keys."""
    return dict(CONDITIONS)
