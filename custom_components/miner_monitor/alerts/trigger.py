"""The trigger that fires once for all that is to be said about miners now."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import (
    CALLBACK_TYPE,
    CoreState,
    HassJob,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.json import json_dumps
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import MinerCoordinator
from ..model import MinerEvent
from ..runtime.escape import plain
from ..runtime.store import SAVE_SOON, async_read, store_of
from ..runtime.verdicts import CONF_ABOVE, CONF_BELOW, HAPPENINGS, JUDGES
from ..runtime.watching import (
    PERCENT,
    OfMiners,
    async_follow_miners,
    targeted_entries,
)
from .book import FORGET_AFTER, AlertBook, Details, Rules, is_fresh
from .words import URGENT, Writer

CONF_AGAIN_AFTER = "again_after"
CONF_BACK_TO_NORMAL = "back_to_normal"
CONF_EVENTS = "events"
CONF_HASH_RATE_BELOW = "hash_rate_below"
CONF_HASH_RATE_FOR = "hash_rate_for"
CONF_OFFLINE_FOR = "offline_for"
CONF_QUIET_FROM = "quiet_from"
CONF_QUIET_UNTIL = "quiet_until"
CONF_REJECTS_ABOVE = "rejects_above"

EVENTS = (*JUDGES, *HAPPENINGS)
"""What a message can be about, by the keys of the triggers."""

KEY = "alerts"

_PATIENCE = vol.All(
    cv.positive_time_period, vol.Range(max=timedelta(seconds=FORGET_AFTER))
)
_AGAIN = vol.All(cv.positive_time_period, vol.Range(max=timedelta(days=7)))

_TOLD = ("difficulty", "from", "reason", "to")
"""Details of events that stand in a message."""


class AlertTrigger(OfMiners, Trigger):
    """Fires with one message for all that happens to miners within a minute."""

    options: ClassVar[Mapping[vol.Marker, Any]] = {
        vol.Optional(CONF_EVENTS, default=list(EVENTS)): vol.All(
            cv.ensure_list, [vol.In(EVENTS)]
        ),
        vol.Optional(CONF_OFFLINE_FOR, default=timedelta(minutes=5)): _PATIENCE,
        vol.Optional(CONF_HASH_RATE_BELOW, default=80.0): PERCENT,
        vol.Optional(CONF_HASH_RATE_FOR, default=timedelta(minutes=30)): _PATIENCE,
        vol.Optional(CONF_REJECTS_ABOVE, default=3.0): PERCENT,
        vol.Optional(CONF_AGAIN_AFTER, default=timedelta): _AGAIN,
        vol.Optional(CONF_BACK_TO_NORMAL, default=True): cv.boolean,
        vol.Optional(CONF_QUIET_FROM, default=time): cv.time,
        vol.Optional(CONF_QUIET_UNTIL, default=time): cv.time,
    }

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take whom to watch, and what for."""
        super().__init__(hass, config)
        self._target = config.target
        self._chosen = config.options or {}

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: object = None
    ) -> CALLBACK_TYPE:
        """Watch every miner; whose alerts count is asked when they are due."""
        books = await async_books(self._hass)
        key, book = books.open(self._fingerprint, self._rules)
        cancel: CALLBACK_TYPE | None = None
        planned: float | None = None

        @callback
        def plan() -> None:
            """Wait for the next message, and store what changed."""
            nonlocal cancel, planned
            if book.changed:
                books.save_soon()
            if (at := book.next_message()) == planned:
                return
            if cancel is not None:
                cancel()
            cancel, planned = None, at
            if at is not None:
                cancel = async_call_later(self._hass, max(0.0, at - _now()), job)

        @callback
        def due(_: datetime) -> None:
            nonlocal cancel, planned
            cancel = planned = None
            entries = {
                entry.entry_id: entry
                for entry in targeted_entries(self._hass, self._target)
            }
            alerts = [item for item in book.take(_now()) if item.miner in entries]
            if alerts:
                message = Writer(self._hass, entries).message(alerts)
                run_action(message, message["title"])
            plan()

        job = HassJob(due, cancel_on_shutdown=True)
        leave = async_follow_miners(self._hass, partial(self._join, book, plan))

        @callback
        def end() -> None:
            leave()
            if cancel is not None:
                cancel()
            books.close(key)

        return end

    def _join(
        self, book: AlertBook, plan: Callable[[], None], entry: ConfigEntry
    ) -> CALLBACK_TYPE:
        """Look at a miner after each poll, and hear of its events."""
        coordinator: MinerCoordinator = entry.runtime_data
        miner, chosen = entry.entry_id, self._chosen[CONF_EVENTS]
        judges = {key: judge for key, judge in JUDGES.items() if key in chosen}
        happenings = {
            kind: key for key in chosen for kind in HAPPENINGS.get(key, frozenset())
        }
        limits = {
            CONF_ABOVE: self._chosen[CONF_REJECTS_ABOVE],
            CONF_BELOW: self._chosen[CONF_HASH_RATE_BELOW],
        }

        @callback
        def look() -> None:
            now = _now()
            for key, judge in judges.items():
                verdict = judge(coordinator.data, limits)
                measured = {
                    "value": verdict.value,
                    "limit": verdict.limit,
                    "reported": verdict.detail,
                }
                so = verdict.after(book.was(miner, key))
                book.look(miner, key, so, now, _known(measured))
            plan()

        @callback
        def happened(event: MinerEvent) -> None:
            key = happenings.get(event.event_type)
            if key is None or event.details.get("requested"):
                return
            told = {name: event.details.get(name) for name in _TOLD}
            book.happened(miner, key, _now(), _known(told))
            plan()

        book.join(miner, _now())
        look()
        listening = coordinator.async_add_listener(look)
        hearing = coordinator.controller.async_on_activity(happened)

        @callback
        def leave() -> None:
            listening()
            hearing()
            book.leave(miner)

        return leave

    @property
    def _rules(self) -> Rules:
        options = self._chosen
        return Rules(
            patience={
                "went_offline": options[CONF_OFFLINE_FOR].total_seconds(),
                "hash_rate_dropped": options[CONF_HASH_RATE_FOR].total_seconds(),
            },
            urgent=URGENT,
            again_after=options[CONF_AGAIN_AFTER].total_seconds() or None,
            back_to_normal=options[CONF_BACK_TO_NORMAL],
            awake=partial(awake, options[CONF_QUIET_FROM], options[CONF_QUIET_UNTIL]),
        )

    @property
    def _fingerprint(self) -> str:
        """Return what is the same for the same configuration after a restart."""
        options = {key: str(value) for key, value in self._chosen.items()}
        text = json_dumps([sorted(options.items()), self._target or {}])
        return sha256(text.encode()).hexdigest()[:16]


