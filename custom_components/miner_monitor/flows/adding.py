"""Adding several miners at once: by a search of the network, or by a list.

Each miner is added by a flow of its own, as if the user had entered its address. So
one that was found and ignored before is added, and one that fails takes no other along.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util.hass_dict import HassKey
import voluptuous as vol

from ..const import CONF_UNIT, DOMAIN
from ..miners.detect import EXPORTER_PORT, USUAL_PORTS
from ..runtime.entries import async_entry_at, async_owner
from ..runtime.escape import for_markdown, plain
from ..runtime.ha_compat import async_load_texts, own_text
from .addresses import InvalidListError, Wanted, read_networks
from .probe import LOCKED, Found
from .search import async_own_networks, async_search

CONF_EXPORTERS, CONF_MINERS, CONF_NETWORKS = "exporters", "miners", "networks"

ADDED_AT_ONCE = 8
"""Miners that are asked at the same time what they are."""

_SEARCHING: HassKey[bool] = HassKey(f"{DOMAIN}_searching")

type Job = Callable[[Callable[[float], None]], Coroutine[Any, Any, None]]
"""Something that takes a while; it is given what to tell the part that is done."""


class AddingSteps(ConfigFlow):
    """The steps that add more than one miner."""

    _job: asyncio.Task[None] | None = None
    _miners: Mapping[str, Found]
    _locked: list[str]
    _choices: Mapping[str, Wanted]

    async def async_step_search(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where to search."""
        if _SEARCHING in self.hass.data:
            return self.async_abort(reason="already_searching")
        if user_input is None:
            own = await async_own_networks(self.hass)
            return self._show_networks({CONF_NETWORKS: ", ".join(map(str, own))})
        try:
            networks = read_networks(user_input[CONF_NETWORKS])
        except InvalidListError as err:
            return self._show_networks(user_input, err)
        self._networks = networks
        ports = [*USUAL_PORTS, *([EXPORTER_PORT] * user_input[CONF_EXPORTERS])]
        self._start(partial(self._async_search, networks, ports))
        return await self.async_step_searching()

    def _show_networks(
        self, known: Mapping[str, Any], error: InvalidListError | None = None
    ) -> ConfigFlowResult:
        schema = vol.Schema(
            {
                vol.Required(CONF_NETWORKS): TextSelector(),
                vol.Optional(CONF_EXPORTERS, default=False): BooleanSelector(),
            }
        )
        return self.async_show_form(
            step_id="search",
            data_schema=self.add_suggested_values_to_schema(schema, known),
            errors={CONF_NETWORKS: error.key} if error else {},
            description_placeholders={"part": error.part if error else ""},
        )

    async def _async_search(
        self,
        networks: Iterable[IPv4Network],
        ports: Iterable[int],
        progress: Callable[[float], None],
    ) -> None:
        self.hass.data[_SEARCHING] = True
        try:
            self._miners, self._locked = await async_search(
                self.hass, networks, ports, progress
            )
        finally:
            del self.hass.data[_SEARCHING]

    async def async_step_searching(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show how far the search is."""
        where = ", ".join(map(str, self._networks))
        return self._wait("searching", "found", networks=where)

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose which of the miners that were found are added."""
        if user_input is not None:
            return await self.async_add_all(
                [self._choices[key] for key in user_input[CONF_MINERS]]
            )
        new = dict(_new_miners(self.hass, self._miners))
        known = sorted(set(_known_miners(self.hass, self._miners)))
        names = {"known": _list(known), "locked": _list(self._locked)}
        if not new:
            reason = "none_new" if known or self._locked else "none_found"
            return self._end(reason, names)
        self._choices = {wanted.key: wanted for wanted in new}
        options = [
            SelectOptionDict(value=wanted.key, label=label)
            for wanted, label in new.items()
        ]
        chosen = SelectSelectorConfig(
            options=options, multiple=True, mode=SelectSelectorMode.LIST
        )
        # The names are escaped already, each by itself: the list may be long.
        return ConfigFlow.async_show_form(
            self,
            step_id="found",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(CONF_MINERS): SelectSelector(chosen)}),
                {CONF_MINERS: list(self._choices)},
            ),
            description_placeholders=names,
        )

    async def async_add_all(self, wanted: Iterable[Wanted]) -> ConfigFlowResult:
        """Add miners, each by a flow of its own, and say what came of it."""
        self._added: list[str] = []
        self._failed: list[str] = []
        self._start(partial(self._async_add_each, list(wanted)))
        return await self.async_step_adding()

    async def async_step_adding(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show how many were added so far."""
        return self._wait("adding", "added")

    async def async_step_added(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Name what was added, and what was not, with its cause."""
        reason = "added" if not self._failed else "added_some"
        names = {
            "added": _list(sorted(self._added)),
            "failed": "\n".join(f"- {line}" for line in self._failed),
        }
        return self._end(reason if self._added else "added_none", names)

    def _end(self, reason: str, names: Mapping[str, str]) -> ConfigFlowResult:
        """End with lists of names, each of which is escaped by itself."""
        return ConfigFlow.async_abort(
            self, reason=reason, description_placeholders=names
        )

    async def _async_add_each(
        self, wanted: list[Wanted], progress: Callable[[float], None]
    ) -> None:
        await async_load_texts(self.hass, "config")
        waiting = iter(wanted)
        done = 0

        async def work() -> None:
            nonlocal done
            for miner in waiting:
                if cause := await self._async_add_one(miner):
                    self._failed.append(
                        f"{_escaped(miner.title or miner.key)}: {cause}"
                    )
                done += 1
                progress(done / len(wanted))

        async with asyncio.TaskGroup() as group:
            for _ in range(ADDED_AT_ONCE):
                group.create_task(work())

    async def _async_add_one(self, wanted: Wanted) -> str | None:
        """Add a miner; return why it was not, in words."""
        if not wanted.enabled:
            return _text(self.hass, "error", "left_out")
        data = {
            CONF_HOST: wanted.address,
            CONF_NAME: wanted.title,
            CONF_UNIT: wanted.unit,
        }
        flows = self.hass.config_entries.flow
        result = await flows.async_init(
            DOMAIN,
            context={"source": SOURCE_USER},
            data={key: value for key, value in data.items() if value is not None},
        )
        if result["type"] is FlowResultType.CREATE_ENTRY:
            self._added.append(result["title"])
            return None
        names = result.get("description_placeholders") or {}
        if result["type"] is FlowResultType.ABORT:
            return _text(self.hass, "abort", result["reason"], names)
        flows.async_abort(result["flow_id"])
        errors = result.get("errors") or {"base": LOCKED}
        return _text(self.hass, "error", next(iter(errors.values())), names)

    def _start(self, job: Job) -> None:
        self._job = self.hass.async_create_task(
            job(self.async_update_progress), f"{DOMAIN} flow", eager_start=False
        )

    def _wait(self, action: str, then: str, **names: str) -> ConfigFlowResult:
        """Show progress until the job is done, then go on with a step."""
        assert self._job is not None
        if self._job.done():
            self._job.result()
            return self.async_show_progress_done(next_step_id=then)
        return self.async_show_progress(
            step_id=action,
            progress_action=action,
            progress_task=self._job,
            description_placeholders=names,
        )


def _units(found: Found) -> tuple[str | None, ...]:
    return found.units if len(found.units) > 1 else (None,)


def _owned(
    hass: HomeAssistant, found: Mapping[str, Found]
) -> Iterator[tuple[str, Found, str | None, str | None]]:
    """Yield each miner with its address, its unit and the name of its entry."""
    for address, miner in found.items():
        for unit in _units(miner):
            owner = async_entry_at(hass, miner.endpoint, unit or miner.identity.unit)
            if owner is None and unit is None:
                owner = async_owner(hass, miner.identity)
            yield address, miner, unit, None if owner is None else owner.title


def _known_miners(hass: HomeAssistant, found: Mapping[str, Found]) -> Iterator[str]:
    return (owner for *_, owner in _owned(hass, found) if owner is not None)


def _new_miners(
    hass: HomeAssistant, found: Mapping[str, Found]
) -> Iterator[tuple[Wanted, str]]:
    """Yield the miners that have no entry, and how they are called in the list."""
    for address, miner, unit, owner in _owned(hass, found):
        if owner is None:
            identity = miner.identity
            name = plain(identity.hostname or "")
            kind = f"{identity.model} {unit}" if unit else identity.model
            label = f"{kind} {name}".strip() if name not in kind else kind
            yield Wanted(address, unit=unit), f"{label} ({address})"


def _list(texts: Iterable[str]) -> str:
    return ", ".join(map(_escaped, texts)) or "-"


def _escaped(text: str) -> str:
    return for_markdown({"text": text})["text"]


def _text(
    hass: HomeAssistant, kind: str, key: str, names: Mapping[str, str] | None = None
) -> str:
    """Return a text of the flow in the language of Home Assistant."""
    text = own_text(hass, "config", f"{kind}.{key}", key)
    for name, value in (names or {}).items():
        text = text.replace(f"{{{name}}}", value)
    return text
