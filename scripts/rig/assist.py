"""The sentences for Assist that the documentation lets users copy."""

from pathlib import Path
import re

from .hass import REPOSITORY

PAGE = (REPOSITORY / "docs" / "assist.md").read_text(encoding="utf-8")

(SENTENCES,) = re.findall(r"```yaml\n(language: en\n.*?)```", PAGE, re.DOTALL)


def copy_sentences(configuration: Path) -> None:
    """Put them where a user puts them; what a user made of them stays."""
    path = configuration / "custom_sentences" / "en" / "miner_monitor.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(SENTENCES, encoding="utf-8")
