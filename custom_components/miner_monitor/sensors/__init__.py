"""Tables of the sensors of a miner, by what they are about."""

from .hardware import HARDWARE
from .insight import INSIGHT
from .service import SERVICE
from .work import SHARES, WORK

SENSORS = (*WORK, *HARDWARE, *SHARES, *INSIGHT, *SERVICE)
