"""What a miner of the farm is, before it runs."""

from dataclasses import dataclass, field
import hashlib


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerSpec:
    """One miner: its model, firmware, address and operating point.

    The model's key says the family. A field that a family has no use for is
    ignored by it: `frequency`, `core_voltage` and `init_seconds` are for AxeOS
    boards; `work_mode`, `standby`, `standby_watts`, `idle_seconds` and
    `reboot_reply` for Avalon miners; `cards` for FPGA rigs; `username` and
    `password`, without which an AxeOS miner answers nothing, and `otp_code`, which
    NerdOS takes for its one-time code. `flash_time` are the seconds that AxeOS since
    2.11 takes to write one setting to flash. None means the model's usual value.
    """

    name: str
    model: str = "gamma_601"
    firmware: str | None = None
    mac: str | None = None
    hostname: str | None = None
    host: str = "127.0.0.1"
    port: int = 0
    latency: float = 0.0
    seed: int | None = None
    uptime: float = 86_400
    pool_difficulty: float | None = None
    boot_seconds: float | None = None
    frequency: float | None = None
    core_voltage: int | None = None
    init_seconds: float = 20.0
    flash_time: float | None = None
    work_mode: int | None = None
    standby: bool = False
    standby_watts: float | None = None
    idle_seconds: float = 10.0
    reboot_reply: bool | None = None
    cards: int = 1
    username: str = ""
    password: str = field(default="", repr=False)
    otp_code: str | None = field(default=None, repr=False)

    @property
    def digits(self) -> str:
        """Return hexadecimal digits that only this name gives."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def random_seed(self) -> int:
        """Return the seed, made from the name if none is given."""
        if self.seed is not None:
            return self.seed
        return int(self.digits[:16], 16)
