"""Prices on the dashboard: somebody names a source, and sees what is cheap."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
import re

from playwright.async_api import expect

from scripts.rig.hass import DOMAIN, HassProcess
from simulator import Farm, MinerSpec, SystemClock

from .conftest import OpenDashboard
from .waiting import until, until_so

SENSOR = "sensor.day_ahead"
OPTIONS = "config/config_entries/options/flow"
CHEAP = "binary_sensor.all_miners_cheap_power"
RUN_WHEN = "select.all_miners_run_when"
DRY_RUN = "switch.all_miners_dry_run"
HOUR = timedelta(hours=1)
UNTIL = re.compile(r" until \d\d:00, by Run when: Cheap power")
DRY_SECONDS = 20.0
"""All is reckoned anew several times in this time."""

REST = 120.0
"""A minute of rest, and the polls around it."""


def prices() -> list[dict[str, object]]:
    """Return three days of prices from yesterday on: dear at day, free at noon."""
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    shape = [0.22, 0.31, 0.12, -0.04, 0.18, 0.38]
    return [
        {
            "start": (begin + hour * HOUR).isoformat(),
            "end": (begin + (hour + 1) * HOUR).isoformat(),
            "value": shape[hour % 24 // 4] + hour % 4 / 100,
        }
        for hour in range(-24, 48)
    ]


CHEAPEST = {"cheap_rule": "cheapest_of_day", "cheap_hours": 9}
LIMIT = {"cheap_rule": "limit", "cheap_limit": 0.2}


def dear_now() -> list[dict[str, object]]:
    """Return the same days at a low price, but for this hour and the next one."""
    now = datetime.now(UTC)
    return [
        slot | {"value": 0.4 if -HOUR < begin - now <= HOUR else 0.1}
        for slot in prices()
        for begin in [datetime.fromisoformat(str(slot["start"]))]
    ]


async def tell(hass: HassProcess, state: str, slots: list[dict[str, object]]) -> None:
    """Have a sensor of another integration with these prices."""
    unit = {"unit_of_measurement": "EUR/kWh", "raw_today": slots}
    await hass.api.post(f"states/{SENSOR}", {"state": state, "attributes": unit})


async def name_the_source(hass: HassProcess, rule: dict[str, object]) -> None:
    """Fill in the options of all miners."""
    entries = await hass.api.entries(DOMAIN)
    (entry,) = [entry for entry in entries if entry["title"] == "All miners"]
    flow = await hass.api.post(OPTIONS, {"handler": entry["entry_id"]})
    path = f"{OPTIONS}/{flow['flow_id']}"
    await hass.api.post(path, {"next_step_id": "prices"})
    result = await hass.api.post(path, {"price": SENSOR, "rule": rule})
    assert result["type"] == "create_entry"


async def test_what_is_cheap_is_seen(
    hass: HassProcess, open_dashboard: OpenDashboard
) -> None:
    spec = MinerSpec(name="prices", model="gamma_602", firmware="2.15.0")
    async with Farm([spec], clock=SystemClock()) as farm:
        flow = await hass.api.start_flow(DOMAIN)
        where = {"host": f"{farm['prices'].host}:{farm['prices'].port}"}
        await hass.api.continue_flow(flow["flow_id"], where)
        await tell(hass, "0.2", prices())
        await name_the_source(hass, CHEAPEST)

        async def known() -> bool:
            return CHEAP in await hass.api.states()

        await until_so(known)
        dashboard = await open_dashboard(hass.api)
        await dashboard.open()
        card = dashboard.view.locator("miner-price-card")
        await expect(card).to_contain_text("Electricity price")
        hours_left = card.locator("rect.slot:not(.past)")
        assert await hours_left.count() >= 24
        assert await card.locator("rect.cheap").count() >= 8
        await expect(card).to_contain_text("until")
        await dashboard.check()


def cheap_now() -> list[dict[str, object]]:
    """Return the same days at a low price."""
    return [slot | {"value": 0.1} for slot in prices()]


async def shorten_rests(hass: HassProcess, entry_id: str) -> None:
    """Let a miner run again after a minute, as its options allow."""
    flow = await hass.api.post(OPTIONS, {"handler": entry_id})
    pace = {"power_gap": 1, "minimum_run": 1, "minimum_rest": 1}
    result = await hass.api.post(
        f"{OPTIONS}/{flow['flow_id']}", {"scan_interval": 10, "pace": pace}
    )
    assert result["type"] == "create_entry"


def unlimited(hass: HassProcess) -> Callable[[], Awaitable[bool]]:
    """Return what asks whether *Run when* limits nothing any more."""

    async def asked() -> bool:
        return (await hass.api.states())[RUN_WHEN]["state"] == "own_automations"

    return asked


async def test_three_clicks_save_money(
    hass: HassProcess, open_dashboard: OpenDashboard
) -> None:
    """It begins as a dry run, which changes nothing, and says what it would do.

    The miner rests while power is dear, and runs again once it is cheap.
    """
    spec = MinerSpec(name="clicks", model="gamma_602", firmware="2.15.0")
    async with Farm([spec], clock=SystemClock()) as farm:
        miner = farm["clicks"]
        flow = await hass.api.start_flow(DOMAIN)
        added = await hass.api.continue_flow(
            flow["flow_id"], {"host": f"{miner.host}:{miner.port}"}
        )
        await shorten_rests(hass, added["result"]["entry_id"])
        await tell(hass, "0.4", dear_now())
        await name_the_source(hass, LIMIT)

        async def dear() -> bool:
            states = await hass.api.states()
            return states.get(CHEAP, {}).get("state") == "off"

        await until_so(dear)
        dashboard = await open_dashboard(hass.api)
        await dashboard.open()
        card = dashboard.view.locator("miner-price-card")
        when = card.get_by_label("Run when")
        await expect(when).to_have_value("own_automations")
        await expect(card.locator("rect.will")).to_have_count(0)
        # The first click opens the list, the second one chooses.
        await when.select_option("cheap_power")
        dry = card.locator(".when .why")
        await expect(dry).to_contain_text(
            "Dry run, nothing is changed. Now: Save power"
        )
        await expect(dry).to_contain_text("It would set Gamma")
        await asyncio.sleep(DRY_SECONDS)
        assert miner.truth.hashing
        assert not [request for request in miner.requests if request.method != "GET"]
        await dashboard.check()

        # The third one ends the dry run.
        await card.get_by_role("button", name="Turn off dry run").click()
        await until(lambda: not miner.truth.hashing)
        await expect(dry).to_have_text("Save power")
        assert await card.locator("rect.will").count() >= 1
        reason = dashboard.fleet.locator(".row .reason", has_text="Run when")
        await expect(reason).to_contain_text(UNTIL, timeout=90_000)
        await dashboard.check()

        await dashboard.go("energy")
        dealt = dashboard.view.locator("miner-power-card")
        await expect(dealt).to_contain_text("No power target. Limited by Run when")
        row = dealt.get_by_role("row", name="Gamma").last
        await expect(row).to_contain_text("Power limit reached")
        await dashboard.check()

        # Cheap again: it runs once it has rested for its minute.
        await dashboard.go("fleet")
        assert not miner.truth.hashing
        await tell(hass, "0.1", cheap_now())
        await expect(dry).to_have_text("Run")
        await until(lambda: miner.truth.hashing, REST)
        assert miner.flash_writes == 0
        await dashboard.check()

        # As it was, for the tests to come.
        await when.select_option("own_automations")
        await until_so(unlimited(hass))
        await hass.api.call_service("switch", "turn_on", entity_id=DRY_RUN)
