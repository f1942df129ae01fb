"""Energy managers at the wheel: by Home Assistant's own API, and by the recipes."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
import itertools
from pathlib import Path
import re
from typing import Any

from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import yaml

from .conftest import GAMMA_2, Q, TimedBench
from .controls import call, commands
from .fleets import House, build, fleet_state, watch_price
from .handles import take_over
from .test_fleet_power import MEASURED, hashing, poll_every, shares

PAGE = (Path(__file__).parents[1] / "docs" / "energy.md").read_text(encoding="utf-8")
TARGET = "number.all_miners_power_target"
POWER = "sensor.all_miners_power"
DELIVERED = "sensor.p_deferrable0"

SUPER = replace(Q, work_mode=2)
"""An Avalon Q in its strongest mode."""

MINUTE = 60.0
HOUR = 3600.0
GAP = 300.0
"""Seconds between two changes of a miner for a power target."""


def recipes(heading: str) -> list[Any]:
    """Return what stands in YAML under a heading of the page, as plain data."""
    (section,) = re.findall(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
    return [
        yaml.safe_load(text)
        for text in re.findall(
            r"^```yaml\n(.*?)^```", section, re.DOTALL | re.MULTILINE
        )
    ]


WATTS, AMPERES, ON_OFF = recipes("Watts or amperes")
EVCC, EVCC_SWITCH = recipes("evcc")
(SOLAR_OPTIMIZER,) = recipes("Solar Optimizer")
EMHASS, _, EMHASS_LOAD = recipes("EMHASS")
(EXCESS,) = recipes("PV Excess Control")
(SCRIPT,) = recipes("Node-RED and scripts")


async def paste(bench: TimedBench, *configurations: dict[str, Any]) -> None:
    """Set up what a user copied to configuration.yaml."""
    together: dict[str, Any] = {}
    for configuration in configurations:
        for domain, config in configuration.items():
            if isinstance(config, list):
                together[domain] = [*together.get(domain, []), *config]
            else:
                together[domain] = {**together.get(domain, {}), **config}
    for domain, config in together.items():
        assert await bench.run(
            async_setup_component(bench.hass, domain, {domain: config})
        ), domain
    await bench.settle()


async def turn_off_automations(bench: TimedBench) -> None:
    """Let none of their timers be left."""
    for state in bench.hass.states.async_all("automation"):
        await call(bench, state.entity_id, "turn_off")


class Caller:
    """A program that reads and writes by the REST API, with a token of its own."""

    def __init__(self, bench: TimedBench, client: TestClient, token: str) -> None:
        self._bench, self._client, self.token = bench, client, token
        # A connection that stays open would make time pass in small steps.
        self._headers = {"Authorization": f"Bearer {token}", "Connection": "close"}

    def socket(self) -> AbstractAsyncContextManager[ClientWebSocketResponse]:
        """Open a WebSocket."""
        return self._client.ws_connect("/api/websocket")

    async def _ask(self, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        async def ask() -> tuple[int, Any]:
            async with self._client.request(
                method, f"/api/{path}", json=data, headers=self._headers
            ) as reply:
                body = await reply.json() if reply.ok else await reply.text()
                return reply.status, body

        return await self._bench.run(ask())

    async def read(self, entity_id: str) -> dict[str, Any]:
        """Return a state as it stands in the reply."""
        status, body = await self._ask("GET", f"states/{entity_id}")
        assert status == HTTPStatus.OK, entity_id
        return body

    async def publish(self, entity_id: str, state: str, **attributes: Any) -> None:
        """Set a state, as a program that brings entities of its own."""
        data = {"state": state, "attributes": attributes}
        status, _ = await self._ask("POST", f"states/{entity_id}", data)
        assert status in {HTTPStatus.OK, HTTPStatus.CREATED}

    async def call(self, entity_id: str, action: str, **data: Any) -> int:
        """Call an action of an entity's domain, and return the status."""
        domain = entity_id.partition(".")[0]
        data = {"entity_id": entity_id, **data}
        status, _ = await self._ask("POST", f"services/{domain}/{action}", data)
        return status


