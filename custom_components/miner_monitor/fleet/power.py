"""Watts for all miners together: who gets how many of them, and the orders for it.

They are dealt anew when the target is another one, when a miner comes, goes or is left
alone for something else, and when a minimum time is over. What is known of the steps
is taken anew with the target: what is measured meanwhile moves nobody, unless it is
something quite different.

Who runs something else than it was asked for was changed by somebody else, and is left
alone until there is another target.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
import math
import time

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..control.model import Requester
from ..miners.power import PowerStep
from ..runtime.messages import FAILURES, Failure, user_error
from .commands import STAGGER, not_stored
from .dial import dial_of, is_fixed
from .dispatch import Deal, DispatchMember, Limit, Order, deal
from .members import FleetMember
from .model import PowerShare, PowerView
from .progress import name_of
from .wish import Told, Wish, WishStore

_SAME_POWER = 0.5
"""Watts by which what a miner was asked for has to differ to be another's wish."""

_MOVED = 0.15
"""Part of a step's watts by which it has to be another one to deal anew."""

_SETTLES = 180.0
"""Seconds for which it has to be so: what stops or starts draws something in between.
"""

_STREAMS = 900.0
"""Seconds within which a target by the same one again is no new decision."""

_NOTABLE = 10.0
"""Watts by which what is left alone has to draw more or less to deal anew."""


