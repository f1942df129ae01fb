"""A home with prices for pictures: power, bitcoin, and a month that has begun."""

from datetime import datetime, timedelta
from pathlib import Path

from custom_components.miner_monitor.const import FLEET

from .api import HassApi
from .hass import DOMAIN
from .past.house import House

POWER, BITCOIN = "sensor.day_ahead", "sensor.bitcoin"
CURRENCY = "GBP"
OPTIONS = "config/config_entries/options/flow"
HOURS = (
    *(0.182, 0.171, 0.164, 0.158, 0.161, 0.176, 0.221, 0.268),
    *(0.274, 0.241, 0.203, 0.172, 0.149, 0.138, 0.152, 0.196),
    *(0.262, 0.327, 0.341, 0.303, 0.254, 0.222, 0.204, 0.191),
)
"""What a kWh costs in each hour of a day."""

MEAN = sum(HOURS) / len(HOURS)
ENERGY, CHEAP, COST, REVENUE = 388.0, 225.0, 79.0, 38.6
DAYS = 1.62
"""How long the month lasts already: it took so many kWh, which cost that."""


async def tell_prices(api: HassApi) -> None:
    """Have sensors of other integrations; they last as long as Home Assistant runs."""
    begin = datetime.now().astimezone().replace(minute=0, second=0, microsecond=0)
    begin -= timedelta(hours=begin.hour)
    hour = timedelta(hours=1)
    slots = [
        {
            "start": (begin + place * hour).isoformat(),
            "end": (begin + (place + 1) * hour).isoformat(),
            "value": HOURS[place % 24],
        }
        for place in range(-24, 48)
    ]
    present = str(HOURS[datetime.now().astimezone().hour])
    attributes = {"unit_of_measurement": f"{CURRENCY}/kWh", "raw_today": slots}
    await api.post(f"states/{POWER}", {"state": present, "attributes": attributes})
    worth = {"state": "71200", "attributes": {"unit_of_measurement": CURRENCY}}
    await api.post(f"states/{BITCOIN}", worth)


async def name_prices(api: HassApi) -> None:
    """Fill in the options of all miners, as a person does."""
    await tell_prices(api)
    entries = await api.entries(DOMAIN)
    (entry,) = [entry for entry in entries if entry["title"] == "All miners"]
    rule = {"cheap_rule": "cheapest_of_day", "cheap_hours": 10}
    for step, answer in (
        ("prices", {"price": POWER, "rule": rule}),
        ("worth", {"bitcoin_price": BITCOIN}),
    ):
        flow = await api.post(OPTIONS, {"handler": entry["entry_id"]})
        path = f"{OPTIONS}/{flow['flow_id']}"
        await api.post(path, {"next_step_id": step})
        await api.post(path, answer)


def give_month(directory: Path) -> None:
    """Let a part of the month have passed, while Home Assistant does not run."""
    house = House(directory)
    now = datetime.now(house.time_zone)
    day = now.date().isoformat()
    part = (now.hour + now.minute / 60) / 24 / DAYS
    today = {
        "day": day,
        "energy": ENERGY * part,
        # Like a report, which knows no price of the past here.
        "cost": ENERGY * part * HOURS[now.hour],
        "revenue": REVENUE * part,
    }
    seconds = DAYS * 86_400
    sums = {"energy": ENERGY, "cost": COST, "cheap": CHEAP, "revenue": REVENUE}
    month = {
        "month": day[:7],
        "days": sums,
        "seconds": seconds,
        "price_seconds": seconds * MEAN,
    }
    stored = house.read(f"{DOMAIN}.{FLEET}")
    house.write(FLEET, {**stored, "month": month, "day": {"miners": {"past": today}}})


async def ask(api: HassApi) -> None:
    """Let miners run when power is cheap, as a dry run, within a power target."""
    await api.call_service(
        "select",
        "select_option",
        entity_id="select.all_miners_run_when",
        option="cheap_power",
    )
    target = "number.all_miners_power_target"
    drawn = float((await api.states())[target]["state"])
    await api.call_service(
        "number", "set_value", entity_id=target, value=round(0.6 * drawn)
    )
