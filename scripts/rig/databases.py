"""The tests that use the recorder, on another database than SQLite.

`python -m scripts.rig.databases postgresql|mariadb [pytest's arguments]` starts a
server of its own: data in a temporary directory, on a free port of loopback alone, as
a user without rights. It ends with the tests, and leaves nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
import hashlib
import os
from pathlib import Path
import pwd
import shutil
import subprocess
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any, override
from xml.etree import ElementTree as ET

from .debian import unpack
from .hass import REPOSITORY
from .process import ProcessFailedError, free_port, tail
from .releases import TOOLS, uv

REQUIREMENTS = REPOSITORY / "requirements_databases.txt"
PACKAGES = TOOLS / "databases"
"""Where the drivers are installed: nothing but these tests sees them."""

PATIENCE_SECONDS = 60
NOBODY = "nobody"


class Database(ABC):
    """A server of one kind, and how it is started from nothing."""

    name: str
    packages: Sequence[str]
    server: str
    """Where its program is below a root; the newest of several is taken."""

    def __init__(self, program: Path, data: Path, port: int) -> None:
        """Take the program, an empty directory and a free port."""
        self.program, self.data, self.port = program, data, port

    def failure(self, log: Path) -> Exception:
        """Return an error with the end of what was said."""
        return ProcessFailedError(f"{self.name} does not start\n{tail(log)}")

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the tests find a database, which they make themselves."""

    @property
    @abstractmethod
    def idle_url(self) -> str:
        """Where a connection shows that it is up."""

    @abstractmethod
    def prepare(self) -> Sequence[str]:
        """Return what fills the directory."""

    @abstractmethod
    def serve(self) -> Sequence[str]:
        """Return what serves, in the foreground."""


class PostgreSQL(Database):
    """PostgreSQL as Debian has it."""

    name, packages = "PostgreSQL", ("postgresql",)
    server = "usr/lib/postgresql/*/bin/postgres"

    @property
    @override
    def url(self) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/recorder"

    @property
    @override
    def idle_url(self) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/postgres"

    @override
    def prepare(self) -> Sequence[str]:
        initdb = str(self.program.with_name("initdb"))
        options = ("-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C")
        return (initdb, "-D", str(self.data), "--no-sync", *options)

    @override
    def serve(self) -> Sequence[str]:
        program, data = str(self.program), str(self.data)
        return (
            *(program, "-D", data, "-k", data, "-F"),
            *("-h", "127.0.0.1", "-p", str(self.port)),
        )


class MariaDB(Database):
    """MariaDB as Debian has it."""

    name, packages = "MariaDB", ("mariadb-server-core", "mariadb-client-core")
    server = "usr/sbin/mariadbd"

    @property
    @override
    def url(self) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/recorder?charset=utf8mb4"

    @property
    @override
    def idle_url(self) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/"

    @property
    def _places(self) -> Sequence[str]:
        return (
            "--no-defaults",
            f"--basedir={self.program.parent.parent}",
            f"--datadir={self.data}",
        )

    @override
    def prepare(self) -> Sequence[str]:
        install = str(self.program.parent.parent / "bin" / "mariadb-install-db")
        options = ("--auth-root-authentication-method=normal", "--skip-test-db")
        return (install, *self._places, *options)

    @override
    def serve(self) -> Sequence[str]:
        return (
            *(str(self.program), *self._places),
            *("--bind-address=127.0.0.1", f"--port={self.port}"),
            f"--socket={self.data / 'socket'}",
            *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"),
        )


DATABASES: Mapping[str, type[Database]] = {
    "postgresql": PostgreSQL,
    "mariadb": MariaDB,
}


class NoDatabaseError(Exception):
    """There is no such server here, and none could be had."""


