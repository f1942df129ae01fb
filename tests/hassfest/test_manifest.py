"""The manifest, and what Home Assistant's own checker would say of the package."""

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path
import re
import sys

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant import components
from homeassistant.const import Platform
from homeassistant.generated.config_flows import FLOWS
from homeassistant.util.package import is_installed
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..each import for_each
from ..meta.package import ALL_MODULES, INTEGRATION, TOP_MODULES, load_json, parse

MANIFEST = load_json(INTEGRATION / "manifest.json")

REQUIRED = {"domain", "name", "codeowners", "documentation", "iot_class", "version"}
WANTED_BY_HACS = {"issue_tracker"}
ALLOWED = {
    *REQUIRED,
    *WANTED_BY_HACS,
    *("after_dependencies", "bluetooth", "config_flow", "dependencies", "dhcp"),
    *("disabled", "homekit", "import_executor", "integration_type", "loggers"),
    *("mqtt", "preview_features", "quality_scale", "requirements"),
    *("single_config_entry", "ssdp", "usb", "zeroconf"),
}
IOT_CLASSES = {
    *("assumed_state", "calculated", "cloud_polling", "cloud_push"),
    *("local_polling", "local_push"),
}
INTEGRATION_TYPES = {"device", "entity", "hardware", "helper", "hub", "service"}
VERSION_STRATEGIES = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.PEP440,
]
NEEDS_NO_DECLARATION = {
    *(platform.value for platform in Platform),
    *("automation", "device_automation", "frontend", "group", "homeassistant"),
    *("panel_custom", "persistent_notification", "system_health", "webhook"),
    *("websocket_api", "zone"),
}
"""Components that Home Assistant lets anyone import."""


DECLARED = [*MANIFEST["after_dependencies"], *MANIFEST["dependencies"]]
"""What Home Assistant sets up before us, the first only where it is there."""

DISTRIBUTIONS = packages_distributions()
PROVIDED = {
    # Home Assistant 2026.9 answers to voluptuous in the name of its successor.
    *("homeassistant", "voluptuous"),
    *(
        re.split(r"[^\w-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        for requirement in requires("homeassistant") or []
    ),
}


def home_assistant_pins(name: str) -> set[str]:
    """Collect the versions that Home Assistant's own components pin of a package."""
    manifests = Path(components.__file__).parent.glob("*/manifest.json")
    requirements = (
        Requirement(text)
        for path in manifests
        for text in load_json(path).get("requirements", [])
    )
    return {
        item.version
        for requirement in requirements
        if canonicalize_name(requirement.name) == name
        for item in requirement.specifier
    }


def test_keys() -> None:
    keys = list(MANIFEST)
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])
    assert set(keys) >= REQUIRED | WANTED_BY_HACS
    assert set(keys) <= ALLOWED


def test_domain() -> None:
    assert MANIFEST["domain"] == INTEGRATION.name
    assert MANIFEST["domain"] not in FLOWS["integration"] + FLOWS["helper"]


def test_version() -> None:
    ours = AwesomeVersion(
        MANIFEST["version"], ensure_strategy=VERSION_STRATEGIES, find_first_match=True
    )
    assert ours.strategy is not AwesomeVersionStrategy.UNKNOWN


@for_each("text", MANIFEST["requirements"])
def test_requirements_get_along_with_home_assistant(text: str) -> None:
    """A pin would fight with the component that pins the same package otherwise.

    A lower bound takes whatever version Home Assistant brings along.
    """
    wanted = Requirement(text)
    pins = home_assistant_pins(canonicalize_name(wanted.name))
    assert {item.operator for item in wanted.specifier} == {">="}
    assert pins
    assert all(wanted.specifier.contains(pin) for pin in pins)
    assert is_installed(text)


def test_tests_run_with_the_versions_that_home_assistant_pins() -> None:
    for text in MANIFEST["requirements"]:
        name = canonicalize_name(Requirement(text).name)
        assert version(name) in home_assistant_pins(name)


@for_each("key", ["documentation", "issue_tracker"])
def test_addresses(key: str) -> None:
    assert re.fullmatch(r"https://github\.com/[\w-]+/[\w-]+(/issues)?", MANIFEST[key])


