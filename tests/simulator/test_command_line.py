"""`python -m simulator`: arguments, TOML, control endpoint, signals."""

import asyncio
import os
from pathlib import Path
import signal
import subprocess
import sys

import aiohttp
import pytest

from simulator.__main__ import main, parser, run
from simulator.config import FarmConfig, PlannedFault, config_from, read_toml

REPOSITORY = Path(__file__).parents[2]
TOML = """
[farm]
host = "127.0.0.1"
speed = 60.0
control_port = 0

[[miner]]
name = "gamma"
model = "gamma_601"
firmware = "2.12.2"

[[miner]]
name = "nerd"
model = "nerdqaxeplusplus"
firmware = "1.1.0-beta1"
faults = [{ fault = "spike", ghs = 9000 }, { fault = "hot", duration = 60 }]
"""


def config(*arguments: str) -> FarmConfig:
    return config_from(parser().parse_args(arguments))


def test_a_farm_file(tmp_path: Path) -> None:
    file = tmp_path / "farm.toml"
    file.write_text(TOML)
    farm = read_toml(file)
    assert [spec.name for spec in farm.specs] == ["gamma", "nerd"]
    assert farm.specs[1].model == "nerdqaxeplusplus"
    assert (farm.speed, farm.control_port) == (60, 0)
    assert farm.faults == (
        PlannedFault(miner="nerd", fault="spike", parameters={"ghs": 9000}),
        PlannedFault(miner="nerd", fault="hot", duration=60),
    )


def test_arguments_go_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "farm.toml"
    file.write_text(TOML)
    farm = config(
        str(file), "--miner", "ultra_204", "--speed", "2", "--control-port", "8081"
    )
    assert len(farm.specs) == 3
    assert (farm.speed, farm.control_port) == (2, 8081)
    assert config(str(file)).control_port == 0


def test_miners_from_arguments() -> None:
    farm = config(
        "--miner", "gamma_601@2.12.2", "--miner", "hex_303@2.15.0=attic",
        "--host", "127.0.0.9", "--port", "8080", "--fault", "attic:hot:60",
        "--fault", "gamma_601_1:silent",
    )  # fmt: skip
    first, second = farm.specs
    assert (first.name, first.firmware, first.port) == ("gamma_601_1", "2.12.2", 8080)
    assert (second.name, second.host, second.port) == ("attic", "127.0.0.9", 8081)
    assert farm.faults[0] == PlannedFault(miner="attic", fault="hot", duration=60)
    assert farm.faults[1].duration is None
    assert (farm.speed, farm.control_port) == (1, None)
    assert config("--miner", "hex_303").specs[0].firmware is None


@pytest.mark.parametrize(
    ("arguments", "toml", "message"),
    [
        ([], None, "No miner"),
        (["--miner", "antminer"], None, "Unknown model"),
        (["--miner", "hex_303", "--fault", "hot"], None, "name:fault"),
        ([], '[[miner]]\nname = "a"\ncolour = "red"', "colour"),
        ([], '[[miner]]\nmodel = "hex_303"', "no name"),
        ([], "[[miner]", "TOML"),
        (["missing.toml"], None, "missing.toml"),
        (["--miner", "hex_303=a", "--miner", "hex_303=a"], None, "Two miners"),
        (["--miner", "hex_303=a", "--fault", "b:hot"], None, "'b'"),
        (["--miner", "hex_303=a", "--fault", "a:melted"], None, "Unknown fault"),
    ],
)
def test_wrong_arguments_are_explained(
    arguments: list[str],
    toml: str | None,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    socket_enabled: None,
) -> None:
    monkeypatch.chdir(tmp_path)
    if toml is not None:
        (tmp_path / "farm.toml").write_text(toml)
        arguments = ["farm.toml", *arguments]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message.lower() in error.lower()


def test_help_names_models_and_faults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "gamma_601" in text
    assert "flatline" in text


@pytest.mark.parametrize("control", [True, False])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(
    control: bool,
    number: signal.Signals,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    socket_enabled: None,
) -> None:
    async def run_and_be_ended(config: FarmConfig, stop: asyncio.Event) -> None:
        os.kill(os.getpid(), number)
        await run(config, stop)

    monkeypatch.setattr("simulator.__main__.run", run_and_be_ended)
    arguments = ["--miner", "gamma_601=one", "--fault", "one:fan_stop"]
    assert main(arguments + (["--control-port", "0"] if control else [])) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t")[0] == "one"
    assert lines[0].split("\t")[1].startswith("http://127.0.0.1:")
    assert len(lines) == 1 + control


async def test_a_process_runs_a_farm_until_it_is_ended(
    tmp_path: Path, socket_enabled: None
) -> None:
    file = tmp_path / "farm.toml"
    file.write_text(TOML)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", str(file),
        cwd=REPOSITORY, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = {}
        async with asyncio.timeout(20):
            for _ in range(3):
                name, address, *_ = (
                    (await process.stdout.readline()).decode().strip().split("\t")
                )
                lines[name] = address
        control = f"http://{lines['control']}"
        async with aiohttp.ClientSession() as session:
            async with session.get(lines["gamma"] + "/api/system/info") as response:
                assert (await response.json())["version"] == "v2.12.2"
            async with session.get(lines["nerd"] + "/api/system/info") as response:
                assert (await response.json())["hashRate"] == 9000
            url = f"{control}/miners/gamma/faults"
            async with session.post(url, json={"fault": "offline"}) as response:
                assert response.status == 200
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(lines["gamma"])
    finally:
        process.terminate()
        async with asyncio.timeout(60):
            code = await process.wait()
    assert code == 0
