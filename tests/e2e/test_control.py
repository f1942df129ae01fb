"""A person controls miners on their device pages."""

from pathlib import Path

from playwright.async_api import expect

from scripts.rig.hass import HassProcess
from simulator import Farm, MinerSpec, SystemClock

from .frontend import Frontend
from .test_add_miner import newest
from .waiting import until

GAMMA = MinerSpec(name="controlled", model="gamma_601", firmware="2.12.2")
Q = MinerSpec(name="q", model="avalon_q")


async def test_a_gamma_is_set_throttled_and_brought_back(
    frontend: Frontend, hass: HassProcess, pictures: Path
) -> None:
    async with Farm([GAMMA], clock=SystemClock()) as farm:
        gamma = farm[GAMMA.name]

        def settings() -> tuple[float, float]:
            info = gamma.reply("info")
            return info["frequency"], info["coreVoltage"]

        await frontend.open_add_dialog()
        await frontend.submit_address(f"{gamma.host}:{gamma.port}")
        await frontend.finish()
        await frontend.open_device((await newest(hass))["title"])
        before = settings()

        await frontend.set_number("Frequency", "490")
        await until(lambda: settings() == (490, before[1]))
        await expect(frontend.number_field("Frequency")).to_have_value("490")

        await frontend.toggle("Save power")
        await until(lambda: settings() == (100, 1000))
        await expect(frontend.switch("Save power")).to_have_js_property("checked", True)
        await frontend.page.screenshot(path=pictures / "control-saving-power.png")
        await frontend.toggle("Save power")
        await until(lambda: settings() == (490, before[1]))

        await frontend.choose("Profile", "Eco")
        await until(lambda: settings() == (400, 1000))
        await expect(frontend.entity_row("Profile")).to_contain_text("Eco")
        await frontend.page.screenshot(path=pictures / "control-gamma.png")


async def test_the_mode_of_a_q_is_chosen(
    frontend: Frontend, hass: HassProcess, pictures: Path
) -> None:
    async with Farm([Q], clock=SystemClock()) as farm:
        q = farm[Q.name]
        await frontend.open_add_dialog()
        await frontend.submit_address(f"{q.host}:{q.port}")
        await frontend.finish()
        await frontend.open_device((await newest(hass))["title"])
        await expect(frontend.entity_row("Work mode")).to_contain_text("Eco")

        await frontend.choose("Work mode", "Super")
        await until(lambda: q.truth.mode == 2)

        await expect(frontend.entity_row("Work mode")).to_contain_text("Super")
        await frontend.page.screenshot(path=pictures / "control-q.png")
