"""A miner that stands still is helped, and one that does too little is found."""

from homeassistant.core import HomeAssistant
import pytest

from .conftest import GAMMA, TimedBench
from .test_insight import number, options, state_of
from .test_miner_options import fill, form_of, suggested

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")

# The hash rate that the user expects.


async def test_the_users_expected_hash_rate_replaces_the_miners(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    """Sensor, ratio and findings follow it; cleared, the miner's own is back."""
    entry = await bench.add(await bench.miner(GAMMA))
    await bench.pass_time(300)
    own = number(hass, entry, "expected_hash_rate")
    assert own == pytest.approx(1.07, abs=0.01)
    form = await form_of(hass, entry)
    field = form["data_schema"].schema["judgement"].schema.schema["expected_hash_rate"]
    assert field.config["unit_of_measurement"] == "TH/s"
    assert field.config["max"] == 10_000
    assert "expected_hash_rate" not in suggested(form)

    await fill(bench, entry, expected_hash_rate=2.0)
    await bench.pass_time(45 * 60)
    assert number(hass, entry, "expected_hash_rate") == 2.0
    assert number(hass, entry, "hash_rate_ratio") == pytest.approx(50, abs=5)
    assert number(hass, entry, "hash_rate_deviation") == pytest.approx(-1, abs=0.1)
    problem = state_of(hass, entry, "problem", "binary_sensor")
    assert problem.state == "on"
    assert "hash_rate_low" in str(problem.attributes)

    await fill(bench, entry, cleared=("expected_hash_rate",))
    await bench.pass_time(600)
    assert number(hass, entry, "expected_hash_rate") == pytest.approx(own, abs=0.01)
    assert number(hass, entry, "hash_rate_ratio") == pytest.approx(98, abs=6)


async def test_the_users_expected_hash_rate_outlives_a_reload(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    entry = await bench.add(await bench.miner(GAMMA))
    options(hass, entry, expected_hash_rate=1.5)
    await bench.run(hass.config_entries.async_reload(entry.entry_id))
    await bench.pass_time(60)
    assert number(hass, entry, "expected_hash_rate") == 1.5
