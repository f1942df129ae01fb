"""A house gets a past that is sound, and that the integration goes on from."""

from itertools import pairwise
from pathlib import Path
import time

import pytest

from custom_components.miner_monitor.insight.model import Verdict
from custom_components.miner_monitor.insight.tracker import (
    MinerTracker,
)
from custom_components.miner_monitor.model import Moment
from custom_components.miner_monitor.runtime.insight import unpacked
from scripts.rig.demo import MINERS
from scripts.rig.farm import FarmMiner
from scripts.rig.past import Seeded, seed_past
from scripts.rig.past.seed import spec_of
from scripts.rig.past.sources import make_source
from simulator import ManualClock

from .bare_house import BareHouse, build

DAYS = 4
HOUR, DAY = 3600, 86_400
END = 1_796_000_123.0
FARM = (
    FarmMiner(name="gamma", model="gamma_601", firmware="2.12.2", port=1),
    FarmMiner(name="supra", model="supra_401", firmware="2.4.0", port=2),
    FarmMiner(name="q", model="avalon_q", port=3),
    FarmMiner(name="rb4", model="fpga_rb4", cards=2, port=4),
)
AWAY = "rb4_card0"
TABLES = ("statistics_short_term", "statistics")


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[BareHouse, Seeded]:
    house = build(tmp_path_factory.mktemp("house"), FARM, END)
    return house, seed_past(house.directory, FARM, days=DAYS, end=END)


@pytest.fixture
def house(made: tuple[BareHouse, Seeded]) -> BareHouse:
    return made[0]


def stored(house: BareHouse, name: str) -> dict[str, object]:
    return unpacked(house.store(f"insight.entry-{name}"))


def energy_of(house: BareHouse, name: str) -> float:
    meter = stored(house, name)["energy"]
    assert isinstance(meter, dict)
    return float(meter["total"])


def tracker_of(house: BareHouse, name: str) -> MinerTracker:
    """Return a tracker that goes on where the past ended."""
    farm = next(miner for miner in FARM if miner.name == name)
    (reading,) = make_source(spec_of(farm), ManualClock(END)).read().values()
    tracker = MinerTracker(reading.identity)
    assert tracker.load(stored(house, name), END)
    tracker.resume({})
    return tracker


def numbers(house: BareHouse, entity_id: str) -> list[float]:
    """Return the states of an entity that are numbers."""
    states = (state for state, _ in house.states(entity_id))
    return [float(state) for state in states if state[0].isdigit()]


def test_it_tells_what_it_made(made: tuple[BareHouse, Seeded]) -> None:
    house, seeded = made
    assert seeded.miners == 5
    for table, rows in (
        ("states", seeded.rows.states),
        ("statistics", seeded.rows.hourly),
        ("statistics_short_term", seeded.rows.short_term),
    ):
        assert house.query(f"SELECT COUNT(*) FROM {table}") == [(rows,)]
        assert rows > 500


def test_sums_never_fall_and_end_with_what_is_shown(house: BareHouse) -> None:
    totals = house.query("SELECT statistic_id FROM statistics_meta WHERE has_sum = 1")
    assert len(totals) > 15
    for (entity_id,) in totals:
        for table in TABLES:
            rows = house.statistics(entity_id, table)
            assert all(a[3] <= b[3] for a, b in pairwise(rows)), entity_id
            assert rows[-1][2] <= numbers(house, entity_id)[-1], entity_id


@pytest.mark.parametrize("name", ["gamma", "supra", "q"])
def test_energy_goes_on_from_what_was_shown(house: BareHouse, name: str) -> None:
    shown = numbers(house, f"sensor.{name}_energy")
    assert shown == sorted(shown)
    assert energy_of(house, name) == pytest.approx(shown[-1], abs=2e-3)


def test_the_fleet_counted_what_its_members_used(house: BareHouse) -> None:
    used = sum(energy_of(house, name) for name in ("gamma", "supra", "q"))
    assert house.store("fleet")["totals"]["energy"] == pytest.approx(used, rel=1e-3)
    assert numbers(house, "sensor.fleet_energy")[-1] == pytest.approx(used, rel=1e-2)
    assert max(numbers(house, "sensor.fleet_power")) > 100


@pytest.mark.parametrize("name", ["gamma", "supra", "q"])
def test_counters_lead_to_those_of_the_simulated_miners(
    house: BareHouse, name: str
) -> None:
    farm = next(miner for miner in FARM if miner.name == name)
    (reading,) = make_source(spec_of(farm), ManualClock(END)).read().values()
    shown = numbers(house, f"sensor.{name}_shares_accepted")
    assert reading.state.shares_accepted is not None
    assert 0.98 < shown[-1] / reading.state.shares_accepted <= 1
    best = numbers(house, f"sensor.{name}_best_difficulty")
    assert best == sorted(best)
    assert best[-1] == reading.state.best_difficulty


