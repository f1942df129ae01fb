"""Each rule of Home Assistant's quality scale that is done has something to show.

The evidence of a rule is a test of its behaviour, a heading of the docs, or a line of
the package; what is named here has to be there.
"""

import re

import yaml

from ..each import for_each
from .package import INTEGRATION

ROOT = INTEGRATION.parents[1]
RULES = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text())["rules"]

TEST, HEADING, CODE = "test", "heading", "code"
type Evidence = tuple[str, str, str]
"""A kind, a file, and what is in it: a test's name, a heading, or a pattern."""

EVIDENCE: dict[str, tuple[Evidence, ...]] = {
    "action-setup": (
        (
            CODE,
            "__init__.py",
            r"async def async_setup\(.*\n(?:.*\n)+?.*register_actions",
        ),
        (TEST, "tests/test_actions.py", "test_a_miner_that_is_not_loaded"),
    ),
    "appropriate-polling": (
        (CODE, "const.py", r"MIN_POLL_INTERVAL: Final = 10\b"),
        (TEST, "tests/test_presence.py", "test_one_request_per_poll"),
    ),
    "brands": (
        (TEST, "tests/hassfest/test_package_files.py", "test_no_other_picture"),
    ),
    "common-modules": (
        (CODE, "coordinator.py", r"class MonitorCoordinator"),
        (CODE, "entity.py", r"class MinerMonitorEntity"),
    ),
    "config-flow-test-coverage": (
        (TEST, "tests/test_config_flow.py", "test_errors_and_recovery"),
        (TEST, "tests/test_config_flow.py", "test_duplicate"),
        (
            TEST,
            "tests/meta/test_flow_texts.py",
            "test_form_of_the_options_of_all_miners",
        ),
    ),
    "config-flow": (
        (CODE, "manifest.json", r'"config_flow": true'),
        (
            TEST,
            "tests/e2e/test_add_miner.py",
            "test_a_miner_added_by_its_address_shows_its_hash_rate_and_power",
        ),
    ),
    "dependency-transparency": (
        (
            TEST,
            "tests/hassfest/test_manifest.py",
            "test_requirements_get_along_with_home_assistant",
        ),
    ),
    "docs-actions": ((TEST, "tests/meta/test_actions.py", "test_documented"),),
    "docs-conditions": ((HEADING, "docs/automations.md", "Triggers and conditions"),),
    "docs-high-level-description": ((HEADING, "README.md", "What you get"),),
    "docs-installation-instructions": ((HEADING, "README.md", "Install"),),
    "docs-removal-instructions": ((HEADING, "README.md", "Remove"),),
    "docs-triggers": ((HEADING, "docs/automations.md", "Triggers and conditions"),),
    "entity-event-setup": (
        (TEST, "tests/test_presence.py", "test_unload_stops_polling"),
    ),
    "entity-unique-id": ((TEST, "tests/test_sensor.py", "test_entities"),),
    "has-entity-name": ((CODE, "entity.py", r"has_entity_name = True"),),
    "runtime-data": ((CODE, "__init__.py", r"entry\.runtime_data = coordinator"),),
    "test-before-configure": (
        (TEST, "tests/test_config_flow.py", "test_errors_and_recovery"),
    ),
    "unique-config-entry": (
        (TEST, "tests/test_config_flow.py", "test_duplicate"),
        (TEST, "tests/test_config_flow.py", "test_two_with_one_mac"),
    ),
    "action-exceptions": (
        (TEST, "tests/meta/test_translations.py", "test_error_of_an_action"),
        (TEST, "tests/test_actions.py", "test_one_of_several_fails"),
    ),
    "config-entry-unloading": (
        (TEST, "tests/test_presence.py", "test_unload_stops_polling"),
    ),
    "docs-configuration-parameters": ((HEADING, "README.md", "Options"),),
    "docs-installation-parameters": ((HEADING, "docs/adding.md", "Enter addresses"),),
    "entity-unavailable": ((TEST, "tests/test_presence.py", "test_away_and_back"),),
    "integration-owner": ((CODE, "manifest.json", r'"codeowners": \[\s*"@'),),
    "log-when-unavailable": ((TEST, "tests/test_presence.py", "test_away_and_back"),),
    "parallel-updates": (
        (TEST, "tests/meta/test_platforms.py", "test_parallel_updates"),
    ),
    "reauthentication-flow": (
        (TEST, "tests/test_auth.py", "test_a_changed_password_is_asked_for_once"),
    ),
    "test-coverage": ((CODE, "../../pyproject.toml", r"fail_under = 9[5-9]"),),
    "devices": ((TEST, "tests/test_sensor.py", "test_device"),),
    "diagnostics": ((TEST, "tests/test_diagnostics.py", "test_no_secrets"),),
    "discovery-update-info": (
        (TEST, "tests/test_config_flow.py", "test_dhcp_follows_a_known_miner"),
    ),
    "discovery": (
        (TEST, "tests/test_config_flow.py", "test_zeroconf_new_miner"),
        (TEST, "tests/test_config_flow.py", "test_dhcp_new_miner"),
    ),
    "docs-data-update": ((HEADING, "README.md", "When a miner is off, or moves"),),
    "docs-examples": ((HEADING, "docs/entities.md", "Examples"),),
    "docs-known-limitations": ((HEADING, "README.md", "Supported devices"),),
    "docs-supported-devices": ((HEADING, "README.md", "Supported devices"),),
    "docs-supported-functions": ((TEST, "tests/meta/test_docs.py", "test_row"),),
    "docs-troubleshooting": ((HEADING, "docs/troubleshooting.md", "Troubleshooting"),),
    "docs-use-cases": ((HEADING, "README.md", "Run on cheap or surplus power"),),
    "entity-category": ((TEST, "tests/meta/test_platforms.py", "test_category"),),
    "entity-device-class": ((TEST, "tests/test_sensor.py", "test_entities"),),
    "entity-disabled-by-default": (
        (TEST, "tests/meta/test_platforms.py", "test_about_a_dozen_sensors_are_on"),
    ),
    "entity-translations": (
        (TEST, "tests/meta/test_translations.py", "test_entity_name"),
    ),
    "exception-translations": (
        (
            TEST,
            "tests/meta/test_translations.py",
            "test_every_cause_of_an_error_has_a_text",
        ),
    ),
    "icon-translations": ((TEST, "tests/hassfest/test_icons.py", "test_entity"),),
    "reconfiguration-flow": ((TEST, "tests/test_config_flow.py", "test_reconfigure"),),
    "repair-issues": (
        (TEST, "tests/meta/test_translations.py", "test_every_issue_has_texts"),
    ),
    "async-dependency": (
        (CODE, "miners/http.py", r"async def"),
        (CODE, "miners/avalon/transport.py", r"async def"),
    ),
    "inject-websession": ((CODE, "__init__.py", r"await async_get_session\(hass\)"),),
    "strict-typing": (
        (CODE, "py.typed", r""),
        (CODE, "../../pyproject.toml", r"strict = true"),
        (CODE, "../../scripts/rig/suite.py", r'command=\["mypy"\]'),
    ),
}


def _status(rule: str) -> str:
    entry = RULES[rule]
    return str(entry if isinstance(entry, str) else entry["status"])


def test_every_rule_is_done_or_says_why_not() -> None:
    exempt = {rule for rule in RULES if _status(rule) == "exempt"}
    assert {_status(rule) for rule in RULES} <= {"done", "exempt"}
    assert all(len(RULES[rule]["comment"]) > 20 for rule in exempt)
    assert EVIDENCE.keys() == RULES.keys() - exempt


@for_each("rule", EVIDENCE)
def test_evidence(rule: str) -> None:
    for kind, file, what in EVIDENCE[rule]:
        path = (INTEGRATION if kind == CODE else ROOT) / file
        text = path.read_text(encoding="utf-8")
        pattern = {
            TEST: rf"^(?:async )?def {re.escape(what)}\(",
            HEADING: rf"^#+ {re.escape(what)}$",
            CODE: what,
        }[kind]
        assert re.search(pattern, text, re.MULTILINE), (file, what)
