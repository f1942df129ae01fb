"""What is known of a device whose last replies did not tell all of it."""

from dataclasses import replace

from .model import MinerIdentity


def completed(seen: MinerIdentity, known: MinerIdentity) -> MinerIdentity:
    """Keep what is known of a device, beside what it told now for certain.

    A lost reply neither widens nor narrows a limit, and takes nothing away.
    """
    settings = {**seen.limits.settings, **known.limits.settings}
    return replace(
        known,
        firmware=seen.firmware or known.firmware,
        mac=seen.mac or known.mac,
        hostname=seen.hostname or known.hostname,
        pool_user_hash=seen.pool_user_hash or known.pool_user_hash,
        capabilities=known.capabilities | seen.capabilities,
        limits=replace(known.limits, settings=settings),
    )
