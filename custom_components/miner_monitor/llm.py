"""Tools: what language models may ask of miners."""

from typing import Any, override

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, llm
import voluptuous as vol

from .actions.assist import ABILITIES, Ability, Request, async_answer, known_miners
from .const import DOMAIN

# Since 2026.9 or 2026.10 a tool says how it behaves and wraps its result.
_ANNOTATIONS: Any = getattr(llm, "ToolAnnotations", None)
_RESULT: Any = getattr(llm, "ToolResult", None)

PROMPT = (
    "For Bitcoin miners use the miner_monitor tools. To make them use less, save power;"
    " don't turn off their switches unless asked to."
)


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: llm.LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools, where any miner is exposed to the assistant."""
    exposed = api_id == llm.LLM_API_ASSIST and known_miners(hass, llm_context.assistant)
    if not exposed:
        return None
    return LLMTools(tools=[*map(MinerTool, ABILITIES)], prompt=PROMPT)


class MinerTool(llm.Tool):
    """Answers one kind of question, or does what it asks for."""

    def __init__(self, ability: Ability) -> None:
        """Take what it answers."""
        self._ability = ability
        self.name = f"{DOMAIN}__{ability.tool}"
        self.title = ability.title
        self.description = ability.description
        self.integration = DOMAIN
        self.parameters = vol.Schema(
            {
                vol.Optional(slot, description=text): cv.string
                for slot, text in ability.slots.items()
            }
        )
        if _ANNOTATIONS is not None:
            self.annotations = _ANNOTATIONS(
                read_only=ability.reads,
                destructive=not ability.reads,
                idempotent=True,
                open_world=False,
            )

    @override
    async def async_call(
        self,
        hass: HomeAssistant,
        tool_input: llm.ToolInput,
        llm_context: llm.LLMContext,
    ) -> Any:
        """Answer with figures and in words; what is left blank is not asked for."""
        given = tool_input.tool_args.items()
        asked = self.parameters(
            {key: value for key, value in given if value not in (None, "")}
        )
        request = Request(
            context=llm_context.context,
            assistant=llm_context.assistant,
            language=llm_context.language,
            **asked,
        )
        answer = await async_answer(hass, self._ability, request)
        data = answer.figures or {"answer": answer.speech}
        if answer.failed:
            data = {**data, "error": answer.speech}
        return data if _RESULT is None else _RESULT(data=data, error=answer.failed)
