"""Two miners of a kind that do not say which one they are."""

from collections.abc import Awaitable
from dataclasses import replace
import json

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.miner_monitor.const import CONF_IDENTITY, DOMAIN
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.diagnostics import (
    async_get_config_entry_diagnostics,
)
from custom_components.miner_monitor.miners.codec import dump_identity
from custom_components.miner_monitor.miners.model import Family, MinerIdentity
from custom_components.miner_monitor.runtime.entries import known_identity
from simulator import SimulatedMiner
from simulator.axeos.flash import WALLET

from .conftest import ULTRA, TimedBench, move

TWIN = replace(ULTRA, name="twin", seed=9)


async def mark(bench: TimedBench, miner: SimulatedMiner, **marks: str) -> None:
    """Set a host name or a pool user, as their owner does on the miner's own page."""

    async def patch() -> None:
        url = f"http://{miner.host}:{miner.port}/api/system"
        async with ClientSession() as session, session.patch(url, json=marks) as reply:
            assert reply.status == 200

    await bench.run(patch())


def told(*miners: SimulatedMiner) -> list[int]:
    """Count what each was told to be."""
    return [
        sum(b"frequency" in request.body.encode() for request in miner.requests)
        for miner in miners
    ]


async def ask(bench: TimedBench, entry: MinerConfigEntry, value: float) -> None:
    """Set the frequency as a user does."""
    number = er.async_get(bench.hass).async_get_entity_id(
        "number", DOMAIN, f"{entry.unique_id}_frequency"
    )
    await bench.call("number", "set_value", {"entity_id": number, "value": value})


def issues(hass: HomeAssistant) -> set[tuple[str, str]]:
    """Tell which repairs there are about who is who."""
    return {
        (issue.translation_key or "", (issue.translation_placeholders or {})["name"])
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.translation_key in ("alike", "wrong_device")
    }


type Pair = tuple[tuple[SimulatedMiner, SimulatedMiner], list[MinerConfigEntry]]


async def pair(bench: TimedBench, **marks: str) -> Pair:
    """Add both, with these marks alike."""
    farm = await bench.start(ULTRA, TWIN)
    miners = farm["ultra"], farm["twin"]
    for miner in miners:
        if marks:
            await mark(bench, miner, **marks)
    entries = [await bench.add(miner) for miner in miners]
    await bench.pass_time(40)
    return miners, entries


def swap(*miners: SimulatedMiner) -> Awaitable[None]:
    one, two = miners
    here, there = (one.host, one.port), (two.host, two.port)
    return move((one, there), (two, here))


async def outcome(work: Awaitable[object]) -> HomeAssistantError | None:
    """Wait, and return the error that it ended with."""
    try:
        await work
    except HomeAssistantError as err:
        return err
    return None


SAME_USER = {"stratumUser": f"{WALLET}.same"}
SAME_HOST = {"hostname": "bitaxe"}


@pytest.mark.parametrize("alike", [SAME_USER, SAME_HOST, {}])
async def test_two_that_differ_in_a_mark_are_told_apart(
    bench: TimedBench, hass: HomeAssistant, alike: dict[str, str]
) -> None:
    """After a swap nothing is sent to the wrong one, and soon all to the right one."""
    miners, entries = await pair(bench, **alike)
    if alike is SAME_USER:
        await mark(bench, miners[0], hostname="shelf")
        await mark(bench, miners[1], hostname="floor")
        await bench.pass_time(40)
    await swap(*miners)
    # A poll that was under way may have told where they are now.
    errors = [await outcome(ask(bench, entry, 400)) for entry in entries]
    assert all("another device responds" in str(error) for error in errors if error)
    before = [error is None for error in errors]
    assert told(*miners) == before

    await bench.pass_time(120)
    await ask(bench, entries[0], 425)
    assert told(*miners) == [before[0] + 1, before[1]]
    await ask(bench, entries[1], 425)
    assert told(*miners) == [before[0] + 1, before[1] + 1]
    assert issues(hass) == set()


async def test_two_that_are_all_alike_are_told_nothing(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """They are read; a repair says why no more, until they differ or one is gone."""
    miners, entries = await pair(bench, **SAME_USER, **SAME_HOST)
    assert all(entry.runtime_data.data.online for entry in entries)
    assert issues(hass) == set()
    for entry in entries:
        with pytest.raises(HomeAssistantError, match="can't be distinguished"):
            await ask(bench, entry, 400)
    assert told(*miners) == [0, 0]
    assert issues(hass) == {("alike", entry.title) for entry in entries}

    await mark(bench, miners[0], stratumUser=f"{WALLET}.first")
    await bench.pass_time(60)
    assert issues(hass) == set()
    for entry in entries:
        await ask(bench, entry, 400)
    assert told(*miners) == [1, 1]


async def test_one_is_no_longer_alike_when_the_other_is_removed(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    miners, (first, second) = await pair(bench, **SAME_USER, **SAME_HOST)
    with pytest.raises(HomeAssistantError):
        await ask(bench, first, 400)
    with pytest.raises(HomeAssistantError):
        await ask(bench, second, 400)
    await bench.run(hass.config_entries.async_remove(second.entry_id))
    await bench.pass_time(40)
    assert issues(hass) == set()
    await ask(bench, first, 400)
    assert told(*miners) == [1, 0]


async def test_a_pool_user_is_stored_and_shown_nowhere(
    bench: TimedBench, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    _, entries = await pair(bench)
    stored = entries[0].data[CONF_IDENTITY]["pool_user_hash"]
    assert stored != entries[1].data[CONF_IDENTITY]["pool_user_hash"]
    assert WALLET[:12] not in json.dumps(dict(entries[0].data))
    report = await async_get_config_entry_diagnostics(hass, entries[0])
    shown = json.dumps(report, default=str)
    for secret in (stored, WALLET[:12]):
        assert secret not in shown
        assert secret not in repr(entries[0].runtime_data.identity)
        assert secret not in caplog.text


async def test_who_a_miner_is_is_read_once(hass: HomeAssistant) -> None:
    """Among hundreds, each that has no name asks for all others at a start."""
    identity = MinerIdentity(family=Family.AXEOS, manufacturer="Bitaxe", model="Ultra")
    entry = MockConfigEntry(
        domain=DOMAIN, data={CONF_IDENTITY: dump_identity(identity)}
    )
    entry.add_to_hass(hass)
    known = known_identity(entry)
    assert known == identity
    assert known_identity(entry) is known
    newer = replace(identity, firmware="v2.1.8")
    hass.config_entries.async_update_entry(
        entry, data={CONF_IDENTITY: dump_identity(newer)}
    )
    assert known_identity(entry) == newer
