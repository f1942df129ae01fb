"""How many hash boards and chips a device was seen to have: fewer is a loss."""


class Inventory:
    """The most of each part that two polls in a row agreed on.

    A single reply proves nothing, or garbage would be missed for ever.
    """

    def __init__(self, boards: int = 0, chips: int = 0) -> None:
        """Begin with what was known before."""
        self.boards, self.chips = boards, chips
        self._boards_told = self._chips_told = 0

    def learn(self, boards: int | None, chips: int | None) -> None:
        """Take in what a device at work has."""
        boards, chips = boards or 0, chips or 0
        self.boards = max(self.boards, min(boards, self._boards_told))
        self.chips = max(self.chips, min(chips, self._chips_told))
        self._boards_told, self._chips_told = boards, chips
