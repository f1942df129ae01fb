"""Rows in one case: each has its turn, and each that is wrong is listed."""

import pytest

from ..each import for_each


def test_every_wrong_row_is_listed() -> None:
    seen = []

    @for_each(("number", "word"), [(1, "one"), (2, "two"), (3, "three")])
    def check(number: int, word: str) -> None:
        seen.append(number)
        assert number == 2, word

    with pytest.raises(AssertionError, match=r"2 of 3:\n1, one: .*\n") as caught:
        check()
    assert "3, three: AssertionError" in str(caught.value)
    assert seen == [1, 2, 3]


def test_what_is_no_assertion_and_what_is_called_a_failure_count_too() -> None:
    @for_each("key", ["missing", "failed"])
    def check(key: str) -> None:
        if key == "failed":
            pytest.fail("said so")
        raise KeyError(key)

    with pytest.raises(AssertionError, match=r"(?s)KeyError.*said so"):
        check()


@for_each("row", [1, 2])
def test_fixtures_are_given(tmp_path: object, row: int) -> None:
    assert tmp_path
    assert row in {1, 2}
