"""A real Home Assistant process with the integration in it."""

import asyncio
from collections.abc import Sequence
import json
import os
from pathlib import Path
import sys
from types import TracebackType
from typing import Any, Self

import aiohttp

from .api import HassApi
from .process import ChildProcess, ProcessFailedError, free_port
from .websocket import ApiError

REPOSITORY = Path(__file__).resolve().parents[2]
DOMAIN = "miner_monitor"
USERNAME = "demo"
PASSWORD = "demo"  # noqa: S105 - the demo's published log-in, not a secret
START_TIMEOUT_SECONDS = 180
STOP_TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.1
EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound

# default_config would bring media and voice parts that need native packages. Some of
# them come in any case; that ffmpeg and libturbojpeg are missing is no news here.
CONFIGURATION = """\
config:
energy:
frontend:
history:
logbook:
recorder:
logger:
  default: warning
  logs:
    custom_components.miner_monitor: info
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
"""

HOME = {
    "location_name": "Home",
    "latitude": 51.4779,
    "longitude": -0.0015,
    "elevation": 46,
    "time_zone": "Europe/London",
    "unit_system": "metric",
    "currency": "GBP",
    "country": "GB",
    "language": "en",
}


class HassProcess:
    """Home Assistant on a directory that it keeps between starts.

    The first start onboards with the demo's user, later ones log in with it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        host: str = "127.0.0.1",
        configuration: str = CONFIGURATION,
        with_integration: bool = True,
        language: str = "en",
        program: Sequence[str] = ("-m", "homeassistant"),
        patience: float = START_TIMEOUT_SECONDS,
        stop_patience: float = STOP_TIMEOUT_SECONDS,
    ) -> None:
        """Prepare to run in this directory; no port means any free one.

        It is given ``patience`` seconds to start and ``stop_patience`` to end.
        """
        self.directory = directory.resolve()
        self.port = port or free_port()
        self.host = host
        self.log = self.directory / "home-assistant.log"
        self._configuration = configuration
        self._with_integration = with_integration
        self._language = language
        self._patience, self._stop_patience = patience, stop_patience
        self._api: HassApi | None = None
        self._process = ChildProcess(
            [sys.executable, *program, "-c", ".", "--skip-pip"],
            directory=self.directory,
            output=self.directory / "output.log",
            environment=_environment(),
        )

    async def __aenter__(self) -> Self:
        """Start it and wait until it runs and a user is logged in."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it cleanly, so that the recorder keeps everything."""
        await self.stop()

    @property
    def url(self) -> str:
        """Return the address of the frontend on this machine."""
        host = "127.0.0.1" if self.host in EVERY_ADDRESS else self.host
        return f"http://{host}:{self.port}"

    @property
    def api(self) -> HassApi:
        """Return the logged-in user's interface."""
        if self._api is None:
            raise ProcessFailedError("Home Assistant was not started")
        return self._api

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    async def start(self) -> None:
        """Start the process and wait until it runs and a user is logged in."""
        onboarded = self._prepare()
        await self._process.start()
        self._api = HassApi(self.url)
        try:
            async with asyncio.timeout(self._patience):
                await self._log_in(onboarded)
                await self._wait_until_running()
        except BaseException as error:
            await self.stop()
            if isinstance(error, TimeoutError | ApiError | aiohttp.ClientError):
                raise self._process.failure(
                    f"did not start: {error!r}", self.log
                ) from error
            raise

    async def stop(self) -> int | None:
        """End the process and return its exit code."""
        if self._api is not None:
            await self._api.close()
            self._api = None
        return await self._process.stop(self._stop_patience)

    async def wait(self) -> int:
        """Wait until the process ends by itself."""
        return await self._process.wait()

    def check(self) -> None:
        """Raise with the end of the log when the process no longer runs."""
        self._process.check(self.log)

    async def _log_in(self, onboarded: bool) -> None:
        """Log in, as soon as there is a server, with a user who may be new."""
        while not await self.api.answers():
            self.check()
            await asyncio.sleep(POLL_SECONDS)
        if not onboarded:
            await self.api.create_owner("Demo", USERNAME, PASSWORD)
        await self.api.log_in(USERNAME, PASSWORD)
        if not onboarded:
            home = {**HOME, "language": self._language}
            await self.api.command("config/core/update", **home)

    async def _wait_until_running(self) -> None:
        """Wait until every integration of the start-up is set up."""
        while (await self.api.get("config"))["state"] != "RUNNING":
            self.check()
            await asyncio.sleep(POLL_SECONDS)

    def _prepare(self) -> bool:
        """Write the configuration; return whether a user exists already."""
        storage = self.directory / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        (self.directory / "configuration.yaml").write_text(
            self._configuration, encoding="utf-8"
        )
        if self._with_integration:
            _link_integration(self.directory)
        _write_store(storage / "http", self._http_settings())
        onboarding = storage / "onboarding"
        if not onboarding.exists():
            # The other steps start flows of cloud integrations.
            done = ["core_config", "analytics", "integration"]
            _write_store(onboarding, _store("onboarding", 4, 1, {"done": done}))
        steps = json.loads(onboarding.read_text(encoding="utf-8"))["data"]["done"]
        return "user" in steps

    def _http_settings(self) -> dict[str, Any]:
        """Return the stored server settings; YAML would start a timed trial."""
        stable = {
            "server_host": [self.host],
            "server_port": self.port,
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": False,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        }
        data = {"stable": stable, "pending": None, "yaml_migration_done": True}
        return _store("http", 2, 2, data)


def _environment() -> dict[str, str]:
    """Return our environment without a path to the repository.

    The integration is imported from the configuration directory, as a user's is.
    """
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def _link_integration(directory: Path) -> None:
    """Make the integration of this repository the configuration's own."""
    folder = directory / "custom_components"
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").touch()
    link = folder / DOMAIN
    # The repository may have moved since the last start.
    link.unlink(missing_ok=True)
    link.symlink_to(REPOSITORY / "custom_components" / DOMAIN)


def _store(key: str, version: int, minor: int, data: dict[str, Any]) -> dict[str, Any]:
    """Return the envelope in which Home Assistant stores data."""
    return {"version": version, "minor_version": minor, "key": key, "data": data}


def _write_store(path: Path, content: dict[str, Any]) -> None:
    """Write a file of the .storage folder."""
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
