"""Adding several miners at once: by a search of the network, or by a list.

Each miner is added by a flow of its own, as if the user had entered its address. So
one that was found and ignored before is added, and one that fails takes no other along.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from ..runtime.escape import for_markdown
from ..runtime.ha_compat import async_load_texts, own_text
from .addresses import NEAR, InvalidListError, Wanted, read_networks
from .probe import LOCKED, Found
from .search import async_own_networks, async_search

CONF_EXPORTERS, CONF_MINERS, CONF_NETWORKS = "exporters", "miners", "networks"

ADDED_AT_ONCE = 8
"""Miners that are asked at the same time what they are."""

HEAD_START = 1
"""Seconds that the frontend has to subscribe to the progress and to ask for it once.

Where the summary is the answer to that question, the event that comes after it makes
the frontend ask again: the flow is over by then, and the summary becomes an error.
"""

_SEARCH: HassKey[asyncio.Task[None]] = HassKey(f"{DOMAIN}_search")
"""The last search: there is one at a time."""

type Job = Callable[[Callable[[float], None]], Coroutine[Any, Any, None]]
"""Something that takes a while; it is given what to tell the part that is done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a miner that was to be added: its title, or why it was not."""

    name: str
    cause: str | None = None


class AddingSteps(ConfigFlow):
    """The steps that add more than one miner."""

    _job: asyncio.Task[None] | None = None
    _networks: Sequence[IPv4Network] = ()
    _miners: Mapping[str, Found]
    _locked: Sequence[str]
    _choices: Mapping[str, Wanted]
    _outcomes: Sequence[Outcome]

    async def async_step_search(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where to search; without a network it is near the adapters."""
        running = self.hass.data.get(_SEARCH)
        if running is not None and not running.done():
            return self.async_abort(reason="already_searching")
        if user_input is None:
            own = await async_own_networks(self.hass)
            return self._show_networks({CONF_NETWORKS: _texts(own)})
        try:
            entered = user_input.get(CONF_NETWORKS, "")
            near = [] if entered.strip() else await async_own_networks(self.hass, NEAR)
            self._networks = near or read_networks(entered)
        except InvalidListError as err:
            return self._show_networks(user_input, err)
        ports = [*USUAL_PORTS, *([EXPORTER_PORT] * user_input[CONF_EXPORTERS])]
        self.hass.data[_SEARCH] = self._start(partial(self._async_search, ports))
        return await self.async_step_searching()

    def _show_networks(
        self, known: Mapping[str, Any], error: InvalidListError | None = None
    ) -> ConfigFlowResult:
        schema = vol.Schema(
            {
                vol.Optional(CONF_NETWORKS): TextSelector(),
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
        self, ports: Iterable[int], progress: Callable[[float], None]
    ) -> None:
        self._miners, self._locked = await async_search(
            self.hass, self._networks, ports, progress
        )

    async def async_step_searching(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show how far the search is."""
        return self._wait("searching", "found", networks=_texts(self._networks))

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose which of the miners that were found are added."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if chosen := [self._choices[key] for key in user_input[CONF_MINERS]]:
                return await self.async_add_all(chosen)
            errors[CONF_MINERS] = "none_selected"
        new, known = new_and_known(self.hass, self._miners)
        names = {
            "networks": _texts(self._networks),
            "known": _list(sorted(known)),
            "locked": _list(self._locked),
        }
        if not new:
            reason = "none_new" if known or self._locked else "none_found"
            return self._end(reason, names)
        self._choices = {wanted.key: wanted for wanted in new}
        options = [
            SelectOptionDict(value=wanted.key, label=label)
            for wanted, label in new.items()
        ]
        miners = SelectSelectorConfig(
            options=options, multiple=True, mode=SelectSelectorMode.LIST
        )
        # The names are escaped already, each by itself: the list may be long.
        return ConfigFlow.async_show_form(
            self,
            step_id="found",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(CONF_MINERS): SelectSelector(miners)}),
                {CONF_MINERS: [] if errors else list(self._choices)},
            ),
            description_placeholders=names,
            errors=errors,
        )

    async def async_add_all(self, wanted: Iterable[Wanted]) -> ConfigFlowResult:
        """Add miners, each by a flow of its own, and say what came of it."""
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
        added = sorted(item.name for item in self._outcomes if item.cause is None)
        failed = [item for item in self._outcomes if item.cause is not None]
        names = {
            "added": _list(added),
            "failed": "\n".join(
                f"- {_escaped(item.name)}: {item.cause}" for item in failed
            ),
        }
        reason = "added_some" if failed else "added"
        return self._end(reason if added else "added_none", names)

    def _end(self, reason: str, names: Mapping[str, str]) -> ConfigFlowResult:
        """End with lists of names, each of which is escaped by itself."""
        return ConfigFlow.async_abort(
            self, reason=reason, description_placeholders=names
        )

    async def _async_add_each(
        self, wanted: Sequence[Wanted], progress: Callable[[float], None]
    ) -> None:
        await asyncio.sleep(HEAD_START)
        await async_load_texts(self.hass, "config")
        turns = asyncio.Semaphore(ADDED_AT_ONCE)
        done = 0

        async def add(miner: Wanted) -> list[Outcome]:
            nonlocal done
            async with turns:
                outcomes = await async_add(self.hass, miner)
            done += 1
            progress(done / len(wanted))
            return outcomes

        outcomes = await asyncio.gather(*map(add, wanted))
        self._outcomes = [item for items in outcomes for item in items]

    def _start(self, job: Job) -> asyncio.Task[None]:
        self._job = self.hass.async_create_task(
            job(self.async_update_progress), f"{DOMAIN} flow", eager_start=False
        )
        return self._job

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


async def async_add(hass: HomeAssistant, wanted: Wanted) -> list[Outcome]:
    """Add the miner at an address, or each of the cards there; say what came of it."""
    if not wanted.enabled:
        return [Outcome(wanted.name, _text(hass, "error", "left_out"))]
    data = {CONF_HOST: wanted.address, CONF_NAME: wanted.title, CONF_UNIT: wanted.unit}
    flows = hass.config_entries.flow
    result = await flows.async_init(
        DOMAIN,
        context={"source": SOURCE_USER},
        data={key: value for key, value in data.items() if value is not None},
    )
    if result["type"] is FlowResultType.CREATE_ENTRY:
        return [Outcome(result["title"])]
    names = result.get("description_placeholders") or {}
    if result["type"] is FlowResultType.ABORT:
        return [Outcome(wanted.name, _text(hass, "abort", result["reason"], names))]
    flows.async_abort(result["flow_id"])
    if result["step_id"] == "unit":
        return await _async_add_units(hass, wanted, result)
    errors = result.get("errors") or {"base": LOCKED}
    cause = _text(hass, "error", next(iter(errors.values())), names)
    return [Outcome(wanted.name, cause)]


async def _async_add_units(
    hass: HomeAssistant, wanted: Wanted, asked: ConfigFlowResult
) -> list[Outcome]:
    """Add all that a form lets choose from, one after the other."""
    assert asked["data_schema"] is not None
    units = asked["data_schema"].schema[CONF_UNIT].config["options"]
    titles = {unit: wanted.title and f"{wanted.title} {unit}" for unit in units}
    return [
        outcome
        for unit, title in titles.items()
        for outcome in await async_add(hass, replace(wanted, unit=unit, title=title))
    ]


def new_and_known(
    hass: HomeAssistant, found: Mapping[str, Found]
) -> tuple[dict[Wanted, str], set[str]]:
    """Sort miners by address: new ones with their labels, and the titles of others.

    One that answers at two addresses is listed once.
    """
    new: dict[Wanted, str] = {}
    known: set[str] = set()
    seen: set[str] = set()
    for address, miner in found.items():
        for one in miner.each:
            identity, wanted = one.identity, Wanted(address, unit=one.identity.unit)
            owner = (
                async_owner(hass, identity)
                if identity.unique_id
                else async_entry_at(hass, one.endpoint, identity.unit)
            )
            if owner is not None:
                known.add(owner.title)
            elif (key := identity.unique_id or wanted.key) not in seen:
                seen.add(key)
                new[wanted] = one.label
    return new, known


def _texts(networks: Iterable[IPv4Network]) -> str:
    return ", ".join(map(str, networks))


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
