"""Who asks for something, by the context of the call."""

from homeassistant.core import Context, HomeAssistant

from ..control.model import NOBODY, Requester
from .escape import plain

_RUNS = ("automation", "script")
"""What runs by itself; a script may be a part of an automation, with its context."""


async def async_requester(hass: HomeAssistant, context: Context | None) -> Requester:
    """Return who is behind a call.

    A user is one also where a script does the work. All that a run of an automation
    calls has the context that its state has since. If another run of it began
    meanwhile, it is known only that something triggered this one. What is neither
    (voice of nobody in particular, a bridge to another system) is a hand without a
    name.
    """
    if context is None:
        return NOBODY
    if context.user_id is not None:
        user = await hass.auth.async_get_user(context.user_id)
        return NOBODY if user is None else Requester(plain(user.name or "") or None)
    for domain in _RUNS:
        for state in hass.states.async_all(domain):
            if state.context.id == context.id:
                return Requester(plain(state.name), automated=True)
    return Requester(automated=context.parent_id is not None)
