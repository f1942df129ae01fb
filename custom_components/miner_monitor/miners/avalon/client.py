"""The client of the cgminer TCP API."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, override

import orjson

from ..client import (
    FETCH_DEADLINE,
    Decide,
    MinerClient,
    Prove,
    aside,
    later,
    monotonic,
    read_apart,
    send_in_order,
)
from ..errors import (
    ErrorReason,
    MinerCommandError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    Outcome,
)
from ..model import (
    Capability,
    Family,
    MinerIdentity,
    MinerReading,
    Setting,
    Writing,
)
from .commands import (
    Command,
    clean_filter,
    commands_for,
    reboot,
)
from .memory import DeviceMemory
from .models import Model
from .poll import Poll, Wants, blob_items
from .repair import BrokenReplyError
from .reply import (
    Reply,
    check_command_result,
    parse_commands,
    parse_reply,
)
from .transport import TcpDevice

_TOGETHER = "together"
_STATISTICS = "statistics"
_COMMANDS = "commands"
_TRAFFIC = "traffic"
_APART = frozenset(("litestats", _TRAFFIC))
"""Statistics beside those of each poll."""

_COMMAND_DEADLINE = 3.0
_BETWEEN_COMMANDS = 1.0


def _request(command: str, parameter: str | None = None) -> bytes:
    """Encode a request, which is sent without a line's end."""
    request = {"command": command}
    if parameter is not None:
        request["parameter"] = parameter
    return orjson.dumps(request)


@lru_cache(maxsize=16)
def _joined(commands: tuple[str, ...]) -> bytes:
    """Encode one request for several replies."""
    return _request("+".join(commands))


_VERSION = _request("version")
_LITESTATS = _request("litestats")
_DEVICES = _request("devs")
_STATS = _request("stats")
_HELP = _request("ascset", "0,help")


