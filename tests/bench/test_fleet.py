"""The bench's fleets."""

import pytest

from scripts.benchmark.fleet import MIX, make_fleet
from scripts.rig.process import free_ports


@pytest.mark.usefixtures("socket_enabled")
def test_ports_are_all_different():
    ports = free_ports(200)
    assert len(set(ports)) == 200


def test_fleet_mixes_the_boards_evenly():
    size = 2 * len(MIX)
    fleet = make_fleet("many", size, range(1, size + 1))
    assert [miner.port for miner in fleet] == list(range(1, size + 1))
    assert len({miner.name for miner in fleet}) == size
    assert [(miner.model, miner.firmware) for miner in fleet] == [*MIX, *MIX]
