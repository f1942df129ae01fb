"""The control endpoint."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
import pytest

from simulator import Farm, ManualClock, MinerSpec
from simulator.control import control_app

type Client = TestClient[Any, Any]


@pytest.fixture
async def farm(clock: ManualClock, socket_enabled: None) -> AsyncIterator[Farm]:
    specs = [MinerSpec(name="gamma", seed=1), MinerSpec(name="hex", model="hex_303")]
    async with Farm(specs, clock=clock) as farm:
        yield farm


@pytest.fixture
async def control(farm: Farm) -> AsyncIterator[Client]:
    async with TestClient(TestServer(control_app(farm))) as client:
        yield client


async def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    async with client.request(method, path, json=body) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_it_lists_the_miners(control: Client, farm: Farm) -> None:
    gamma, hexagon = await call(control, "GET", "/miners")
    assert (gamma["name"], gamma["model"]) == ("gamma", "gamma_601")
    assert gamma["url"] == farm["gamma"].url
    assert (hexagon["firmware"], hexagon["phase"]) == ("v2.12.2", "hashing")
    assert gamma["faults"] == []


async def test_it_injects_and_clears_faults(
    control: Client, farm: Farm, clock: ManualClock
) -> None:
    faults = "/miners/gamma/faults"
    await call(control, "POST", faults, {"fault": "status", "code": 500})
    await call(control, "POST", faults, {"fault": "fan_stop", "duration": 60})
    (gamma, _) = await call(control, "GET", "/miners")
    assert gamma["faults"] == ["status", "fan_stop"]
    async with control.session.get(farm["gamma"].url) as response:
        assert response.status == 500
    answer = await call(control, "DELETE", f"{faults}/status")
    assert answer["faults"] == ["fan_stop"]
    clock.advance(60)
    assert (await call(control, "GET", "/miners"))[0]["faults"] == []
    await call(control, "POST", faults, {"fault": "hot"})
    assert (await call(control, "DELETE", faults))["faults"] == []


async def test_it_tells_requests_replies_and_the_truth(
    control: Client, farm: Farm, clock: ManualClock
) -> None:
    async with control.session.get(farm["gamma"].url + "/api/system/info") as response:
        sent = await response.json()
    (request,) = await call(control, "GET", "/miners/gamma/requests")
    assert (request["method"], request["path"]) == ("GET", "/api/system/info")
    assert await call(control, "GET", "/miners/gamma/reply/info") == sent
    clock.advance(3600)
    truth = await call(control, "GET", "/miners/gamma/truth")
    assert truth["energy_wh"] == pytest.approx(18.4, rel=0.01)
    assert truth["hashing"] is True


async def test_it_reboots_updates_moves_and_cuts_power(
    control: Client, farm: Farm, clock: ManualClock
) -> None:
    path = "/miners/gamma"
    assert (await call(control, "POST", f"{path}/reboot"))["phase"] == "booting"
    clock.advance(60)
    await call(control, "POST", f"{path}/firmware", {"version": "2.15.0"})
    clock.advance(60)
    assert farm["gamma"].reply("info")["version"] == "v2.15.0"
    before = farm["gamma"].url
    moved = await call(control, "POST", f"{path}/move", {"host": "127.0.0.1"})
    assert moved["url"] != before
    await call(control, "POST", f"{path}/power", {"on": False})
    clock.advance(60)
    assert farm["gamma"].truth.power_w == 0
    await call(control, "POST", f"{path}/power", {"on": True})
    clock.advance(60)
    assert farm["gamma"].truth.power_w > 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/miners/nobody/truth", None, 404, "nobody"),
        ("POST", "/miners/gamma/faults", {"fault": "melted"}, 400, "Unknown fault"),
        ("POST", "/miners/gamma/faults", {}, 400, "fault"),
        ("POST", "/miners/gamma/faults", [], 400, "object"),
        ("POST", "/miners/gamma/firmware", {"version": "new"}, 400, "version"),
        ("GET", "/miners/gamma/reply/weather", None, 400, "endpoint"),
        ("POST", "/miners/gamma/faults", "{", 400, ""),
    ],
)
async def test_it_explains_what_is_wrong(
    control: Client, method: str, path: str, body: Any, status: int, text: str
) -> None:
    async with control.request(method, path, json=body) as response:
        assert response.status == status
        assert text in await response.text()
