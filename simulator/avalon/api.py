"""The commands of one miner: bytes in, bytes out, without a socket."""

from collections.abc import Callable
from dataclasses import dataclass
import json
import re
from typing import Any

from .ascset import Options, Outcome
from .device import Device
from .faults import distort_values
from .models import Dialect
from .plain import replies_of
from .pool_commands import PoolCommands, leading_number
from .printing import (
    Raw,
    Reply,
    Row,
    json_joined,
    json_reply,
    text_joined,
    text_reply,
)
from .readings import Readings
from .replies import CGMINER
from .statistics import Statistics
from .write_faults import (
    POOL_WRITES,
    aftermath,
    changes_something,
    clipped,
    verdict,
)

END = b"\0"
ASC = "ASC 0"
OUTCOMES = {
    "S": (119, "set OK"),
    "I": (118, "set info: "),
    "E": (120, "set failed: "),
}
SECTIONS = {
    "version": (22, "{program} versions"),
    "summary": (11, "Summary"),
    "pools": (7, "{count} Pool(s)"),
    "devs": (9, "{count} ASC(s)"),
    "edevs": (9, "{count} ASC(s)"),
    "devdetails": (69, "Device Details"),
    "config": (33, "{program} config"),
    "coin": (78, "{program} coin"),
    "stats": (70, "{program} stats"),
    "estats": (70, "{program} stats"),
    "litestats": (70, "{program} stats"),
    "lcd": (125, "LCD"),
}
WRITES = POOL_WRITES | {"ascset", "privileged"}
TIME = re.compile(r"set,t:(\d{1,12}),(\S+)")
OPEN_TO_ALL = frozenset({"version", "check"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes out; nothing at all hangs up, and a restart may follow.

    `silent` is nothing at all without hanging up.
    """

    body: bytes = b""
    silent: bool = False
    reboot_after: float | None = None


class Api:
    """Reads requests and acts on them."""

    def __init__(self, device: Device) -> None:
        """Speak for this miner."""
        self._device = device
        readings = Readings(device)
        self._sections = replies_of(readings).sections
        self._statistics = Statistics(readings).commands
        self._options = Options(readings)
        self._pool_commands = PoolCommands(device)
        self._reboot_after: float | None = None
        self._silent = False
        self._others = self._commands_beside_reading()

    def _commands_beside_reading(self) -> dict[str, Callable[[str], Reply | None]]:
        """Return what acts or tells of commands."""
        dialect = self._device.model.dialect
        commands: dict[str, Callable[[str], Reply | None]] = {"check": self._check}
        for name in POOL_WRITES:
            commands[name] = self._pool_write(name)
        commands["ascset"] = self._ascset
        if dialect is Dialect.BFG:
            del commands["ascset"]
        if not self._device.model.speaks_avalon:
            del commands["setpool"]
        if dialect is Dialect.NANO3S:
            commands["lockstats"] = self._lock_statistics
        else:
            commands["privileged"] = self._privileged
        if dialect in {Dialect.NANO3, Dialect.NANO3S}:
            commands["time"] = self._time
        return commands

    def answer(self, request: bytes) -> Answer:
        """Answer a request in the format that it came in."""
        text = request.split(END)[0].decode("utf-8", "replace")
        self._reboot_after = None
        self._silent = False
        as_json = text.startswith("{")
        printed = self._from_json(text) if as_json else self._from_text(text)
        body = printed.encode("utf-8", "replace") + END if printed else b""
        return Answer(body=body, silent=self._silent, reboot_after=self._reboot_after)

    def reply(self, command: str) -> dict[str, Any]:
        """Return what a command without parameter would answer, as JSON."""
        if "+" not in command and not self._exists(command):
            raise ValueError(f"No command {command!r}")
        printed = self._printed(command, "", as_json=True)
        reply: dict[str, Any] = json.loads(printed, strict=False)
        return reply

    def _from_text(self, text: str) -> str:
        """Answer `command` or `command|parameter`."""
        command, _, parameter = text.partition("|")
        return self._printed(command, parameter, as_json=False)

    def _from_json(self, text: str) -> str:
        """Answer a JSON object with a command, maybe with a parameter."""
        try:
            request = json.loads(text)
        except ValueError, RecursionError:
            return json_reply(self._told("E", 23, "Invalid JSON"))
        command = request.get("command")
        if command is None:
            return json_reply(self._told("E", 24, "Missing JSON 'command'"))
        if not isinstance(command, str):
            return json_reply(self._unknown())
        parameter = request.get("parameter", "")
        as_json = "text_only" not in self._device.faults
        return self._printed(command, str(parameter), as_json=as_json)

    def _printed(self, command: str, parameter: str, *, as_json: bool) -> str:
        """Carry out a command, or several that are joined, and print the reply."""
        if "+" not in command:
            reply = self._carry_out(command, parameter)
            if reply is None:
                return ""
            return json_reply(reply) if as_json else text_reply(reply)
        names = [name for name in command.split("+") if name]
        replies = {name: self._joined(name) for name in names}
        if not as_json:
            return text_joined(replies)
        printed = json_joined(replies)
        if "bad_combined" in self._device.faults:
            printed = printed.replace('}],"', '}]"')
        return printed

    def _joined(self, name: str) -> Reply:
        """Return the section of one of several commands."""
        if name in self._others and name != "lockstats":
            return self._denied(name)
        return self._carry_out(name, "") or self._unknown()

    def _exists(self, name: str) -> bool:
        """Tell whether the miner knows a command."""
        known = (self._sections, self._statistics, self._others)
        return any(name in commands for commands in known)

    def _carry_out(self, name: str, parameter: str) -> Reply | None:
        """Return the reply to one command, None for no reply."""
        if self._is_closed(name) and name not in OPEN_TO_ALL and self._exists(name):
            return self._denied(name)
        if changes_something(name, parameter) and name in self._others:
            return self._changed(name, parameter)
        if name in self._others:
            return self._others[name](parameter)
        if name in self._statistics:
            return self._answered(name, "STATS", self._statistics[name](parameter))
        if name in self._sections:
            return self._section(name)
        return self._unknown()

    def _is_closed(self, name: str) -> bool:
        """Tell whether a command is refused; what is no Avalon lets few write."""
        faults = self._device.faults
        denied = faults.get("access_denied")
        if denied is not None and denied.flag("all"):
            return True
        open_to_all = self._device.model.speaks_avalon or "api_allow" in faults
        return name in WRITES and (denied is not None or not open_to_all)

    def _changed(self, name: str, parameter: str) -> Reply | None:
        """Let a command change something, as faults allow."""
        device = self._device
        faults, mode = device.faults, device.settings["mode"]
        if (told := verdict(faults, name, parameter, mode)) is not None:
            return self._told(*told)
        reply = self._others[name](clipped(faults, name, parameter))
        lost, reboots = aftermath(faults)
        if reboots is not None:
            self._reboot_after = reboots.number("after", 1.0)
        if lost is None:
            return reply
        self._silent = lost.flag("silent")
        return None

    def _section(self, name: str) -> Reply:
        """Return the rows of a command that only reads."""
        device = self._device
        if name == "pools" and not device.pools:
            return self._told("E", 8, "No pools")
        if name in {"devs", "edevs"} and "no_devices" in device.faults:
            return self._told("E", 10, "No ASCs")
        section, rows_of = self._sections[name]
        return self._answered(name, section, rows_of())

    def _answered(self, name: str, section: str, rows: list[Row]) -> Reply:
        """Return a reply with these rows."""
        rows = [distort_values(row, self._device.faults) for row in rows]
        code, message = SECTIONS[name]
        program = "BFGMiner" if self._device.model.dialect is Dialect.BFG else "CGMiner"
        text = message.format(count=len(rows), program=program)
        status = self._status("S", code, text)
        return Reply(status=status, section=section, rows=rows)

    def _status(self, letter: str, code: int, message: str) -> Row:
        """Return the status row of a reply; nothing in its message is escaped."""
        device = self._device
        now = device.clock.now()
        when = now if device.model.epoch_when else now - device.booted_at
        row: Row = {"STATUS": letter, "When": int(when), "Code": code}
        row["Msg"] = Raw(message)
        if code == 14:
            return row
        return row | {"Description": self._description}

    @property
    def _description(self) -> str:
        """Return the program with its version."""
        device = self._device
        if device.model.speaks_avalon:
            return f"cgminer {CGMINER}"
        name = "bfgminer" if device.model.dialect is Dialect.BFG else "cgminer"
        return f"{name} {device.firmware.partition('-')[0]}"

    def _told(self, letter: str, code: int, message: str) -> Reply:
        """Return a reply that is only a status."""
        return Reply(status=self._status(letter, code, message))

    def _unknown(self) -> Reply:
        """Return the reply to a command that does not exist."""
        return self._told("E", 14, "Invalid command")

    def _denied(self, name: str) -> Reply:
        """Return the reply to a command that is not allowed here."""
        return self._told("E", 45, f"Access denied to '{name}' command")

    def _privileged(self, _parameter: str) -> Reply:
        """Tell that every client may write."""
        return self._told("S", 46, "Privileged access OK")

    def _check(self, parameter: str) -> Reply:
        """Tell whether a command exists and is open."""
        if not parameter:
            return self._told("E", 71, "Missing check cmd")
        known = self._exists(parameter)
        allowed = known and not self._is_closed(parameter)
        answers = {True: "Y", False: "N"}
        return Reply(
            status=self._status("S", 72, "Check command"),
            section="CHECK",
            rows=[{"Exists": answers[known], "Access": answers[allowed]}],
        )

    def _lock_statistics(self, _parameter: str) -> Reply:
        """Tell that locks are not watched."""
        return self._told("W", 124, "Lock stats not enabled")

    def _time(self, parameter: str) -> Reply:
        """Tell the time zone, or take a time."""
        if not parameter:
            return self._told("I", 130, "Time parameter is not available")
        text = "time unknown argument"
        if parameter == "get":
            text = "time t:0"
        elif (found := TIME.fullmatch(parameter)) is not None:
            text = f"time t:{found[1]} {found[2]}"
        return self._told("I", 131, f"Time set info: {text}")

    def _ascset(self, parameter: str) -> Reply | None:
        """Set an option of the one device."""
        if "no_devices" in self._device.faults:
            return self._told("E", 105, "No ASCs")
        if not parameter:
            return self._told("E", 15, "Missing device id parameter")
        digits, _, rest = parameter.partition(",")
        if not rest:
            return self._told("E", 116, "Missing option after ASC number")
        if (number := leading_number(digits)) != 0:
            text = f"Invalid ASC id {number} - range is 0 - 0"
            return self._told("E", 107, text)
        name, _, argument = rest.partition(",")
        return self._outcome(self._options.carry_out(name, argument))

    def _outcome(self, outcome: Outcome) -> Reply | None:
        """Return the reply to an option; some models do not answer a reboot."""
        self._reboot_after = outcome.reboot_after
        device = self._device
        answers = device.model.reboot_reply
        if device.spec.reboot_reply is not None:
            answers = device.spec.reboot_reply
        if outcome.reboot_after is not None and not answers:
            return None
        code, text = OUTCOMES[outcome.letter]
        return self._told(outcome.letter, code, f"{ASC} {text}{outcome.text}")

    def _pool_write(self, name: str) -> Callable[[str], Reply]:
        """Return what a command of the pools does."""

        def write(parameter: str) -> Reply:
            """Do it and tell the outcome."""
            letter, code, message = self._pool_commands.carry_out(name, parameter)
            return self._told(letter, code, message)

        return write
