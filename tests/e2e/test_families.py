"""All families in one Home Assistant, which is restarted and killed."""

from functools import partial
from pathlib import Path

import pytest

from scripts.rig.check import complaints, worries
from scripts.rig.hass import REPOSITORY, HassProcess
from simulator import Farm, SystemClock

from .families import FAMILIES, HEATER, House, recorded_numbers
from .waiting import until_so

RUNS = 15.0
"""Seconds: a poll or two, and what was published is in the recorder's database."""


@pytest.mark.timeout(600)
async def test_totals_and_settings_survive_a_restart_and_two_kills(
    tmp_path: Path,
) -> None:
    async with Farm(FAMILIES, clock=SystemClock()) as farm:
        house = House(HassProcess(tmp_path), farm)
        hass = house.hass
        await house.set_up()
        logged: list[str] = []
        async with hass:
            await house.wait_until_counted({})
            before = await house.run_for(RUNS)
            device = house.settings()
            climate = await house.entity(HEATER, "climate", "heater")
            heater = (await hass.api.get(f"states/{climate}"))["attributes"]
        logged += worries(hass.log)
        assert (
            heater["temperature"]
            == farm[HEATER.name].device.settings["limit_temperature"]
        )
        assert isinstance(heater["current_temperature"], float)

        above = before
        for end in (house.kill, house.kill, hass.stop):
            await hass.start()
            await house.wait_until_counted(above)
            await house.run_for(RUNS)
            await until_so(house.agrees)
            assert house.settings() == device
            if end == hass.stop:
                await until_so(partial(house.all_used_energy_since, before))
            await end()
            logged += worries(hass.log)
            above = house.recorded(before)
            assert above.keys() == before.keys()

    for name, value in before.items():
        kept = recorded_numbers(tmp_path, name)
        assert kept == sorted(kept), name
        assert kept[-1] >= value
    energy = [name for name in before if name.endswith("_energy")]
    assert len(energy) == len(FAMILIES)  # an FPGA card has none, all together have
    assert all(above[name] > before[name] for name in energy)
    assert logged == []


@pytest.mark.timeout(600)
async def test_totals_go_on_where_the_inside_of_home_assistant_has_changed(
    tmp_path: Path,
) -> None:
    """Nothing that we use beyond its documentation is there; each is told once."""
    denial = str(REPOSITORY / "tests" / "denial.py")
    async with Farm(FAMILIES, clock=SystemClock()) as farm:
        house = House(HassProcess(tmp_path, program=("-P", denial)), farm)
        hass = house.hass
        await house.set_up()
        async with hass:
            await house.wait_until_counted({})
            before = await house.run_for(RUNS)
        async with hass:
            await house.wait_until_counted(before)
            await until_so(house.agrees)

    assert complaints(hass.log) == []
    told = [line.partition("] ")[2] for line in worries(hass.log)]
    assert [text for text in told if "Miners is not in the sidebar" in text]
    assert len(told) == len(set(told))
    assert all("No module named" in text for text in told)
