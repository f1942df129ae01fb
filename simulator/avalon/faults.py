"""The faults of Avalon miners: of the wire, of the reply, of the miner itself."""

from collections.abc import Callable
import re

from ..faults import Fault, FaultSet
from .pool_faults import POOL_FAULTS
from .printing import Fixed, Raw, Row, Token, Value
from .write_faults import WRITE_FAULTS

WIRE_FAULTS = frozenset(
    {
        "offline",
        "silent",
        "timeout",
        "slow",
        "truncated",
        "garbage",
        "html",
        "empty",
        "huge",
        "list",
        "empty_object",
        "disconnect",
        "keep_open",
        "text_only",
        "bad_combined",
        "access_denied",
    }
)
DEVICE_FAULTS = frozenset(
    {
        "hot",
        "fan_stop",
        "fan_slow",
        "board_lost",
        "psu_fault",
        "state_fault",
        "chips_dead",
        "no_devices",
        "api_allow",
        "nan_percent",
        "calibrating",
        "empty_summary",
    }
)
STOPPING = frozenset({"psu_fault", "state_fault"})
"""The faults with which a miner gives up."""
HOSTILE = 'my "own" ]net\\work[ GHSspd[999999999.00'
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _tokens(token: str) -> Callable[[Value], Value]:
    """Return a distortion that puts a bare token in the place of numbers."""

    def distort(value: Value) -> Value:
        """Replace a number, and the numbers in a status string."""
        if isinstance(value, Raw):
            return Raw(NUMBER.sub(token, value))
        if isinstance(value, int | Fixed) and not isinstance(value, bool):
            return Token(token)
        return value

    return distort


def _null(_value: Value) -> Value:
    """Say nothing of a field."""
    return Token("null")


def _string(value: Value) -> Value:
    """Make a field a string."""
    return value if isinstance(value, str) else str(value)


VALUE_FAULTS: dict[str, Callable[[Value], Value]] = {
    "nan": _tokens("nan"),
    "infinity": _tokens("inf"),
    "huge_ints": _tokens("1" + "0" * 40),
    "nulls": _null,
    "strings": _string,
}


def _no_identity(blob: dict[str, str], _fault: Fault) -> dict[str, str]:
    """Leave out what tells one miner from another."""
    return {
        key: value for key, value in blob.items() if key.strip() not in {"DNA", "HDNA"}
    }


def _clone_identity(blob: dict[str, str], fault: Fault) -> dict[str, str]:
    """Show the number of another miner."""
    dna = fault.text("dna", "0201000000c10e00")
    real = next((key for key in blob if key.strip() == "HDNA"), "DNA")
    return blob | {real: dna} if real in blob else blob


def _hostile_ssid(blob: dict[str, str], fault: Fault) -> dict[str, str]:
    """Name the radio network so that it breaks JSON and brackets."""
    return blob | {"SSID": fault.text("ssid", HOSTILE)} if "SSID" in blob else blob


def _spike(blob: dict[str, str], fault: Fault) -> dict[str, str]:
    """Show an absurd hash rate."""
    return blob | {"GHSspd": f"{fault.number('ghs', 9e9):.2f}"}


def _override(blob: dict[str, str], fault: Fault) -> dict[str, str]:
    """Show the given values of keys that exist or not; None leaves one out."""
    values = fault.parameters.get("values", {})
    changed = blob | {key: str(value) for key, value in values.items()}
    return {key: value for key, value in changed.items() if value != "None"}


BLOB_FAULTS: dict[str, Callable[[dict[str, str], Fault], dict[str, str]]] = {
    "no_identity": _no_identity,
    "clone_identity": _clone_identity,
    "hostile_ssid": _hostile_ssid,
    "spike": _spike,
    "override": _override,
}

KNOWN = (
    WIRE_FAULTS
    | DEVICE_FAULTS
    | POOL_FAULTS
    | WRITE_FAULTS
    | VALUE_FAULTS.keys()
    | BLOB_FAULTS.keys()
    | {"hostile_user"}
)


def gives_up(faults: FaultSet) -> bool:
    """Tell whether a fault keeps the miner from working."""
    return any(fault.name in STOPPING for fault in faults)


def distort_blob(blob: dict[str, str], faults: FaultSet) -> dict[str, str]:
    """Return a status as the faults leave it."""
    for fault in faults:
        if (distortion := BLOB_FAULTS.get(fault.name)) is not None:
            blob = distortion(blob, fault)
    return blob


def distort_identity(row: Row, faults: FaultSet) -> Row:
    """Return the version row as the faults leave it."""
    if "no_identity" in faults:
        return {key: row[key] for key in row if key not in {"DNA", "MAC"}}
    if (fault := faults.get("clone_identity")) is not None:
        cloned: Row = {
            "DNA": fault.text("dna", "0201000000c10e00"),
            "MAC": fault.text("mac", "e0e1a9c10e00"),
        }
        return row | {key: cloned[key] for key in cloned if key in row}
    return row


def distort_values(row: Row, faults: FaultSet) -> Row:
    """Return a row as the faults of values leave it."""
    for fault in faults:
        if (distortion := VALUE_FAULTS.get(fault.name)) is not None:
            row = {key: distortion(value) for key, value in row.items()}
    return row
