"""What is wanted of all miners, what each was asked for, and where that is kept."""

from dataclasses import dataclass, field, replace
import time
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import FLEET, LOGGER
from ..control.model import NOBODY, Requester
from ..miners.codec import Amount, dump, load_or
from ..runtime.store import STORE_TARGET, IntentFile
from .commands import FORGET_STOPS_AFTER
from .run_when import least

FILE = f"{FLEET}_power"


@dataclass(slots=True)
class Told:
    """What a miner was asked for last: W, None for what its owner set.

    ``asked_at`` is when, in epoch seconds. ``unsure``: what it has now counts as what
    it was asked for.
    """

    power: Amount | None = None
    asked_at: Amount | None = None
    unsure: bool = False


@dataclass(slots=True, kw_only=True)
class Wish:
    """What is wanted of all miners in W, None for what their owners set.

    The lowest one of ``target``, which is set by hand or by an automation, ``limit``,
    which is *Run when*'s, and ``heat``, which is the heater's, holds; ``by`` is whose
    that is. ``limit_for`` is the choice and the decision that made it, ``heat_for``
    the heater's mode.
    """

    target: Amount | None = None
    target_by: Requester = NOBODY
    limit: Amount | None = None
    limit_by: Requester = NOBODY
    limit_for: str = ""
    heat: Amount | None = None
    heat_by: Requester = NOBODY
    heat_for: str = ""

    @property
    def power(self) -> float | None:
        """The lowest one."""
        return least(self.target, self.limit, self.heat)

    @property
    def by(self) -> Requester:
        """Whose the lowest one is."""
        power = self.power
        if self.heat is not None and power == self.heat:
            return self.heat_by
        if self.limit is not None and power == self.limit:
            return self.limit_by
        return self.target_by

    def is_for_all(self, before: Wish) -> bool:
        """Whether who was changed by hand takes part again.

        So it is with another decision, a target of a user's hand, and when miners begin
        to run: what an automation sets every minute leaves them out.
        """
        begins = self.target != before.target and not before.target
        by_hand = self.target_by is not before.target_by
        return (
            self.limit_for != before.limit_for
            or self.heat_for != before.heat_for
            or begins
            or (by_hand and not self.target_by.automated)
        )

    def moves(self, before: Wish) -> bool:
        """Whether the same ones limit the same miners, to other watts alone."""
        now, then = self._limits, before._limits
        return (
            not self.is_for_all(before)
            and {name for name in now if now[name] is None}
            == {name for name in then if then[name] is None}
            and replace(self, **then) == before
        )

    @property
    def _limits(self) -> dict[str, Any]:
        return {"target": self.target, "limit": self.limit, "heat": self.heat}


@dataclass(slots=True)
class Kept:
    """What is stored: what is wanted, and what each miner was asked for by its key."""

    wish: Wish = field(default_factory=Wish)
    told: dict[str, Told] = field(default_factory=dict)


class WishStore:
    """Keeps a wish over restarts: at once what is new, and later what only moves."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with nothing wanted."""
        self._hass = hass
        self._entry = entry
        self._file = IntentFile(hass, FILE)
        self._closed = False
        self.kept = Kept()
        self._stored = self.kept.wish
        self._stored_unsure: set[str] = set()
        self._stored_at = -STORE_TARGET

    async def async_load(self, alive_at: float) -> None:
        """Read what was wanted, if all was stored within the last day."""
        stored = await self._file.async_load()
        found = load_or(Kept, stored, Kept())
        alive_at = max(alive_at, self._file.saved_at or 0.0)
        if time.time() - alive_at <= FORGET_STOPS_AFTER:
            self.kept = found
        self._stored, self._stored_unsure = self.kept.wish, self._unsure
        self._entry.async_on_unload(
            self._hass.bus.async_listen(
                EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_store_at_last
            )
        )

    async def async_set(self, wish: Wish) -> None:
        """Want something else; HomeAssistantError where it cannot be stored."""
        before, self.kept.wish = self.kept.wish, wish
        if wish.moves(before) and not self._is_old:
            return
        try:
            await self.async_store()
        except HomeAssistantError:
            self.kept.wish = before
            raise

    async def async_store(self) -> None:
        """Store all of it; HomeAssistantError where that fails."""
        if self._closed:
            return
        wish, self._stored_unsure = self.kept.wish, self._unsure
        await self._file.async_save(dump(self.kept))
        self._stored, self._stored_at = wish, time.monotonic()

    @callback
    def store_if_due(self) -> None:
        """Store what has moved since it was stored last, if that is long ago.

        At once if somebody's part is known by now: read again as unsure, it would be
        another one once its user has changed it.
        """
        moved = self.kept.wish != self._stored and self._is_old
        if self._closed or not (moved or self._stored_unsure - self._unsure):
            return
        self._stored_at = time.monotonic()
        self._entry.async_create_background_task(
            self._hass, self._async_store_at_last(), f"{self._entry.title} watts"
        )

    async def async_close(self) -> None:
        """Store for the last time."""
        await self._async_store_at_last()
        self._closed = True

    @property
    def _unsure(self) -> set[str]:
        return {key for key, told in self.kept.told.items() if told.unsure}

    @property
    def _is_old(self) -> bool:
        return time.monotonic() - self._stored_at >= STORE_TARGET

    async def _async_store_at_last(self, _: Event | None = None) -> None:
        if self.kept.wish == self._stored and self._stored_unsure == self._unsure:
            return
        try:
            await self.async_store()
        except HomeAssistantError as err:
            LOGGER.warning("%s: its power target is not stored: %s", FLEET, err)