@pytest.fixture
async def caller(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_admin_user: MockUser,
    hass_client_no_auth: ClientSessionGenerator,
) -> Caller:
    """Return a program with a long-lived token of a user of its own."""
    hass_admin_user.name = "Manager"
    assert await bench.run(async_setup_component(hass, "api", {}))
    assert await bench.run(async_setup_component(hass, "websocket_api", {}))
    refresh = await hass.auth.async_create_refresh_token(
        hass_admin_user,
        client_name="manager",
        token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
        access_token_expiration=timedelta(days=3650),
    )
    token = hass.auth.async_create_access_token(refresh)
    return Caller(bench, await bench.run(hass_client_no_auth()), token)


class Evcc:
    """Reads a charger every half minute, and sets what changed of it.

    It sets the current before it enables, and none while it disables.
    """

    def __init__(self, caller: Caller, charger: dict[str, Any]) -> None:
        self._caller, self._charger = caller, charger
        self.ranges: set[tuple[float, float]] = set()
        self._current: float | None = None

    async def cycle(self, amperes: float) -> tuple[str, bool, float]:
        """Offer a current, 0 for none; return status, whether enabled, and W."""
        charger, read = self._charger, self._caller.read
        status = (await read(charger["status"]))["state"]
        enabled = (await read(charger["enabled"]))["state"] == "on"
        power = float((await read(charger["power"]))["state"])
        number = await read(charger["setMaxCurrent"])
        self.ranges.add((number["attributes"]["min"], number["attributes"]["max"]))
        if amperes and amperes != self._current:
            await self._call(charger["setMaxCurrent"], "set_value", value=amperes)
            self._current = amperes
        if bool(amperes) is not enabled:
            await self._call(charger["enable"], "turn_on" if amperes else "turn_off")
        return status, enabled, power

    async def _call(self, entity_id: str, action: str, **data: Any) -> None:
        assert await self._caller.call(entity_id, action, **data) == HTTPStatus.OK


async def test_evcc(bench: TimedBench, hass: HomeAssistant, caller: Caller) -> None:
    """A current every half minute makes a change every five minutes at most."""
    handle = await take_over(bench, await bench.miner(SUPER))
    miner = handle.miner
    await bench.advance(MINUTE)
    await paste(bench, AMPERES)
    (charger,) = EVCC["chargers"]
    evcc = Evcc(caller, charger)
    full = float((await caller.read(TARGET))["state"])
    range_of_target = (await caller.read(TARGET))["attributes"]["max"]

    # There is enough: it runs as its owner set it.
    assert await evcc.cycle(7) == ("C", False, pytest.approx(full, rel=0.1))
    begun = len(commands(miner))
    for amperes in itertools.islice(itertools.cycle([6, 7, 7, 6, 7]), 60):
        status, enabled, _ = await evcc.cycle(amperes)
        assert (status, enabled) == ("C", True)
        await bench.advance(30)
    # Half an hour: as many changes as there may be, and no more.
    assert 0 < len(commands(miner)) - begun <= 30 * MINUTE / GAP

    # Little is left, for two hours: it goes there, and stays.
    for _ in range(40):
        await evcc.cycle(4)
        await bench.advance(30)
    _, _, power = await evcc.cycle(4)
    assert 0 < power <= 1.05 * 4 * 230
    settled = commands(miner)
    for _ in range(200):
        await evcc.cycle(4)
        await bench.advance(30)
    assert commands(miner) == settled
    status = hass.states.get(handle.entity("sensor", "status"))
    assert status is not None
    assert status.attributes["reason"] == "power_target"
    assert status.attributes["by"] == "Miners follow the energy manager"
    assert status.attributes["by_automation"] is True

    # Nothing is left: it stops, and reports that it could run.
    for _ in range(10):
        await evcc.cycle(0)
        await bench.advance(30)
    status_shown, enabled, power = await evcc.cycle(0)
    assert (status_shown, enabled) == ("B", False)
    assert power < 50
    # It rests for its minimum time, whatever is offered, then it runs.
    stopped = len(commands(miner))
    for _ in range(10):
        assert (await evcc.cycle(4))[0] == "B"
        await bench.advance(30)
    assert len(commands(miner)) == stopped
    await bench.advance(25 * MINUTE)
    assert (await evcc.cycle(4))[0] == "C"

    assert len(evcc.ranges) == 1
    assert (await caller.read(TARGET))["attributes"]["max"] == range_of_target
    await turn_off_automations(bench)


