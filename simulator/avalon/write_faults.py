"""Faults of commands that change something: lost, ignored, refused, clipped, busy."""

from ..faults import Fault, FaultSet

WRITE_FAULTS = frozenset(
    {
        "write_lost",
        "write_ignored",
        "write_refused",
        "write_clipped",
        "reboot_on_write",
        "busy",
    }
)
POOL_WRITES = frozenset(
    {"switchpool", "enablepool", "disablepool", "poolpriority", "setpool"}
)
ONLY_TELL = frozenset({"help", "hash-sn-read", "bootby", "time"})
QUERIES = frozenset({"", "get", "255", "1-255"})
CLIPPED = frozenset({"fan-spd", "limittemp", "target-temp"})
USUAL_REFUSAL = "error:2 parameter error"
USUAL_MOST = 60

type Verdict = tuple[str, int, str]


def parted(parameter: str) -> tuple[str, str]:
    """Part the parameter of `ascset` into option and argument."""
    _, _, rest = parameter.partition(",")
    option, _, argument = rest.partition(",")
    return option, argument


def changes_something(command: str, parameter: str) -> bool:
    """Tell whether a command is more than a question."""
    if command != "ascset":
        return command in POOL_WRITES
    option, argument = parted(parameter)
    if not option or option in ONLY_TELL:
        return False
    return argument not in QUERIES or option == "softoff"


def verdict(
    faults: FaultSet, command: str, parameter: str, mode: int
) -> Verdict | None:
    """Return what a command gets instead of being carried out, if it does."""
    pool = command in POOL_WRITES
    good, bad = (27, 26) if pool else (119, 120)
    reboots = not pool and parted(parameter)[0] == "reboot"
    start = "" if pool else "ASC 0 set failed: "
    if not reboots and _used(faults, "busy") is not None:
        text = f"current mode {mode} is caling Don't permit switch mode"
        return "E", bad, f"{start}{text}"
    if (refused := _used(faults, "write_refused")) is not None:
        return "E", bad, f"{start}{refused.text('text', USUAL_REFUSAL)}"
    if _used(faults, "write_ignored") is not None:
        return "S", good, f"Switching to pool {parameter}" if pool else "ASC 0 set OK"
    return None


def clipped(faults: FaultSet, command: str, parameter: str) -> str:
    """Return the parameter as the miner understands it."""
    option, argument = parted(parameter)
    if command != "ascset" or option not in CLIPPED or not argument.isdigit():
        return parameter
    if (fault := _used(faults, "write_clipped")) is None:
        return parameter
    least = fault.number("least", 0)
    most = fault.number("most", USUAL_MOST)
    return f"0,{option},{int(max(least, min(most, int(argument))))}"


def aftermath(faults: FaultSet) -> tuple[Fault | None, Fault | None]:
    """Return the faults that come after a command: a lost reply, a reboot."""
    return _used(faults, "write_lost"), _used(faults, "reboot_on_write")


def _used(faults: FaultSet, name: str) -> Fault | None:
    """Return a fault that is on; one with a `count` ends after so many writes."""
    fault = faults.get(name)
    if fault is not None and "count" in fault.parameters:
        faults.use_up(fault)
    return fault