@contextmanager
def running(kind: type[Database]) -> Iterator[Database]:
    """Run a server while the context lasts."""
    with ExitStack() as context:
        folder = Path(context.enter_context(TemporaryDirectory(prefix="recorder-")))
        program, environment = _program(kind, folder)
        data = folder / "data"
        data.mkdir()
        database, user, group = kind(program, data, free_port()), None, None
        if os.geteuid() == 0:
            # They refuse to be root, and need none of its rights.
            owner = pwd.getpwnam(NOBODY)
            user, group = owner.pw_uid, owner.pw_gid
            for owned in (folder, data):
                os.chown(owned, user, group)
        log = context.enter_context((folder / "log").open("wb"))
        start = partial(
            subprocess.Popen,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            user=user,
            group=group,
            extra_groups=None if user is None else (),
        )
        if start(database.prepare()).wait():
            raise database.failure(folder / "log")
        server = start(database.serve())
        try:
            _wait(database, server, folder / "log")
            yield database
        finally:
            server.terminate()
            try:
                server.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _program(kind: type[Database], folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the installed program, else that of an unpacked package, and around it."""
    environment = dict(os.environ)
    if found := sorted(Path("/").glob(kind.server)):
        return found[-1], environment
    root = TOOLS / kind.packages[0] / "root"
    if not list(root.glob(kind.server)):
        try:
            unpack(root.parent, *kind.packages)
        except (OSError, subprocess.SubprocessError) as err:
            raise NoDatabaseError(f"{kind.name} could not be loaded: {err}") from err
    if os.geteuid() == 0:
        # Our own folders may be closed to others.
        folder.chmod(0o755)
        root = shutil.copytree(root, folder / "root", symlinks=True)
    libraries = [str(path) for path in root.glob("usr/lib/*-linux-gnu")]
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(libraries)
    if not (found := sorted(root.glob(kind.server))):
        raise NoDatabaseError(f"{kind.name} has no {kind.server}")
    return found[-1], environment


def _wait(database: Database, server: subprocess.Popen[Any], log: Path) -> None:
    """Wait until it takes connections."""
    connect = "import sys, sqlalchemy; sqlalchemy.create_engine(sys.argv[1]).connect()"
    command = [sys.executable, "-c", connect, database.idle_url]
    for _ in range(PATIENCE_SECONDS):
        if server.poll() is not None:
            break
        tried = subprocess.run(
            command, check=False, env=_with_drivers(), capture_output=True
        )
        if tried.returncode == 0:
            return
        time.sleep(1)
    raise database.failure(log)


def _with_drivers() -> dict[str, str]:
    """Return an environment in which Python finds the drivers."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    stamp = PACKAGES / ".requirements"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(PACKAGES, ignore_errors=True)
        place = ("--target", str(PACKAGES), "--python", sys.executable)
        only = ("--only-binary", ":all:", "--no-deps", "-r", str(REQUIREMENTS))
        uv("pip", "install", *place, *only)
        stamp.write_text(wanted, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(PACKAGES)}


def modules() -> list[str]:
    """Return the test modules that use the recorder."""
    found = (REPOSITORY / "tests").glob("test_*.py")
    return sorted(
        str(path.relative_to(REPOSITORY))
        for path in found
        if "recorder_mock" in path.read_text(encoding="utf-8")
    )


def main(arguments: Sequence[str]) -> int:
    """Run tests on a database; one that is not to be had is one skipped test."""
    name, *chosen = arguments
    try:
        with running(DATABASES[name]) as database:
            command = [sys.executable, "-m", "pytest", f"--dburl={database.url}", "-q"]
            named = any(Path(word.partition("::")[0]).exists() for word in chosen)
            command += [*chosen, *([] if named else modules())]
            return subprocess.run(
                command, cwd=REPOSITORY, env=_with_drivers(), check=False
            ).returncode
    except NoDatabaseError as err:
        print(f"{name} is SKIPPED: {err}", flush=True)
        _report_skipped(chosen, str(err))
        return 0


def _report_skipped(arguments: Sequence[str], reason: str) -> None:
    """Write the report that pytest would have written."""
    if "--junit-xml" in arguments:
        suite = ET.Element("testsuite")
        case = ET.SubElement(suite, "testcase", name="all")
        ET.SubElement(case, "skipped", message=reason)
        path = arguments[arguments.index("--junit-xml") + 1]
        ET.ElementTree(suite).write(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
