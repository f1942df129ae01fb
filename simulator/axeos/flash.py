"""The settings in a miner's flash: defaults, what is loaded at boot, writes."""

from typing import Any

from ..spec import MinerSpec
from .boards import BOARDS, Board, Dialect

ESPRESSIF_PREFIX = "E4:B0:63"
WALLET = "bc1qsimulated0000000000000000000000000miner"
POOL_HOST, POOL_PORT = "public-pool.io", 21496
FALLBACK_HOST, FALLBACK_PORT = "solo.ckpool.org", 3333
PARTITIONS = ("factory", "ota_0", "ota_1")
DISPLAYS = (
    "NONE",
    "SSD1306 (128x32)",
    "SSD1309 (128x64)",
    "SH1107 (64x128)",
    "SH1107 (128x128)",
)


def mac_of(spec: MinerSpec) -> str:
    """Return a MAC that only this name gives."""
    digits = spec.digits[:6].upper()
    return f"{ESPRESSIF_PREFIX}:{digits[:2]}:{digits[2:4]}:{digits[4:]}"


def pool_slot(slot: int, url: str, port: int, user: str) -> dict[str, Any]:
    """Return a pool as the list of pools holds it, with the defaults."""
    return {
        "id": slot,
        "stratumProtocol": "SV1",
        "stratumURL": url,
        "stratumPort": port,
        "stratumUser": user,
        "stratumPassword": "x",
        "stratumSuggestedDifficulty": 1000,
        "stratumExtranonceSubscribe": False,
        "stratumTLS": 0,
        "stratumCert": "",
        "stratumDecodeCoinbase": False,
        "stratumV2ChannelType": "standard",
        "stratumV2AuthorityPubkey": "",
        "stratumV2RequireAuth": False,
    }


def _prefixed(key: str, fallback: bool) -> str:
    """Return the flat key of a pool setting."""
    return f"fallbackS{key[1:]}" if fallback else key


def factory_settings(spec: MinerSpec) -> dict[str, Any]:
    """Return what a miner's flash holds after its first set-up."""
    board = BOARDS[spec.model]
    user = f"{WALLET}.{spec.name}"
    pools = [
        pool_slot(0, POOL_HOST, POOL_PORT, user),
        pool_slot(1, FALLBACK_HOST, FALLBACK_PORT, user),
    ]
    settings: dict[str, Any] = {
        "frequency": spec.frequency or board.default_mhz,
        "coreVoltage": spec.core_voltage or board.default_mv,
        "autofanspeed": 2 if board.dialect is Dialect.NERDOS else 1,
        "manualFanSpeed": 100,
        "minFanSpeed": 25,
        "temptarget": board.fan_target,
        "overheat_mode": 0,
        "overheat_temp": 70,
        "overclockEnabled": 0,
        "displayTimeout": -1,
        "display": DISPLAYS[1],
        "displayOffset": 0,
        "rotation": 0,
        "flipscreen": 1,
        "invertscreen": 0,
        "invertfanpolarity": 1,
        "autoscreenoff": 0,
        "statsFrequency": 0,
        "hostname": spec.hostname or board.default_hostname,
        "partition": "ota_0",
        "theme": {"colorScheme": "dark", "primaryColor": "#F80421"},
        "ssid": "ExampleWiFi",
        "wifiPass": "not-a-secret",
        "useFallbackStratum": False,
        "useCustomWWW": 0,
        "primaryPoolIndex": 0,
        "secondaryPoolIndex": 1,
        "jobInterval": 500,
        "vrFrequency": 25011,
        "pidP": 6.0,
        "pidI": 0.1,
        "pidD": 10.0,
        "fan1Mode": 3,
        "fan1ManualSpeed": 100,
        "fan1OverheatTemp": 80,
        "fan1Target": 65,
        "stratumDifficulty": 1000,
        "stratum_keep": 1,
        "poolMode": 0,
        "poolBalance": 50,
        "canMaster": False,
        "pools": {pool["id"]: pool for pool in pools},
    }
    for fallback, pool in enumerate(pools):
        for key, value in pool.items():
            if key != "id":
                settings[_prefixed(key, bool(fallback))] = value
    return settings | _nerdos_pools() if _is_nerdos(board) else settings


def _is_nerdos(board: Board) -> bool:
    """Tell whether a board runs NerdOS."""
    return board.dialect is Dialect.NERDOS


def _nerdos_pools() -> dict[str, Any]:
    """Return how NerdOS stores what is told of a pool."""
    settings: dict[str, Any] = {}
    for prefix, sv2 in (("stratum", "sv2"), ("fallbackStratum", "fallbackSv2")):
        settings |= {
            f"{prefix}EnonceSubscribe": False,
            f"{prefix}TLS": False,
            f"{prefix}Protocol": 0,
            f"{sv2}AuthorityPubkey": "",
            f"{sv2}ChannelType": 0,
        }
    return settings


class Flash:
    """Stored settings, those loaded at boot, and how often something was written."""

    def __init__(self, spec: MinerSpec) -> None:
        """Start from the factory settings."""
        self.stored = factory_settings(spec)
        self.booted = dict(self.stored)
        self.writes = 0
        self._changed = False
        self._has_pool_list = False

    def __getitem__(self, key: str) -> Any:
        """Return a stored setting."""
        return self.stored[key]

    def write(self, key: str, value: Any) -> bool:
        """Take a setting; only a change has to be committed."""
        old = self.stored.get(key)
        if old == value and type(old) is type(value):
            return False
        changed = bool(old != value)
        self.stored[key] = value
        self._changed |= changed
        return changed

    def commit(self) -> None:
        """Write to flash what was changed together."""
        self.writes += self._changed
        self._changed = False

    def load(self, *, pool_list: bool) -> None:
        """Take over, at boot, what only a boot takes over.

        The first firmware with a list of pools fills it from the flat keys; later
        the flat keys show the pools that the list's indexes choose.
        """
        if pool_list and not self._has_pool_list:
            self._fill_pool_list()
        self._has_pool_list = pool_list
        if pool_list:
            self._show_chosen_pools()
        self.booted = dict(self.stored)

    def _fill_pool_list(self) -> None:
        """Move the flat keys into the first two slots."""
        slots = {}
        for slot in (0, 1):
            fresh = pool_slot(slot, "", 0, "")
            names = fresh.keys() - {"id"}
            slots[slot] = fresh | {
                name: self.stored[_prefixed(name, bool(slot))] for name in names
            }
        self.stored["pools"] = self.stored["pools"] | slots
        self.stored |= {"primaryPoolIndex": 0, "secondaryPoolIndex": 1}

    def _show_chosen_pools(self) -> None:
        """Copy the primary and the secondary pool to the flat keys."""
        for fallback, index in enumerate(("primaryPoolIndex", "secondaryPoolIndex")):
            pool = self.stored["pools"].get(self.stored[index], {})
            for name in pool.keys() - {"id"}:
                self.stored[_prefixed(name, bool(fallback))] = pool[name]
