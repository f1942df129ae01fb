"""What a miner of the farm is, before it runs."""

from dataclasses import dataclass
import hashlib

from .boards import BOARDS, Board

ESPRESSIF_PREFIX = "E4:B0:63"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerSpec:
    """One miner: its board, firmware, address and operating point."""

    name: str
    model: str = "gamma_601"
    firmware: str | None = None
    mac: str | None = None
    hostname: str | None = None
    host: str = "127.0.0.1"
    port: int = 0
    latency: float = 0.0
    seed: int | None = None
    frequency: float | None = None
    core_voltage: int | None = None
    uptime: float = 86_400
    pool_difficulty: float = 1000
    boot_seconds: float = 10.0
    init_seconds: float = 20.0

    def __post_init__(self) -> None:
        """Refuse a model that is not in the table."""
        if self.model not in BOARDS:
            raise ValueError(f"Unknown model {self.model!r}, known: {sorted(BOARDS)}")

    @property
    def board(self) -> Board:
        """Return the board."""
        return BOARDS[self.model]

    @property
    def firmware_text(self) -> str:
        """Return the firmware, the board's usual one if none is given."""
        return self.firmware or self.board.default_firmware

    @property
    def mac_address(self) -> str:
        """Return the MAC, made from the name if none is given."""
        if self.mac is not None:
            return self.mac
        digits = hashlib.sha256(self.name.encode()).hexdigest()[:6].upper()
        return f"{ESPRESSIF_PREFIX}:{digits[:2]}:{digits[2:4]}:{digits[4:]}"

    @property
    def random_seed(self) -> int:
        """Return the seed, made from the name if none is given."""
        if self.seed is not None:
            return self.seed
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8])
