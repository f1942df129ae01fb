"""The commands of one miner: bytes in, bytes out, without a socket."""

from collections.abc import Callable
from dataclasses import dataclass
import json
from typing import Any

from .ascset import Options, Outcome
from .device import Device
from .faults import distort_values
from .models import Dialect
from .pool_commands import PoolCommands
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
from .replies import CGMINER, Replies
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
    "version": (22, "CGMiner versions"),
    "summary": (11, "Summary"),
    "pools": (7, "{count} Pool(s)"),
    "devs": (9, "{count} ASC(s)"),
    "edevs": (9, "{count} ASC(s)"),
    "devdetails": (69, "Device Details"),
    "config": (33, "CGMiner config"),
    "coin": (78, "CGMiner coin"),
    "stats": (70, "CGMiner stats"),
    "estats": (70, "CGMiner stats"),
    "litestats": (70, "CGMiner stats"),
    "lcd": (125, "LCD"),
}
WRITES = POOL_WRITES | {"ascset", "privileged"}
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
        self._replies = Replies(readings)
        self._options = Options(readings)
        self._pool_commands = PoolCommands(device)
        self._reboot_after: float | None = None
        self._silent = False
        self._others = self._commands_beside_reading()

    def _commands_beside_reading(self) -> dict[str, Callable[[str], Reply | None]]:
        """Return what acts or tells of commands; a plain cgminer lets nobody write."""
        model = self._device.model
        commands: dict[str, Callable[[str], Reply | None]] = {"check": self._check}
        if not model.speaks_avalon:
            return commands | {name: self._refusal(name) for name in WRITES}
        for name in POOL_WRITES:
            commands[name] = self._pool_write(name)
        commands["ascset"] = self._ascset
        commands["privileged"] = self._privileged
        if model.dialect in {Dialect.NANO3, Dialect.NANO3S}:
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
        if not isinstance(command, str):
            return json_reply(self._told("E", 24, "Missing JSON 'command'"))
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
        if name in self._others:
            return self._denied(name)
        return self._carry_out(name, "") or self._unknown()

    def _exists(self, name: str) -> bool:
        """Tell whether the miner knows a command."""
        return name in self._replies.sections or name in self._others

    def _carry_out(self, name: str, parameter: str) -> Reply | None:
        """Return the reply to one command, None for no reply."""
        denied = self._device.faults.get("access_denied")
        closed = denied is not None and (name in WRITES or denied.flag("all"))
        if closed and name not in OPEN_TO_ALL and self._exists(name):
            return self._denied(name)
        if changes_something(name, parameter) and name in self._others:
            return self._changed(name, parameter)
        if name in self._others:
            return self._others[name](parameter)
        if name in self._replies.sections:
            return self._section(name)
        return self._unknown()

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
        section, rows_of = self._replies.sections[name]
        if name == "pools" and not self._device.pools:
            return self._told("E", 8, "No pools")
        rows = [distort_values(row, self._device.faults) for row in rows_of()]
        code, message = SECTIONS[name]
        status = self._status("S", code, message.format(count=len(rows)))
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
        program = CGMINER if device.model.speaks_avalon else device.firmware
        return row | {"Description": f"cgminer {program}"}

    def _told(self, letter: str, code: int, message: str) -> Reply:
        """Return a reply that is only a status."""
        return Reply(status=self._status(letter, code, message))

    def _unknown(self) -> Reply:
        """Return the reply to a command that does not exist."""
        return self._told("E", 14, "Invalid command")

    def _denied(self, name: str) -> Reply:
        """Return the reply to a command that is not allowed here."""
        return self._told("E", 45, f"Access denied to '{name}' command")

    def _refusal(self, name: str) -> Callable[[str], Reply]:
        """Return what a command does that nobody may use."""
        return lambda _parameter: self._denied(name)

    def _privileged(self, _parameter: str) -> Reply:
        """Tell that every client may write."""
        return self._told("S", 46, "Privileged access OK")

    def _check(self, parameter: str) -> Reply:
        """Tell whether a command exists and is open."""
        known = "Y" if self._exists(parameter) else "N"
        open_to_all = self._device.model.speaks_avalon or parameter not in WRITES
        return Reply(
            status=self._status("S", 72, "Check command"),
            section="CHECK",
            rows=[{"Exists": known, "Access": known if open_to_all else "N"}],
        )

    def _time(self, parameter: str) -> Reply:
        """Tell the time zone, or take a time."""
        if parameter.startswith("set,t:"):
            return self._told("I", 131, "time set ok")
        return self._told("I", 130, "time t:0")

    def _ascset(self, parameter: str) -> Reply | None:
        """Set an option of the one device."""
        if not parameter:
            return self._told("E", 15, "Missing device id parameter")
        number, _, rest = parameter.partition(",")
        if number != "0":
            text = f"Invalid ASC id {number} - range is 0 - 0"
            return self._told("E", 105, text)
        name, _, argument = rest.partition(",")
        if not name:
            return self._told("E", 117, "Missing option after ASC number")
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
