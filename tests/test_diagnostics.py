"""The download tells all about a miner and nothing about its owner."""

import json

from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.const import CONF_SESSION
from custom_components.miner_monitor.diagnostics import redact
from simulator import MinerSpec

from .conftest import (
    GAMMA,
    HEX,
    NANO_3S,
    NERD,
    PLAIN_CGMINER,
    Q,
    TimedBench,
)


@pytest.mark.parametrize("spec", [GAMMA, HEX, NERD], ids=lambda spec: spec.name)
async def test_no_secrets(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    spec: MinerSpec,
) -> None:
    """No wallet, no MAC, no Wi-Fi name, no host name is in it."""
    assert await async_setup_component(hass, "diagnostics", {})
    miner = await bench.miner(spec)
    entry = await bench.add(miner)
    reply = miner.reply("info")

    report = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    text = json.dumps(report).lower()

    for key in ("macAddr", "stratumUser", "fallbackStratumUser", "ssid"):
        assert key.lower() in text
        assert reply[key].lower() not in text
    assert report["replies"]["info"]["frequency"] == reply["frequency"]
    assert report["state"]["pool"] == entry.runtime_data.data.state.pool
    assert report["state"]["settings"]["frequency"] == reply["frequency"]
    assert report["identity"]["model"] == entry.runtime_data.identity.model
    assert report["online"] is True


@pytest.mark.parametrize(
    "spec", [Q, NANO_3S, PLAIN_CGMINER], ids=lambda spec: spec.name
)
async def test_no_secrets_of_an_avalon(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    spec: MinerSpec,
) -> None:
    """No worker, no password, no serial number, no network is in it."""
    assert await async_setup_component(hass, "diagnostics", {})
    miner = await bench.miner(spec)
    entry = await bench.add(miner)

    report = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    text = json.dumps(report).lower()

    pool = miner.reply("pools")["POOLS"][0]
    identity = entry.runtime_data.identity
    assert report["replies"]["pools"][0]["Accepted"] == pool["Accepted"]
    assert report["replies"]["pools"][0]["User"] == "**REDACTED**"
    assert pool["User"].lower() not in text
    for secret in (identity.serial, identity.mac):
        assert secret is None or secret not in text
        assert secret is None or secret.replace(":", "") not in text
    if spec is not PLAIN_CGMINER:
        items = next(
            value
            for value in report["replies"]["stats"][0].values()
            if isinstance(value, dict)
        )
        assert items["DNA"] in ("**REDACTED**", "0" * 16)
        assert float(items["GHSspd"]) > 0
        assert report["state"]["figures"]["work_mode"] is not None


async def test_error_text(
    bench: TimedBench, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """A miner that is away leaves its last error."""
    assert await async_setup_component(hass, "diagnostics", {})
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    miner.inject("html")
    await bench.advance(90)

    report = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert report["online"] is False
    assert report["state"] is None
    assert report["last_error"]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"stratumUser": ""}, {"stratumUser": ""}),
        ({"stratumUser": None}, {"stratumUser": None}),
        ({"otp": False}, {"otp": False}),
        ({"hostname": "rig"}, {"hostname": "**REDACTED**"}),
        (
            {"stratumUser": "bc1qexamplewallet.rig", "note": "to BC1QEXAMPLEWALLET ok"},
            {"stratumUser": "**REDACTED**", "note": "to **REDACTED** ok"},
        ),
        (
            {"pools": [{"stratumUser": "somebody"}], "log": ["hello somebody"]},
            {
                "pools": [{"stratumUser": "**REDACTED**"}],
                "log": ["hello **REDACTED**"],
            },
        ),
        (
            {"coinbaseOutputs": [{"address": "bc1q"}]},
            {"coinbaseOutputs": "**REDACTED**"},
        ),
        ({"stratumPort": 3333, "power": 1.5}, {"stratumPort": 3333, "power": 1.5}),
    ],
)
def test_redact(report: object, expected: object) -> None:
    assert redact(report) == expected


@pytest.mark.parametrize(
    ("report", "known", "expected"),
    [
        (
            {"note": "it is Open-Sesame"},
            ["open-sesame"],
            {"note": "it is **REDACTED**"},
        ),
        (["a.b.c", "abc"], ["a.b.c", ""], ["a.b.c", "abc"]),
        (["a.b.c.d", "aXbXcXd"], ["a.b.c.d"], ["**REDACTED**", "aXbXcXd"]),
    ],
    ids=["anywhere", "too short to tell apart", "letter by letter"],
)
def test_redact_what_is_known(
    report: object, known: list[str], expected: object
) -> None:
    assert redact(report, known) == expected


async def test_credentials_are_named_and_not_told(
    bench: TimedBench, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """A reader sees that there is a password, not which; nor does a reply tell it."""
    assert await async_setup_component(hass, "diagnostics", {})
    miner = await bench.miner(GAMMA)
    entry = await bench.add(miner)
    pool = str(miner.reply("info")["stratumURL"])
    secrets = {CONF_USERNAME: "satoshi", CONF_PASSWORD: pool, CONF_SESSION: "5e551011"}
    hass.config_entries.async_update_entry(entry, data={**entry.data, **secrets})

    report = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert report["credentials"] == ["password", "session", "username"]
    assert pool not in json.dumps(report)
    assert secrets[CONF_SESSION] not in json.dumps(report)
