"""The simulator's Avalon replies against real ones: same keys, order and types."""

import json
from pathlib import Path
import re
from typing import Any

import pytest

from simulator import ManualClock, MinerSpec
from simulator.avalon import SimulatedAvalon

from .avalon import ask, command as command_of, items
from .conftest import StartMiner

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "avalon"

pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="real replies are not here"
)

NANO3, NANO3S = "avalon_nano3", "avalon_nano3s"
MINI3, Q = "avalon_mini3", "avalon_q"
A10, A12, A15 = "avalon_a1047", "avalon_a1246", "avalon_a1566"

# files whose rows have all their keys: the model, what it was doing, the command
REPLIES = {
    "nano3-24071801_42c628d-summary.json": (NANO3, {}, "summary"),
    "nano3-24071801_42c628d-stats-mid.json": (NANO3, {}, "stats"),
    "nano3-24071801_42c628d-version-fields.json": (NANO3, {}, "version"),
    "nano3s-25021401_56abae7-version.json": (NANO3S, {}, "version"),
    "nano3s-25021401_56abae7-lcd.json": (NANO3S, {}, "lcd"),
    "q-25052801_14a19a2-version.json": (Q, {"standby": True}, "version"),
    "q-25052801_14a19a2-summary.json": (Q, {"standby": True}, "summary"),
    "q-25052801_14a19a2-stats.json": (Q, {"standby": True}, "stats"),
    "q-25052801_14a19a2-litestats.json": (Q, {"standby": True}, "litestats"),
    "q-25052801_14a19a2-litestats-running-eco.json": (Q, {}, "litestats"),
    "q-25052801_14a19a2-pools.json": (Q, {"standby": True}, "pools"),
    "q-25052801_14a19a2-devs.json": (Q, {"standby": True}, "devs"),
    "q-25052801_14a19a2-devdetails.json": (Q, {}, "devdetails"),
    "q-25052801_14a19a2-config.json": (Q, {}, "config"),
    "q-25052801_14a19a2-coin.json": (Q, {}, "coin"),
    "a1047-19120401-pools.json": (A10, {}, "pools"),
    "a1047-19120401-stats.json": (A10, {}, "stats"),
    "a1047-19120401-summary.json": (A10, {}, "summary"),
    "a1246-21072802_4ec6bb0_211fc46-stats.json": (A12, {}, "stats"),
    "a1246-21030201_4ec6bb0_09b1765-version.json": (A12, {}, "version"),
    "a1246-21030201_4ec6bb0_09b1765-devdetails.json": (A12, {}, "devdetails"),
    "a1566-24102401_25462b2_9ddf522-version.json": (A15, {}, "version"),
    "a1566-24102401_25462b2_9ddf522-devs.json": (A15, {}, "devs"),
    "a1566-24102401_25462b2_9ddf522-pools.json": (A15, {}, "pools"),
    "a1566-24102401_25462b2_9ddf522-stats.json": (A15, {}, "stats"),
    "a1566-24102401_25462b2_9ddf522-estats.json": (A15, {}, "estats"),
}
# rows whose keys were sorted before they were published, so that order says nothing
SORTED = ("q-25052801_14a19a2-", "a1246-21072802")
DEVICE_ORDER = {"q-25052801_14a19a2-litestats-running-eco.json"}
# only the status string, whole
STATUSES = {"nano3s-25021401_56abae7-estats-high.mmid.txt": (NANO3S, "estats")}
# status strings of which some items were left out before they were published
SOME_ITEMS = {
    "nano3s-25021401-high130-estats.json": (NANO3S, {"work_mode": 2}),
    "nano3s-25021401-mid94-estats.json": (NANO3S, {"work_mode": 1}),
}
# replies in which the lists of the chips were cut
CUT_LISTS = {"a1047-19120401-stats.json": re.compile(r"(PVT_[TV]|MW)\d")}
# text replies, whole
TEXTS = {
    "mini3-25011701_3f53b19-version.txt": (MINI3, "version"),
    "mini3-25011701_3f53b19-devdetails.txt": (MINI3, "devdetails"),
}
# replies that end early: what is there begins a simulated one
BEGINNINGS = {
    "mini3-25011701_3f53b19-stats-truncated.txt": (MINI3, {}),
    "nano3-24071801_42c628d-stats-high-truncated.txt": (NANO3, {"work_mode": 2}),
}
PARTIAL = {"nano3s-25021401_56abae7-summary-partial.json": (NANO3S, "summary")}
ANSWERS = {
    "q-25052801_14a19a2-ascset-help.json": "help",
    "q-25052801_14a19a2-ascset-softoff.json": "softoff,1:1753434821",
    "q-25052801_14a19a2-ascset-softon.json": "softon,1:1753434757",
    "q-25052801_14a19a2-ascset-workmode-set.json": "workmode,set,1",
}
# of models, firmware or states that are not simulated, or parts of other files
LEFT_OUT = {
    "INDEX.md",
    "a1066-20080702_a590d24_3dbc55b-stats.mmid.txt",
    "a1066-vendor-manual-estats.txt",
    "a1066-vendor-manual-pools.txt",
    "a1126pro-21072803_4ec6bb0_211fc46-stats-fragment.txt",
    "a1346-24041001_08b0955_0196aba-reboot.txt",
    "a1346-24041001_08b0955_0196aba-stats-after-softoff-fragment.mmid.txt",
    "a1346-24041001_08b0955_0196aba-version-fields.json",
    "nano3-25103101_0736b2e-summary+estats-trimmed.json",
    "q-25052801_14a19a2-estats-standby-fragment.mmid.txt",
}
SINGLE = {
    "a1346-24041001_08b0955_0196aba-softoff.txt",
    "q-25052801_14a19a2-check.json",
    "q-25052801_14a19a2-invalid-command.json",
}
SECTIONS = {"STATUS", "id"}
type Cut = re.Pattern[str] | None
NUMBERS = re.compile(r"-?\d+(\.\d+)?%?")


