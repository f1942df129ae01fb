"""All families in one farm: what the farm, files and the control endpoint need."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
import pytest

from simulator import Farm, ManualClock, MinerSpec, Phase
from simulator.__main__ import main
from simulator.config import read_toml
from simulator.control import control_app
from simulator.registry import known_faults, known_models, make_miner

from .conftest import StartMiner

ONE_OF_EACH = ("gamma_601", "avalon_q", "cgminer", "fpga_rb4")
# The exporter of FPGA cards goes on serving while the miner behind it restarts.
BOOTING = ("gamma_601", "avalon_q", "cgminer")
MINERS = [model for model in known_models() if not model.startswith("fpga_")]
READ = {
    "gamma_601": "info",
    "avalon_q": "summary+estats",
    "cgminer": "summary",
    "fpga_rb4": "metrics",
}


async def is_reachable(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


@pytest.mark.parametrize("model", MINERS)
def test_every_board_and_miner_can_be_made_and_runs(model: str) -> None:
    clock = ManualClock()
    miner = make_miner(MinerSpec(name="m", model=model), clock)
    assert miner.name == "m"
    assert miner.firmware
    before = miner.truth
    clock.advance(3600)
    after = miner.truth
    assert after.hashing
    assert after.hash_rate_ths > 0
    assert after.energy_wh > before.energy_wh
    assert miner.phase is Phase.HASHING
    assert (miner.requests, miner.connections, miner.flash_writes) == ((), 0, 0)
    assert list(miner.active_faults) == []


@pytest.mark.parametrize("model", BOOTING)
async def test_power_reboot_and_faults_of_any_family(
    start_miner: StartMiner, clock: ManualClock, model: str
) -> None:
    miner = await start_miner(model=model, boot_seconds=5)
    assert miner.url.endswith(f"://{miner.host}:{miner.port}")
    await miner.stop()
    assert miner.phase is Phase.OFF
    assert not await is_reachable(miner.host, miner.port)
    clock.advance(60)
    await miner.start()
    clock.advance(600)
    assert miner.phase is Phase.HASHING
    miner.inject("reboot")
    clock.advance(1)
    assert not await is_reachable(miner.host, miner.port)
    clock.advance(600)
    assert miner.truth.restarts == 2
    miner.inject("offline", 60)
    assert list(miner.active_faults) == ["offline"]
    clock.advance(61)
    assert await is_reachable(miner.host, miner.port)
    with pytest.raises(ValueError, match="no such fault"):
        miner.inject("no such fault")


async def test_the_control_endpoint_knows_all_families(
    clock: ManualClock, socket_enabled: None
) -> None:
    specs = [MinerSpec(name=model, model=model) for model in ONE_OF_EACH]
    async with (
        Farm(specs, clock=clock) as farm,
        TestClient(TestServer(control_app(farm))) as client,
    ):

        async def call(method: str, path: str, body: Any = None) -> Any:
            async with client.request(method, path, json=body) as response:
                assert response.status == 200, await response.text()
                return await response.json()

        listed = await call("GET", "/miners")
        assert [miner["model"] for miner in listed] == list(ONE_OF_EACH)
        for model, endpoint in READ.items():
            base = f"/miners/{model}"
            assert isinstance(await call("GET", f"{base}/reply/{endpoint}"), dict)
            assert (await call("GET", f"{base}/truth"))["hashing"] is True
            assert await call("GET", f"{base}/requests") == []
            await call("POST", f"{base}/faults", {"fault": "hot", "insulation": 1.1})
            assert (await call("DELETE", f"{base}/faults"))["faults"] == []
            old = farm[model].port
            await call("POST", f"{base}/move", {"port": 0})
            assert farm[model].port != old
            await call("POST", f"{base}/reboot")
            assert (farm[model].phase is Phase.BOOTING) is (model in BOOTING)


def test_a_farm_file_with_avalon_fields(tmp_path: Path) -> None:
    file = tmp_path / "farm.toml"
    file.write_text(
        '[[miner]]\nname = "q"\nmodel = "avalon_q"\nwork_mode = 1\nstandby = true\n'
        "standby_watts = 146\nidle_seconds = 0.5\n"
    )
    (spec,) = read_toml(file).specs
    assert (spec.work_mode, spec.standby, spec.standby_watts) == (1, True, 146)
    assert spec.idle_seconds == 0.5


def test_help_names_the_models_and_faults_of_all_families(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for name in (*ONE_OF_EACH, "bad_combined", "flatline", "pool_lost"):
        assert name in text
    assert known_faults() == sorted(set(known_faults()))


@pytest.mark.parametrize("seed", [None, 4])
def test_a_seed_is_given_or_made_from_the_name(seed: int | None) -> None:
    first, again = (MinerSpec(name="a", seed=seed) for _ in range(2))
    assert first.random_seed == again.random_seed
    assert (first.random_seed == 4) is (seed == 4)
