"""A program that the rig starts, watches and ends."""

import asyncio
from collections.abc import Mapping, Sequence
import contextlib
import os
from pathlib import Path
import secrets
import signal
import socket
from types import TracebackType
from typing import Self

TAIL_LINES = 40


class ProcessFailedError(Exception):
    """A program did not start, ended by itself, or did not answer in time."""


LOWEST_PORT, HIGHEST_PORT = 20_000, 32_768


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody listens on at this moment."""
    return free_ports(1, host)[0]


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Return this many different TCP ports that nobody listens on at this moment.

    The system gives out none of them by itself, so that nobody gets one meanwhile.
    """
    ports = list[int]()
    with contextlib.ExitStack() as listeners:
        while len(ports) < count:
            port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT)
            listener = listeners.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                listener.bind((host, port))
                ports.append(port)
    return ports


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen on this port now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
        return True


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log file."""
    if not path.exists():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])


class ChildProcess:
    """A program in a process group of its own, with its output in a file.

    The own group keeps a Ctrl-C at the terminal from reaching it before its
    starter has decided in which order things end.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: Path,
        output: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Remember what to run and where its output goes."""
        self._command = command
        self._directory = directory
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self.output = output

    async def __aenter__(self) -> Self:
        """Start the program."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the program."""
        await self.stop()

    @property
    def pid(self) -> int:
        """Return the id of the running process."""
        if self._process is None:
            raise ProcessFailedError(f"{self._command[0]} was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Return whether the program runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the program; its output replaces that of an earlier run."""
        with self.output.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._directory,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )

    async def stop(self, timeout: float = 30) -> int | None:
        """Ask the program to end, insist after the timeout, return its code."""
        if (process := self._process) is None:
            return None
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(timeout):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return process.returncode

    async def wait(self) -> int:
        """Wait until the program ends by itself and return its code."""
        if self._process is None:
            raise ProcessFailedError(f"{self._command[0]} was not started")
        return await self._process.wait()

    def check(self, log: Path | None = None) -> None:
        """Raise with the end of its log when the program no longer runs."""
        if not self.running:
            raise self.failure("ended unexpectedly", log)

    def failure(self, what: str, log: Path | None = None) -> ProcessFailedError:
        """Return an error that shows the end of the program's log."""
        name = " ".join(self._command[:3])
        text = tail(log) if log else ""
        return ProcessFailedError(f"{name} {what}\n{text or tail(self.output)}")