async def test_solar_optimizer(
    bench: TimedBench, hass: HomeAssistant, entity_registry_enabled_by_default: None
) -> None:
    """What it reads is what it asked for, and the range stays; a hold beats it."""
    handle = await take_over(bench, await bench.miner(GAMMA_2))
    await bench.advance(MEASURED)
    number = handle.entity("number", "power_target")
    ranges = set()

    async def step(watts: int) -> None:
        before = hass.states.get(number)
        assert before is not None
        ranges.add((before.attributes["min"], before.attributes["max"]))
        # It does not wait for what comes of it.
        data = {"entity_id": number, "value": watts}
        await hass.services.async_call("number", "set_value", data)
        await bench.advance(GAP)
        after = hass.states.get(number)
        assert after is not None
        assert float(after.state) == watts

    begun = len(handle.writes)
    for watts in (18, 17, 16, 15, 14, 13, 12, 13, 14, 15, 16, 17) * 3:
        await step(watts)
    # Three hours: one write for each call at the most, and what a day allows.
    assert 0 < len(handle.writes) - begun <= 30
    assert len(ranges) == 1

    await step(12)
    await bench.advance(HOUR)
    await call(bench, handle.entity("switch", "follow_automations"), "turn_off")
    begun = len(handle.writes)
    for watts in (16, 0, 18):
        await step(watts)
    held = hass.states.get(number)
    assert held is not None
    assert len(handle.writes) == begun
    assert held.attributes["waits"] is True
    await call(bench, handle.entity("switch", "follow_automations"), "turn_on")
    await bench.advance(MINUTE)
    assert len(handle.writes) > begun
    followed = hass.states.get(number)
    assert followed is not None
    assert followed.attributes["waits"] is False


async def test_solar_optimizer_by_its_recipe(house: House) -> None:
    """Activated, then given a power; deactivated, all stop."""
    bench, hass = house.bench, house.bench.hass
    await paste(bench, WATTS)
    normal = float(fleet_state(hass, "number", "power_target").state)
    recipe = SOLAR_OPTIMIZER

    async def order(action: str, entity_id: str, **data: Any) -> None:
        domain, service = action.split("/")
        await hass.services.async_call(
            domain, service, data, target={"entity_id": entity_id}
        )
        await bench.advance(90)

    # What is not activated yet is left as it is.
    await order(recipe["change_power_service"], recipe["power_entity_id"], value=99)
    assert hashing(house) == ["anna", "bert", "carl"]
    await order(recipe["activation_service"], recipe["entity_id"])
    assert float(fleet_state(hass, "number", "power_target").state) == pytest.approx(
        normal, abs=1
    )
    watts = round(0.7 * normal)
    await order(recipe["change_power_service"], recipe["power_entity_id"], value=watts)
    assert float(hass.states.get(recipe["power_entity_id"]).state) == watts
    assert float(fleet_state(hass, "number", "power_target").state) == watts
    assert len(hashing(house)) == 2
    await bench.advance(20 * MINUTE)
    await order(recipe["deactivation_service"], recipe["entity_id"])
    assert hashing(house) == []
    await turn_off_automations(bench)


