"""What *Run when* of all miners asks of them, by prices, surplus and worth."""

from datetime import datetime
import time
from typing import Any, override

from homeassistant.core import callback

from ..control.model import Requester
from ..runtime.ha_compat import own_text
from .limiter import Limiter
from .market import MarketOptions, grid_power
from .model import FleetData, PowerShare, PriceView, RunView
from .run_when import Decision, Facts, Ruling, RunWhen, SurplusMeter, rule

CONF_RUN_WHEN = "run_when"
CONF_DRY_RUN = "dry_run"


class FleetRunner(Limiter):
    """Turns a choice into a limit of the watts for all miners."""

    LIMIT = "limit"

    def __init__(self, *limited: Any) -> None:
        """Take whom to limit, and begin without a reading of the grid."""
        super().__init__(*limited)
        self._surplus = SurplusMeter()

    @property
    def choice(self) -> RunWhen:
        """When miners run, by choice of the user."""
        chosen = self._entry.options.get(CONF_RUN_WHEN)
        return RunWhen(chosen) if chosen in tuple(RunWhen) else RunWhen.OWN

    @property
    def dry_run(self) -> bool:
        """Whether only to show what would be done: until the user turns it off."""
        return self._entry.options.get(CONF_DRY_RUN) is not False

    @callback
    def look(self, data: FleetData, drawn: float | None) -> RunView:
        """Return what the choice comes to now, and have it done.

        ``drawn`` is what all miners draw, in W.
        """
        choice, dry = self.choice, self.dry_run
        ruling = rule(choice, self._facts(data, drawn), data.features)
        known = ruling.decision is not Decision.NO_DATA
        if known or dry:
            self._limit(choice, Ruling(Decision.NONE) if dry else ruling)
        would: tuple[PowerShare, ...] = ()
        if known and dry and ruling.decision is not Decision.NONE:
            found = self._power.preview(ruling.power)
            would = self._power.named(found, changed=True)
        return RunView(
            choice=choice.value,
            decision=ruling.decision.value,
            power=ruling.power,
            dry_run=dry,
            would=would,
            until=_end(choice, ruling, data.prices),
            by=self._power.wish.limit_by.name,
        )

    @property
    def has_grid(self) -> bool:
        """Whether it is known what comes from the grid."""
        return MarketOptions.of(self._entry.options).grid is not None

    def _facts(self, data: FleetData, drawn: float | None) -> Facts:
        grid = grid_power(self._hass, MarketOptions.of(self._entry.options))
        return Facts(
            cheap=data.prices.cheap,
            worth=data.worth.running,
            surplus=self._surplus.observe(grid, drawn, time.monotonic()),
        )

    @override
    def requester(self) -> Requester:
        """Return the name of the choice, and what is chosen."""
        choice = self.choice
        path = "select.fleet_run_when"
        name = own_text(self._hass, "entity", f"{path}.name", "Run when")
        shown = own_text(self._hass, "entity", f"{path}.state.{choice}", choice.value)
        return Requester(f"{name}: {shown}", automated=True)

    def _limit(self, choice: RunWhen, ruling: Ruling) -> None:
        why = f"{choice} {ruling.decision}"
        if ruling.decision is Decision.NONE:
            why = ""
        elif ruling.power == 0:
            why += " 0"
        self.ask(ruling.power, why)


def _end(choice: RunWhen, ruling: Ruling, prices: PriceView) -> datetime | None:
    """Return when a saving ends that waits for cheap power, where that is known."""
    waits = choice is RunWhen.CHEAP_POWER and ruling.decision is Decision.SAVE_POWER
    return prices.cheap_from if waits else None