def test_choices() -> None:
    assert MANIFEST["iot_class"] in IOT_CLASSES
    assert MANIFEST["integration_type"] in INTEGRATION_TYPES
    assert MANIFEST["codeowners"]
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])


def test_config_flow_is_declared() -> None:
    assert MANIFEST["config_flow"] is (INTEGRATION / "config_flow.py").is_file()


def test_dhcp_matchers() -> None:
    for matcher in MANIFEST["dhcp"]:
        assert matcher.keys() <= {"hostname", "macaddress", "registered_devices"}
        assert matcher.get("hostname", "") == matcher.get("hostname", "").lower()
        assert matcher.get("macaddress", "") == matcher.get("macaddress", "").upper()
    assert {"registered_devices": True} in MANIFEST["dhcp"]


def test_zeroconf_matchers() -> None:
    for matcher in MANIFEST["zeroconf"]:
        assert matcher.keys() <= {"type", "name", "properties"}
        assert matcher["type"].endswith(".local.")
        assert matcher.get("name", "") == matcher.get("name", "").lower()


@for_each("discovery", ["dhcp", "zeroconf"])
def test_matchers_and_steps_go_together(discovery: str) -> None:
    files = [INTEGRATION / "config_flow.py", *(INTEGRATION / "flows").glob("*.py")]
    steps = {
        node.name
        for path in files
        for node in ast.walk(parse(path))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert (discovery in MANIFEST) is (f"async_step_{discovery}" in steps)


def _imports(path: Path) -> Iterator[str]:
    """Every module that is imported when the file runs, by its full name."""
    nodes: list[ast.AST] = [parse(path)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            nodes += node.orelse
            continue
        nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _components(path: Path) -> set[str]:
    """Return the components that a file imports, or reaches by ``hass``."""
    found = {
        name.split(".")[2]
        for name in _imports(path)
        if name.startswith("homeassistant.components.")
    }
    # What sets up the recorder's database is reached by a helper of its name.
    if any(
        name.startswith("homeassistant.helpers.recorder") for name in _imports(path)
    ):
        found.add("recorder")
    return found


@for_each("path", ALL_MODULES, ids=lambda path: str(path.relative_to(INTEGRATION)))
def test_used_components_are_declared(path: Path) -> None:
    """What is called is set up before us; a discovery matcher does not see to that."""
    declared = {*DECLARED, *NEEDS_NO_DECLARATION}
    # A file named after a component is that component's platform in this package.
    declared |= {module.stem for module in TOP_MODULES}
    assert _components(path) <= declared


def test_declared_components_are_used_and_exist() -> None:
    """What nobody uses any more would be set up for nothing."""
    used = {name for path in ALL_MODULES for name in _components(path)}
    assert set(DECLARED) - used == set()
    folder = Path(components.__file__).parent
    assert all((folder / name / "manifest.json").is_file() for name in DECLARED)
    assert (
        sorted(MANIFEST["after_dependencies"]) + sorted(MANIFEST["dependencies"])
        == DECLARED
    )


@for_each("path", ALL_MODULES, ids=lambda path: str(path.relative_to(INTEGRATION)))
def test_only_what_home_assistant_itself_requires_is_imported(path: Path) -> None:
    for name in _imports(path):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names:
            continue
        distributions = DISTRIBUTIONS.get(top, [top])
        assert PROVIDED & {item.lower().replace("_", "-") for item in distributions}


def test_set_up_without_entries_says_so() -> None:
    """With ``async_setup`` Home Assistant wants to know that YAML is refused."""
    names = {
        getattr(node, "name", None) or getattr(node, "id", None)
        for node in ast.walk(parse(INTEGRATION / "__init__.py"))
    }
    assert "async_setup" not in names or "CONFIG_SCHEMA" in names


@for_each("kind", ["triggers", "conditions"])
def test_yaml_and_module_go_together(kind: str) -> None:
    module = INTEGRATION / f"{kind.removesuffix('s')}.py"
    assert module.is_file() is (INTEGRATION / f"{kind}.yaml").is_file()


def test_only_runtime_texts() -> None:
    """Home Assistant reads translations/ of a custom integration, nothing else."""
    assert not (INTEGRATION / "strings.json").exists()
    assert (INTEGRATION / "translations" / "en.json").is_file()
    assert (INTEGRATION / "py.typed").is_file()
