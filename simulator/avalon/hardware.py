"""What is left of a miner's hardware: boards, chips and fans, less what faults took."""

from ..faults import FaultSet
from .models import Model


class Hardware:
    """The parts of one miner."""

    def __init__(self, model: Model, faults: FaultSet) -> None:
        """Have what the model has, as long as no fault takes it away."""
        self._model = model
        self._faults = faults

    @property
    def lost_boards(self) -> frozenset[int]:
        """Return the numbers of the hash boards that are not found."""
        fault = self._faults.get("board_lost")
        if fault is None:
            return frozenset()
        last = self._model.boards - 1
        return frozenset({min(last, int(fault.number("board", last)))})

    @property
    def boards(self) -> int:
        """Return how many hash boards are found."""
        return self._model.boards - len(self.lost_boards)

    @property
    def shown_boards(self) -> list[int]:
        """Return the boards that are told of; a lost one may keep its place."""
        lost = self._faults.get("board_lost")
        hidden = lost is not None and not lost.flag("keeps_place")
        missing = self.lost_boards if hidden else frozenset()
        return [n for n in range(self._model.boards) if n not in missing]

    @property
    def dead_chips(self) -> int:
        """Return how many chips no longer answer."""
        fault = self._faults.get("chips_dead")
        if fault is None:
            return 0
        return int(fault.number("count", max(1, self._model.all_chips // 10)))

    @property
    def stopped_fans(self) -> list[int]:
        """Return the numbers of the fans that stand still for a fault."""
        fault = self._faults.get("fan_stop")
        if fault is None:
            return []
        one = fault.optional("fan")
        return list(range(1, self._model.fans + 1)) if one is None else [int(one)]

    def share_of_speed(self, fan: int) -> float:
        """Return how fast a fan turns, 1 if as fast as it should."""
        if fan in self.stopped_fans:
            return 0.0
        slow = self._faults.get("fan_slow")
        if slow is None or slow.number("fan", 1) != fan:
            return 1.0
        return slow.number("part", 0.05)

    @property
    def turning_fans(self) -> float:
        """Return which part of the air still comes."""
        fans = range(1, self._model.fans + 1)
        return sum(map(self.share_of_speed, fans)) / max(1, self._model.fans)
