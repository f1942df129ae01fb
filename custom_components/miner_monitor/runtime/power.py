"""What one miner may be set to for a power target, of all that is known of it."""

from collections.abc import Callable, Mapping
from typing import Any

from ..const import (
    CONF_MINIMUM_REST,
    CONF_MINIMUM_RUN,
    CONF_POWER_GAP,
)
from ..control.power_target import PowerRules
from ..control.throttle import stops, throttle_method
from ..insight.model import Insight, Tuning
from ..insight.power_curve import WallModel, power_steps
from ..miners.model import (
    Capability,
    Changes,
    Limits,
    MinerState,
    Setting,
)
from ..miners.power import PowerStep
from .change_runner import ControlledMiner
from .options import options_of

_SMOOTH = 0.02
"""The weight of one poll in what is known of the wall by a plug."""

MINUTE = 60.0


def rules_of(options: Mapping[str, Any], limits: Limits) -> PowerRules:
    """Return the times that the options ask for, else those of the device."""
    minutes = usual_minutes(options, limits)
    return PowerRules(
        gap=minutes[CONF_POWER_GAP] * MINUTE,
        minimum_run=minutes[CONF_MINIMUM_RUN] * MINUTE,
        minimum_rest=minutes[CONF_MINIMUM_REST] * MINUTE,
    )


def usual_minutes(options: Mapping[str, Any], limits: Limits) -> dict[str, float]:
    """Return the same in minutes, by the names of the options."""
    rules = PowerRules()
    usual = {
        CONF_POWER_GAP: rules.gap,
        CONF_MINIMUM_RUN: limits.minimum_run or rules.minimum_run,
        CONF_MINIMUM_REST: limits.minimum_rest or rules.minimum_rest,
    }
    return {key: options.get(key, value / MINUTE) for key, value in usual.items()}


def _unknown() -> float | None:
    return None


class PowerCurves:
    """Gives the steps of a miner, and makes them anew when what is known changed."""

    def __init__(self, miner: ControlledMiner, options: Mapping[str, Any]) -> None:
        """Begin with nothing measured."""
        self._miner = miner
        self._options = options_of(options, miner.identity.hash_rate_unit).insight
        self._tuning = Tuning()
        self._ratio: float | None = None
        self.rest_power: Callable[[], float | None] = _unknown
        """Returns what the miner draws at rest, in W by its own meter."""
        self._made_of: object = None
        self._steps: tuple[PowerStep, ...] = ()
        self.drawn: float | None = None
        """What the real meter says in W, at the wall where that is known."""

    def observe(self, state: MinerState, insight: Insight) -> None:
        """Take a poll."""
        self._tuning = insight.tuning
        wall, power = insight.wall_power, state.power
        self.drawn = power if wall is None else wall
        if wall and power and state.hashing:
            known = wall / power if self._ratio is None else self._ratio
            self._ratio = known + _SMOOTH * (wall / power - known)

    def steps(self, normal: Changes) -> tuple[PowerStep, ...]:
        """Return the steps up to the normal settings, the least power first."""
        identity, wall = self._miner.identity, self._wall
        rest_power = self.rest_power()
        made_of = identity, self._tuning.points, wall, rest_power, normal
        if made_of != self._made_of:
            writing = self._miner.client.writing
            self._made_of, self._steps = (
                made_of,
                power_steps(
                    identity,
                    normal,
                    self._tuning.points,
                    rests=stops(throttle_method(identity)),
                    rest_power=rest_power,
                    wears={key for key in Setting if writing(key).wears},
                    wall=wall,
                ),
            )
        return self._steps

    @property
    def _wall(self) -> WallModel:
        """How the wall's power follows from what the device reports."""
        options = self._options
        if options.plug:
            # Without a meter of its own the plug is what was measured by.
            has_meter = Capability.POWER in self._miner.identity.capabilities
            ratio = self._ratio if has_meter and self._ratio else 1.0
            return WallModel(round(ratio, 2))
        if options.psu_efficiency is None:
            return WallModel()
        return WallModel(100 / options.psu_efficiency, options.psu_constant)