async def test_on_or_off(house: House, caller: Caller) -> None:
    """A switch that is turned every half minute keeps the minimum times."""
    bench, hass = house.bench, house.bench.hass
    await paste(bench, ON_OFF)
    (plug,) = EVCC_SWITCH["chargers"]
    switch = plug["switch"]
    assert (await caller.read(switch))["state"] == "on"
    before = len(house.told("pause", "resume"))
    for place in range(120):
        wanted = "off" if place % 2 else "on"
        assert await caller.call(switch, f"turn_{wanted}") == HTTPStatus.OK
        assert (await caller.read(switch))["state"] == wanted
        assert float((await caller.read(plug["power"]))["state"]) >= 0
        await bench.advance(30)
    turns = len(house.told("pause", "resume")) - before
    # A run and a pause take 25 minutes at the least.
    assert 0 < turns <= len(house.miners) * 2 * 3
    await caller.call(switch, "turn_off")
    await bench.advance(HOUR)
    assert hashing(house) == []
    await caller.call(switch, "turn_on")
    await bench.advance(MINUTE)
    assert hashing(house) == ["anna", "bert", "carl"]
    state = fleet_state(hass, "number", "power_target")
    assert state.attributes["set"] is False


@pytest.fixture
async def house(bench: TimedBench) -> House:
    """Return three miners of which it is known what they draw."""
    found = await build(bench)
    await poll_every(found, 60)
    await bench.advance(MEASURED)
    return found


async def test_emhass(house: House, caller: Caller) -> None:
    """A plan of watts per half hour is followed, and repeating it changes nothing."""
    bench, hass = house.bench, house.bench.hass
    await paste(bench, EMHASS)
    each = float(fleet_state(hass, "number", "power_target").state) / 3
    plan = [round(part * each) for part in (2.1, 2.1, 1.7, 0, 3.2, 3.2)]
    ran = []
    for watts in plan:
        before = len(house.told("pause", "resume"))
        for place in range(6):
            await caller.publish(DELIVERED, f"{watts}", unit_of_measurement="W")
            await bench.advance(GAP)
            if place == 3:
                settled = len(house.told("pause", "resume"))
        assert len(house.told("pause", "resume")) == settled
        assert settled - before <= len(house.miners)
        ran.append(len(hashing(house)))
        assert sum(share or 0 for share, _ in shares(house).values()) <= watts + 1 or (
            watts == 0
        )
    assert ran == [2, 2, 1, 0, 3, 3]

    # All or nothing, as of a thermostat; an outage of it changes nothing.
    await caller.publish(DELIVERED, "0")
    await bench.advance(30 * MINUTE)
    assert hashing(house) == []
    await caller.publish(DELIVERED, "unavailable")
    await bench.advance(30 * MINUTE)
    assert hashing(house) == []
    # Who is held is left alone.
    await call(bench, "switch.bert_follow_automations", "turn_off")
    await caller.publish(DELIVERED, "9999")
    await bench.advance(30 * MINUTE)
    assert hashing(house) == ["anna", "carl"]
    await turn_off_automations(bench)


