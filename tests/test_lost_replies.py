"""What a lost reply leaves open is asked again, and changes nothing until then."""

from dataclasses import replace
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.miner_monitor.coordinator import MinerConfigEntry
from custom_components.miner_monitor.miners.codec import dump_identity
from simulator import MinerSpec, SimulatedMiner

from .conftest import GAMMA, NERD, Q, TimedBench

CUSTOM = replace(GAMMA, firmware="2.12.2")
ASIC, HELP, VERSION = "/api/system/asic", "0,help", '"version"'
LOST = [
    (CUSTOM, ASIC, "silent", {}),
    (CUSTOM, ASIC, "status", {"code": 503}),
    (NERD, ASIC, "disconnect", {}),
    (Q, HELP, "silent", {}),
    (Q, VERSION, "garbage", {}),
]


def facts(hass: HomeAssistant, entry: MinerConfigEntry) -> dict[str, Any]:
    """Tell what is stored of a miner, and which entities it has."""
    registry = er.async_get(hass)
    known = er.async_entries_for_config_entry(registry, entry.entry_id)
    return {
        "identity": dump_identity(entry.runtime_data.identity),
        "stored": entry.data["identity"],
        "entities": sorted(entity.unique_id for entity in known),
        "states": sorted(s.entity_id for s in hass.states.async_all()),
        "ranges": {
            state.entity_id: {
                key: state.attributes.get(key) for key in ("min", "max", "options")
            }
            for state in hass.states.async_all(("number", "select"))
        },
    }


def asked(miner: SimulatedMiner, question: str) -> int:
    return sum(question in f"{each.path} {each.body}" for each in miner.requests)


@pytest.mark.parametrize(
    ("spec", "question", "fault", "parameters"),
    LOST,
    ids=[f"{row[0].name}-{row[1]}-{row[2]}" for row in LOST],
)
async def test_a_start_without_an_answer_changes_nothing(
    bench: TimedBench,
    hass: HomeAssistant,
    spec: MinerSpec,
    question: str,
    fault: str,
    parameters: dict[str, Any],
) -> None:
    miner = await bench.miner(spec)
    entry = await bench.add(miner)
    await bench.pass_time(60)
    before = facts(hass, entry)

    miner.inject(fault, only=question, **parameters)
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    at_first = asked(miner, question)
    await bench.pass_time(60)
    assert facts(hass, entry) == before
    assert at_first < asked(miner, question) < at_first + 4, "it is bothered"

    miner.clear(fault)
    await bench.pass_time(90)
    told = asked(miner, question)
    await bench.pass_time(120)
    assert asked(miner, question) == told
    assert facts(hass, entry) == before
