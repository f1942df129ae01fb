"""The HTTP client of AxeOS and NerdOS."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
import json
from math import inf
import re
from typing import Any, override

from aiohttp import ClientSession

from ..client import (
    FETCH_DEADLINE,
    NO_CREDENTIALS,
    Credentials,
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
    MinerAuthError,
    MinerBusyError,
    MinerCommandError,
    MinerCutOffError,
    MinerError,
    MinerResponseError,
    Outcome,
)
from ..http import (
    Answer,
    HttpDevice,
    StatusError,
)
from ..model import (
    Changes,
    ErrorKind,
    Family,
    MinerReading,
    Setting,
    Writing,
)
from ..settings import check_value
from ..values import (
    count,
    flag,
)
from .boards import is_nerdos
from .control import (
    Known,
    patch_body,
    writing_of,
)
from .memory import DeviceMemory
from .nerdos import can_shut_down
from .reply import (
    check_info,
    parse_object,
    refusal_of,
    secrets_of,
)

_SETTINGS = "/api/system"
_RESTART = "/api/system/restart"
_SESSIONS = ("/api/otp/session", "/api/v2/otp/session")
_NO_SUCH_ROUTE = (302, 404, 405)
_CODE = re.compile(r"[0-9]{6}")
_TOKEN = re.compile(r"[!-~]{1,127}")
_FLAG = "overheat_mode"
_APPLIES = 5.0
"""Seconds that AxeOS may take to apply what it acknowledged."""

_ASKED_AGAIN = 1.0
"""Seconds between two reads until then."""

_LOCATE_LASTS = 30.0
_SPARE = 60.0
"""Seconds between two refusals for want of a code; five in a minute lock NerdOS."""

_SPARE_CLOCK = 20.0
"""The same while a session is refused for want of a clock, which comes by itself."""

_CLOCK_SET = 300.0
"""Seconds after a boot in which NerdOS gets the time, if it gets it at all."""


class AxeOsClient(MinerClient):
    """A miner that runs AxeOS, NerdOS, or one of their forks."""

    family = Family.AXEOS

    def __init__(
        self,
        host: str,
        port: int,
        session: ClientSession,
        *,
        credentials: Credentials = NO_CREDENTIALS,
        monotonic: Callable[[], float] = monotonic,
        deadline: float = FETCH_DEADLINE,
    ) -> None:
        """Prepare; ``monotonic`` is the clock for what takes a miner minutes."""
        super().__init__(host, port, deadline, monotonic)
        self._device = HttpDevice(host, port, session, credentials)
        self._credentials = credentials
        self._session_token = credentials.session
        self._memory = DeviceMemory(monotonic)
        self._located_at: float | None = None
        # For want of a code: of which session, until when it counts, and why.
        self._refused, self._refused_until, self._clock_unset = "", -inf, False
        self._bodies: dict[str, bytes] = {}
        self._last: MinerReading | None = None
        self.configuration_url = self._device.origin

    @property
    @override
    def raw(self) -> Mapping[str, Any]:
        return {name: parse_object(body) for name, body in self._bodies.items()}

    @override
    async def _read(self, ends: float) -> MinerReading:
        """Poll; only within a slot."""
        body, info = await self._page("/api/system/info", ends)
        check_info(info)
        self._bodies["info"] = body
        if self._memory.notice(info):
            await self._ask_for_presets(aside(ends))
        if self._memory.nerdos.wants_cause(info, self._monotonic()):
            # Why the regulator is off; without an answer there are other signs.
            with suppress(MinerError):
                page = await self._page("/api/v2/dashboard", aside(ends))
                self._memory.nerdos.take_cause(page[1])
        self._last = self._memory.read(info)
        return self._last

    async def _page(self, path: str, ends: float) -> tuple[bytes, dict[str, Any]]:
        """Ask for a page; return it as it came, and read."""
        url = self._device.url.with_path(path)
        body = await self._device.request("GET", url, ends)
        return body, await read_apart(parse_object, body)

    async def _ask_for_presets(self, ends: float) -> None:
        """Ask what the device allows; no answer costs nothing but the lists.

        A page that is not there is an answer. Anything else may come from a device
        that has too much to do, and is asked for again at a later poll.
        """
        try:
            self._bodies["asic"], asic = await self._page("/api/system/asic", ends)
            self._memory.take_presets(asic)
        except MinerError as err:
            if isinstance(err, StatusError) and err.status in _NO_SUCH_ROUTE:
                self._memory.take_presets(None)

    @override
    def writing(self, setting: Setting) -> Writing:
        return writing_of(setting, self._info)

    @override
    async def apply(self, decide: Decide, known: MinerReading | None = None) -> None:
        async with self._slot as ends:
            changes = decide(known or await self._read(ends))
            await send_in_order(self._parts(changes, later(self._deadline)))

    def _parts(
        self, changes: Changes, ends: float
    ) -> Iterator[Callable[[], Awaitable[None]]]:
        """Put the requests together: at rest before set points change, at work after.

        What cannot be written is found before the first of them is sent.
        """
        assert self._last is not None
        limits = self._last.identity.limits
        known = Known(self._info, limits, self._memory.auto_fan_mode)
        rest = dict(changes)
        mining = rest.pop(Setting.MINING, None)
        if mining is not None:
            check_value(Setting.MINING, mining, None)
        body = patch_body(rest, known)
        stop, start = _switches(known.info, needed=mining is not None)
        if mining is not None and not mining:
            yield partial(self._send, "POST", stop, ends)
        if body:
            content = json.dumps(body).encode()
            yield partial(self._send, "PATCH", _SETTINGS, ends, content)
        if mining:
            yield partial(self._start, start, ends)

    async def _start(self, path: str, ends: float) -> None:
        """Start hashing; who restarts for that hangs up."""
        try:
            await self._send("POST", path, ends)
        except MinerCutOffError as err:
            if path != _RESTART or err.outcome is Outcome.NOT_SENT:
                raise

    @override
    async def restart(self, prove: Prove) -> None:
        await self._command(prove, partial(self._start, _RESTART))

    @override
    async def recover(self, prove: Prove) -> None:
        """Clear the overheat flag, which outlives a boot, and restart."""
        async with self._slot as ends:
            state = (reading := await self._read(ends)).state
            prove(reading)
            if state.overheated and flag(self._info.get(_FLAG)) is not None:
                content = json.dumps({_FLAG: 0}).encode()
                await self._send("PATCH", _SETTINGS, later(self._deadline), content)
                await self._until_cleared()
            await self._start(_RESTART, later(self._deadline))

    async def _until_cleared(self) -> None:
        """Wait until the flag is, at most for as long as AxeOS takes to apply it.

        It is applied behind the reply, and some firmware shows it only after a boot.
        """
        ends = later(_APPLIES)
        while later(0) < ends:
            await asyncio.sleep(_ASKED_AGAIN)
            with suppress(MinerError):
                await self._read(later(self._deadline))
                if not flag(self._info.get(_FLAG)):
                    return

    @override
    async def locate(self, prove: Prove) -> None:
        """Show a greeting on the display; a second call would end it, so wait."""
        now = self._monotonic()
        if self._located_at is not None and now - self._located_at < _LOCATE_LASTS:
            return
        await self._command(prove, partial(self._send, "POST", "/api/system/identify"))
        self._located_at = now

    @override
    async def dismiss_block(self, prove: Prove) -> None:
        await self._command(
            prove, partial(self._send, "POST", "/api/system/blockFound/dismiss")
        )

    @override
    async def open_session(self, code: str) -> str:
        """Trade a code for a session, which this client shows from then on."""
        code = code.replace(" ", "")
        if not _CODE.fullmatch(code):
            raise MinerAuthError("no code", credentials=False, one_time_code=True)
        async with self._slot as ends:
            answer = await self._ask_for_session(code, ends)
        if answer.status // 100 != 2:
            secrets = secrets_of(self._credentials, code)
            raise refusal_of(answer, secrets, one_time_code=True)
        reply = await read_apart(parse_object, answer.body)
        token = reply.get("token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise MinerResponseError("no session in the reply")
        self._session_token = token
        return token

    async def _ask_for_session(self, code: str, ends: float) -> Answer:
        """Ask under the older path, then under the newer if that is unknown."""
        older, newer = map(self._device.url.with_path, _SESSIONS)
        shown = {"X-TOTP": code}
        answer = await self._device.command("POST", older, ends, headers=shown)
        if answer.status in _NO_SUCH_ROUTE and b"OTP" not in answer.body:
            return await self._device.command("POST", newer, ends, headers=shown)
        return answer

    async def _send(
        self, method: str, path: str, ends: float, body: bytes | None = None
    ) -> None:
        """Send a command once; only within a slot."""
        self._spare_refusals(path)
        url = self._device.url.with_path(path)
        headers = {} if body is None else {"Content-Type": "application/json"}
        if _TOKEN.fullmatch(self._session_token):
            headers["X-OTP-Session"] = self._session_token
        answer = await self._device.command(
            method, url, ends, body=body, headers=headers
        )
        if answer.status // 100 == 2:
            return
        refusal = refusal_of(
            answer,
            secrets_of(self._credentials, self._session_token),
            one_time_code=is_nerdos(self._info),
        )
        if isinstance(refusal, MinerAuthError) and refusal.one_time_code:
            # It cannot judge a session before a time server set its clock.
            uptime = count(self._info.get("uptimeSeconds"))
            booted = uptime is not None and uptime < _CLOCK_SET
            self._clock_unset = booted and bool(self._session_token)
            spare = _SPARE_CLOCK if self._clock_unset else _SPARE
            self._refused_until = self._monotonic() + spare
            self._refused = self._session_token
            if self._clock_unset:
                raise _clock_unset(refusal.outcome)
        raise refusal

    def _spare_refusals(self, path: str) -> None:
        """Send nothing that is refused for certain: some refusals lock the device."""
        counts = self._monotonic() < self._refused_until
        # Settings always want a code, commands until there is one to shut down.
        obeys = path != _SETTINGS and can_shut_down(self._info)
        if obeys or not counts or self._refused != self._session_token:
            return
        if self._clock_unset:
            raise _clock_unset(Outcome.NOT_SENT)
        raise MinerAuthError(
            "it waits for a one-time code", credentials=False, one_time_code=True
        )

    @property
    def _info(self) -> Mapping[str, Any]:
        """The last reply, read anew: it is seldom needed, and large."""
        return parse_object(self._bodies["info"]) if self._last else {}


def _clock_unset(outcome: Outcome) -> MinerBusyError:
    return MinerBusyError(
        "it has just started and cannot check the session before its clock is set",
        ErrorKind.HTTP_STATUS,
        outcome=outcome,
        reason=ErrorReason.STARTING,
    )


def _switches(info: Mapping[str, Any], *, needed: bool) -> tuple[str, str]:
    """Name the commands that stop and start hashing."""
    if is_nerdos(info) and can_shut_down(info):
        return "/api/system/shutdown", _RESTART
    if needed and "miningPaused" not in info:
        raise MinerCommandError(
            "the firmware cannot pause", reason=ErrorReason.NOT_SUPPORTED
        )
    return "/api/system/pause", "/api/system/resume"
