"""What an Avalon's sensors and counters show."""

from collections.abc import Sequence

from ..member import Phase
from ..nature import Noise
from .device import Device
from .models import Dialect
from .physics import apportion

WORK_UNITS_PER_GH = 60e9 / 2**32
WORK_PER_MHZ = 2.2
LEFT_AT_CHIPS = 0.955
"""Which part of a domain's voltage a chip measures at itself."""
STATE_NUMBERS = {
    Phase.STARTING: 0,
    Phase.CALIBRATING: 1,
    Phase.HASHING: 1,
    Phase.STANDBY: 2,
    Phase.POOL_LOST: 3,
    Phase.FAULT: 4,
    Phase.COOLING: 4,
}
STATE_TEXTS = ("In Init", "In Work", "In Idle", "In Idle", "In Fault")
TEXTS_OF_A_NANO_3S = ("In Init", "In Work", "In Idle", "In Fault", "\x01")
"""Its table has four names for five states: the fifth is what lies behind it."""


def listed(values: Sequence[object]) -> str:
    """Return a list as it stands between brackets."""
    return " ".join(str(value) for value in values)


class ChipLists:
    """Temperature, voltage and work of every chip; stale while none works."""

    def __init__(self, device: Device) -> None:
        """Give every chip its own character."""
        self._device = device
        model, rng = device.model, device.rng
        count = model.all_chips
        self._offsets = [model.spread * rng.gauss() for _ in range(count)]
        self._noises = [Noise(rng, 40) for _ in range(count)]
        self._looked = device.physics.now
        self.temperatures = [0] * count
        self.millivolts = [0] * count
        self.work = [0] * count
        self.refresh()

    def refresh(self) -> None:
        """Look at the chips again, if they work."""
        device, physics = self._device, self._device.physics
        gone, self._looked = physics.now - self._looked, physics.now
        if not physics.true_ghs:
            return
        for noise in self._noises:
            noise.step(gone)
        mode = device.running_mode
        core = LEFT_AT_CHIPS * device.model.domain_millivolts(device.set_volts)
        work = WORK_PER_MHZ * sum(mode.mhz) / 4 * physics.ramp
        for chip, noise in enumerate(self._noises):
            offset = self._offsets[chip]
            self.temperatures[chip] = round(physics.chip + offset + 0.8 * noise.value)
            self.millivolts[chip] = round(core - offset + noise.value)
            luck = 1 + 0.02 * (offset + noise.value)
            self.work[chip] = max(0, round(work * luck))

    def alive(self, board: int) -> range:
        """Return the indices of a board's chips that answer."""
        device, chips = self._device, self._device.model.chips
        if board in device.hardware.lost_boards:
            return range(0)
        dead = device.hardware.dead_chips if board == 0 else 0
        return range(board * chips, (board + 1) * chips - dead)


