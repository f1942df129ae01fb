"""What is read out of a poll only when somebody looks: at most polls nobody does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, override

from ..model import Figure


class Figures(Mapping[str, Figure]):
    """The figures of a poll or of a pool."""

    __slots__ = ("_found", "_read")

    def __init__(self, read: Callable[[], dict[str, Figure]]) -> None:
        """Keep how they are read."""
        self._read = read
        self._found: dict[str, Figure] | None = None

    @property
    def _figures(self) -> dict[str, Figure]:
        if self._found is None:
            self._found = self._read()
        return self._found

    @override
    def __getitem__(self, name: str) -> Figure:
        return self._figures[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    @override
    def __len__(self) -> int:
        return len(self._figures)

    @override
    def __reduce__(self) -> tuple[type[dict[str, Figure]], tuple[dict[str, Figure]]]:
        """Be copied as what is read, without the reply that it is read from."""
        return dict, (self._figures,)

    @override
    def __repr__(self) -> str:
        return repr(self._figures)


class Parts[T](Sequence[T]):
    """The boards or pools of a poll; how many there are is known beforehand."""

    __slots__ = ("_count", "_found", "_read")

    def __init__(self, count: int, read: Callable[[], tuple[T, ...]]) -> None:
        """Keep how they are read."""
        self._count = count
        self._read = read
        self._found: tuple[T, ...] | None = None

    @property
    def _parts(self) -> tuple[T, ...]:
        if self._found is None:
            self._found = self._read()
        return self._found

    @override
    def __getitem__(self, place: Any) -> Any:
        return self._parts[place]

    @override
    def __len__(self) -> int:
        return self._count

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._parts == tuple(other)

    @override
    def __hash__(self) -> int:
        return hash(self._parts)

    @override
    def __reduce__(self) -> tuple[type[tuple[T, ...]], tuple[tuple[T, ...]]]:
        """Be copied as what is read, without the reply that it is read from."""
        return tuple, (self._parts,)

    @override
    def __repr__(self) -> str:
        return repr(self._parts)
