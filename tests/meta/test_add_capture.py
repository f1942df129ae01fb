"""A user's diagnostics download becomes a test, and the tests made that way."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.miners.model import Family
from scripts.rig.capture import (
    FIXTURES,
    REDACTED,
    CaptureError,
    Download,
    as_json,
    differences,
    fixture_name,
    harmless,
    main,
    make_fixture,
    read_download,
    read_replies,
    told,
    write_fixture,
)
from simulator import MinerSpec
from tests.conftest import GAMMA, HEX, NERD, SUPRA, ULTRA, Bench

from .package import load_json

type Downloader = Callable[[MinerSpec], Any]


@pytest.fixture
def download(
    hass: HomeAssistant,
    bench: Bench,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> Downloader:
    """Add a simulated miner and save what the download button gives."""

    async def saved(spec: MinerSpec) -> Path:
        assert await async_setup_component(hass, "diagnostics", {})
        entry = await bench.add(await bench.miner(spec))
        client = await hass_client()
        answer = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
        assert answer.status == HTTPStatus.OK
        path = tmp_path / "download.json"
        path.write_text(await answer.text(), encoding="utf-8")
        return path

    return saved


@pytest.mark.parametrize(
    "spec", [GAMMA, SUPRA, ULTRA, HEX, NERD], ids=lambda spec: spec.name
)
async def test_download_becomes_fixture(
    spec: MinerSpec, download: Downloader, tmp_path: Path
) -> None:
    read = read_download(await download(spec))
    assert read.state is not None
    fixture = await make_fixture(read)

    assert list(differences(told(read.state), fixture["state"])) == []
    assert list(differences(told(read.identity), fixture["identity"])) == []
    assert REDACTED not in json.dumps(fixture)
    if spec.mac is not None:
        assert spec.mac.lower() not in json.dumps(fixture).lower()
        assert fixture["identity"]["mac"] == "02:00:00:00:00:01"

    write_fixture(fixture, tmp_path / "fixture.json")
    kept = load_json(tmp_path / "fixture.json")
    reading = await read_replies(Family.AXEOS, kept["replies"])
    assert as_json(reading) == {"identity": kept["identity"], "state": kept["state"]}


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem
)
async def test_fixture(path: Path, socket_enabled: None) -> None:
    """What users sent is read as it was read then."""
    fixture = load_json(path)
    family = Family(fixture["identity"]["family"])
    reading = as_json(await read_replies(family, fixture["replies"]))
    assert reading["identity"] == fixture["identity"]
    assert reading["state"] == fixture["state"]
    assert REDACTED not in json.dumps(fixture)


def test_there_are_fixtures() -> None:
    assert list(FIXTURES.glob("*.json"))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("macAddr", REDACTED, "02:00:00:00:00:01"),
        ("ipv4", REDACTED, "192.168.1.20"),
        ("hostip", REDACTED, "192.168.1.20"),
        ("ipv6", REDACTED, "fe80::1"),
        ("hostname", REDACTED, "bitaxe"),
        ("ssid", REDACTED, "network"),
        ("stratumUser", REDACTED, "worker"),
        ("fallbackStratumUser", f"{REDACTED}.rig", "worker.rig"),
        ("stratumCert", REDACTED, "certificate"),
        ("stratumURL", f"stratum+tcp://{REDACTED}", "stratum+tcp://pool.example"),
        ("coinbaseOutputs", REDACTED, []),
        ("message", f"for {REDACTED}", "for example"),
        ("pools", [{"stratumUser": REDACTED}], [{"stratumUser": "worker"}]),
        ("power", 18.5, 18.5),
        ("version", "v2.12.2", "v2.12.2"),
    ],
)
def test_harmless(key: str, value: Any, expected: Any) -> None:
    assert harmless({key: value}) == {key: expected}


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({"power": 18.5}, {"power": 18.5}, []),
        ({"power": 18.5}, {"power": None}, ["power: 18.5 -> None"]),
        ({}, {"power": 18.5}, ["power: None -> 18.5"]),
        ({"mac": REDACTED}, {"mac": "02:00:00:00:00:01"}, []),
        (
            {"fans": [{"speed": 1}]},
            {"fans": [{"speed": 2}]},
            ["fans[0].speed: 1 -> 2"],
        ),
        ({"fans": []}, {"fans": [1]}, ["fans: [] -> [1]"]),
    ],
)
def test_differences(was: Any, now: Any, expected: list[str]) -> None:
    assert list(differences(was, now)) == expected


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"model": "Gamma 601", "firmware": "v2.12.2"}, "gamma-601-v2.12.2"),
        ({"model": "NerdQAxe++", "firmware": "v1.1-beta1"}, "nerdqaxepp-v1.1-beta1"),
        (
            {"model": "NerdOCTAXE-\N{GREEK SMALL LETTER GAMMA}"},
            "nerdoctaxe-gamma-unknown",
        ),
    ],
)
def test_fixture_name(identity: Mapping[str, str], expected: str) -> None:
    assert fixture_name({"identity": identity}) == expected


def test_what_was_not_told_is_left_out() -> None:
    state = {"power": 0, "pool": None, "fans": [{"speed": None, "duty_cycle": 5.0}]}
    assert told({**state, "chips": []}) == {"power": 0, "fans": [{"duty_cycle": 5.0}]}


OURS: Mapping[str, Any] = {
    "integration_manifest": {"domain": "miner_monitor"},
    "data": {
        "identity": {"family": "axeos"},
        "state": None,
        "replies": {"info": {}},
    },
}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not JSON", "no JSON file"),
        ("[]", "no diagnostics download"),
        ('{"ASICModel": "BM1370"}', "no diagnostics download"),
        ('{"integration_manifest": {"domain": "hue"}, "data": {}}', "of hue"),
        (json.dumps({**OURS, "data": {"replies": {}}}), "no reply of a miner"),
        (json.dumps({**OURS, "data": [1]}), "no reply of a miner"),
        (
            json.dumps(OURS).replace("axeos", "toaster"),
            "of a family that is not known",
        ),
        (json.dumps(OURS), "not read as a miner's"),
    ],
)
def test_other_files(
    content: str,
    reason: str,
    tmp_path: Path,
    socket_enabled: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "file.json"
    file.write_text(content, encoding="utf-8")
    assert main([str(file)], tmp_path) == 1
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [file]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be read"):
        read_download(tmp_path / "nothing.json")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Save a download that holds the replies of one of our fixtures."""
    fixture = load_json(min(FIXTURES.glob("*.json")))
    state = {**fixture["state"], "power": 1.5}
    file = tmp_path / "download.json"
    data = {**fixture, "state": state}
    file.write_text(json.dumps({**OURS, "data": data}), encoding="utf-8")
    return file


def test_command(
    example: Path,
    tmp_path: Path,
    socket_enabled: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(example), "--name", "mine"], tmp_path) == 0
    told = capsys.readouterr().out
    assert "1 values differ" in told
    assert "state.power: 1.5 -> " in told
    assert load_json(tmp_path / "mine.json") == load_json(min(FIXTURES.glob("*.json")))

    assert main([str(example), "--name", "mine"], tmp_path) == 1
    assert "exists" in capsys.readouterr().err
    assert main([str(example), "--name", "../mine"], tmp_path) == 1
    assert "no name for a file" in capsys.readouterr().err


async def test_miner_that_was_away(
    tmp_path: Path, socket_enabled: None, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture = load_json(min(FIXTURES.glob("*.json")))
    away = Download(
        family=Family.AXEOS,
        identity=fixture["identity"],
        state=None,
        replies=fixture["replies"],
    )
    assert (await make_fixture(away))["state"] == fixture["state"]
