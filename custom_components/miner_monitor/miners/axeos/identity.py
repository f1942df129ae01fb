"""Who a miner is."""

import re

from ..model import (
    Capability,
    Family,
    MinerIdentity,
)
from ..values import (
    mac,
    one_way,
    text,
)
from .limits import limits_of
from .nerdos_heat import Heat
from .profile import (
    Profile,
    Reply,
)

_DEFAULT_HOSTNAME = re.compile(
    r"(bitaxe|espressif|nerd\w*axe|nerdeko|nerdqx|zyber8\w*|lv0\d\w*)[+-]*"
    r"([-_][0-9a-f]{4})?",
    re.IGNORECASE,
)


def identity_of(
    info: Reply,
    asic: Reply,
    profile: Profile,
    capabilities: frozenset[Capability],
    *,
    fan_count: int,
    pool_count: int,
    heat: Heat,
) -> MinerIdentity:
    """Name the device that sent a reply."""
    hostname, named = text(info.get("hostname")), mac(info.get("macAddr"))
    default = hostname is None or _DEFAULT_HOSTNAME.fullmatch(hostname) is not None
    return MinerIdentity(
        family=Family.AXEOS,
        manufacturer=profile.board.maker,
        model=model_name(profile),
        firmware=profile.firmware,
        mac=named,
        pool_user_hash=None if named else one_way(info.get("stratumUser")),
        model_id=profile.device_model,
        board=profile.board_version,
        hostname=hostname,
        default_hostname=default,
        chip_model=profile.chip_model,
        chip_count=profile.chip_count,
        core_count=profile.core_count,
        fan_count=fan_count,
        pool_count=pool_count,
        ratio_window=3600 if _is_share_based(info, profile) else 600,
        poll_interval=30 if _is_short_of_sockets(info, profile) else 15,
        capabilities=capabilities,
        limits=limits_of(
            info, asic, profile, capabilities, pool_count=pool_count, heat=heat
        ),
    )


def model_name(profile: Profile) -> str:
    """Name the model as people do; an unknown board by all that is known of it."""
    board, name = profile.board_version, profile.board.name
    if name is not None:
        stock = profile.board.maker == "Bitaxe"
        return f"{name} {board}" if stock and board else name
    known = profile.device_model or profile.chip_model or "miner"
    return known if board is None else f"{known} (board {board})"


def _is_share_based(info: Reply, profile: Profile) -> bool:
    """Tell firmware that estimates its hash rate from shares: AxeOS before 2.11."""
    return not profile.nerdos and "manualFanSpeed" not in info


def _is_short_of_sockets(info: Reply, profile: Profile) -> bool:
    """Tell firmware whose web server leaks connections: AxeOS before 2.10."""
    if profile.nerdos:
        return False
    return profile.vendor_lucky or "minFanSpeed" not in info
