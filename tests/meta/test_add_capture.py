"""A user's diagnostics download becomes a test, and the tests made that way."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
import json
from pathlib import Path
from typing import Any, NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.const import CONF_UNIT, DOMAIN
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
    told,
    write_fixture,
)
from scripts.rig.replay import read_replies
from simulator import MinerSpec, SimulatedMiner
from tests.conftest import (
    A1246,
    GAMMA,
    HEX,
    NANO_3S,
    NERD,
    PLAIN_CGMINER,
    RB4,
    SUPRA,
    ULTRA,
    Bench,
    Q,
)

from .package import load_json

SPECS = (GAMMA, SUPRA, ULTRA, HEX, NERD, NANO_3S, Q, A1246, PLAIN_CGMINER, RB4)

EXAMPLES = {
    "mac": "02:00:00:00:00:01",
    "serial": "0201000000000001",
}


GAMMA_FIXTURE = FIXTURES / "simulated-gamma.json"


class Saved(NamedTuple):
    """A download, and what names the miner that it is of."""

    path: Path
    names: Mapping[str, str | None]


type Downloader = Callable[[MinerSpec], Awaitable[Saved]]


@pytest.fixture
def download(
    hass: HomeAssistant,
    bench: Bench,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> Downloader:
    """Add a simulated miner and save what the download button gives."""

    async def saved(spec: MinerSpec) -> Saved:
        assert await async_setup_component(hass, "diagnostics", {})
        miner = await bench.miner(spec)
        entry = await (add_second_card if spec.cards > 1 else bench.add)(miner)
        client = await hass_client()
        answer = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
        assert answer.status == HTTPStatus.OK
        path = tmp_path / "download.json"
        path.write_text(await answer.text(), encoding="utf-8")
        identity = entry.data["identity"]
        return Saved(path, {name: identity[name] for name in EXAMPLES})

    async def add_second_card(miner: SimulatedMiner) -> ConfigEntry:
        flows = hass.config_entries.flow
        where = {CONF_HOST: f"{miner.host}:{miner.port}"}
        form = await flows.async_init(DOMAIN, context={"source": "user"}, data=where)
        card = {CONF_UNIT: "card1"}
        result = await flows.async_configure(form["flow_id"], card)
        await bench.settle()
        entry: ConfigEntry = result["result"]
        return entry

    return saved


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
async def test_download_becomes_fixture(
    spec: MinerSpec, download: Downloader, tmp_path: Path
) -> None:
    saved = await download(spec)
    read = read_download(saved.path)
    assert read.state is not None
    fixture = await make_fixture(read)

    assert list(differences(told(read.state), fixture["state"])) == []
    assert list(differences(told(read.identity), fixture["identity"])) == []
    text = json.dumps(fixture)
    assert REDACTED not in text
    for name, value in saved.names.items():
        if value is not None:
            assert value.replace(":", "") not in text.lower().replace(":", "")
            assert fixture["identity"][name] == EXAMPLES[name]

    write_fixture(fixture, tmp_path / "fixture.json")
    kept = load_json(tmp_path / "fixture.json")
    assert await read_fixture(kept) == {
        "identity": kept["identity"],
        "state": kept["state"],
    }


async def read_fixture(fixture: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is made of a fixture's replies now."""
    identity = fixture["identity"]
    family, unit = Family(identity["family"]), identity.get("unit")
    return as_json(await read_replies(family, fixture["replies"], unit))


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem
)
async def test_fixture(path: Path, socket_enabled: None) -> None:
    """What users sent is read as it was read then."""
    fixture = load_json(path)
    reading = await read_fixture(fixture)
    assert reading["identity"] == fixture["identity"]
    assert reading["state"] == fixture["state"]
    assert REDACTED not in json.dumps(fixture)


def test_there_are_fixtures_of_each_family() -> None:
    fixtures = [load_json(path) for path in FIXTURES.glob("*.json")]
    assert {fixture["identity"]["family"] for fixture in fixtures} == set(Family)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("macAddr", REDACTED, "02:00:00:00:00:01"),
        ("ipv4", REDACTED, "192.168.1.20"),
        ("hostip", REDACTED, "192.168.1.20"),
        ("ipv6", REDACTED, "fe80::1"),
        ("hostname", REDACTED, "bitaxe"),
        ("ssid", REDACTED, "network"),
        ("SSID", REDACTED, "network"),
        ("DNA", REDACTED, "0201000000000001"),
        ("HDNA", REDACTED, "0201000000000001"),
        ("serial", REDACTED, "0201000000000001"),
        ("User", REDACTED, "worker"),
        ("stratumUser", REDACTED, "worker"),
        ("fallbackStratumUser", f"{REDACTED}.rig", "worker.rig"),
        ("stratumCert", REDACTED, "certificate"),
        ("stratumURL", f"stratum+tcp://{REDACTED}", "stratum+tcp://pool.example"),
        ("coinbaseOutputs", REDACTED, []),
        ("message", f"for {REDACTED}", "for example"),
        ("pools", [{"stratumUser": REDACTED}], [{"stratumUser": "worker"}]),
        ("stats", [{"MM ID0": {"SSID": REDACTED}}], [{"MM ID0": {"SSID": "network"}}]),
        ("metrics", f'rate{{card="{REDACTED}"}} 1', 'rate{card="example"} 1'),
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
        *(
            (json.dumps(OURS).replace("axeos", family), "not read as a miner's")
            for family in Family
        ),
        *(
            (
                json.dumps(OURS)
                .replace("axeos", family)
                .replace('{"info": {}}', '{"stats": [1], "metrics": 1, "commands": 1}'),
                "not read as a miner's",
            )
            for family in Family
        ),
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
    fixture = load_json(GAMMA_FIXTURE)
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
    assert load_json(tmp_path / "mine.json") == load_json(GAMMA_FIXTURE)

    assert main([str(example), "--name", "mine"], tmp_path) == 1
    assert "exists" in capsys.readouterr().err
    assert main([str(example), "--name", "../mine"], tmp_path) == 1
    assert "no name for a file" in capsys.readouterr().err


async def test_miner_that_was_away(
    tmp_path: Path, socket_enabled: None, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture = load_json(GAMMA_FIXTURE)
    away = Download(
        family=Family.AXEOS,
        identity=fixture["identity"],
        state=None,
        replies=fixture["replies"],
    )
    assert (await make_fixture(away))["state"] == fixture["state"]
