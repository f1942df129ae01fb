"""A Home Assistant that lacks, or has changed, all that we use beyond its documents.

Run as a script, it starts such a Home Assistant.
"""

import builtins
from collections.abc import Callable
import runpy
from typing import Any

COMPAT = "custom_components.miner_monitor.runtime.ha_compat"
INSIDE = ("homeassistant.components.", "homeassistant.helpers.")

type Import = Callable[..., Any]


class Changed:
    """A module in which everything is there, and nothing works."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return what raises whatever it is called with."""

        def raising(*_: Any, **__: Any) -> Any:
            raise RuntimeError(f"{name} is something else now")

        return raising


def denying(replace: Callable[[str], Any], real: Import = __import__) -> Import:
    """Return an import that gives our compatibility module nothing of the inside."""

    def importing(
        name: str, names: dict[str, Any] | None = None, *rest: Any, **more: Any
    ) -> Any:
        if (names or {}).get("__name__") == COMPAT and name.startswith(INSIDE):
            return replace(name)
        return real(name, names, *rest, **more)

    return importing


def missing(name: str) -> Any:
    """Let a module be gone."""
    raise ImportError(f"No module named {name!r}", name=name)


def changed(name: str) -> Any:
    """Let a module be another one."""
    return Changed()


if __name__ == "__main__":
    builtins.__import__ = denying(missing)
    runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)
