"""How long the last polls took."""

from random import Random
from statistics import fmean, median

import pytest

from custom_components.miner_monitor.insight.windows import Responses


@pytest.mark.parametrize("digits", [0, 6])
def test_figures_of_the_last_hundred(digits: int) -> None:
    """They are those of the numbers themselves, equal ones among them, for ever."""
    rng, responses, told = Random(3), Responses(), list[float]()
    for _ in range(2000):
        told.append(round(rng.lognormvariate(4, 1), digits))
        shown, kept = responses.observe(told[-1]), told[-100:]
        assert shown.last == told[-1]
        assert (shown.minimum, shown.maximum) == (min(kept), max(kept))
        assert shown.median == pytest.approx(median(kept), rel=1e-12)
        assert shown.mean == pytest.approx(fmean(kept), rel=1e-9)
