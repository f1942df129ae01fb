"""Miners as a heater: how many watts a room asks for."""

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.fleet.heater import (
    Demand,
    HeaterDecision,
    HeaterMode,
    Thermostat,
)

HEAT, NONE = Demand(HeaterDecision.HEAT), Demand(HeaterDecision.NONE)
WARM = Demand(HeaterDecision.WARM, 0.0)
ROOMS = st.floats(-20, 50)


@pytest.mark.parametrize(
    ("mode", "room", "asked"),
    [
        (HeaterMode.AUTO, 15.0, NONE),
        (HeaterMode.AUTO, None, NONE),
        (HeaterMode.OFF, 15.0, Demand(HeaterDecision.OFF, 0.0)),
        (HeaterMode.OFF, None, Demand(HeaterDecision.OFF, 0.0)),
        (HeaterMode.HEAT, None, Demand(HeaterDecision.NO_DATA)),
        (HeaterMode.HEAT, 15.0, HEAT),
        (HeaterMode.HEAT, 20.5, HEAT),
        (HeaterMode.HEAT, 20.75, Demand(HeaterDecision.HEAT, 750.0)),
        (HeaterMode.HEAT, 21.0, Demand(HeaterDecision.HEAT, 500.0)),
        (HeaterMode.HEAT, 21.25, Demand(HeaterDecision.HEAT, 250.0)),
        (HeaterMode.HEAT, 21.5, WARM),
        (HeaterMode.HEAT, 35.0, WARM),
    ],
)
def test_demand(mode: HeaterMode, room: float | None, asked: Demand) -> None:
    assert Thermostat().demand(mode, 21.0, room, 1000.0) == asked


def test_small_moves_change_nothing() -> None:
    """A sensor that flickers asks for the same; what was asked is kept for a while."""
    thermostat = Thermostat()
    asked = {
        thermostat.demand(HeaterMode.HEAT, 21.0, room, 1000.0)
        for room in (21.0, 21.1, 20.9, 21.15, 20.85, 21.0)
    }
    assert asked == {Demand(HeaterDecision.HEAT, 500.0)}
    moved = thermostat.demand(HeaterMode.HEAT, 21.0, 21.3, 1000.0)
    assert moved == Demand(HeaterDecision.HEAT, 200.0)
    # So do watts that differ a little by what was measured meanwhile.
    assert thermostat.demand(HeaterMode.HEAT, 21.0, 21.3, 1050.0) == moved
    more = thermostat.demand(HeaterMode.HEAT, 21.0, 21.3, 1200.0)
    assert more == Demand(HeaterDecision.HEAT, 240.0)
    # A room that is not known any more begins anew.
    lost = thermostat.demand(HeaterMode.HEAT, 21.0, None, 1000.0)
    assert lost.power is None
    again = thermostat.demand(HeaterMode.HEAT, 21.0, 21.2, 1000.0)
    assert again == Demand(HeaterDecision.HEAT, 300.0)


@given(st.floats(5, 30), ROOMS, ROOMS)
def test_a_colder_room_never_gets_less(target: float, one: float, other: float) -> None:
    cold, warm = sorted((one, other))
    powers = [
        1000.0 if asked.power is None else asked.power
        for room in (cold, warm)
        for asked in [Thermostat().demand(HeaterMode.HEAT, target, room, 1000.0)]
    ]
    assert 0.0 <= powers[1] <= powers[0] <= 1000.0
