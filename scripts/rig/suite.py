"""Everything that has to pass: `scripts/test`.

The steps stand in rows that run beside each other: what mostly waits, such as the
browser tests, beside what mostly computes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
from tempfile import TemporaryFile
import time
from typing import IO, override
from xml.etree import ElementTree as ET

from .browser import find_chromium
from .databases import DATABASES
from .hass import REPOSITORY
from .javascript import REPORT as JAVASCRIPT_REPORT
from .loopback import own_loopback

ARTIFACTS = REPOSITORY / ".artifacts"
STEP_LIMIT_SECONDS = 3600
CAMPAIGN_LIMIT_SECONDS = 4 * 3600
INSTALL_LIMIT_SECONDS = 300
CLEAN_UP_SECONDS = 60
TIMED_OUT = 124
BAD_ENDS = {"failure", "error"}
PACKAGES = ("chromium", "fonts-dejavu-core")

RESTARTS = "families or test_kill or mid_write"
END_TO_END = {
    "browser tests": (f"not dashboard and not ({RESTARTS})", 1),
    "dashboard tests": ("dashboard and not languages", 2),
    "language tests": ("dashboard and languages", 3),
    "restarts": (f"not dashboard and ({RESTARTS})", 3),
}
"""Which words are in the names of the tests of a step, and its row.

They wait most of their time; those of two steps share no process.
"""

NO_BROWSER = """
########################################################################
##  NO BROWSER: no Chromium was found and none could be installed.    ##
##  The browser tests are SKIPPED. Install the package `chromium`, or ##
##  name an executable in $CHROMIUM, and run again.                   ##
########################################################################
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the suite; a run of tests leaves its counts in a report."""

    name: str
    command: Sequence[str]
    report: Path | None = None
    limit: float = STEP_LIMIT_SECONDS
    row: int = 0
    """Steps of a row follow each other; those of later rows are shown when they end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tests (or checks that are no test runs) ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Return the sum of both."""
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
        )

    @override
    def __str__(self) -> str:
        """Return the counts as pytest words them."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a step ended."""

    step: Step
    exit_code: int
    seconds: float
    counts: Counts


def steps(*, full: bool) -> list[Step]:
    """Return what the suite consists of."""
    python = sys.executable
    tests_report = ARTIFACTS / "tests.xml"
    selection = ["--full"] if full else ["-m", "not campaign"]
    return [
        Step(name="format", command=["ruff", "format", "--check", "."]),
        Step(name="lint", command=["ruff", "check", "."]),
        Step(name="types", command=["mypy"]),
        Step(name="imports", command=["lint-imports"]),
        Step(
            name="JavaScript types",
            command=[python, "-m", "scripts.rig.javascript", "types"],
            row=1,
        ),
        Step(
            name="JavaScript tests",
            command=[python, "-m", "scripts.rig.javascript", "tests"],
            report=JAVASCRIPT_REPORT,
            row=1,
        ),
        Step(
            name="tests",
            command=[
                *(python, "-m", "pytest", "-q"),
                *("-n", "3", "--dist", "worksteal", "--cov", "--cov-branch"),
                *("--junit-xml", str(tests_report)),
                *selection,
            ],
            report=tests_report,
            limit=CAMPAIGN_LIMIT_SECONDS if full else STEP_LIMIT_SECONDS,
        ),
        *newest_steps(full=full),
        *([_floor(), *_databases(), _mutants()] if full else []),
    ]


def newest_steps(*, full: bool) -> list[Step]:
    """Return what runs on the newest stable Home Assistant: whatever is a process.

    The test plugin, which the other tests need, comes later than a release.
    """
    return [
        Step(
            name="newest: types",
            command=[
                *(*_on("newest"), "mypy", "--cache-dir", ".mypy_cache/newest"),
                "custom_components",
            ],
            row=1,
        ),
        Step(
            name="newest: package",
            command=[*_on("newest"), "pytest", "-q", "tests/hassfest"],
            row=1,
        ),
        Step(
            name="demo",
            command=[*_on("newest"), "scripts.rig.demo", "--check"],
            row=1,
        ),
        *(
            _end_to_end(name, which, full=full, row=row)
            for name, (which, row) in END_TO_END.items()
        ),
    ]


def _end_to_end(name: str, which: str, *, full: bool, row: int) -> Step:
    """Return those of the end-to-end tests of which this is so."""
    report = ARTIFACTS / f"{name.replace(' ', '-')}.xml"
    return Step(
        name=name,
        command=[
            *(*own_loopback(), *_on("newest")),
            *("pytest", "-q", "tests/e2e", "-rs", "-k", which),
            *("--junit-xml", str(report)),
            *(["--full"] if full else []),
        ],
        report=report,
        limit=CAMPAIGN_LIMIT_SECONDS if full else STEP_LIMIT_SECONDS,
        row=row,
    )


def _on(release: str) -> list[str]:
    """Return how a Python module is run on another Home Assistant."""
    return [sys.executable, "-m", "scripts.rig.releases", release, "-m"]


def _floor() -> Step:
    """Return the tests against the oldest Home Assistant that is supported."""
    report = ARTIFACTS / "floor.xml"
    return Step(
        name="floor",
        command=[
            *(*_on("floor"), "pytest"),
            *("tests", "-q", "-n", "2", "-m", "not campaign"),
            *("--ignore", "tests/meta", "--junit-xml", str(report)),
        ],
        report=report,
    )


def _databases() -> list[Step]:
    """Return the tests that use the recorder, on each other database."""
    steps = []
    for name, database in DATABASES.items():
        report = ARTIFACTS / f"{name}.xml"
        command = [sys.executable, "-m", "scripts.rig.databases", name]
        steps.append(
            Step(
                name=database.name,
                command=[*command, "--junit-xml", str(report)],
                report=report,
            )
        )
    return steps


