"""A language model that follows a script: it calls the tool that it is told to call."""

import json
from typing import Any, Literal, override

from homeassistant.components.conversation import (
    AssistantContent,
    ChatLog,
    ConversationEntity,
    ConversationInput,
    ConversationResult,
    async_get_result_from_chat_log,
)
from homeassistant.const import MATCH_ALL
from homeassistant.helpers import llm

try:  # the floor's own
    from voluptuous_openapi import convert as to_openapi
except ImportError:
    from probatio import to_openapi

AGENT = "conversation.scripted_model"


def schema_of(tool: llm.Tool, api: llm.APIInstance) -> Any:
    """Return what a model is told of the parameters of a tool, as agents do."""
    return to_openapi(tool.parameters, custom_serializer=api.custom_serializer)


class ScriptedModel(ConversationEntity):
    """Takes ``{"tool": name, "args": {}}``, and answers with what the tool returned.

    To ``tools`` it answers with all that it is told of our tools.
    """

    _attr_name = "Scripted model"
    _attr_unique_id = "scripted_model"

    @property
    @override
    def supported_languages(self) -> list[str] | Literal["*"]:
        return MATCH_ALL

    @override
    async def _async_handle_message(
        self, user_input: ConversationInput, chat_log: ChatLog
    ) -> ConversationResult:
        await chat_log.async_provide_llm_data(
            user_input.as_llm_context("scripted"), llm.LLM_API_ASSIST, None, None
        )
        assert chat_log.llm_api is not None
        answer: Any
        if user_input.text == "tools":
            answer = _told(chat_log.llm_api)
        else:
            answer = await _call(user_input, chat_log, json.loads(user_input.text))
        chat_log.async_add_assistant_content_without_tools(
            AssistantContent(agent_id=user_input.agent_id, content=json.dumps(answer))
        )
        return async_get_result_from_chat_log(user_input, chat_log)


def _told(api: llm.APIInstance) -> dict[str, Any]:
    """Return what a model is told of our tools."""
    return {
        tool.name: {
            "description": tool.description,
            "parameters": schema_of(tool, api),
            "integration": tool.integration,
            "read_only": getattr(getattr(tool, "annotations", None), "read_only", None),
        }
        for tool in api.tools
        if getattr(tool, "integration", None) == "miner_monitor"
    }


async def _call(
    user_input: ConversationInput, chat_log: ChatLog, script: dict[str, Any]
) -> Any:
    """Call a tool as a model does, and return what it is given."""
    called = llm.ToolInput(tool_name=script["tool"], tool_args=script.get("args", {}))
    content = AssistantContent(
        agent_id=user_input.agent_id, content=None, tool_calls=[called]
    )
    found = [given async for given in chat_log.async_add_assistant_content(content)]
    (given,) = found
    return given.result.data if hasattr(given, "result") else given.tool_result
