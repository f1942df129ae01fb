"""A real Prometheus, found or unpacked from Debian's package, and its queries."""

import json
import os
from pathlib import Path
import shutil
import subprocess
from types import TracebackType
from typing import Any, Self

import aiohttp

from .debian import unpack
from .hass import REPOSITORY
from .process import ChildProcess, ProcessFailedError, free_port

TOOLS = REPOSITORY / ".tools" / "prometheus"
EXECUTABLE = TOOLS / "root" / "usr" / "bin" / "prometheus"
SCRAPE_SECONDS = 2

type Series = dict[str, str]
"""The labels of a time series."""


def find_prometheus() -> str | None:
    """Return an executable; Debian's package is unpacked beside us, without root."""
    for name in (os.environ.get("PROMETHEUS"), "prometheus", str(EXECUTABLE)):
        if name and (found := shutil.which(name)):
            return found
    try:
        unpack(TOOLS, "prometheus")
    except OSError, subprocess.SubprocessError:
        return None
    return shutil.which(EXECUTABLE)


class PrometheusProcess:
    """Prometheus on this machine alone, which scrapes one Home Assistant."""

    def __init__(
        self,
        executable: str,
        directory: Path,
        *,
        target: str,
        token: str,
        path: str = "/api/prometheus",
    ) -> None:
        """Prepare to scrape a path of a target (host and port) with a bearer token."""
        self._directory = directory
        self._configuration = _configuration(target, path, directory / "token")
        self._token = token
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        self._session: aiohttp.ClientSession | None = None
        self._process = ChildProcess(
            [
                executable,
                f"--config.file={directory / 'prometheus.yml'}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            directory=directory,
            output=directory / "output.log",
        )

    async def __aenter__(self) -> Self:
        """Start it."""
        (self._directory / "token").write_text(self._token, encoding="utf-8")
        # JSON is YAML too.
        text = json.dumps(self._configuration)
        (self._directory / "prometheus.yml").write_text(text, encoding="utf-8")
        await self._process.start()
        self._session = aiohttp.ClientSession(base_url=self._url)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        if self._session is not None:
            await self._session.close()
        await self._process.stop()

    async def query(self, expression: str) -> list[Series]:
        """Return the labels of all series that an expression gives now."""
        result = await self._get("/api/v1/query", query=expression)
        return [found["metric"] for found in result["result"]]

    async def label_values(self, label: str, selector: str) -> list[str]:
        """Return the values of a label among the series of a selector."""
        path = f"/api/v1/label/{label}/values"
        values: list[str] = await self._get(path, **{"match[]": selector})
        return values

    async def scrapes(self) -> bool:
        """Whether it is up and the last scrape was good."""
        try:
            return bool(await self.query("up == 1"))
        except aiohttp.ClientConnectionError:
            self._process.check()
            return False

    async def _get(self, path: str, **parameters: str) -> Any:
        """Return the data of a good answer."""
        assert self._session is not None
        async with self._session.get(path, params=parameters) as response:
            if response.status == 503:  # It has yet to read its own files.
                return {"result": []}
            answer = await response.json()
        if answer["status"] != "success":
            raise ProcessFailedError(f"{parameters}: {answer['error']}")
        return answer["data"]


def _configuration(target: str, path: str, token: Path) -> dict[str, Any]:
    """Return the scrape configuration that the documentation shows, but faster."""
    job = {
        "job_name": "home_assistant",
        "metrics_path": path,
        "authorization": {"credentials_file": str(token)},
        "static_configs": [{"targets": [target]}],
    }
    return {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [job],
    }