class FleetPower:
    """Deals watts to the miners, and has each set to what it gets."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        members: Mapping[str, FleetMember],
        changed: Callable[[], None],
    ) -> None:
        """Take whom to deal to, and whom to call when something came of it."""
        self._hass = hass
        self._entry = entry
        self._members = members
        self._changed = changed
        self._store = WishStore(hass, entry)
        self._closed = False
        self._steps: dict[str, tuple[PowerStep, ...]] = {}
        self._moved_since: dict[str, float] = {}
        self._under_way: set[str] = set()
        self._drawn = 0.0
        self._number = 0
        self._target_at: float | None = None
        self._dealt: Deal | None = None
        self._situation: object = None

    # What is wanted.

    @property
    def wish(self) -> Wish:
        """What is wanted of all miners."""
        return self._store.kept.wish

    async def async_load(self, alive_at: float) -> None:
        """Read what was wanted, if all was stored within the last day."""
        await self._store.async_load(alive_at)

    async def async_set_target(self, target: float | None, by: Requester) -> None:
        """Want all miners to draw so many W; None for what their owners set.

        Who sets one every minute decides nothing each time, be it with a user's name,
        as an energy manager has one: who was changed by hand is left out, and the same
        number does nothing.
        """
        now, before = time.monotonic(), self._target_at
        self._target_at = now
        wish = self.wish
        if before is not None and now - before < _STREAMS and by == wish.target_by:
            if target == wish.target:
                return
            by = wish.target_by
        await self.async_set(replace(wish, target=target, target_by=by))

    async def async_set(self, wish: Wish) -> None:
        """Want something else of all miners, and deal at once.

        HomeAssistantError where it cannot be stored; nothing is changed then.
        """
        if wish.power is not None and wish.is_for_all(self.wish):
            self._take_over()
        try:
            await self._store.async_set(wish)
        except HomeAssistantError as err:
            raise not_stored(self._entry.title) from err
        self._steps, self._situation = {}, None
        self.look()
        self._changed()

    def _take_over(self) -> None:
        """Have all take part by what they do now, who was changed by hand too."""
        for member in self._members.values():
            self._told(member.key).unsure = True

    def _told(self, key: str) -> Told:
        return self._store.kept.told.setdefault(key, Told())

    async def async_close(self) -> None:
        """Store for the last time what is wanted, and order nothing: it unloads."""
        self._closed = True
        self._number += 1
        await self._store.async_close()

    # Who gets what.

    @callback
    def look(self) -> None:
        """Deal anew if that is due, and have done what follows."""
        now = time.time()
        members = [self._as_dealt(member) for member in self._members.values()]
        self._store.store_if_due()
        situation = (
            self.wish.power,
            frozenset((one.key, one.left, one.priority) for one in members),
        )
        same = situation == self._situation
        if self._closed or (same and not self._is_due(members, now)):
            return
        self._situation, self._drawn = situation, _drawn_of(members)
        if self.wish.power is None and not self._owes:
            self._dealt = None
            return
        before = self._dealt if same else None
        self._dealt = found = deal(self.wish.power, members, now, before)
        orders = [one for one in found.orders if one.key not in self._under_way]
        if orders:
            self._number += 1
            self._entry.async_create_background_task(
                self._hass,
                self._async_carry_out(self._number, orders),
                f"{self._entry.title} power",
            )

    @property
    def _owes(self) -> bool:
        """Whether a miner has yet to get back what its owner set."""
        told = self._store.kept.told.values()
        return any(one.power is not None or one.unsure for one in told)

    def _is_due(self, members: Iterable[DispatchMember], now: float) -> bool:
        """Whether a minimum time is over, or what is left alone draws another power."""
        over = self._dealt is not None and (self._dealt.next_at or math.inf) <= now
        return over or abs(_drawn_of(members) - self._drawn) > _NOTABLE

    def _as_dealt(self, member: FleetMember) -> DispatchMember:
        """Return a miner as watts are dealt to it."""
        found, told = dial_of(member), self._told(member.key)
        asked, left = found.asked, found.left
        if member.key in self._under_way:
            asked = told.power
        elif left is None and told.unsure:
            told.power, told.unsure = asked, False
        if left is None and not _alike(asked, told.power):
            left = Limit.BY_HAND
        if left is None and self.wish.power is not None and is_fixed(member):
            left = Limit.FLASH_WRITES
        steps = self._known_steps(member.key, found.steps)
        return replace(
            found,
            asked=asked,
            steps=steps,
            changed_at=max(
                filter(None, (found.changed_at, told.asked_at)), default=None
            ),
            left=left,
        )

    def _known_steps(
        self, key: str, steps: tuple[PowerStep, ...]
    ) -> tuple[PowerStep, ...]:
        """Return the steps to deal by: other ones only once they are so for a while."""
        now, known = time.monotonic(), self._steps.get(key, ())
        if not _moved(known, steps):
            self._moved_since.pop(key, None)
            return known
        since = self._moved_since.setdefault(key, now)
        if known and now - since < _SETTLES:
            return known
        del self._moved_since[key]
        self._steps[key], self._situation = steps, None
        return steps

    def preview(self, limit: float | None) -> Deal:
        """Return what would be dealt with another limit, for who only wants to know."""
        members = [self._as_dealt(member) for member in self._members.values()]
        wish = replace(self.wish, limit=limit)
        return deal(wish.power, members, time.time())

    # What is done for it.

    async def _async_carry_out(self, number: int, orders: Iterable[Order]) -> None:
        """Set the miners: those that start one after the other, the rest at once."""
        at_once = [order for order in orders if not order.starts]
        await asyncio.gather(*(self._async_order(order) for order in at_once))
        for place, order in enumerate(order for order in orders if order.starts):
            if place:
                await asyncio.sleep(STAGGER)
            if number == self._number:
                self._entry.async_create_background_task(
                    self._hass, self._async_order(order), f"{self._entry.title} start"
                )

    async def _async_order(self, order: Order) -> None:
        """Set one; what came of it is stored, and seen by the next look."""
        key = order.key
        member = next((one for one in self._members.values() if one.key == key), None)
        if member is None or key in self._under_way:
            return
        told = self._told(key)
        told.power, told.asked_at = order.power, time.time()
        self._under_way.add(key)
        try:
            await self._store.async_store()
            await member.miner.controller.async_set_power_target(
                order.power, self.wish.by
            )
        except (*FAILURES, HomeAssistantError) as err:
            told.unsure = True
            self._report(member, err)
        finally:
            self._under_way.discard(key)
        self._changed()

    def _report(self, member: FleetMember, error: Failure | HomeAssistantError) -> None:
        text: Exception = error
        if not isinstance(error, HomeAssistantError):
            text = user_error(self._hass, member.entry, error)
        LOGGER.warning("%s: %s", self._entry.title, text)

    # What is shown of it.

    @property
    def view(self) -> PowerView:
        """What there is to show of it."""
        miners = [one.miner for one in self._members.values()]
        tops = [
            steps[-1].power for one in miners if (steps := one.data.control.power.steps)
        ]
        return PowerView(
            target=self.wish.target,
            normal=math.fsum(tops),
            most=math.fsum(one.identity.limits.rated_power or 0.0 for one in miners),
            expected=None if self._dealt is None else self._dealt.power,
            shares=self.named(self._dealt),
        )

    def named(
        self, found: Deal | None, *, changed: bool = False
    ) -> tuple[PowerShare, ...]:
        """Return who gets what, by name; only those who are ``changed`` if so."""
        shares = () if found is None else found.shares
        if found is not None and changed:
            keys = {order.key for order in found.orders}
            shares = tuple(share for share in shares if share.key in keys)
        names = {one.key: name_of(one) for one in self._members.values()}
        return tuple(
            PowerShare(
                name=names[share.key],
                power=share.power,
                limit=share.limit and share.limit.value,
                until=share.until,
                steps=tuple(step.power for step in self._steps.get(share.key, ())),
            )
            for share in shares
            if share.key in names
        )


def _drawn_of(members: Iterable[DispatchMember]) -> float:
    """Return what those draw that are left alone, in W."""
    return sum(one.drawn or 0.0 for one in members if one.left is not None)


def _moved(before: Sequence[PowerStep], steps: Sequence[PowerStep]) -> bool:
    """Whether something quite different is known by now of the steps of a miner."""
    return len(before) != len(steps) or any(
        abs(new.power - old.power) > _MOVED * max(old.power, new.power, 1.0)
        for old, new in zip(before, steps, strict=True)
    )


def _alike(asked: float | None, told: float | None) -> bool:
    """Whether a miner has the target that it was told."""
    if asked is None or told is None:
        return asked is told
    return abs(asked - told) <= _SAME_POWER