def _mutants() -> Step:
    """Return the trial whether the tests notice small faults."""
    return Step(
        name="faults",
        command=[sys.executable, "-m", "scripts.rig.mutants", "--at-least", "65"],
        limit=CAMPAIGN_LIMIT_SECONDS,
    )


def run_all(chosen: Sequence[Step]) -> list[Outcome]:
    """Run the rows beside each other, and return how their steps ended."""
    rows: dict[int, list[Step]] = {}
    for step in chosen:
        rows.setdefault(step.row, []).append(step)
    with ThreadPoolExecutor(len(rows)) as threads:
        ended = threads.map(lambda row: [run(step) for step in row], rows.values())
        return [outcome for outcomes in ended for outcome in outcomes]


def run(step: Step) -> Outcome:
    """Run a step and return how it ended."""
    if step.report is not None:
        step.report.unlink(missing_ok=True)
    started = time.monotonic()
    with TemporaryFile() as output:
        if not step.row:
            print(f"\n=== {step.name}: {_shown(step.command)}", flush=True)
        exit_code = _run_within(step, output if step.row else None)
        seconds = time.monotonic() - started
        output.seek(0)
        said = output.read().decode(errors="replace")
    if step.row:
        print(f"\n=== {step.name}: {_shown(step.command)}\n{said}", flush=True)
    verdict = "ok" if exit_code == 0 else f"FAILED (exit code {exit_code})"
    print(f"=== {step.name}: {verdict}, {seconds:.1f} s", flush=True)
    return Outcome(
        step=step,
        exit_code=exit_code,
        seconds=seconds,
        counts=_counts(step.report, exit_code),
    )


def _run_within(step: Step, output: IO[bytes] | None) -> int:
    """Run a command; one that takes too long may still clean up behind itself."""
    process = subprocess.Popen(
        step.command,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
    )
    try:
        return process.wait(step.limit)
    except subprocess.TimeoutExpired:
        print(f"{step.name}: not done within {step.limit:.0f} s", flush=True)
        process.send_signal(signal.SIGINT)
        return _wait_or_kill(process) or TIMED_OUT
    except KeyboardInterrupt:
        # The terminal has sent it the interrupt too.
        _wait_or_kill(process)
        raise


def _wait_or_kill(process: subprocess.Popen[bytes]) -> int:
    """Wait while the process cleans up, end it when that takes too long."""
    try:
        return process.wait(CLEAN_UP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def ensure_chromium() -> bool:
    """Return whether a Chromium is there, after an attempt to install it."""
    if find_chromium() is not None:
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("=== installing Debian's chromium", flush=True)
        _apt_get("update")
        _apt_get("install", "-y", "--no-install-recommends", *PACKAGES)
    return find_chromium() is not None


def main(arguments: list[str]) -> int:
    """Run everything, or a part; pytest alone when it is given other arguments."""
    if arguments in (["--newest"], ["--newest", "--full"]):
        chosen = newest_steps(full="--full" in arguments)
    elif arguments in ([], ["--full"]):
        chosen = steps(full=bool(arguments))
    else:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606 - pytest takes our place
    ARTIFACTS.mkdir(exist_ok=True)
    has_browser = ensure_chromium()
    if not has_browser:
        print(NO_BROWSER, flush=True)
    started = time.monotonic()
    outcomes = run_all(chosen)
    seconds = time.monotonic() - started
    _summarise(outcomes, seconds, has_browser=has_browser)
    return int(any(outcome.exit_code for outcome in outcomes))


def _apt_get(*arguments: str) -> None:
    """Run apt-get without a question; a failure shows by what is missing after."""
    try:
        subprocess.run(
            ["apt-get", "-qq", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=INSTALL_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"apt-get {arguments[0]} took too long", flush=True)


def _counts(report: Path | None, exit_code: int) -> Counts:
    """Return the counts of a run of tests; any other step is one check."""
    check = Counts(passed=int(exit_code == 0), failed=int(exit_code != 0))
    if report is None or not report.exists():
        return check
    try:
        cases = ET.parse(report).findall(".//testcase")  # noqa: S314 - our own runners wrote it
    except ET.ParseError:
        # Node writes while it runs: it was stopped.
        return check
    ends = [{part.tag for part in case} for case in cases]
    skipped = sum("skipped" in end for end in ends)
    # Node tells of a test that is yet to do that it is skipped, and how it failed.
    failed = sum("skipped" not in end and bool(end & BAD_ENDS) for end in ends)
    passed = len(ends) - failed - skipped
    # A run can fail without a failed test, as by its coverage.
    return Counts(passed=passed, failed=failed or check.failed, skipped=skipped)


def _summarise(
    outcomes: Sequence[Outcome], seconds: float, *, has_browser: bool
) -> None:
    """Print one line for each step and a closing line with the counts."""
    print("\n=== summary")
    for outcome in outcomes:
        verdict = "ok" if outcome.exit_code == 0 else "FAILED"
        counts = f"  {outcome.counts}" if outcome.step.report else ""
        print(
            f"  {outcome.step.name:<16} {verdict:<7}{outcome.seconds:>7.1f} s{counts}"
        )
    if not has_browser:
        print(NO_BROWSER)
    print(f"  {'all':<16} {'':<7}{seconds:>7.1f} s")
    print(sum((outcome.counts for outcome in outcomes), Counts()), flush=True)


def _shown(command: Sequence[str]) -> str:
    """Return a command as one would type it."""
    words = [Path(word).name if word == sys.executable else word for word in command]
    return " ".join(words).replace(f"{REPOSITORY}/", "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