class AvalonClient(MinerClient):
    """A miner that speaks the cgminer API.

    A poll is one request for summary, statistics and pools together, and for the one
    thing more that tells something on this device. The exceptions:

    - ``version`` and the list of commands once per start and firmware, ``litestats``
      where the statistics leave something open: as the device's memory wants them.
    - ``stats`` for the traffic with the pools, every two minutes while somebody wants
      it, where the statistics of a poll lack it.
    - Single requests for summary, statistics and pools, to a device that fails to
      answer them together. This is remembered until it starts again.
    - A reply that breaks off is asked for once more.

    All of them are of one slot and one deadline, one connection after the other.
    """

    family = Family.AVALON

    def __init__(
        self,
        host: str,
        port: int,
        *,
        monotonic: Callable[[], float] = monotonic,
        deadline: float = FETCH_DEADLINE,
        known: MinerIdentity | None = None,
    ) -> None:
        """Prepare; ``monotonic`` is the clock for what takes a miner minutes.

        ``known`` is what was learnt of the miner before this start.
        """
        super().__init__(host, port, deadline, monotonic)
        self.configuration_url = f"http://{host}"
        self._device = TcpDevice(host, port)
        self._memory = DeviceMemory(monotonic, known)
        self._singly_since: object = None
        self._next_command = 0.0
        self._bodies: dict[str, bytes] = {}

    @property
    @override
    def raw(self) -> Mapping[str, Any]:
        return {
            name: content
            for command, body in self._bodies.items()
            for name, content in _contents(command, body)
        }

    @override
    async def _read(self, ends: float) -> MinerReading:
        """Poll; only within a slot."""
        poll = await self._poll(ends)
        wants = self._memory.notice(poll, thorough=self.thorough)
        if wants.again:
            poll = await self._poll(ends)
            wants = self._memory.notice(poll, thorough=self.thorough)
        if any(wants):
            await self._ask_for_more(wants, ends)
        return self._memory.read(poll)

    async def _poll(self, ends: float) -> Poll:
        """Ask for all together, or one by one where that does not work."""
        if self._singly_since is self._memory.boot:
            return await self._poll_singly(ends)
        poll: Poll | None = None
        try:
            reply = await self._ask(_TOGETHER, _joined(self._memory.sections), ends)
        except BrokenReplyError:
            pass
        else:
            poll = _poll_of(reply)
            if reply.combined and not reply.cut:
                return poll
        try:
            singly = await self._poll_singly(ends)
        except MinerError:
            if poll is None or not poll.stats:
                raise
            return poll
        self._singly_since = self._memory.boot
        self._bodies.pop(_TOGETHER, None)
        return singly

    async def _poll_singly(self, ends: float) -> Poll:
        """Ask one by one; pools and what follows them cost only themselves."""
        first, statistics, *others = self._memory.sections
        summary = await self._ask(first, _joined((first,)), ends)
        stats = await self._ask(_STATISTICS, _joined((statistics,)), ends)
        if not summary.row("SUMMARY") and not stats.rows("STATS"):
            raise MinerResponseError("neither a summary nor statistics")
        replies = [summary, stats]
        for command in others:
            with suppress(MinerResponseError):
                replies.append(await self._ask(command, _joined((command,)), ends))
        return _poll_of(*replies)

    async def _ask_for_more(self, wants: Wants, ends: float) -> None:
        """Ask what the memory wants."""
        memory, ask = self._memory, partial(self._ask_aside, ends)
        if wants.version and (version := await ask("version", _VERSION)):
            if row := version.row("VERSION"):
                memory.take_version(row)
            elif version.failed:
                memory.has_no_version()
        if wants.commands and (reply := await ask(_COMMANDS, _HELP)):
            commands = parse_commands(self._bodies[_COMMANDS])
            if commands or reply.failed:
                memory.take_commands(commands)
        if wants.litestats and (stats := await ask("litestats", _LITESTATS)):
            memory.take_litestats(stats.rows("STATS"))
        if wants.devices and (devices := await ask("devs", _DEVICES)):
            memory.take_devices(devices.rows("DEVS"))
        if wants.traffic and (stats := await ask(_TRAFFIC, _STATS)):
            memory.take_traffic(stats.rows("STATS"))

    async def _ask_aside(self, ends: float, name: str, request: bytes) -> Reply | None:
        """Ask for what is not of each poll; no answer costs nothing but itself."""
        with suppress(MinerError):
            return await self._ask(name, request, aside(ends))
        return None

    async def _ask(
        self, name: str, request: bytes, ends: float, *, again: bool = True
    ) -> Reply:
        """Return the reply, asked for once more if it breaks off."""
        try:
            body = await self._device.ask(request, ends)
            reply = await read_apart(parse_reply, body)
        except (MinerCutOffError, BrokenReplyError) as err:
            if not again or (isinstance(err, BrokenReplyError) and not err.cut):
                raise
            return await self._ask(name, request, ends, again=False)
        self._bodies[name] = body
        if reply.cut and again:
            with suppress(MinerError):
                return await self._ask(name, request, ends, again=False)
        return reply

    @override
    def writing(self, setting: Setting) -> Writing:
        return self._memory.writing(setting)

    @override
    async def apply(self, decide: Decide, known: MinerReading | None = None) -> None:
        async with self._slot as ends:
            changes = decide(known or await self._read(ends))
            if changes:
                context = self._memory.command_context()
                await self._carry_out(*commands_for(changes, context))

    @override
    async def restart(self, prove: Prove) -> None:
        await self._order(prove, Capability.RESTART, reboot)

    @override
    async def reset_filter(self, prove: Prove) -> None:
        await self._order(prove, Capability.RESET_FILTER, clean_filter)

    async def _order(
        self, prove: Prove, capability: Capability, make: Callable[[Model], Command]
    ) -> None:
        """Send a command to a device that is known to obey it."""
        async with self._slot as ends:
            reading = await self._read(ends)
            prove(reading)
            if capability not in reading.identity.capabilities:
                raise MinerCommandError(
                    f"no command to {capability.replace('_', ' ')}",
                    reason=ErrorReason.NOT_SUPPORTED,
                )
            await self._carry_out(make(self._memory.command_context().model))

    async def _carry_out(self, *commands: Command) -> None:
        """Send commands, each once; only within a slot."""
        ends = later(self._deadline)
        await send_in_order(partial(self._send, command, ends) for command in commands)

    async def _send(self, command: Command, ends: float) -> None:
        """Send a command once, no sooner than a second after the one before."""
        loop = asyncio.get_running_loop()
        wait = self._next_command - loop.time()
        if wait > 0:
            await asyncio.sleep(min(wait, ends - loop.time()))
        request = _request(command.command, command.parameter)
        self._memory.sends(command)
        try:
            body = await self._device.command(
                request,
                min(ends, loop.time() + _COMMAND_DEADLINE),
                may_be_silent=command.may_be_silent,
            )
            check = partial(check_command_result, may_be_silent=command.may_be_silent)
            await read_apart(check, body)
        except asyncio.CancelledError:
            self._memory.sent(command, certainly=False)
            raise
        except MinerError as err:
            if err.outcome is Outcome.UNKNOWN:
                self._memory.sent(command, certainly=False)
            raise
        finally:
            self._next_command = loop.time() + _BETWEEN_COMMANDS
        self._memory.sent(command, certainly=True)


def _poll_of(*replies: Reply) -> Poll:
    """Join the replies to a poll; of two with the same rows the first counts."""
    joined, *others = replies
    if others:
        joined = Reply(
            {
                kind: rows
                for reply in reversed(replies)
                for kind, rows in reply.sections.items()
                if rows
            }
        )
    return Poll(
        summary=joined.row("SUMMARY"),
        stats=joined.rows("STATS"),
        when=replies[0].when,
        pools=joined.rows("POOLS"),
        poolless=any(reply.poolless for reply in replies),
        screen=joined.row("LCD"),
        devices=joined.rows("DEVS"),
    )


def _contents(command: str, body: bytes) -> Iterator[tuple[str, Any]]:
    """Name what a reply holds, its blobs taken apart."""
    if command == _COMMANDS:
        yield _COMMANDS, sorted(parse_commands(body))
        return
    reply = parse_reply(body)
    for kind, rows in reply.sections.items():
        # What is private in a blob has a key only when that is taken apart.
        shown = [
            {
                key: blob_items(value)
                if key.startswith("MM ID") and isinstance(value, str)
                else value
                for key, value in row.items()
            }
            for row in rows
            if row
        ]
        apart = kind == "STATS" and command in _APART
        name = command if apart else kind.lower()
        if shown:
            yield name, shown[0] if kind in ("SUMMARY", "VERSION", "LCD") else shown
    if reply.row("SUMMARY") and reply.when is not None:
        yield "when", reply.when
