"""Reports: what the recorder's statistics and the daily rows tell together."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import product
import json
from typing import Any

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.db_schema import (
    StatisticsMeta,
    StatisticsShortTerm,
)
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.components.recorder.util import session_scope
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy import event
import voluptuous as vol

from custom_components.miner_monitor.const import CONF_PRICE, DOMAIN
from custom_components.miner_monitor.runtime.entries import is_fleet

from .conftest import GAMMA, NERD, OXBITCOIN, SUPRA, TimedBench
from .handles import Handle, take_over

HOUR, MINUTES_5 = 3600, 300
GAUGE, TOTAL = "gauge", "total"

type Step = Mapping[str, float]
"""What a row of statistics holds."""

type Answer = dict[str, Any]


@pytest.fixture
def recorder_first(recorder_mock: Recorder) -> Recorder:
    """Have the recorder before anything is recorded."""
    return recorder_mock


@pytest.fixture
async def recorded(recorder_first: Recorder, bench: TimedBench) -> TimedBench:
    """Give a bench whose Home Assistant records."""
    return bench


async def ask(bench: TimedBench, action: str, **data: Any) -> Answer:
    """Ask for a report; what comes is plain JSON."""
    answer = await bench.run(
        bench.hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=True
        )
    )
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    return answer


async def report_of(handle: Handle, hours: int) -> Answer:
    """Return what is reported of one miner."""
    answer = await ask(
        handle.bench, "miner_report", hours=hours, device_id=handle.device_id
    )
    (miner,) = answer["miners"]
    return miner


def rates(*values: float) -> list[Step]:
    """Return steps that each held one value, a little more or less."""
    return [
        {"mean": value, "min": value - 0.25, "max": value + 0.25} for value in values
    ]


def sums(*rises: float, begin: float = 100.0) -> list[Step]:
    """Return steps of a total that rose by so much in each."""
    steps = []
    for rise in rises:
        begin += rise
        steps.append({"state": begin, "sum": begin})
    return steps


async def remember(
    hass: HomeAssistant,
    entity_id: str,
    steps: Iterable[Step],
    *,
    unit: str | None,
    unit_class: str | None = None,
    ago: int = 0,
) -> None:
    """Let the recorder have hourly statistics that end so many full hours ago."""
    steps = list(steps)
    end = (dt_util.utcnow().timestamp() // HOUR - ago) * HOUR
    first = end - len(steps) * HOUR
    total = "sum" in steps[0]
    metadata = {
        "has_sum": total,
        "mean_type": StatisticMeanType.NONE if total else StatisticMeanType.ARITHMETIC,
        "name": None,
        "source": "recorder",
        "statistic_id": entity_id,
        "unit_class": unit_class,
        "unit_of_measurement": unit,
    }
    rows = [
        {"start": dt_util.utc_from_timestamp(first + index * HOUR), **step}
        for index, step in enumerate(steps)
    ]
    async_import_statistics(hass, metadata, rows)
    await async_wait_recording_done(hass)


async def remember_lately(
    hass: HomeAssistant, entity_id: str, steps: Iterable[Step]
) -> None:
    """Add five-minute statistics that end with the last full five minutes."""
    steps = list(steps)
    end = dt_util.utcnow().timestamp() // MINUTES_5 * MINUTES_5

    def write() -> None:
        with session_scope(hass=hass) as session:
            (number,) = session.query(StatisticsMeta.id).filter_by(
                statistic_id=entity_id
            )[0]
            session.add_all(
                StatisticsShortTerm(
                    metadata_id=number,
                    created_ts=end,
                    start_ts=end - (len(steps) - index) * MINUTES_5,
                    **step,
                )
                for index, step in enumerate(steps)
            )

    await get_instance(hass).async_add_executor_job(write)


async def mined(handle: Handle, **steps: list[Step]) -> None:
    """Let the recorder have hourly statistics of a miner's sensors."""
    units = {"hash_rate": "TH/s", "power": "W", "energy": "kWh"}
    for key, rows in steps.items():
        entity_id = handle.entity("sensor", key)
        await remember(handle.hass, entity_id, rows, unit=units.get(key))


