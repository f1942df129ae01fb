"""A loopback of its own for a command that listens where miners do: at port 80."""

import os
from pathlib import Path
import shutil
import subprocess

LOWEST_PORT = 80
FREE_FROM = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
PREPARE = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo"
UNSHARED = (
    *("unshare", "--user", "--map-root-user", "--net"),
    *("sh", "-c", f'{PREPARE} && exec "$@"', "sh"),
)
"""In a network namespace of one's own every port is free, and nobody else is there."""


def own_loopback() -> list[str]:
    """Return what a command has to stand behind to listen at any port.

    Nothing where it may do so anyway, or where the machine forbids namespaces: then
    the tests that want it are skipped with that reason.
    """
    return [] if _may_listen() or not _may_unshare() else list(UNSHARED)


def _may_listen() -> bool:
    """Whether this user may listen at the lowest port."""
    known = FREE_FROM.exists() and int(FREE_FROM.read_text("ascii")) <= LOWEST_PORT
    return known or os.geteuid() == 0


def _may_unshare() -> bool:
    if not shutil.which(UNSHARED[0]):
        return False
    trial = subprocess.run([*UNSHARED, "true"], capture_output=True, check=False)
    return trial.returncode == 0
