"""Faults of pools: out of reach, none configured, a status or a URL of one's own."""

from ..faults import Fault, FaultSet
from .pooling import Pooling
from .printing import Raw
from .settings import Pool

POOL_FAULTS = frozenset(
    {"pool_lost", "no_pools", "pool_status", "pools_connected", "pool_suffix"}
)


def _out_of_reach(lost: Fault | None, pooling: Pooling) -> list[int]:
    """Return the numbers of the pools that do not answer: those named, or all."""
    if lost is None:
        return []
    if lost.flag("fallback"):
        lost.parameters.setdefault("pools", [pooling.current])
    everyone = [pool.number for pool in pooling.pools]
    return list(lost.parameters.get("pools", everyone))


def apply_to_pools(faults: FaultSet, pooling: Pooling) -> None:
    """Let the pools be as the faults that are on want them."""
    pooling.lose(_out_of_reach(faults.get("pool_lost"), pooling))
    pooling.keeps_all = "pools_connected" in faults
    told = faults.get("pool_status")
    for pool in pooling.pools:
        chosen = told is not None and int(told.number("pool", 0)) == pool.number
        pool.status = told.text("text", "Unknown") if chosen and told else None


def status_of(pool: Pool) -> str:
    """Return the status that a pool is shown with."""
    if pool.status is not None:
        return pool.status
    if not pool.enabled:
        return "Disabled"
    return "Alive" if pool.reachable else "Dead"


def url_of(pool: Pool, faults: FaultSet) -> str:
    """Return the URL that a pool is shown with."""
    suffix = faults.get("pool_suffix")
    return pool.url if suffix is None else f"{pool.url}{suffix.text('text', '#xnsub')}"


def shown_user(pool: Pool, faults: FaultSet, hostile: str) -> str:
    """Return the user that a pool is shown with."""
    fault = faults.get("hostile_user")
    return pool.user if fault is None else Raw(fault.text("user", hostile))