@contextmanager
def statements(hass: HomeAssistant) -> Iterator[list[str]]:
    """Collect what the database is asked about statistics."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if "statistics" in statement:
            seen.append(statement)

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_known_truth(recorded: TimedBench) -> None:
    """What is in the period counts, what is before it does not."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await mined(
        gamma,
        hash_rate=rates(9, 9, *[1, 2] * 36),
        power=rates(99, 99, *[15, 40] * 36),
        energy=sums(5, 5, *[0.015, 0.040] * 36),
        shares_accepted=sums(1000, 1000, *[10] * 72),
    )
    miner = await report_of(gamma, 72)
    assert miner["hash_rate"] == {"mean": 1.5, "min": 0.75, "max": 2.25}
    assert miner["power"] == {"mean": 27.5, "min": 14.75, "max": 40.25}
    assert miner["energy"] == pytest.approx(36 * 0.055)
    assert miner["shares"]["accepted"] == 720
    assert miner["recorded_hours"] == 72


async def test_efficiency_is_a_ratio_of_sums(recorded: TimedBench) -> None:
    """The mean of the ratios would be 17.5."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await mined(gamma, hash_rate=rates(*[1, 2] * 36), power=rates(*[15, 40] * 36))
    miner = await report_of(gamma, 72)
    assert miner["efficiency"]["mean"] == pytest.approx(27.5 / 1.5)


async def test_defect_11_a_mean_spans_its_window(recorded: TimedBench) -> None:
    """A mean of so many hours is made of so many hours, whatever was before."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    rows = [5 + index for index in range(100)]
    await mined(gamma, hash_rate=rates(*rows))
    for hours in (49, 60, 72):
        answer = await ask(
            recorded, "miner_report", hours=hours, device_id=gamma.device_id
        )
        (miner,) = answer["miners"]
        assert miner["hash_rate"]["mean"] == pytest.approx(sum(rows[-hours:]) / hours)
        assert miner["recorded_hours"] == answer["period"]["hours"] == hours
        start, end = (
            datetime.fromisoformat(answer["period"][key]) for key in ("start", "end")
        )
        assert (end - start).total_seconds() == hours * HOUR
        assert start.tzinfo is not None


@pytest.mark.parametrize("hours", [1, 2, 24, 48])
async def test_defect_9_a_window_inside_today(recorded: TimedBench, hours: int) -> None:
    """The last hours are there, to the last five minutes."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await mined(gamma, hash_rate=rates(7), energy=sums(7))
    steps = hours * 12
    rate, energy = (gamma.entity("sensor", key) for key in ("hash_rate", "energy"))
    await remember_lately(recorded.hass, rate, rates(8, *[1, 2] * (steps // 2)))
    await remember_lately(recorded.hass, energy, sums(3, *[0.001] * steps, begin=200))
    answer = await ask(recorded, "miner_report", hours=hours, device_id=gamma.device_id)
    (miner,) = answer["miners"]
    assert miner["hash_rate"]["mean"] == 1.5
    assert miner["energy"] == pytest.approx(steps * 0.001)
    end = datetime.fromisoformat(answer["period"]["end"])
    assert 0 <= dt_util.utcnow().timestamp() - end.timestamp() < MINUTES_5
    assert miner["days"]["to"] == dt_util.now().date().isoformat()


async def test_energy_of_a_new_sensor(recorded: TimedBench) -> None:
    """What began within the period began at nothing."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await mined(gamma, energy=sums(0.5, 0.25, begin=0))
    assert (await report_of(gamma, 72))["energy"] == pytest.approx(0.75)


