"""Who may use a miner: HTTP Basic in front of all, NerdOS' codes before writes."""

from base64 import b32encode, b64encode
from collections import deque
import hashlib
import json

from .api import HTML, JSON, TEXT, Response
from .boards import Dialect
from .device import Device
from .network import passes
from .versions import Version
from .wire import Received

REALM = "AxeOS"
CODES_SINCE: Version = (1, 0, 34)
SECOND_API: Version = (1, 1, 0)
FREE_SINCE: Version = (1, 0, 36)
FREE = tuple(f"/api/system/{name}" for name in ("restart", "shutdown", "reset-stats"))
CODE_SECONDS = 30.0
SESSION_SECONDS = 24 * 3600.0
MOST_FAILURES, FAILURE_SECONDS, LOCK_SECONDS = 5, 60.0, 300.0


def _refused(text: str, status: int = 401, realm: str | None = None) -> Response:
    """Return a refusal."""
    return Response(status=status, content_type=TEXT, body=text.encode(), realm=realm)


class Access:
    """Decides on the requests of one device."""

    def __init__(self, device: Device) -> None:
        """Guard this device; without secrets in its spec nothing is guarded."""
        self._device = device
        spec = device.spec
        pair = f"{spec.username}:{spec.password}".encode()
        wanted = spec.username or spec.password
        self._basic = f"Basic {b64encode(pair).decode()}" if wanted else None
        self._sessions: dict[str, float] = {}
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)
        self._locked_until = 0.0
        self._code_used_until = 0.0

    def answer(self, request: Received) -> Response | None:
        """Refuse a request or grant a session; None lets it pass."""
        if self._device.stock and not self._near(request):
            return Response(status=401, content_type=HTML, body=b"Unauthorized")
        shown = request.headers.get("authorization")
        if self._basic is not None and shown != self._basic:
            return _refused("Unauthorized", realm=REALM)
        device = self._device
        if device.board.dialect is not Dialect.NERDOS or device.version < CODES_SINCE:
            return None
        if (request.method, request.path) == ("POST", self._session_path):
            return self._open_session(request)
        writes = request.method != "GET" and request.path.startswith("/api/system")
        free = device.version >= FREE_SINCE and request.path in FREE
        if not writes or free or device.spec.otp_code is None:
            return None
        return self._check(request)

    def _near(self, request: Received) -> bool:
        """Tell whether a request comes from a private network, page included."""
        stranger = self._device.faults.get("peer")
        peer = stranger.text("address", request.peer) if stranger else request.peer
        origin = request.headers.get("origin", "")
        return passes(request.method, peer, origin, self._device.version)

    @property
    def _session_path(self) -> str:
        """Return where sessions are opened."""
        newer = self._device.version >= SECOND_API
        return "/api/v2/otp/session" if newer else "/api/otp/session"

    def _open_session(self, request: Received) -> Response:
        """Trade a code for a session."""
        if self._device.spec.otp_code is None:
            return _refused("OTP disabled", 405)
        if "x-totp" not in request.headers:
            return _refused("Missing X-TOTP header", 400)
        if not self._takes(request.headers["x-totp"]):
            return _refused("Invalid TOTP")
        now = self._device.clock.now()
        token = self._token()
        self._sessions[token] = now + SESSION_SECONDS
        body = {
            "token": token,
            "ttlMs": int(1000 * SESSION_SECONDS),
            "expiresAt": 1000 * (now + SESSION_SECONDS),
        }
        return Response(content_type=JSON, body=json.dumps(body).encode())

    def _takes(self, code: str) -> bool:
        """Tell whether a code is right, of which each is taken once."""
        now = self._device.clock.now()
        used = now < self._code_used_until
        if used or not self._knows_time or code != self._device.spec.otp_code:
            return False
        self._code_used_until = now + CODE_SECONDS
        return True

    @property
    def _knows_time(self) -> bool:
        """Tell whether a time server has set the clock."""
        return "clock_unset" not in self._device.faults

    def _token(self) -> str:
        """Return a fresh token: a payload and a signature."""
        seed = f"{self._device.spec.name}/{len(self._sessions)}".encode()
        digest = hashlib.sha256(seed).digest()
        payload, signature = (
            b32encode(part).decode().rstrip("=") for part in (digest[:12], digest)
        )
        return f"{payload}.{signature}"

    def _check(self, request: Received) -> Response | None:
        """Let a write pass that shows a session or a code."""
        now = self._device.clock.now()
        if now < self._locked_until:
            return _refused("blocked for 5 minutes")
        session = request.headers.get("x-otp-session", "")
        if self._knows_time and self._sessions.get(session, 0.0) > now:
            return None
        if "x-totp" in request.headers and self._takes(request.headers["x-totp"]):
            return None
        return self._failed("OTP/Session required")

    def _failed(self, text: str) -> Response:
        """Count a failure, of which five in a minute lock the miner."""
        now = self._device.clock.now()
        self._failures.append(now)
        full = len(self._failures) == MOST_FAILURES
        if full and now - self._failures[0] < FAILURE_SECONDS:
            self._locked_until = now + LOCK_SECONDS
            self._failures.clear()
        return _refused(text)
