"""Many rows of one table in one case, which lists every row that is wrong."""

from collections.abc import Callable, Iterable
import inspect
from typing import Any

import pytest

type Test = Callable[..., None]


def for_each(
    names: str | tuple[str, ...],
    rows: Iterable[Any],
    ids: Callable[[Any], str | None] | None = None,
) -> Callable[[Test], Test]:
    """Run a test for each row, as ``parametrize`` does, but as a single case."""
    if isinstance(names, str):
        names = tuple(name.strip() for name in names.split(","))
    table = [tuple(row) if len(names) > 1 else (row,) for row in rows]

    def decorate(test: Test) -> Test:
        def every(**fixtures: Any) -> None:
            wrong = []
            for row in table:
                try:
                    test(**fixtures, **dict(zip(names, row, strict=True)))
                except (Exception, pytest.fail.Exception) as err:  # noqa: BLE001 - every row has its turn
                    label = ", ".join(str((ids and ids(item)) or item) for item in row)
                    wrong.append(f"{label:.200}: {type(err).__name__}: {err}")
            assert not wrong, f"{len(wrong)} of {len(table)}:\n" + "\n".join(wrong)

        signature = inspect.signature(test)
        every.__name__, every.__doc__ = test.__name__, test.__doc__
        every.__module__ = test.__module__
        every.__signature__ = signature.replace(
            parameters=[
                parameter
                for name, parameter in signature.parameters.items()
                if name not in names
            ]
        )
        return every

    return decorate