async def test_purged_rows_are_no_energy(recorded: TimedBench) -> None:
    """A total whose row before the period was purged does not begin at nothing."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await mined(gamma, energy=sums(*[1.0] * 30, begin=500))
    entity = gamma.entity("sensor", "energy")
    await remember_lately(recorded.hass, entity, sums(0.1, 0.2, 0.3, begin=530))
    assert (await report_of(gamma, 24))["energy"] == pytest.approx(0.5)


async def test_nothing_recorded(recorded: TimedBench) -> None:
    """What was before the period is no figure of it, nor a zero."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    entity = gamma.entity("sensor", "energy")
    await remember(recorded.hass, entity, sums(1, 1, 1), unit="kWh", ago=80)
    miner = await report_of(gamma, 72)
    assert miner["energy"] is None
    assert miner["hash_rate"] is None
    assert miner["efficiency"] is None
    assert miner["recorded_hours"] == 0


async def test_disabled_sensors_are_named(recorded: TimedBench) -> None:
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    registry = er.async_get(recorded.hass)
    power = gamma.entity("sensor", "power")
    await mined(gamma, power=rates(*[15] * 72), hash_rate=rates(*[1] * 72))
    registry.async_update_entity(power, disabled_by=er.RegistryEntryDisabler.USER)
    miner = await report_of(gamma, 72)
    assert miner["power"] is None
    assert {"power", "shares_rejected"} <= set(miner["not_recorded"])
    assert "hash_rate" not in miner["not_recorded"]
    assert miner["shares"] == {
        "accepted": None,
        "rejected": None,
        "reject_rate": None,
    }


async def test_units_of_the_user(recorded: TimedBench) -> None:
    """Whatever unit a sensor is shown in, a report has its own."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    for key, rows, unit, kind in (
        ("power", rates(*[2] * 72), "kW", "power"),
        ("energy", sums(*[0.001] * 72), "MWh", "energy"),
        ("chip_temperature", rates(*[140] * 72), "°F", "temperature"),
    ):
        await remember(
            recorded.hass,
            gamma.entity("sensor", key),
            rows,
            unit=unit,
            unit_class=kind,
        )
    miner = await report_of(gamma, 49)
    assert miner["power"]["mean"] == pytest.approx(2000)
    assert miner["energy"] == pytest.approx(49)
    assert miner["chip_temperature"]["mean"] == pytest.approx(60)


def fleet_entry(hass: HomeAssistant) -> Any:
    """Return the entry of all miners."""
    return next(filter(is_fleet, hass.config_entries.async_entries(DOMAIN)))


async def choose_price(bench: TimedBench, entity_id: str) -> None:
    """Choose the price entity of all miners."""
    entry = fleet_entry(bench.hass)
    bench.hass.config_entries.async_update_entry(
        entry, options={**entry.options, CONF_PRICE: entity_id}
    )
    await bench.settle()


PRICES = [
    ("EUR/kWh", 1.0, "EUR"),
    ("GBP/MWh", 0.001, "GBP"),
    ("ct/Wh", 1000.0, "ct"),
    (None, 1.0, "EUR"),
]


async def test_present_price(recorded: TimedBench) -> None:
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    recorded.hass.config.currency = "EUR"
    await choose_price(recorded, "sensor.price")
    await mined(gamma, energy=sums(*[0.2] * 72))
    for unit, factor, currency in PRICES:
        attributes = {} if unit is None else {"unit_of_measurement": unit}
        recorded.hass.states.async_set("sensor.price", "0.5", attributes)
        cost = (await report_of(gamma, 60))["cost"]
        value = pytest.approx(60 * 0.1 * factor)
        assert cost == {"value": value, "currency": currency}, unit


async def test_price_of_each_hour(recorded: TimedBench) -> None:
    """Energy costs what it cost when it was used; a gap keeps the price before it."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    recorded.hass.states.async_set(
        "sensor.price", "9", {"unit_of_measurement": "EUR/kWh"}
    )
    await choose_price(recorded, "sensor.price")
    await remember(
        recorded.hass, "sensor.price", rates(*[1] * 40, *[3] * 20), unit="EUR/kWh"
    )
    await mined(gamma, energy=sums(*[7.0] * 40, *[0.1] * 40, *[0.2] * 20))
    miner = await report_of(gamma, 60)
    expected = 40 * 0.1 * 1 + 20 * 0.2 * 3
    assert miner["cost"] == {"value": pytest.approx(expected), "currency": "EUR"}
    answer = await ask(recorded, "fleet_report", hours=60)
    assert answer["totals"]["cost"] == miner["cost"]


