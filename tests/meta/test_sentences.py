"""The sentences for Assist mean the same in every language."""

import re

from hassil import recognize
from hassil.intents import Intents, TextSlotList
from homeassistant.util.yaml import parse_yaml
import pytest

from custom_components.miner_monitor.actions.assist import ABILITIES

from .package import ROOT

PAGES = ("assist.md", "assist-sentences.md")
BLOCKS = {
    language: block
    for page in PAGES
    for block, language in re.findall(
        r"```yaml\n(language: (\w+)\n.*?)```",
        (ROOT / "docs" / page).read_text(encoding="utf-8"),
        re.DOTALL,
    )
}
AREA = "garage"
SAID = {
    "en": {
        "how are my miners": ("Status", {}),
        "what does the miner Gamma do": ("Miner", {"name": "Gamma"}),
        "save power in the garage": ("SavePower", {"area": AREA}),
        "resume the miner Avalon Q": ("Resume", {"name": "Avalon Q"}),
        "what did mining cost today": ("Cost", {}),
    },
    "de": {
        "wie geht es meinen Minern": ("Status", {}),
        "was macht der Miner Gamma": ("Miner", {"name": "Gamma"}),
        "spare Strom in der Garage": ("SavePower", {"area": AREA}),
        "setze den Miner Avalon Q fort": ("Resume", {"name": "Avalon Q"}),
        "was hat das Mining heute gekostet": ("Cost", {}),
    },
    "es": {
        "cómo están mis mineros": ("Status", {}),
        "qué hace el minero Gamma": ("Miner", {"name": "Gamma"}),
        "ahorra energía en el garage": ("SavePower", {"area": AREA}),
        "reanuda el minero Avalon Q": ("Resume", {"name": "Avalon Q"}),
        "cuánto ha costado la minería hoy": ("Cost", {}),
    },
    "fr": {
        "comment vont mes mineurs": ("Status", {}),
        "que fait le mineur Gamma": ("Miner", {"name": "Gamma"}),
        "économise l'énergie dans le garage": ("SavePower", {"area": AREA}),
        "relance le mineur Avalon Q": ("Resume", {"name": "Avalon Q"}),
        "combien a coûté le minage aujourd'hui": ("Cost", {}),
    },
    "nl": {
        "hoe gaat het met mijn miners": ("Status", {}),
        "wat doet de miner Gamma": ("Miner", {"name": "Gamma"}),
        "bespaar energie in de garage": ("SavePower", {"area": AREA}),
        "hervat de miner Avalon Q": ("Resume", {"name": "Avalon Q"}),
        "wat kostte het minen vandaag": ("Cost", {}),
    },
}


def test_every_language_has_all_intents() -> None:
    assert set(BLOCKS) == set(SAID)
    kinds = {ability.intent_type for ability in ABILITIES}
    english = parse_yaml(BLOCKS["en"])
    for language, block in BLOCKS.items():
        content = parse_yaml(block)
        assert isinstance(content, dict)
        assert isinstance(english, dict)
        assert set(content["intents"]) == kinds, language
        for kind, intent in content["intents"].items():
            slots = [
                sorted(set(re.findall(r"\{(\w+)", " ".join(of["sentences"]))))
                for of in (intent["data"][0], english["intents"][kind]["data"][0])
            ]
            assert slots[0] == slots[1], (language, kind)


@pytest.mark.parametrize("language", SAID)
def test_said(language: str) -> None:
    content = parse_yaml(BLOCKS[language])
    assert isinstance(content, dict)
    intents = Intents.from_dict(content)
    areas = {"area": TextSlotList.from_strings([AREA])}
    for text, (kind, slots) in SAID[language].items():
        found = recognize(text, intents, slot_lists=areas)
        assert found is not None, text
        assert found.intent.name == f"MinerMonitor{kind}"
        heard = {name: str(one.value).strip() for name, one in found.entities.items()}
        assert heard == slots
