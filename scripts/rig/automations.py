"""What the demo needs so that its user can make automations, and talk to Assist."""

from pathlib import Path
import shutil

from .api import HassApi
from .assist import copy_sentences
from .hass import CONFIGURATION, REPOSITORY

# Home Assistant's editors keep what a user makes in these files.
FILES = ("automations.yaml", "scripts.yaml", "scenes.yaml")
DEMO_CONFIGURATION = f"""\
{CONFIGURATION}\
automation: !include automations.yaml
script: !include scripts.yaml
scene: !include scenes.yaml
conversation:
assist_pipeline:
"""

_AUTOMATIONS = Path("blueprints", "automation")


def prepare_automations(directory: Path) -> None:
    """Make a configuration directory ready; what a user made in it stays.

    The blueprints are copied: Home Assistant lists none that lie behind a linked
    folder, and whoever imports or deletes one in the demo must not change ours.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (directory / name).touch()
    copy_sentences(directory)
    shutil.copytree(
        REPOSITORY / _AUTOMATIONS, directory / _AUTOMATIONS, dirs_exist_ok=True
    )


async def missing_blueprints(api: HassApi) -> list[str]:
    """Return which of the repository's blueprints cannot be chosen."""
    folder = REPOSITORY / _AUTOMATIONS
    ours = {str(path.relative_to(folder)) for path in folder.glob("**/*.yaml")}
    listed = await api.command("blueprint/list", domain="automation")
    usable = {path for path, blueprint in listed.items() if "metadata" in blueprint}
    return [f"no blueprint {path}" for path in sorted(ours - usable)]