async def test_no_price(recorded: TimedBench) -> None:
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await choose_price(recorded, "sensor.price")
    await mined(gamma, energy=sums(*[0.2] * 72))
    for price in ("unavailable", "nan", "inf", ""):
        recorded.hass.states.async_set("sensor.price", price)
        assert (await report_of(gamma, 60))["cost"] is None, price


async def test_all_miners(recorded: TimedBench) -> None:
    """Totals are sums, ratios are ratios of sums, and the best comes first."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    nerd = await take_over(recorded, await recorded.miner(NERD))
    await mined(
        gamma,
        hash_rate=rates(*[1] * 72),
        power=rates(*[20] * 72),
        energy=sums(*[0.02] * 72, begin=0),
        shares_accepted=sums(*[10] * 72, begin=0),
    )
    await mined(
        nerd,
        hash_rate=rates(*[4] * 36),
        power=rates(*[60] * 36),
        energy=sums(*[0.0] * 36, *[0.06] * 36, begin=0),
        shares_accepted=sums(*[30] * 36, begin=0),
    )
    answer = await ask(recorded, "fleet_report", hours=72)
    totals = answer["totals"]
    assert totals["energy"] == pytest.approx(72 * 0.02 + 36 * 0.06)
    assert totals["hash_rate"] == pytest.approx((72 * 1 + 36 * 4) / 72)
    assert totals["efficiency"] == pytest.approx(
        (72 * 20 + 36 * 60) / (72 * 1 + 36 * 4)
    )
    assert totals["shares"]["accepted"] == 72 * 10 + 36 * 30
    assert totals["coverage"]["energy"] == 2
    assert [miner["name"] for miner in answer["ranking"]] == [
        nerd.entry.title,
        gamma.entry.title,
    ]
    assert answer["markdown"].index(nerd.entry.title) < answer["markdown"].index(
        gamma.entry.title
    )


async def test_defect_14_who_is_away_is_said_to_be_and_counts_for_nothing(
    recorded: TimedBench,
) -> None:
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    supra = await take_over(recorded, await recorded.miner(SUPRA))
    supra.miner.inject("offline")
    await recorded.pass_time(600)
    answer = await ask(recorded, "fleet_report")
    state = gamma.entry.runtime_data.data.state
    assert answer["now"]["online"] == 1
    assert answer["now"]["miners"] == 2
    assert answer["now"]["offline"] == [supra.entry.title]
    assert answer["now"]["hash_rate"] == pytest.approx(state.hash_rate, rel=1e-5)
    assert answer["now"]["power"] == pytest.approx(state.power, rel=1e-5)
    (away,) = answer["offline"]
    assert (away["name"], away["online"]) == (supra.entry.title, False)
    assert away["times_offline"] == 1
    assert f"Offline now: {supra.entry.title}" in answer["markdown"]
    miner = await report_of(supra, 24)
    assert miner["session"] is None
    assert miner["best_difficulty_all_time"] is None
    assert miner["online"] is False


async def test_defect_14_work_does_not_grow_with_miners(recorded: TimedBench) -> None:
    """The database is asked as often for three miners as for one."""
    counts = []
    for spec in (GAMMA, SUPRA, NERD):
        handle = await take_over(recorded, await recorded.miner(spec))
        await mined(handle, energy=sums(1, 1), hash_rate=rates(1, 1))
        with statements(recorded.hass) as seen:
            await ask(recorded, "fleet_report", hours=72)
        counts.append(len(seen))
    assert counts[0] > 0
    assert len(set(counts)) == 1


async def test_defect_10_best_difficulty(recorded: TimedBench) -> None:
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await recorded.advance(30)
    best = gamma.entry.runtime_data.data.state.best_difficulty
    assert best > 0
    assert (await report_of(gamma, 24))["best_difficulty_all_time"] == best


async def test_daily_rows(recorded: TimedBench) -> None:
    """What the recorder does not know comes from days of our own."""
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await recorded.pass_time(1800)
    miner = await report_of(gamma, 24)
    days = miner["days"]
    assert days["availability"] == pytest.approx(100)
    assert days["energy"] > 0
    assert days["hash_rate"] == pytest.approx(1.07, rel=0.2)
    # Local midnight may lie in this half hour.
    listed = [row["day"] for row in miner["daily"]]
    assert listed == sorted({days["from"], days["to"]})
    assert miner["session"]["hash_rate"] is not None


async def test_other_algorithms_are_not_added(recorded: TimedBench) -> None:
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    card = await take_over(recorded, await recorded.miner(OXBITCOIN))
    await mined(gamma, hash_rate=rates(*[1] * 72))
    await mined(card, hash_rate=rates(*[12] * 72))
    answer = await ask(recorded, "fleet_report", hours=72)
    assert answer["totals"]["hash_rate"] == pytest.approx(1)
    assert answer["now"]["hash_rate"] < 2
    assert (await report_of(card, 72))["hash_rate"]["mean"] == pytest.approx(12)
    assert (await report_of(card, 72))["hash_rate_unit"] == "GH/s"


async def remember_today(
    handle: Handle, hours: int, rate: float, energy: float
) -> None:
    """Let the recorder have five-minute statistics of some hours, and of one before."""
    entities = [handle.entity("sensor", key) for key in ("hash_rate", "energy")]
    await mined(handle, hash_rate=rates(7), energy=sums(7))
    steps = hours * 12
    await remember_lately(handle.hass, entities[0], rates(*[9] * 12, *[rate] * steps))
    await remember_lately(
        handle.hass, entities[1], sums(*[5] * 12, *[energy / 12] * steps, begin=200)
    )


TODAY = [
    # Five hours of a day on which clocks are put forward, six of one with 25 hours.
    pytest.param(
        *("Europe/Berlin", 5, "2026-03-29T00:00:00+01:00", "2026-03-29T06:00:00+02:00"),
        marks=pytest.mark.freeze_time("2026-03-29 04:02:00"),
    ),
    pytest.param(
        *("Europe/Berlin", 6, "2026-10-25T00:00:00+02:00", "2026-10-25T05:00:00+01:00"),
        marks=pytest.mark.freeze_time("2026-10-25 04:02:00"),
    ),
    # It is tomorrow in UTC already.
    pytest.param(
        *("America/Chicago", 22),
        *("2026-06-15T00:00:00-05:00", "2026-06-15T22:00:00-05:00"),
        marks=pytest.mark.freeze_time("2026-06-16 03:04:00"),
    ),
]


@pytest.mark.parametrize(("zone", "hours", "start", "end"), TODAY)
async def test_today(
    recorded: TimedBench, zone: str, hours: int, start: str, end: str
) -> None:
    """It begins at midnight where the miners are, whatever number of hours is given."""
    hass = recorded.hass
    await hass.config.async_set_time_zone(zone)
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    hass.states.async_set("sensor.price", "9", {"unit_of_measurement": "EUR/kWh"})
    await choose_price(recorded, "sensor.price")
    await remember_today(gamma, hours, rate=2, energy=0.06)
    await remember(hass, "sensor.price", rates(7), unit="EUR/kWh", ago=hours)
    prices = rates(*[0.5] * 12, *[1] * (hours - 1) * 12)
    await remember_lately(hass, "sensor.price", [*rates(*[8] * 12), *prices])

    for given in ({}, {"hours": 72}, {"hours": 1}):
        fleet = await ask(recorded, "fleet_report", today=True, **given)
        assert fleet["period"] == {"start": start, "end": end, "hours": hours}
        assert fleet["days"] == {"from": start[:10], "to": start[:10]}
        totals = fleet["totals"]
        assert totals["energy"] == pytest.approx(hours * 0.06)
        assert totals["hash_rate"] == pytest.approx(2)
        assert totals["cost"]["value"] == pytest.approx(0.03 + (hours - 1) * 0.06)
    answer = await ask(
        recorded, "miner_report", today="true", device_id=gamma.device_id
    )
    (miner,) = answer["miners"]
    assert answer["period"] == fleet["period"]
    assert miner["energy"] == totals["energy"]
    assert miner["cost"] == totals["cost"]
    assert miner["hash_rate"]["mean"] == 2
    assert f"{hours} h until {end[:10]} {end[11:16]}" in answer["markdown"]


@pytest.mark.freeze_time("2026-06-16 05:00:00")
async def test_today_at_midnight(recorded: TimedBench) -> None:
    """Nothing is known of a day that begins, and nothing of the day before counts."""
    await recorded.hass.config.async_set_time_zone("America/Chicago")
    gamma = await take_over(recorded, await recorded.miner(GAMMA))
    await remember_today(gamma, 2, rate=2, energy=0.06)
    answer = await ask(recorded, "miner_report", today=True, device_id=gamma.device_id)
    (miner,) = answer["miners"]
    midnight = "2026-06-16T00:00:00-05:00"
    assert answer["period"] == {"start": midnight, "end": midnight, "hours": 0}
    assert (miner["hash_rate"], miner["energy"], miner["cost"]) == (None, None, None)
    assert miner["recorded_hours"] == 0
    assert miner["days"]["from"] == midnight[:10]
    fleet = await ask(recorded, "fleet_report", today=True)
    assert (fleet["totals"]["hash_rate"], fleet["totals"]["energy"]) == (None, None)


@pytest.mark.freeze_time("2026-06-16 05:17:00")
async def test_hours_of_today_in_words(recorded: TimedBench) -> None:
    """A quarter of an hour is told without more digits than anybody reads."""
    await recorded.hass.config.async_set_time_zone("America/Chicago")
    await take_over(recorded, await recorded.miner(GAMMA))
    answer = await ask(recorded, "fleet_report", today=True)
    assert answer["period"]["hours"] == 0.25
    assert "All miners, 0.2 h until 2026-06-16 00:15" in answer["markdown"]


async def test_today_that_cannot_be(bench: TimedBench) -> None:
    await take_over(bench, await bench.miner(GAMMA))
    for today in (None, "perhaps", [True]):
        with pytest.raises(vol.Invalid):
            await ask(bench, "fleet_report", today=today)


NO_HOURS: tuple[Any, ...] = (
    *(0, 745, -1, 1.5, float("nan"), float("inf")),
    *("a day", None, True, [24]),
)


async def test_hours_that_cannot_be(bench: TimedBench) -> None:
    gamma = await take_over(bench, await bench.miner(GAMMA))
    targets = {"miner_report": {"device_id": gamma.device_id}, "fleet_report": {}}
    for (action, target), hours in product(targets.items(), NO_HOURS):
        with pytest.raises(vol.Invalid, match="whole number of hours from 1 to 744"):
            await ask(bench, action, hours=hours, **target)


async def test_hours_as_text(bench: TimedBench) -> None:
    """Templates give text."""
    await take_over(bench, await bench.miner(GAMMA))
    assert (await ask(bench, "fleet_report", hours="48"))["period"]["hours"] == 48


@pytest.mark.parametrize("action", ["miner_report", "compare_settings"])
async def test_miner_that_is_not_loaded(bench: TimedBench, action: str) -> None:
    """It is named beside others; alone it is an error."""
    gamma = await take_over(bench, await bench.miner(GAMMA))
    supra = await take_over(bench, await bench.miner(SUPRA))
    both = {"device_id": [gamma.device_id, supra.device_id]}
    await bench.run(bench.hass.config_entries.async_unload(supra.entry.entry_id))
    answer = await ask(bench, action, **both)
    assert [miner["name"] for miner in answer["miners"]] == [gamma.entry.title]
    assert answer["not_loaded"] == [supra.entry.title]
    assert f"Not loaded: {supra.entry.title}" in answer["markdown"]
    with pytest.raises(ServiceValidationError, match="isn't loaded"):
        await ask(bench, action, device_id=supra.device_id)


async def test_no_miner(bench: TimedBench) -> None:
    gamma = await take_over(bench, await bench.miner(GAMMA))
    await bench.run(
        bench.hass.config_entries.async_set_disabled_by(
            gamma.entry.entry_id, ConfigEntryDisabler.USER
        )
    )
    with pytest.raises(ServiceValidationError, match="No miner is loaded"):
        await ask(bench, "fleet_report")


async def test_without_recorder(bench: TimedBench) -> None:
    """There are the daily rows, and the text says so."""
    gamma = await take_over(bench, await bench.miner(GAMMA))
    await bench.pass_time(1800)
    answer = await ask(bench, "miner_report", device_id=gamma.device_id)
    (miner,) = answer["miners"]
    assert answer["recorder"] is False
    assert miner["hash_rate"] is None
    assert miner["days"]["hash_rate"] is not None
    assert "Hash rate 1." in answer["markdown"]
    assert "The recorder is off" in answer["markdown"]
    fleet = await ask(bench, "fleet_report")
    assert fleet["totals"]["energy"] is None
    assert fleet["totals"]["availability"] == pytest.approx(100)


@pytest.mark.parametrize("action", ["miner_report", "fleet_report", "compare_settings"])
async def test_hostile_names(bench: TimedBench, action: str) -> None:
    gamma = await take_over(bench, await bench.miner(GAMMA))
    name = "<img src=x onerror=alert(1)> **bold** [a](http://b)"
    bench.hass.config_entries.async_update_entry(gamma.entry, title=name)
    gamma.miner.inject("offline")
    await bench.pass_time(600)
    target = {} if action == "fleet_report" else {"device_id": gamma.device_id}
    text = (await ask(bench, action, **target))["markdown"]
    assert r"\<img src=x onerror=alert(1)\> \*\*bold\*\* \[a\]" in text
    assert "<img" not in text.replace(r"\<", "")
    assert "://" not in text


async def test_settings_before_any_were_measured(bench: TimedBench) -> None:
    gamma = await take_over(bench, await bench.miner(GAMMA))
    answer = await ask(bench, "compare_settings", device_id=gamma.device_id)
    (miner,) = answer["miners"]
    assert miner["name"] == gamma.entry.title
    assert all(verdict["setting"] is None for verdict in miner["verdicts"].values())


@pytest.mark.parametrize("spec", [GAMMA, replace(GAMMA, name="b", seed=9)])
async def test_no_secret(bench: TimedBench, spec: Any) -> None:
    gamma = await take_over(bench, await bench.miner(spec))
    answer = await ask(bench, "miner_report", device_id=gamma.device_id)
    user = gamma.miner.reply("info")["stratumUser"]
    assert user
    assert user not in json.dumps(answer)


async def test_wall_energy_without_records(recorded: TimedBench) -> None:
    """A meter that has only begun cannot say what the days before it cost."""
    gamma = await take_over(recorded, await recorded.miner(NERD))
    recorded.hass.states.async_set("sensor.price", "0.5")
    await choose_price(recorded, "sensor.price")
    registry = er.async_get(recorded.hass)
    wall = registry.async_get_or_create(
        "sensor",
        DOMAIN,
        f"{gamma.entry.runtime_data.device_id}_wall_energy",
        config_entry=gamma.entry,
    )
    await mined(gamma, energy=sums(*[0.2] * 72))
    cost = (await report_of(gamma, 60))["cost"]
    assert cost is not None
    assert cost["value"] == pytest.approx(60 * 0.2 * 0.5)
    await remember(recorded.hass, wall.entity_id, sums(*[0.3] * 72), unit="kWh")
    cost = (await report_of(gamma, 60))["cost"]
    assert cost["value"] == pytest.approx(60 * 0.3 * 0.5)