def _now() -> float:
    return dt_util.utcnow().timestamp()


def _known(details: Mapping[str, Any]) -> Details:
    """Return the details that are known; texts in them are the miner's own words."""
    return {
        key: plain(value) if isinstance(value, str) else float(value)
        for key, value in details.items()
        if isinstance(value, str | int | float)
    }


def awake(begin: time, end: time, moment: float) -> float:
    """Return the first epoch second from a moment on that is not in the quiet hours."""
    local = dt_util.as_local(dt_util.utc_from_timestamp(moment))
    clock = local.time()
    if begin == end:
        return moment
    quiet = begin <= clock < end if begin < end else not end <= clock < begin
    if not quiet:
        return moment
    day = local.date() + timedelta(days=clock >= end)
    return datetime.combine(day, end, local.tzinfo).timestamp()


class AlertBooks:
    """The books of all automations that send messages, in one file."""

    def __init__(self, hass: HomeAssistant, stored: Mapping[str, Any]) -> None:
        """Go on from what was stored."""
        self._hass = hass
        self._store = store_of(hass, KEY)
        self._open: dict[str, AlertBook] = {}
        self._closed = dict(stored)
        self._cancel: CALLBACK_TYPE | None = None
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_save)

    def open(self, fingerprint: str, rules: Rules) -> tuple[str, AlertBook]:
        """Return the book of a configuration, and its key.

        Where there is none, the automation may be one that was edited: it takes over
        which messages were sent by those that are not there any more.
        """
        key, number = fingerprint, 1
        while key in self._open:
            number += 1
            key = f"{fingerprint}.{number}"
        book = self._open[key] = AlertBook(rules)
        if (stored := self._closed.pop(key, None)) is not None:
            book.load(stored, _now())
        else:
            for other in self._closed.values():
                book.learn(other, _now())
        return key, book

    def close(self, key: str) -> None:
        """Keep what a book holds for whoever opens it again."""
        self._closed[key] = self._open.pop(key).dump(_now())
        self.save_soon()

    def save_soon(self) -> None:
        """Store all books in a moment."""
        if self._cancel is None:
            job = HassJob(self._async_save, cancel_on_shutdown=True)
            self._cancel = async_call_later(self._hass, SAVE_SOON, job)

    async def _async_save(self, _: object) -> None:
        """Store all books with the time of now, by which they are judged later."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if self._hass.state is CoreState.stopping:
            return  # The final write is ours; a Store beside it is an error in the log.
        now = _now()
        self._closed = {
            key: stored for key, stored in self._closed.items() if is_fresh(stored, now)
        }
        opened = {key: book.dump(now) for key, book in self._open.items()}
        await self._store.async_save({**self._closed, **opened})


_BOOKS: HassKey[AlertBooks] = HassKey(f"{DOMAIN}_{KEY}")


async def async_books(hass: HomeAssistant) -> AlertBooks:
    """Return the books of all automations."""
    if (books := hass.data.get(_BOOKS)) is None:
        stored = await async_read(store_of(hass, KEY)) or {}
        books = hass.data.setdefault(_BOOKS, AlertBooks(hass, stored))
    return books