class Readings:
    """The sensors of one device."""

    def __init__(self, device: Device) -> None:
        """Read this device."""
        self.device = device
        self.chips = ChipLists(device)

    @property
    def hashing(self) -> bool:
        """Tell whether chips work."""
        return self.device.physics.true_ghs > 0

    @property
    def boards(self) -> list[int]:
        """Return the boards that are told of."""
        return self.device.hardware.shown_boards

    @property
    def state(self) -> int:
        """Return the number of the state."""
        return STATE_NUMBERS.get(self.device.phase, 0)

    @property
    def state_text(self) -> str:
        """Return the state in words."""
        nano = self.device.model.dialect is Dialect.NANO3S
        text = (TEXTS_OF_A_NANO_3S if nano else STATE_TEXTS)[self.state]
        fault = self.device.faults.get("state_fault")
        if fault is not None and self.state == STATE_NUMBERS[Phase.FAULT]:
            text = fault.text("word", text)
        space = " " if self.device.model.industrial else ""
        return f"Work: {text}, Hash Board: {self.device.hardware.boards}{space}"

    @property
    def ghs(self) -> float:
        """Return the hash rate now in GH/s."""
        physics = self.device.physics
        return max(0.0, physics.true_ghs * (1 + 0.006 * physics.speed_noise.value))

    @property
    def average_ghs(self) -> float:
        """Return the mean since the start, standby counted in."""
        return self.device.physics.gigahashes / max(1, self.device.uptime)

    @property
    def board_ghs(self) -> str:
        """Return the mean of each board."""
        found = [n for n in self.boards if n not in self.device.hardware.lost_boards]
        middle = sum(found) / max(1, len(found))
        mean = self.average_ghs / max(1, len(found))
        parts = [
            mean * (1 + 0.02 * (board - middle)) if board in found else 0.0
            for board in self.boards
        ]
        return listed([f"{part:.2f}" for part in parts])

    @property
    def error_now(self) -> str:
        """Return the part of wrong results now."""
        physics = self.device.physics
        part = physics.error if self.hashing else 0.0
        return self._quotient(part)

    def _quotient(self, part: float) -> str:
        """Return a part in %; the firmware divides nought by nought, too."""
        nano = self.device.model.dialect is Dialect.NANO3S
        nothing_done = nano and not self.device.physics.gigahashes
        if nothing_done or "nan_percent" in self.device.faults:
            return "nan%"
        return f"{100 * part:.3f}%"

    @property
    def error_mean(self) -> str:
        """Return the part of wrong results since the start."""
        physics = self.device.physics
        usual = self.device.model.error
        return self._quotient(usual + 0.8 * (physics.error - usual))

    def warmth(self, part: float) -> str:
        """Return the temperature between the room and the chips."""
        return str(round(self.device.physics.warmth(part)))

    def _temperatures(self, board: int) -> list[int]:
        """Return the temperatures of a board's chips."""
        return [self.chips.temperatures[chip] for chip in self.chips.alive(board)]

    def board_hottest(self, board: int) -> int:
        """Return the hottest chip of a board, 0 while none works."""
        return max(self._temperatures(board), default=0) if self.hashing else 0

    def board_mean(self, board: int) -> int:
        """Return the mean chip temperature of a board, 0 while none works."""
        values = self._temperatures(board)
        return round(sum(values) / len(values)) if values and self.hashing else 0

    def board_millivolts(self, board: int) -> str:
        """Return the mean voltage of a board's chips."""
        chips = self.chips.alive(board)
        total = sum(self.chips.millivolts[chip] for chip in chips)
        return f"{total / max(1, len(chips)):.1f}"

    @property
    def hottest(self) -> int:
        """Return the hottest chip, 0 while none works."""
        return max((self.board_hottest(board) for board in self.boards), default=0)

    @property
    def mean(self) -> int:
        """Return the mean chip temperature, 0 while none works."""
        means = [self.board_mean(board) for board in self.boards]
        return round(sum(means) / len(means)) if means else 0

    def fan(self, number: int) -> int:
        """Return a fan's speed."""
        device, physics = self.device, self.device.physics
        speed = device.model.full_speed_rpm * physics.duty / 100
        speed *= device.hardware.share_of_speed(number)
        wobble = 1 + 0.003 * physics.fan_noise.value - 0.004 * (number - 1)
        return round(speed * wobble)

    @property
    def duty(self) -> str:
        """Return the fans' duty cycle."""
        return f"{round(self.device.physics.duty)}%"

    @property
    def fan_errors(self) -> int:
        """Return the mask of fans that fail."""
        return sum(1 << (number - 1) for number in self.device.hardware.stopped_fans)

    @property
    def supply_error(self) -> int:
        """Return the power supply's error bits."""
        fault = self.device.faults.get("psu_fault")
        return 0 if fault is None else int(fault.number("code", 64))

    @property
    def supply(self) -> list[int]:
        """Return the power supply's vector as the model orders it."""
        physics, model = self.device.physics, self.device.model
        wall = max(0, round(physics.watts))
        chosen = self.device.set_volts
        error, wobble = self.supply_error, physics.speed_noise.value
        output = wall * model.efficiency if self.hashing else 0.0
        match model.dialect:
            case Dialect.NANO3:
                volts = round(2780 - 0.3 * wall + 4 * wobble)
                amperes = round(wall / 27.5)
                return [error, 0, 0, amperes, volts, wall, chosen]
            case Dialect.NANO3S:
                millivolts = round(27_541 + 8 * wobble)
                amperes = round(output / 27.5)
                return [error, 0, millivolts, amperes, 0, chosen, wall]
        control = round(1212 + 2 * wobble)
        if not self.hashing:
            left = 1 if model.dialect is Dialect.Q else 0
            vector = [error, control, left, 0, 0, chosen - 43, wall]
            return vector[:6] if model.dialect is Dialect.A10 else vector
        volts = round(chosen + wobble)
        amperes = round(100 * output / volts)
        vector = [error, control, volts, amperes, round(output), chosen, wall]
        return vector[:6] if model.dialect is Dialect.A10 else vector

    @property
    def counters(self) -> list[int]:
        """Return how many cores of a board run at each frequency."""
        model = self.device.model
        return apportion(
            self.device.physics.spread, model.counters_per_chip * model.chips
        )

    @property
    def network_failures(self) -> str:
        """Return when the pool was lost and found again, four times at most."""
        device = self.device
        times = [moment for pair in device.pool_failures[-4:] for moment in pair]
        shown = [self.moment(moment) if moment else 0 for moment in times]
        return listed([*shown, *[0] * (8 - len(shown))])

    def moment(self, when: float) -> int:
        """Return a time as the model tells it: since 1970, or since its start."""
        device = self.device
        if device.model.epoch_when:
            return int(when)
        return max(0, int(when - device.booted_at))

    @property
    def ping(self) -> int:
        """Return the pool's answer time in ms."""
        noise = self.device.physics.net_noise.value
        base = 160 if self.device.model.dialect is Dialect.NANO3 else 36
        return max(1, round(base * (1 + 0.08 * noise)))
