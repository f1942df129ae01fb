"""Whatever a name or a number is, a page can be read, and nothing is made up."""

from math import inf, nan
from typing import Any

from hypothesis import given, strategies as st
from prometheus_client.parser import text_string_to_metric_families
import pytest

from custom_components.miner_monitor.metrics.text import (
    block,
    label,
    labels,
    number,
    numbered_block,
)


def read(page: str) -> list[tuple[str, dict[str, str], float]]:
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    ]


@pytest.mark.parametrize(
    "name",
    [
        'quote"s',
        "back\\slash",
        "two\nlines",
        "\\n is no line",
        '"} 1\nminer_up{miner="x',
        "{}",
        "Grüße, 矿机 🪙",
        "# HELP x y",
        "trailing\\",
        " ",
    ],
)
def test_a_name_comes_back(name: str) -> None:
    page = block("x", "gauge", "what\nit \\ is", [(label("miner", name), 1)])

    assert read(page) == [("x", {"miner": name}, 1)]
    assert page.encode().decode() == page


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_name_can_be_read(name: str) -> None:
    page = block("x", "gauge", "any", [(label("miner", name), 1)])

    ((_, found, value),) = read(page)
    assert value == 1
    assert set(found) == {"miner"}
    page.encode()


def test_a_wallet_is_never_told() -> None:
    wallet = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
    assert wallet not in label("address", f"{wallet}.rig.example.com:3333")


def test_what_is_not_known_is_left_out() -> None:
    samples = [('a="1"', value) for value in (None, nan, inf, -inf)]

    assert block("x", "gauge", "nothing", samples) == ""
    assert labels({"a": "1", "b": None}) == 'a="1"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (True, "1"),
        (False, "0"),
        (4.11034 * 1000, "4110.34"),
        (-0.5, "-0.5"),
        (10**15 + 1, "1000000000000001"),
        (1e300, "1e+300"),
    ],
)
def test_number(value: Any, text: str) -> None:
    assert number(value) == text


def test_the_same_number_of_another_kind() -> None:
    """A large count keeps all its digits, whatever was written before."""
    assert number(float(10**15 + 1)) == "1e+15"
    assert number(10**15 + 1) == "1000000000000001"


def test_places() -> None:
    lists = [('ip="0"', []), ('ip="1"', [7.0, 0.25]), ('ip="2"', [10**12 + 1])]
    page = "".join(numbered_block("x", "gauge", "each", "chip", lists))

    assert read(page) == [
        ("x", {"ip": "1", "chip": "000"}, 7),
        ("x", {"ip": "1", "chip": "001"}, 0.25),
        ("x", {"ip": "2", "chip": "000"}, 10**12 + 1),
    ]
    assert page.count("# TYPE x gauge\n") == 1
    assert page.endswith(f" {10**12 + 1}\n")
    assert not list(numbered_block("x", "gauge", "none", "chip", lists[:1]))
