"""What answers at this address?"""

from aiohttp import ClientSession

from .axeos import AxeOsClient
from .client import DETECT_DEADLINE, MinerClient
from .model import Family, MinerReading


def create_client(
    family: Family, host: str, port: int, session: ClientSession
) -> MinerClient:
    """Return the client of a family whose device is known."""
    match family:
        case Family.AXEOS:
            return AxeOsClient(host, port, session)
    raise ValueError(family)