def miner(model: str, **settings: Any) -> SimulatedAvalon:
    spec = MinerSpec(name="m", model=model, seed=3, **settings)
    return SimulatedAvalon(spec, ManualClock())


def capture(name: str) -> str:
    return (CAPTURES / name).read_text().rstrip("\0\n")


def kind(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__
    return "number"


def shape(text: str) -> Any:
    """Tell what kind of value stands between brackets: words, or how many numbers."""
    words = text.split()
    if words and all(NUMBERS.fullmatch(word) for word in words):
        percent = "%" if text.endswith("%") else ""
        decimals = {len(word.rstrip("%").partition(".")[2]) for word in words}
        return len(words), percent, decimals
    return "text"


def skeleton(text: str) -> str:
    """Return a status string without its values."""
    return re.sub(r"\[[^\]]*\]", "[]", text)


def fields(text: str) -> list[tuple[str, str]]:
    """Return the names of a text reply's fields, with values that never change."""
    pairs = [part.partition("=") for part in re.split("[,|]", text.strip("|\0"))]
    changing = {"When", "Elapsed", "DNA", "MAC"}
    return [(name, "" if name in changing else value) for name, _, value in pairs]


def assert_same_items(simulated: dict[str, str], real: dict[str, str]) -> None:
    """Compare the kind of each value."""
    for key in real.keys() - {"DNA", "HDNA", "MEMFREE"}:
        assert shape(simulated[key]) == shape(real[key]), key


def assert_same_status(simulated: str, real: str, cut: Cut = None) -> None:
    """Compare keys in their order, what stands between them, and the values."""
    assert skeleton(simulated) == skeleton(real)
    theirs, mine = items(real), items(simulated)
    lists = [key for key in theirs if cut is not None and cut.fullmatch(key)]
    for key in lists:
        length = len(theirs[key].split())
        mine[key] = " ".join(mine[key].split()[:length])
    assert bool(lists) is (cut is not None)
    assert_same_items(mine, theirs)


def assert_same_row(
    simulated: dict[str, Any], real: dict[str, Any], *, in_order: bool, cut: Cut = None
) -> None:
    """Compare keys and JSON types, and the status string where there is one."""
    assert simulated.keys() == real.keys()
    if in_order:
        assert list(simulated) == list(real)
    for key, value in real.items():
        assert kind(simulated[key]) == kind(value), key
        if key.startswith("MM ID0") or key == "HBinfo":
            assert_same_status(simulated[key], value, cut)


def test_every_real_reply_is_compared_or_left_out() -> None:
    compared = (
        REPLIES,
        STATUSES,
        TEXTS,
        BEGINNINGS,
        PARTIAL,
        ANSWERS,
        SINGLE,
        LEFT_OUT,
        SOME_ITEMS,
    )
    files = {path.name for path in CAPTURES.iterdir()}
    assert files == {name for group in compared for name in group}


@pytest.mark.parametrize("name", REPLIES)
def test_rows_have_the_keys_order_and_types_of_the_real_ones(name: str) -> None:
    model, settings, command = REPLIES[name]
    real, simulated = json.loads(capture(name)), miner(model, **settings).reply(command)
    in_order = not name.startswith(SORTED) or name in DEVICE_ORDER
    for section in real.keys() - SECTIONS:
        for mine, theirs in zip(simulated[section], real[section], strict=True):
            assert_same_row(mine, theirs, in_order=in_order, cut=CUT_LISTS.get(name))
    if "STATUS" in real:
        status = real["STATUS"][0]
        assert_same_row(simulated["STATUS"][0], status, in_order=in_order)
        for key in ("STATUS", "Code", "Msg", "Description"):
            assert simulated["STATUS"][0][key] == status[key]
        assert (simulated["STATUS"][0]["When"] > 1e9) is (status["When"] > 1e9)


@pytest.mark.parametrize("name", STATUSES)
def test_status_strings_have_the_keys_of_the_real_ones(name: str) -> None:
    model, command = STATUSES[name]
    status = miner(model).reply(command)["STATS"][0]["MM ID0"]
    assert_same_status(status, capture(name))


@pytest.mark.parametrize("name", SOME_ITEMS)
def test_real_status_strings_with_gaps_are_part_of_the_simulated_ones(
    name: str,
) -> None:
    model, settings = SOME_ITEMS[name]
    real, simulated = (
        json.loads(capture(name)),
        miner(model, **settings).reply("estats"),
    )
    (theirs,), (mine,) = real["STATS"], simulated["STATS"]
    status = items(theirs["MM ID0"])
    whole = items(mine["MM ID0"])
    assert [key for key in whole if key in status] == list(status)
    assert_same_items(whole, status)
    rest = {key: theirs[key] for key in theirs if key != "MM ID0"}
    assert list(mine) == list(theirs)
    assert_same_row({key: mine[key] for key in rest}, rest, in_order=True)
    assert_same_row(simulated["STATUS"][0], real["STATUS"][0], in_order=True)


@pytest.mark.parametrize("name", PARTIAL)
def test_partial_rows_are_part_of_the_simulated_ones(name: str) -> None:
    model, command = PARTIAL[name]
    real, simulated = json.loads(capture(name)), miner(model).reply(command)
    mine = {key: simulated["SUMMARY"][0][key] for key in real["SUMMARY"][0]}
    assert_same_row(mine, real["SUMMARY"][0], in_order=True)


@pytest.mark.parametrize("name", TEXTS)
async def test_text_replies_have_the_fields_of_the_real_ones(
    start_miner: StartMiner, name: str
) -> None:
    model, command = TEXTS[name]
    simulated = await ask(await start_miner(model=model), command)
    assert simulated.endswith(b"|\0")
    assert fields(simulated.decode()) == fields(capture(name))


@pytest.mark.parametrize("name", BEGINNINGS)
async def test_real_replies_that_are_cut_begin_like_the_simulated_ones(
    start_miner: StartMiner, name: str
) -> None:
    model, settings = BEGINNINGS[name]
    whole = (await ask(await start_miner(model=model, **settings), "stats")).decode()
    real = capture(name)
    end = real.rindex("]") + 1
    head, status = real[:end].split("MM ID0=")
    assert fields(whole[: whole.index("MM ID0=")]) == fields(head)
    assert skeleton(whole).partition("MM ID0=")[2].startswith(skeleton(status))
    mine = {key: items(whole)[key] for key in items(status)}
    assert_same_items(mine, items(status))


@pytest.mark.parametrize("name", ANSWERS)
async def test_options_are_answered_as_the_real_ones_are(
    start_miner: StartMiner, name: str
) -> None:
    real = json.loads(capture(name))
    q = await start_miner(model=Q)
    simulated = await command_of(q, "ascset", f"0,{ANSWERS[name]}")
    for status in (simulated["STATUS"][0], real["STATUS"][0]):
        assert status.pop("When") > 1e9
    assert simulated == real


async def test_an_unknown_command_is_answered_as_by_the_real_one(
    start_miner: StartMiner,
) -> None:
    real = capture("q-25052801_14a19a2-invalid-command.json")
    q = await start_miner(model=Q)
    simulated = await ask(q, '{"command": "antminer"}')
    when = re.compile('"When":[0-9]+')
    assert when.sub("", simulated.decode()) == when.sub("", real) + "\0"


async def test_an_old_text_answer_to_a_soft_off(start_miner: StartMiner) -> None:
    real = capture("a1346-24041001_08b0955_0196aba-softoff.txt")
    simulated = await ask(await start_miner(model=A12), "ascset|0,softoff")
    assert fields(simulated.decode()) == fields(real)


async def test_a_check_is_answered_as_by_the_real_one(start_miner: StartMiner) -> None:
    real = json.loads(capture("q-25052801_14a19a2-check.json"))
    simulated = await command_of(await start_miner(model=Q), "check", "no_such")
    assert simulated["CHECK"] == real["CHECK"]
    assert simulated["STATUS"][0]["Code"] == real["STATUS"][0]["Code"]
