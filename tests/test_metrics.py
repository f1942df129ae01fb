"""The address for Prometheus: who may ask, and that it tells what the miners told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
import re
import sys
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN, User
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.runtime.entries import miner_entries
from simulator import SimulatedMiner

from .conftest import (
    A1566,
    GAMMA,
    GAMMA_2,
    MINI_3,
    NANO_3,
    NANO_3S,
    NERD,
    OXBITCOIN,
    Q,
    TimedBench,
)
from .controls import call
from .fleets import choose
from .metrics.exporter import NAMES, Samples, samples_of, told
from .test_dashboard import keep_routes_open

URL = "/api/miner_monitor/metrics"
PAGE = (Path(__file__).parents[1] / "docs" / "grafana.md").read_text(encoding="utf-8")
AVALONS = (Q, NANO_3S, NANO_3, MINI_3, A1566)

type Scrape = Callable[[], Awaitable[Samples]]


@pytest.fixture
async def home(bench: TimedBench, hass: HomeAssistant) -> TimedBench:
    """Give a bench whose Home Assistant has a web server."""
    assert await async_setup_component(hass, "http", {})
    keep_routes_open(hass)
    return bench


async def get(client: TestClient, **query: str) -> tuple[int, str]:
    answer = await client.get(URL, params=query)
    return answer.status, await answer.text()


async def scrape(client: TestClient, **query: str) -> Samples:
    status, page = await get(client, **query)
    assert status == HTTPStatus.OK
    return samples_of(page)


async def poll(home: TimedBench) -> None:
    """Poll often enough for the statistics of the pools to be asked for."""
    for _ in range(2):
        for entry in miner_entries(home.hass):
            await entry.runtime_data.async_refresh()


def of(samples: Samples, name: str, **labels: str) -> dict[tuple[str, ...], float]:
    """Return the values of a name by its other labels than these."""
    return {
        tuple(value for key, value in found if key not in labels): number
        for found, number in samples.get(name, {}).items()
        if labels.items() <= dict(found).items()
    }


def stats_of(miner: SimulatedMiner) -> Any:
    """Return the statistics with those of the pools, by whichever command has them."""
    for command in ("stats", "estats"):
        rows = miner.reply(command)["STATS"]
        if len(rows) > 1:
            return rows
    return rows


async def test_off_and_on(
    home: TimedBench,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    """There is no such address until it is wanted, and then only for users.

    Who may only look may scrape: Home Assistant's own export lets everybody in.
    """
    miner = await home.miner(GAMMA)
    await home.add(miner)
    client, stranger = await hass_client(), await hass_client_no_auth()
    guest = await hass_client(hass_read_only_access_token)
    assert (await get(client))[0] == HTTPStatus.NOT_FOUND
    assert "custom_components.miner_monitor.metrics.view" not in sys.modules

    await choose(hass, "fleet", {"metrics": True})
    assert (await get(client))[0] == HTTPStatus.OK
    assert (await get(guest))[0] == HTTPStatus.OK
    status, page = await get(stranger)
    assert status == HTTPStatus.UNAUTHORIZED
    assert "miner" not in page
    answer = await client.get(URL)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"

    await choose(hass, "fleet", {"metrics": False})
    assert (await get(client))[0] == HTTPStatus.NOT_FOUND
    await choose(hass, "fleet", {"metrics": True})
    assert (await get(client))[0] == HTTPStatus.OK


async def test_every_name_of_the_exporter(
    home: TimedBench, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """Of each Avalon all names are there that its replies have, with their values."""
    farm = await home.start(*AVALONS, GAMMA, OXBITCOIN)
    for spec in (*AVALONS, GAMMA, OXBITCOIN):
        await home.add(farm[spec.name])
    await choose(hass, "fleet", {"metrics": True})
    await poll(home)
    client = await hass_client()
    assert not of(
        await scrape(client),
        "avalon_pool_bytes_sent_total",
        ip=address_of(farm[Q.name]),
    )
    await poll(home)

    samples = await scrape(client)

    seen = {"exporter_info"} if samples["avalon_exporter_info"] else set()
    for spec in AVALONS:
        miner = farm[spec.name]
        ip = address_of(miner)
        expected = told(
            stats_of(miner),
            miner.reply("summary")["SUMMARY"][0],
            miner.reply("pools")["POOLS"],
        )
        for name, values in expected.items():
            ours = {
                dict(labels).get("pool_index") or dict(labels).get("chip") or "": value
                for labels, value in samples.get(f"avalon_{name}", {}).items()
                if dict(labels)["ip"] == ip
            }
            assert ours == pytest.approx(values, rel=1e-6), (spec.name, name)
        seen |= {
            name.removeprefix("avalon_")
            for name, found in samples.items()
            if any(dict(labels).get("ip") == ip for labels in found)
        }
        info = next(dict(k) for k in samples["avalon_info"] if dict(k)["ip"] == ip)
        version = miner.reply("version")["VERSION"][0]
        assert info["prod"] == version["PROD"]
        assert info["hwtype"] == version["HWTYPE"]
        assert info["cgminer"] == version["CGMiner"]
        assert info.get("mac") in {None, version.get("MAC")}
        pool = miner.reply("pools")["POOLS"][0]
        labels = next(dict(k) for k in samples["avalon_pool_up"] if dict(k)["ip"] == ip)
        assert labels["url"] in pool["URL"]
        assert labels["status"] == pool["Status"]
        assert labels["priority"] == str(pool["Priority"])
        assert labels["id"] == "POOL0"
    slots = {name for name in seen if name.startswith("ps_slot_")}
    assert (seen - slots) | {"ps_slot_"} >= NAMES
    assert len(NAMES) == 108

    others = [str(farm[spec.name].port) for spec in (GAMMA, OXBITCOIN)]
    former = [str(v) for name, v in samples.items() if name.startswith("avalon_")]
    assert not any(port in text for port in others for text in former)
    assert not of(await scrape(client, chips="0"), "avalon_chip_temp_celsius")
    assert len(of(samples, "miner_up")) == 7
    assert (
        of(samples, "miner_power_watts", miner=miner_title(hass, OXBITCOIN.name)) == {}
    )


async def test_every_name_of_ours(
    home: TimedBench, hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """Each name of the documentation is there, with the labels that it lists."""
    broken = replace(GAMMA_2, name="broken")
    specs = (GAMMA, Q, broken, NERD)
    farm = await home.start(*specs)
    entries = [await home.add(farm[spec.name]) for spec in specs]
    hass.config_entries.async_update_entry(entries[0], options={"psu_efficiency": 90})
    await home.run(hass.config_entries.async_reload(entries[0].entry_id))
    await choose(hass, "fleet", {"metrics": True})
    await choose(
        hass,
        "prices",
        {
            "fixed": {"price_fixed": 0.3},
            "rule": {"cheap_rule": "limit", "cheap_limit": 0.4},
        },
    )
    await call(home, "number.all_miners_power_target", "set_value", value=30)
    farm["broken"].inject("hardware_fault", text="fan controller")
    await home.pass_time(900)
    client = await hass_client()

    samples = await scrape(client)

    rows = re.findall(r"^\| `(miner_\w+)` \|([^|]*)\|", PAGE, re.MULTILINE)
    labels = {name: set(re.findall(r"`(\w+)`", more)) for name, more in rows}
    assert len(labels) > 60
    ours = {name for name in samples if name.startswith("miner_")}
    assert ours ^ labels.keys() == set()
    for name, more in labels.items():
        of_all = name in {
            "miner_power_price",
            "miner_power_cheap",
            "miner_power_target_watts",
        }
        wanted = more | (set() if of_all else {"miner", "id"})
        for found in samples[name]:
            assert {key for key, _ in found} == wanted, name
    gamma, state = entries[0].unique_id, entries[0].runtime_data.data.state
    (rate,) = of(samples, "miner_hash_rate_ths", id=gamma).values()
    assert rate == pytest.approx(state.hash_rate)
    (power,) = of(samples, "miner_wall_power_watts", id=gamma).values()
    assert power == pytest.approx(state.power / 0.9)
    assert list(samples["miner_power_price"].values()) == [0.3]
    assert list(samples["miner_power_target_watts"].values()) == [30]
    statuses = of(samples, "miner_status", id=entries[2].unique_id)
    assert [labels[-1] for labels, is_so in statuses.items() if is_so] == ["fault"]


async def test_traffic_is_asked_for_while_somebody_scrapes(
    home: TimedBench,
    hass: HomeAssistant,
    hass_admin_user: User,
    hass_client: ClientSessionGenerator,
) -> None:
    """A Q answers a question more in two minutes, and none when nobody asks."""
    miner = await home.miner(Q)
    await home.add(miner)

    async def asked(seconds: float) -> int:
        before = len(traffic_questions(miner))
        await home.pass_time(seconds)
        return len(traffic_questions(miner)) - before

    assert not await asked(300)
    await choose(hass, "fleet", {"metrics": True})
    assert not await asked(300)
    of_prometheus = await hass.auth.async_create_refresh_token(
        hass_admin_user,
        client_name="Prometheus",
        token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
        access_token_expiration=timedelta(days=1),
    )
    client = await hass_client(hass.auth.async_create_access_token(of_prometheus))
    await get(client)
    assert 4 <= await asked(600) <= 5
    await home.pass_time(3600)
    assert not await asked(600)
    await get(client)
    assert await asked(30) == 1
    await choose(hass, "fleet", {"metrics": False})
    assert not await asked(300)


def traffic_questions(miner: SimulatedMiner) -> list[str]:
    return [one.body for one in miner.requests if one.body == '{"command":"stats"}']


def address_of(miner: SimulatedMiner) -> str:
    return f"127.0.0.1:{miner.port}"


def miner_title(hass: HomeAssistant, part: str) -> str:
    return next(e.title for e in miner_entries(hass) if part.lower() in e.title.lower())
