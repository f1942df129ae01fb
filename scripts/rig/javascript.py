"""The checks of the dashboard's JavaScript: its types and its own tests.

python -m scripts.rig.javascript [types|tests]
"""

import subprocess
import sys

from .hass import DOMAIN, REPOSITORY
from .node import TYPESCRIPT, NodeToolsError, ensure_node_tools, node_command

FRONTEND = REPOSITORY / "custom_components" / DOMAIN / "frontend"
TESTS = REPOSITORY / "tests" / "frontend"
REPORT = REPOSITORY / ".artifacts" / "javascript.xml"
PROJECTS = (REPOSITORY, TESTS)
"""The folders of a tsconfig.json: what runs in a browser, and what in Node."""


def check_types() -> bool:
    """Let TypeScript check the JSDoc types of the modules and of their tests."""
    ensure_node_tools()
    tsc = (node_command(), str(TYPESCRIPT))
    passed = [_passes(*tsc, "--project", str(project)) for project in PROJECTS]
    return all(passed)


def run_tests() -> bool:
    """Run all tests by Node's own runner, which leaves a report like pytest's."""
    tests = sorted(map(str, TESTS.rglob("*.test.mjs")))
    if not tests:
        # Without a file to run, Node would look for tests all over the place.
        print("There is no test of JavaScript.")
        return False
    REPORT.parent.mkdir(exist_ok=True)
    return _passes(
        *(node_command(), "--test"),
        *("--test-reporter=spec", "--test-reporter-destination=stdout"),
        *("--test-reporter=junit", f"--test-reporter-destination={REPORT}"),
        *tests,
    )


def _passes(*command: str) -> bool:
    """Run a command in the open; return whether it found nothing wrong."""
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode == 0


CHECKS = {"types": check_types, "tests": run_tests}


def main(arguments: list[str]) -> int:
    """Run the named checks, or all."""
    try:
        passed = [CHECKS[name]() for name in arguments or CHECKS]
    except NodeToolsError as err:
        print(f"JavaScript tools: {err}", file=sys.stderr)
        return 1
    return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