def test_the_integration_sees_no_restart_and_no_news_at_the_end(
    house: BareHouse,
) -> None:
    tracker = tracker_of(house, "gamma")
    now = END + 60
    spec = spec_of(FARM[0])
    source = make_source(spec, ManualClock(END))
    source.device.clock.advance(60)
    source.sync()
    (reading,) = source.read().values()
    energy = energy_of(house, "gamma")
    restarts = numbers(house, "sensor.gamma_restarts")[-1]
    insight = tracker.observe(
        reading.identity,
        reading.state,
        Moment(now, 5.0, "2026-11-30"),
        response_time=30.0,
        interval=15.0,
    )
    assert insight.energy == energy
    assert insight.uptime.restarts == restarts
    assert tracker.events == ()


def test_settings_end_as_they_are_and_some_are_known_to_be_the_best(
    house: BareHouse,
) -> None:
    points = numbers(house, "number.gamma_frequency")
    assert points[-1] == 525
    assert len(set(points)) >= 4
    assert numbers(house, "number.gamma_core_voltage")[-1] == 1.15
    tracker = tracker_of(house, "gamma")
    (reading,) = make_source(spec_of(FARM[0]), ManualClock(END)).read().values()
    insight = tracker.observe(
        reading.identity,
        reading.state,
        Moment(END, 5.0, "2026-11-30"),
        response_time=30.0,
        interval=15.0,
    )
    assert len(insight.tuning.points) >= 4


def test_modes_of_an_avalon_have_a_best(house: BareHouse) -> None:
    tracker = tracker_of(house, "q")
    (reading,) = make_source(spec_of(FARM[2]), ManualClock(END)).read().values()
    insight = tracker.observe(
        reading.identity,
        reading.state,
        Moment(END, 5.0, "2026-11-30"),
        response_time=30.0,
        interval=15.0,
    )
    assert len(insight.tuning.points) == 3
    best = insight.tuning.verdicts[Verdict.EFFICIENCY]
    assert best.settings is not None
    modes = {state for state, _ in house.states("select.q_work_mode")}
    assert {"eco", "standard", "super"} <= modes
    assert set(best.settings.values()) == {"eco"}


def test_figures_of_steadiness_have_a_past_too(house: BareHouse) -> None:
    for key in ("hash_rate_stddev_1m", "hash_rate_stability"):
        assert len(numbers(house, f"sensor.gamma_{key}")) > 100


def test_one_was_too_hot_and_recovered(house: BareHouse) -> None:
    words = [state for state, _ in house.states("sensor.supra_status")]
    assert "overheated" in words
    assert words[-1] == "hashing"
    warm = numbers(house, "sensor.supra_chip_temperature")
    assert max(warm) > 68
    assert numbers(house, "number.supra_frequency")[-1] == 490


def test_one_was_away_and_nothing_was_made_up(house: BareHouse) -> None:
    states = house.states(f"sensor.{AWAY}_hash_rate")
    (left, back) = next(
        (when, after)
        for (state, when), (_, after) in pairwise(states)
        if state == "unavailable" and after - when > HOUR
    )
    assert 3 * HOUR < back - left < 4 * HOUR
    gap = [
        row
        for row in house.statistics(f"sensor.{AWAY}_hash_rate")
        if left + 300 <= row[0] <= back - 600
    ]
    assert gap == []


def test_each_day_has_a_row(house: BareHouse) -> None:
    for name in ("gamma", "supra", "q", "rb4_card1"):
        book = stored(house, name)["days"]
        assert isinstance(book, dict)
        assert len(book["days"]) == DAYS + 1


def test_nothing_is_after_the_end_and_states_are_as_old_as_the_recorder_keeps_them(
    house: BareHouse,
) -> None:
    ((first, last),) = house.query(
        "SELECT MIN(last_updated_ts), MAX(last_updated_ts) FROM states"
    )
    assert first >= END - 10 * DAY
    assert END - 900 <= last <= END
    ((run,),) = house.query("SELECT MAX(start) FROM statistics_runs")
    ((slot,),) = house.query("SELECT MAX(start_ts) FROM statistics_short_term")
    assert run.startswith(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(slot)))
    ((hour,),) = house.query("SELECT MAX(start_ts) FROM statistics")
    assert hour == END // HOUR * HOUR - HOUR


def test_each_state_knows_the_one_before(house: BareHouse) -> None:
    ((chained,),) = house.query(
        "SELECT COUNT(*) FROM states AS new JOIN states AS old"
        " ON new.old_state_id = old.state_id AND new.metadata_id = old.metadata_id"
        " AND new.last_updated_ts > old.last_updated_ts"
    )
    ((states, entities),) = house.query(
        "SELECT COUNT(*), COUNT(DISTINCT metadata_id) FROM states"
    )
    assert chained == states - entities


def test_every_miner_of_the_demo_is_read_as_its_server_answers() -> None:
    for miner in MINERS:
        readings = make_source(spec_of(miner), ManualClock(END)).read()
        assert len(readings) == miner.cards
        rates = [reading.state.hash_rate for reading in readings.values()]
        assert all(rate is not None for rate in rates), miner.name
        assert all(rates) is not miner.standby, miner.name


def test_a_past_of_a_few_hours_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="4 days"):
        seed_past(tmp_path, FARM, days=1)