async def test_a_program_with_a_token(house: House, caller: Caller) -> None:
    """It is a user by its token, and takes over nobody who was changed by hand."""
    bench, hass = house.bench, house.bench.hass
    each = float(fleet_state(hass, "number", "power_target").state) / 3
    data, target = SCRIPT["data"], SCRIPT["target"]["entity_id"]
    assert SCRIPT["action"] == "number.set_value"
    assert [*data] == ["value"]

    async def stream(minutes: float) -> None:
        for place in range(int(2 * minutes)):
            watts = round(1.7 * each) + place % 2
            assert await caller.call(target, "set_value", value=watts) == HTTPStatus.OK
            state = await caller.read(target)
            assert float(state["state"]) == watts
            await bench.advance(30)

    await stream(20)
    assert len(hashing(house)) == 1
    writes = len(house.told("pause", "resume"))
    assert writes == 2
    stopped = next(name for name in house.miners if name not in hashing(house))
    status = hass.states.get(f"sensor.{stopped}_status")
    assert status is not None
    assert status.attributes["by"] == "Manager"

    await call(bench, f"switch.{stopped}_mining", "turn_on")
    await stream(20)
    assert stopped in hashing(house)
    assert shares(house)[stopped][1] == "by_hand"

    # By WebSocket it is the same.
    async def by_websocket() -> Any:
        async with caller.socket() as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": caller.token})
            assert (await socket.receive_json())["type"] == "auth_ok"
            service = {"domain": "number", "service": "set_value"}
            data = {"service_data": {"value": 33}, "target": {"entity_id": target}}
            await socket.send_json({"id": 1, "type": "call_service", **service, **data})
            answer = await socket.receive_json()
            await socket.send_json({"id": 2, "type": "get_states"})
            states = (await socket.receive_json())["result"]
            shown = {one["entity_id"]: one["state"] for one in states}
            return answer["success"], float(shown[target])

    assert await bench.run(by_websocket()) == (True, 33)

    # Nothing outside the range, and nothing that is no number.
    for wrong in (-1, 1e6, "much"):
        assert await caller.call(target, "set_value", value=wrong) >= 400
    assert (await caller.read(target))["attributes"]["set"] is True


NAMED = re.compile(
    r"\b(?:automation|binary_sensor|climate|input_boolean|input_number|number|select"
    r"|sensor|switch)\.[a-z][a-z0-9_]*"
)
HOUSE_POWER = "sensor.house_power"


async def test_all_that_the_page_names_exists(house: House) -> None:
    """Entities and actions, after all that the page has in YAML was pasted."""
    bench, hass = house.bench, house.bench.hass
    hass.states.async_set("sensor.price", "0.3", {"unit_of_measurement": "EUR/kWh"})
    await watch_price(bench, "sensor.price", 0.2)
    hass.states.async_set(HOUSE_POWER, "1000")
    hass.states.async_set(DELIVERED, "0")
    await paste(bench, WATTS, AMPERES, ON_OFF, EMHASS, EMHASS_LOAD)
    named = set(NAMED.findall(PAGE))
    assert len(named) >= 12
    missing = {
        name
        for name in named
        if hass.states.get(name) is None
        and not hass.services.has_service(*name.split("."))
    }
    assert missing == set()
    for service in re.findall(r"_service: (\w+)/(\w+)$", PAGE, re.MULTILINE):
        assert hass.services.has_service(*service)

    drawn = float(fleet_state(hass, "sensor", "power").state)
    rest = hass.states.get("sensor.power_load_no_var_loads")
    assert rest is not None
    assert float(rest.state) == pytest.approx(1000 - drawn, abs=1)
    energy = fleet_state(hass, "sensor", "energy").attributes
    assert energy["device_class"] == "energy"
    assert energy["state_class"] == "total_increasing"
    price = fleet_state(hass, "sensor", "electricity_price")
    assert price.attributes["unit_of_measurement"] == "EUR/kWh"
    await turn_off_automations(bench)


def test_recipes_name_what_each_program_reads() -> None:
    """The keys by which the programs know their settings."""
    (charger,) = EVCC["chargers"]
    assert {*charger} >= {
        *("name", "type", "template", "uri", "status", "enabled", "enable"),
        *("setMaxCurrent", "power"),
    }
    assert EVCC["loadpoints"][0]["charger"] == charger["name"]
    (plug,) = EVCC_SWITCH["chargers"]
    assert {*plug} >= {"uri", "switch", "power", "standbypower"}
    assert {*SOLAR_OPTIMIZER} >= {
        *("entity_id", "power_entity_id", "power_min", "power_max", "power_step"),
        *("activation_service", "deactivation_service", "change_power_service"),
    }
    assert EXCESS["dynamic_current_appliance"] is True
    assert EXCESS["min_current"] == EXCESS["defined_current"] < EXCESS["max_current"]
