"""The sentences for Assist that the documentation lets users copy."""

from pathlib import Path
import re

PAGE = (Path(__file__).parents[1] / "docs" / "assist.md").read_text(encoding="utf-8")

(SENTENCES,) = re.findall(r"```yaml\n(language: en\n.*?)```", PAGE, re.DOTALL)


def copy_sentences(configuration: Path) -> None:
    """Put them where a user puts them."""
    path = configuration / "custom_sentences" / "en" / "miner_monitor.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SENTENCES, encoding="utf-8")
