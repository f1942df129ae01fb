"""What people write is read as they mean it, and nothing else is obeyed."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.miner_monitor.chat.names import Names
from custom_components.miner_monitor.chat.parser import (
    Command,
    Misunderstood,
    Verb,
    parse,
)

NAMES = Names(
    {
        "1": ["anna"],
        "2": ["Big Heater", "Gamma 601 A1B2"],
        "3": ["🔥 Öfchen\ufe0f 2"],
        "4": ["Small heater"],
        "5": ["⚡"],
    }
)

UNDERSTOOD: dict[str, tuple[Any, ...]] = {
    "": (Verb.HELP,),
    "!": (Verb.HELP,),
    "/start": (Verb.HELP,),
    "!help": (Verb.HELP,),
    "status": (Verb.STATUS,),
    "  !STATUS\n": (Verb.STATUS,),
    "/status@my_bot": (Verb.STATUS,),
    "!stats": (Verb.STATS,),
    "health": (Verb.HEALTH,),
    "report": (Verb.REPORT,),
    "!report 12": (Verb.REPORT, None, 12),
    "report 12h": (Verb.REPORT, None, 12),
    "/report@my_bot 7d": (Verb.REPORT, None, 168),
    "miner anna": (Verb.MINER, "anna"),
    "!miner Anna 31D": (Verb.MINER, "anna", 744),
    "miner Gamma 601": (Verb.MINER, "gamma 601"),
    "miner gamma 601 48": (Verb.MINER, "gamma 601", 48),
    "miner 🔥 öfchen 2": (Verb.MINER, "🔥 öfchen 2"),
    "miner ⚡ 24": (Verb.MINER, "⚡", 24),
    'miner "Big heater" 3d': (Verb.MINER, "big heater", 72),
    "miner nobody 6h": (Verb.MINER, "nobody", 6),
    "save": (Verb.SAVE,),
    "save all": (Verb.SAVE,),
    "resume Big Heater": (Verb.RESUME, "big heater"),
    "restart all": (Verb.RESTART,),
    "!restart-all": (Verb.RESTART,),
    "/restart_all": (Verb.RESTART,),
    "!restart anna": (Verb.RESTART, "anna"),
    "!clock anna 525": (Verb.FREQUENCY, "anna", None, 525.0),
    "frequency big heater 525.5 MHz": (Verb.FREQUENCY, "big heater", None, 525.5),
    "voltage anna 1150mV": (Verb.VOLTAGE, "anna", None, 1150.0),
    "voltage anna 1150,5": (Verb.VOLTAGE, "anna", None, 1150.5),
    "fan anna 60 %": (Verb.FAN, "anna", None, 60.0),
    "!fan “Big Heater” auto": (Verb.FAN, "big heater", None, None),
    "profile anna Night": (Verb.PROFILE, "anna", None, "night"),
    "profile big heater low and slow": (
        Verb.PROFILE,
        "big heater",
        None,
        "low and slow",
    ),
    'profile "🔥 Öfchen 2" "my night"': (
        Verb.PROFILE,
        "🔥 öfchen 2",
        None,
        "my night",
    ),
    "profile nobody night": (Verb.PROFILE, "nobody", None, "night"),
}

REFUSED: dict[str, tuple[Any, ...]] = {
    "statsu": ("unknown", None, "statsu", ("stats", "status", "restart")),
    "good morning": ("unknown", None, "good"),
    "@everyone": ("unknown", None, "@everyone"),
    "{{ states('lock.door') }}": ("unknown", None, "{{"),
    "status now": ("usage", Verb.STATUS),
    "report everything": ("usage", Verb.REPORT),
    "report 0": ("span", Verb.REPORT),
    "report 745": ("span", Verb.REPORT),
    "report 32d": ("span", Verb.REPORT),
    "miner": ("usage", Verb.MINER),
    "restart": ("usage", Verb.RESTART),
    "frequency anna": ("usage", Verb.FREQUENCY),
    "frequency 525": ("usage", Verb.FREQUENCY),
    "frequency anna auto": ("usage", Verb.FREQUENCY),
    "frequency anna -525": ("usage", Verb.FREQUENCY),
    "frequency anna nan": ("usage", Verb.FREQUENCY),
    "frequency anna 1e400": ("usage", Verb.FREQUENCY),
    "frequency anna 12345678": ("usage", Verb.FREQUENCY),
    "fan anna full": ("usage", Verb.FAN),
    "profile anna": ("usage", Verb.PROFILE),
    "restart anna" + " " * 10_000: ("too_long",),
    "x" * 10_000: ("too_long",),
}


@pytest.mark.parametrize(("text", "meant"), UNDERSTOOD.items(), ids=repr)
def test_understood(text: str, meant: tuple[Any, ...]) -> None:
    keys = ("verb", "name", "hours", "value")
    assert parse(text, NAMES) == Command(**dict(zip(keys, meant, strict=False)))


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:40]))
def test_refused(text: str) -> None:
    assert parse(text, NAMES) == Misunderstood(*REFUSED[text])


def test_a_miner_that_is_called_all() -> None:
    """It is the one that is meant, for somebody called it so."""
    names = Names({"1": ["All"], "2": ["anna"]})
    assert parse("restart all", names) == Command(verb=Verb.RESTART, name="all")


def test_who_is_meant() -> None:
    assert NAMES.find("ANNA") == ["1"]
    assert NAMES.find("big") == ["2"]
    assert NAMES.find("heater") == ["2", "4"]
    assert NAMES.find("🔥 öfchen 2") == NAMES.find("ÖFCHEN") == ["3"]
    assert NAMES.find("⚡") == ["5"]
    assert NAMES.find("") == NAMES.find("🔥") == NAMES.find("dora") == []
    assert NAMES.nearest("ana") == ("anna",)
    assert NAMES.nearest("smal heatre") == ("Small heater", "Big Heater")
    assert NAMES.nearest("xyz") == ()


TEXTS = st.one_of(
    st.text(max_size=400),
    st.builds(
        " ".join,
        st.lists(
            st.sampled_from(
                ["!", "miner", "profile", "fan", "auto", "anna", "7d", '"', "all", "٣"]
            ),
            max_size=8,
        ),
    ),
)


@given(TEXTS)
def test_anything_is_read_or_refused(text: str) -> None:
    read = parse(text, NAMES)
    if isinstance(read, Command):
        assert read.hours is None or 1 <= read.hours <= 744
        assert not isinstance(read.value, float) or 0 <= read.value < 1e6
    else:
        assert read.key in {"too_long", "unknown", "usage", "span"}
