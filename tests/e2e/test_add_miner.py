from playwright.async_api import Page, expect

from scripts.rig.hass import PASSWORD, USERNAME


async def log_in(page: Page) -> None:
    await page.goto("/")
    await page.get_by_label("Username").fill(USERNAME)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.locator("ha-sidebar")).to_be_visible()


async def test_login(page: Page) -> None:
    await log_in(page)
    await page.goto("/config/integrations/dashboard")
    await expect(page.locator("ha-config-integrations-dashboard")).to_be_visible()
