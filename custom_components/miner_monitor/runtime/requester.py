"""Who asks for something, by the context of the call."""

from collections import OrderedDict

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..control.model import NOBODY, Requester
from .escape import plain

_RUNS = ("automation", "script")
"""What runs by itself; a script may be a part of an automation, with its context."""

_BEGINS = ("automation_triggered", "script_started")
"""The events by which Home Assistant tells of a run, in its context."""

_MOST_RUNS = 500
"""So many runs are known; who waits for longer than these is known by its state."""

_KNOWN: HassKey[OrderedDict[str, str]] = HassKey(f"{DOMAIN}_runs")
"""The entity of each run by the id of its context, the earliest first."""


@callback
def async_watch_runs(hass: HomeAssistant) -> None:
    """Take note of each run of an automation or a script, from now on.

    Of several runs of one automation at a time its state knows the last alone.
    """
    known = hass.data[_KNOWN] = OrderedDict()

    @callback
    def begun(event: Event) -> None:
        if isinstance(entity_id := event.data.get(ATTR_ENTITY_ID), str):
            # A script that an automation calls has its context.
            known.setdefault(event.context.id, entity_id)
            if len(known) > _MOST_RUNS:
                known.popitem(last=False)

    for event_type in _BEGINS:
        hass.bus.async_listen(event_type, begun)


async def async_requester(hass: HomeAssistant, context: Context | None) -> Requester:
    """Return who is behind a call.

    A user is one also where a script does the work. All that a run of an automation
    calls has the context of that run. What is neither a user nor a run (voice of
    nobody in particular, a bridge to another system) is a hand without a name, unless
    something triggered it.
    """
    if context is None:
        return NOBODY
    if context.user_id is not None:
        user = await hass.auth.async_get_user(context.user_id)
        return NOBODY if user is None else Requester(plain(user.name or "") or None)
    if (entity_id := _run_of(hass, context)) is not None:
        state = hass.states.get(entity_id)
        name = None if state is None else plain(state.name)
        return Requester(name, automated=True)
    return Requester(automated=context.parent_id is not None)


def _run_of(hass: HomeAssistant, context: Context) -> str | None:
    """Return the automation or script whose run has a context."""
    known = hass.data.get(_KNOWN)
    if known is not None and context.id in known:
        return known[context.id]
    return next(
        (
            state.entity_id
            for state in hass.states.async_all(_RUNS)
            if state.context.id == context.id
        ),
        None,
    )
