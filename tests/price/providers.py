"""What providers of prices put into Home Assistant, one literal shape each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


def day_start(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def cost(moment: datetime) -> float:
    """Return the true price of a moment: two peaks, below nought at noon."""
    quarter = int(moment.timestamp() // 900)
    hour = moment.astimezone(ZONE).hour
    shape = (31, 24, 22, 21, 23, 27, 34, 41, 43, 36, 19, 6)
    evening = (-2, -4, 3, 12, 25, 38, 52, 57, 49, 44, 39, 33)
    base = (*shape, *evening)[hour]
    return base / 100 + (quarter // 4 * 7919 % 101) / 1e4


@dataclass(frozen=True)
class World:
    """What is known at a moment: today's slots, and tomorrow's from 13:00 on."""

    now: datetime
    slot: timedelta

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def starts(self, days: int = 0) -> list[datetime]:
        """Return the slots of today, or of so many days later."""
        day = self.today + timedelta(days=days)
        start, end = day_start(day), day_start(day + timedelta(days=1))
        return [start + n * self.slot for n in range((end - start) // self.slot)]

    @property
    def tomorrow(self) -> list[datetime]:
        return self.starts(1) if self.now.astimezone(ZONE).hour >= 13 else []

    @property
    def both(self) -> list[datetime]:
        return [*self.starts(), *self.tomorrow]

    def price(self, moment: datetime) -> float:
        return cost(moment)


def local(moment: datetime) -> datetime:
    return moment.astimezone(ZONE)


def iso(moment: datetime) -> str:
    return local(moment).isoformat()


def zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def rows(world: World, starts: Sequence[datetime], **row: Any) -> list[dict[str, Any]]:
    """Make a row of each start; a callable is given it."""
    return [{key: make(start) for key, make in row.items()} for start in starts]


def nord_pool(world: World) -> object:
    def raw(starts: Sequence[datetime]) -> list[dict[str, Any]]:
        return rows(
            world,
            starts,
            start=local,
            end=lambda start: local(start + world.slot),
            value=world.price,
        )

    return {
        "average": 0.2,
        "off_peak_1": 0.1,
        "currency": "EUR",
        "today": [world.price(start) for start in world.starts()],
        "tomorrow": [world.price(start) for start in world.tomorrow],
        "tomorrow_valid": bool(world.tomorrow),
        "raw_today": raw(world.starts()),
        "raw_tomorrow": raw(world.tomorrow),
    }


def nord_pool_plain(world: World) -> object:
    return {
        "today": [world.price(start) for start in world.starts()],
        "tomorrow": [world.price(start) for start in world.tomorrow],
    }


def nord_pool_core(world: World) -> object:
    return {
        "DE-LU": rows(
            world,
            world.both,
            start=lambda start: start.isoformat(),
            end=lambda start: (start + world.slot).isoformat(),
            price=lambda start: world.price(start) * 1000,
        )
    }


def tibber_action(world: World) -> object:
    found = rows(world, world.both, start_time=iso, price=world.price)
    return {"prices": {"Home 12": found}}


def tibber_template(world: World) -> object:
    def some(starts: Sequence[datetime]) -> list[dict[str, Any]]:
        return rows(
            world,
            starts,
            total=world.price,
            startsAt=lambda start: local(start).isoformat(timespec="milliseconds"),
            level=lambda _: "NORMAL",
        )

    return {"today": some(world.starts()), "tomorrow": some(world.tomorrow)}


def octopus(world: World) -> object:
    return {
        "event_types": ["octopus_energy_electricity_current_day_rates"],
        "mpan": "10",
        "rates": rows(
            world,
            world.both,
            start=local,
            end=lambda start: local(start + world.slot),
            value_inc_vat=world.price,
            is_capped=lambda _: False,
        ),
    }


def epex(world: World) -> object:
    return {
        "data": rows(
            world,
            world.both,
            start_time=iso,
            end_time=lambda start: iso(start + world.slot),
            price_per_kwh=world.price,
        )
    }


def entsoe(world: World) -> object:
    def some(starts: Sequence[datetime]) -> list[dict[str, Any]]:
        return rows(
            world, starts, time=lambda start: str(local(start)), price=world.price
        )

    return {
        "prices_today": some(world.starts()),
        "prices_tomorrow": some(world.tomorrow),
        "prices": some(world.both),
        "min_price": 0.1,
    }


def energi_data(world: World) -> object:
    def some(starts: Sequence[datetime]) -> list[dict[str, Any]]:
        return rows(world, starts, hour=local, price=world.price)

    return {
        "unit": "kWh",
        "raw_today": some(world.starts()),
        "raw_tomorrow": some(world.tomorrow) or None,
    }


def frank(world: World) -> object:
    found = rows(
        world, world.both, till=lambda x: local(x + world.slot), price=world.price
    )
    return {
        "prices": [
            {"from": local(start), **row}
            for start, row in zip(world.both, found, strict=True)
        ]
    }


def ge_spot(world: World) -> object:
    return {
        "today_interval_prices": rows(
            world, world.starts(), time=iso, value=world.price
        ),
        "tomorrow_interval_prices": rows(
            world, world.tomorrow, time=iso, value=world.price
        ),
        "data_source": "nordpool",
    }


def zonneplan(world: World) -> object:
    return {
        "forecast": rows(
            world,
            world.both,
            datetime=zulu,
            electricity_price=lambda start: round(world.price(start) * 1e7),
            tariff_group=lambda _: "normal",
        )
    }


def stromligning(world: World) -> object:
    return {
        "prices": rows(
            world,
            world.both,
            price=world.price,
            start=iso,
            end=lambda start: iso(start + world.slot),
        )
    }


def energy_zero(world: World) -> object:
    return {
        "prices": rows(
            world, world.both, timestamp=lambda x: x.isoformat(), price=world.price
        )
    }


def pvpc(world: World) -> object:
    def named(starts: Sequence[datetime], begin: str) -> dict[str, float]:
        return {
            f"{begin}{local(start).hour:02d}h{'_d' * local(start).fold}": world.price(
                start
            )
            for start in starts
        }

    return {
        "tariff": "2.0TD",
        "price_position": 3,
        "next_best_at": "12h",
        **named(world.starts(), "price_"),
        **named(world.tomorrow, "price_next_day_"),
    }


def omie(world: World) -> object:
    def some(starts: Sequence[datetime]) -> dict[str, float]:
        return {iso(start): world.price(start) for start in starts}

    return {
        "OMIE_today_average": 0.2,
        "OMIE_today_hours": some(world.starts()),
        "OMIE_tomorrow_hours": some(world.tomorrow),
    }


def czech(world: World) -> object:
    return {iso(start): world.price(start) for start in world.both}


def amber(world: World) -> object:
    future = [start for start in world.both if start > world.now]
    return {
        "forecasts": rows(
            world,
            future,
            duration=lambda _: world.slot // timedelta(minutes=1),
            start_time=lambda start: (start + timedelta(seconds=1)).isoformat(),
            end_time=lambda start: (start + world.slot).isoformat(),
            per_kwh=world.price,
            renewables=lambda _: 40,
        )
    }


def amber_express(world: World) -> object:
    future = [start for start in world.both if start + world.slot > world.now]
    return {"forecast": rows(world, future, time=iso, value=world.price)}


def by_hour(world: World) -> object:
    """Return plain hours of the clock, as some templates do."""
    found = rows(world, world.starts(), price=world.price)
    hours = [local(start).hour for start in world.starts()]
    return {
        "today_prices": [
            {"hour": hour, **row} for hour, row in zip(hours, found, strict=True)
        ]
    }


def by_clock(world: World) -> object:
    found = rows(world, world.starts(), value=world.price)
    clocks = [local(start).strftime("%H:%M") for start in world.starts()]
    return {"data": [{"time": at, **r} for at, r in zip(clocks, found, strict=True)]}


@dataclass(frozen=True)
class Provider:
    """A shape, the slots it has, and how its prices are told."""

    make: Callable[[World], object]
    slot: timedelta = HOUR
    unit: str | None = "EUR/kWh"
    future_only: bool = False
    today_only: bool = False


PROVIDERS = {
    "Nord Pool": Provider(nord_pool),
    "Nord Pool, quarters": Provider(nord_pool, QUARTER),
    "Nord Pool, plain": Provider(nord_pool_plain),
    "Nord Pool, plain quarters": Provider(nord_pool_plain, QUARTER),
    "Nord Pool of Home Assistant": Provider(nord_pool_core, QUARTER, "EUR/MWh"),
    "Tibber's action": Provider(tibber_action, QUARTER),
    "Tibber's API": Provider(tibber_template),
    "Octopus Energy": Provider(octopus, timedelta(minutes=30)),
    "EPEX Spot": Provider(epex, QUARTER),
    "ENTSO-e": Provider(entsoe),
    "Energi Data Service": Provider(energi_data),
    "Frank Energie": Provider(frank),
    "GE-Spot": Provider(ge_spot, QUARTER),
    "Zonneplan": Provider(zonneplan),
    "Strømligning": Provider(stromligning),
    "EnergyZero": Provider(energy_zero),
    "PVPC": Provider(pvpc),
    "OMIE": Provider(omie),
    "Czech spot": Provider(czech),
    "Amber": Provider(amber, timedelta(minutes=30), future_only=True),
    "Amber Express": Provider(amber_express, timedelta(minutes=30), future_only=True),
    "hours of the clock": Provider(by_hour, today_only=True),
    "times of the clock": Provider(by_clock, QUARTER, today_only=True),
}
