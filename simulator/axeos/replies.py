"""The replies of a miner, as dictionaries and as the bytes it sends."""

from typing import Any

from .boards import Dialect
from .device import Device
from .faults import distort, distorts
from .keys_axeos import AXEOS_KEYS
from .keys_lucky import LUCKY_KEYS
from .keys_nerdos import NERDOS_KEYS
from .keytable import Fill, columns, constant, filled, key
from .nerdos_readings import readings_of
from .printing import compact, with_tabs
from .versions import Version, span

TABLES = {
    Dialect.AXEOS: AXEOS_KEYS,
    Dialect.NERDOS: NERDOS_KEYS,
    Dialect.LUCKY: LUCKY_KEYS,
}
COMPACT: Version = (2, 14, 0)
OLD_LABELS = (
    "hashRate",
    "temp",
    "vrTemp",
    "power",
    "voltage",
    "current",
    "coreVoltageActual",
    "fanspeed",
    "fanrpm",
    "wifiRSSI",
    "freeHeap",
    "timestamp",
)
LABELS = (
    ("hashrate", span("2.11")),
    ("hashrate_1m", span("2.12")),
    ("hashrate_10m", span("2.12")),
    ("hashrate_1h", span("2.12")),
    ("errorPercentage", span("2.11")),
    ("asicTemp", span("2.11")),
    ("asicTemp2", span("2.14")),
    ("vrTemp", span("2.11")),
    ("asicVoltage", span("2.11")),
    ("voltage", span("2.11")),
    ("power", span("2.11")),
    ("current", span("2.11")),
    ("fanSpeed", span("2.11")),
    ("fanRpm", span("2.11")),
    ("fan2Rpm", span("2.11")),
    ("wifiRssi", span("2.11")),
    ("freeHeap", span("2.11")),
    ("responseTime", span("2.13")),
    ("timestamp", span("2.11")),
)
ASIC_KEYS = (
    key("ASICModel", lambda r: r.device.board.chip.model),
    key("deviceModel", lambda r: r.device.board.device_model, "2.9"),
    key("swarmColor", lambda r: r.device.board.swarm_color, "2.9"),
    key("asicCount", lambda r: r.device.board.chips, "2.9"),
    key("hashDomains", lambda r: r.device.board.chip.hash_domains, "2.11"),
    key("defaultFrequency", lambda r: r.device.board.default_mhz, "2.8"),
    key("frequencyOptions", lambda r: list(r.device.board.mhz_options)),
    key("defaultVoltage", lambda r: r.device.board.default_mv, "2.8"),
    key("voltageOptions", lambda r: list(r.device.board.mv_options)),
)
NERDOS_ASIC_KEYS = (
    key("ASICModel", lambda r: r.device.board.chip.model),
    key("deviceModel", lambda r: r.device.board.device_model),
    key("asicCount", lambda r: r.device.board.chips),
    key("defaultFrequency", lambda r: r.device.board.default_mhz),
    key("defaultVoltage", lambda r: r.device.board.default_mv),
    key("absMaxFrequency", lambda r: r.device.board.abs_max[0]),
    key("absMaxVoltage", lambda r: r.device.board.abs_max[1]),
    key("ecoFrequency", constant(0)),
    key("ecoVoltage", constant(0)),
    key("swarmColor", lambda r: r.device.board.swarm_color),
    key("frequencyOptions", lambda r: list(r.device.board.mhz_options)),
    key("voltageOptions", lambda r: list(r.device.board.mv_options)),
)


class Replies:
    """Builds the replies of one device; a reply is reused until something moves."""

    def __init__(self, device: Device) -> None:
        """Serve this device."""
        self._device = device
        self._readings = readings_of(device)
        self._rows: tuple[Version, list[tuple[str, Fill]]] | None = None
        self._cached: tuple[tuple[int, int], bytes] | None = None

    def info(self) -> dict[str, Any]:
        """Return the info reply, faults included."""
        return distort(self._plain_info(), self._device.faults)

    def _plain_info(self) -> dict[str, Any]:
        """Return the info reply of a sound miner."""
        version = self._device.version
        if self._rows is None or self._rows[0] != version:
            table = TABLES[self._device.board.dialect]
            self._rows = (version, columns(table, version))
        return filled(self._rows[1], self._readings)

    def info_bytes(self) -> bytes:
        """Return the info reply as sent."""
        device = self._device
        if distorts(device.faults):
            device.faults.count_reply()
            return self.encode(self.info())
        stamp = (device.revision, device.seconds_since_boot)
        if self._cached is None or self._cached[0] != stamp:
            self._cached = (stamp, self.encode(self._plain_info()))
        return self._cached[1]

    def asic(self) -> dict[str, Any]:
        """Return the reply about the chips and the presets."""
        nerdos = self._device.board.dialect is Dialect.NERDOS
        table = NERDOS_ASIC_KEYS if nerdos else ASIC_KEYS
        return filled(columns(table, self._device.version), self._readings)

    def statistics(self) -> dict[str, Any]:
        """Return the device's own history, which is empty as by default."""
        version = self._device.version
        labels = [name for name, releases in LABELS if version in releases]
        return {
            "currentTimestamp": 1000 * self._device.seconds_since_boot,
            "labels": labels or list(OLD_LABELS),
            "statistics": [],
        }

    def encode(self, value: Any) -> bytes:
        """Return JSON as this firmware prints it."""
        tabs = self._device.stock and self._device.version < COMPACT
        text = with_tabs(value) if tabs else compact(value)
        return text.encode(errors="surrogateescape")
