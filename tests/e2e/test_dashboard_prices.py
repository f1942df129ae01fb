"""Prices on the dashboard: somebody names a source, and sees what is cheap."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import expect

from scripts.rig.hass import DOMAIN, HassProcess
from simulator import Farm, MinerSpec, SystemClock

from .conftest import OpenDashboard
from .waiting import until_so

SENSOR = "sensor.day_ahead"
OPTIONS = "config/config_entries/options/flow"
CHEAP = "binary_sensor.all_miners_cheap_power"
HOUR = timedelta(hours=1)


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


async def name_the_source(hass: HassProcess) -> None:
    """Fill in the options of all miners."""
    entries = await hass.api.entries(DOMAIN)
    (entry,) = [entry for entry in entries if entry["title"] == "All miners"]
    flow = await hass.api.post(OPTIONS, {"handler": entry["entry_id"]})
    path = f"{OPTIONS}/{flow['flow_id']}"
    await hass.api.post(path, {"next_step_id": "prices"})
    rule = {"cheap_rule": "cheapest_of_day", "cheap_hours": 9}
    result = await hass.api.post(path, {"price": SENSOR, "rule": rule})
    assert result["type"] == "create_entry"


async def test_what_is_cheap_is_seen(
    hass: HassProcess, open_dashboard: OpenDashboard, pictures: Path
) -> None:
    spec = MinerSpec(name="prices", model="gamma_602", firmware="2.15.0")
    async with Farm([spec], clock=SystemClock()) as farm:
        flow = await hass.api.start_flow(DOMAIN)
        where = {"host": f"{farm['prices'].host}:{farm['prices'].port}"}
        await hass.api.continue_flow(flow["flow_id"], where)
        unit = {"unit_of_measurement": "EUR/kWh", "raw_today": prices()}
        await hass.api.post(f"states/{SENSOR}", {"state": "0.2", "attributes": unit})
        await name_the_source(hass)

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
        await card.locator("ha-card").screenshot(path=pictures / "prices.png")
        await dashboard.check()
