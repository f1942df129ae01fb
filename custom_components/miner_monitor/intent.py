"""Intents: what Assist understands of miners, and what it answers."""

from typing import Any, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent
import voluptuous as vol

from .actions.assist import ABILITIES, Ability, Request, async_answer


async def async_setup_intents(hass: HomeAssistant) -> None:
    """Register the intents."""
    for ability in ABILITIES:
        intent.async_register(hass, MinerIntentHandler(ability))


class MinerIntentHandler(intent.IntentHandler):
    """Answers one kind of question, or does what it asks for."""

    def __init__(self, ability: Ability) -> None:
        """Take what it answers."""
        self._ability = ability
        self.intent_type = ability.intent_type
        self.description = ability.description

    @property
    @override
    def slot_schema(self) -> dict[Any, Any]:
        """What it may be asked of."""
        return {
            vol.Optional(slot, description=text): intent.non_empty_string
            for slot, text in self._ability.slots.items()
        }

    @override
    async def async_handle(self, intent_obj: intent.Intent) -> intent.IntentResponse:
        """Answer, in the language of the question."""
        slots = self.async_validate_slots(intent_obj.slots)
        asked = {
            slot: slots[slot]["value"] for slot in self._ability.slots if slot in slots
        }
        request = Request(
            context=intent_obj.context,
            assistant=intent_obj.assistant,
            language=intent_obj.language,
            **asked,
        )
        answer = await async_answer(intent_obj.hass, self._ability, request)
        response = intent_obj.create_response()
        if answer.failed:
            response.async_set_error(
                intent.IntentResponseErrorCode.FAILED_TO_HANDLE, answer.speech
            )
            return response
        if self._ability.reads:
            response.response_type = intent.IntentResponseType.QUERY_ANSWER
        response.async_set_speech(answer.speech)
        response.async_set_results(_targets(answer.reached), _targets(answer.left_out))
        return response


def _targets(names: tuple[str, ...]) -> list[intent.IntentResponseTarget]:
    device = intent.IntentResponseTargetType.DEVICE
    return [intent.IntentResponseTarget(name=name, type=device) for name in names]
