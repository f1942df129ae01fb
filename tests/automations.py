"""Automations made of this repository's blueprints, in a real Home Assistant."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
import logging
from pathlib import Path
import shutil
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

BLUEPRINTS = Path(__file__).parents[1] / "blueprints" / "automation" / "miner_monitor"
AUTOMATION = "automation.guard"
SPINS = 40


class Guard:
    """An automation, stand-ins for the entities it sees, and command of the time.

    Its "Save power" switches note every call: at which minute, which switch, and the
    state that was asked for, and its numbers the value. A deaf switch or number does
    nothing, a failing one says so.
    """

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        """Take the place of the actions of switches, numbers and logbook."""
        self.hass = hass
        self._freezer = freezer
        self.calls: list[tuple[str, str, str]] = []
        self.lines: list[str] = []
        self.deaf: set[str] = set()
        self.failing: set[str] = set()
        for state in ("on", "off"):
            hass.services.async_register("switch", f"turn_{state}", self._turn)
        hass.services.async_register("number", "set_value", self._set)
        hass.services.async_register("logbook", "log", self._log)
        # Time that is passed by hand makes every callback seem slow.
        hass.loop.set_debug(False)
        # Its lines hold all variables: slow, and nobody reads them.
        logging.getLogger("homeassistant").setLevel(logging.INFO)

    async def _turn(self, call: ServiceCall) -> None:
        entities = call.data["entity_id"]
        refused = []
        for entity in [entities] if isinstance(entities, str) else entities:
            state = call.service.removeprefix("turn_")
            self.calls.append((self.clock, entity.removeprefix("switch."), state))
            if entity in self.failing:
                refused.append(entity)
            elif entity not in self.deaf:
                self.hass.states.async_set(entity, state)
        if refused:
            raise HomeAssistantError(f"{refused} refused")

    async def _set(self, call: ServiceCall) -> None:
        (entity,) = call.data["entity_id"]
        value = float(call.data["value"])
        self.calls.append((self.clock, entity.removeprefix("number."), f"{value:g}"))
        if entity in self.failing:
            raise HomeAssistantError(f"{entity} refused")
        if entity not in self.deaf and (state := self.hass.states.get(entity)):
            self.hass.states.async_set(entity, str(value), state.attributes)

    async def _log(self, call: ServiceCall) -> None:
        self.lines.append(call.data["message"])

    @property
    def clock(self) -> str:
        """The time of day, local."""
        return f"{dt_util.now():%H:%M}"

    async def start(self, blueprint: str, **inputs: Any) -> None:
        """Import a blueprint and make an automation of it, as a user does."""
        await set_up_automation(self.hass, blueprint, inputs)

    async def stop(self) -> None:
        """Turn the automation off."""
        await turn_off_automation(self.hass)

    async def say(self, entity: str, state: object, **attributes: Any) -> None:
        """Give an entity a state."""
        self.hass.states.async_set(entity, str(state), attributes)
        await self._spin()

    def states(self, *entities: str) -> list[str]:
        """Tell the states of entities."""
        return [state.state for e in entities if (state := self.hass.states.get(e))]

    async def at(self, clock: str, *, day: int = 20) -> None:
        """Begin at a local time of day."""
        hour, minute = map(int, clock.split(":"))
        self._freezer.move_to(
            datetime(2026, 11, day, hour, minute, tzinfo=dt_util.DEFAULT_TIME_ZONE)
        )
        await self._settle()

    async def minutes(self, count: int, step: int = 1) -> None:
        """Let minutes pass, with all that happens in them."""
        for _ in range(0, count, step):
            self._freezer.tick(timedelta(minutes=step))
            await self._settle()

    async def seconds(self, count: int) -> None:
        """Let seconds pass, ten at a time."""
        for _ in range(count // 10):
            self._freezer.tick(timedelta(seconds=10))
            await self._settle()

    async def _settle(self) -> None:
        async_fire_time_changed(self.hass, dt_util.utcnow())
        await self._spin()

    @staticmethod
    async def _spin() -> None:
        """Let things happen, but do not wait for a run that waits for the time."""
        for _ in range(SPINS):
            await asyncio.sleep(0)


async def set_up_automation(
    hass: HomeAssistant, blueprint: str, inputs: Mapping[str, Any]
) -> None:
    """Make an automation of a blueprint."""
    await set_up_automations(hass, {"Guard": (blueprint, inputs)})
    state = hass.states.get(AUTOMATION)
    assert state is not None
    assert state.state == "on"


async def set_up_automations(
    hass: HomeAssistant,
    named: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    on: bool = True,
) -> None:
    """Copy blueprints into the configuration and make automations of them, by name."""
    folder = Path(hass.config.path("blueprints", "automation", "miner_monitor"))
    configs = []
    for name, (blueprint, inputs) in named.items():
        await hass.async_add_executor_job(_copy, BLUEPRINTS / blueprint, folder)
        path = f"miner_monitor/{Path(blueprint).name}"
        configs.append(
            {
                "id": name.lower(),
                "alias": name,
                "initial_state": on,
                "use_blueprint": {"path": path, "input": dict(inputs)},
            }
        )
    assert await async_setup_component(hass, "automation", {"automation": configs})
    await hass.async_block_till_done()


async def turn_off_automation(hass: HomeAssistant) -> None:
    """Let no timer of it be left."""
    if hass.states.get(AUTOMATION):
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": AUTOMATION}, blocking=True
        )


def _copy(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, folder / source.name)
