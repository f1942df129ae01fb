"""The pages of Home Assistant's frontend as a person uses them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import re

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from scripts.rig.hass import DOMAIN, PASSWORD, USERNAME, HassProcess

ADD_DIALOG = f"/config/integrations/dashboard/add?domain={DOMAIN}"
INTEGRATION_PAGE = f"/config/integrations/integration/{DOMAIN}"

VIEWPORT: ViewportSize = {"width": 1280, "height": 1450}
WAIT_MILLISECONDS = 30_000


async def stay_logged_in(page: Page, hass: HassProcess) -> None:
    """Let the page be one in which somebody logged in some days ago."""
    tokens = json.dumps(json.dumps(await hass.api.frontend_tokens()))
    await page.add_init_script(f"localStorage.setItem('hassTokens', {tokens})")


@asynccontextmanager
async def repairs_page(browser: Browser, hass: HassProcess) -> AsyncIterator[Page]:
    """Open the list of repairs."""
    context = await browser.new_context(
        base_url=hass.url, viewport=VIEWPORT, locale="en-GB"
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    page = await context.new_page()
    await stay_logged_in(page, hass)
    await page.goto("/config/repairs")
    try:
        yield page
    finally:
        await context.close()


class Frontend:
    """A browser page on which somebody clicks and types."""

    def __init__(self, page: Page) -> None:
        """Use this page, which shows nothing yet."""
        self.page = page
        self.dialog = page.locator("dialog-data-entry-flow")
        self.address = self.dialog.get_by_role("textbox", name="Address")
        self.error = self.dialog.locator("ha-form ha-alert[alert-type=error]")

    async def log_in(self) -> None:
        """Type user name and password into the log-in page."""
        await self.page.goto("/")
        await self.page.get_by_label("Username").fill(USERNAME)
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.page.get_by_role("button", name="Log in").click()
        await expect(self.page.locator("ha-sidebar")).to_be_visible()

    async def open_add_dialog(self) -> None:
        """Begin to add a miner."""
        await self.page.goto(ADD_DIALOG)
        await self.page.get_by_role("button", name="OK").click()
        await self.dialog.get_by_text("Enter addresses").click()
        await expect(self.address).to_be_visible()

    async def open_search(self) -> None:
        """Begin to search the network."""
        await self.page.goto(ADD_DIALOG)
        await self.page.get_by_role("button", name="OK").click()
        await self.dialog.get_by_text("Search my network").click()
        await expect(self.dialog.get_by_role("button", name="Submit")).to_be_visible()

    async def add_discovered(self, name: str) -> None:
        """Add what is shown as discovered."""
        await self.page.goto("/config/integrations/dashboard")
        card = self.page.locator("ha-config-flow-card").filter(has_text=name)
        await card.get_by_role("button", name="Add", exact=True).click()
        await self.submit()

    async def take(self, picture: Path) -> None:
        """Take a picture of the dialog, whose element is another with each step."""
        box = await self.dialog.get_by_role("dialog").bounding_box()
        await self.page.screenshot(path=picture, clip=box, animations="disabled")

    async def submit_address(self, address: str) -> None:
        """Type an address into the dialog and send it."""
        await self.address.fill(address)
        await self.submit()

    async def submit(self) -> None:
        """Send what the dialog holds."""
        await self.dialog.get_by_role("button", name="Submit").click()

    async def pick_card(self, card: str) -> None:
        """Choose one of the cards behind an address and send the choice."""
        await self.dialog.get_by_role("radio", name=card).click()
        await self.submit()

    async def finish(self) -> None:
        """Close the last page of the dialog, which offers a name and an area."""
        await self.dialog.get_by_role("button", name="Skip and finish").click()
        await expect(self.dialog.get_by_role("dialog")).to_be_hidden()

    async def open_device(self, title: str) -> None:
        """Go to a miner's device page from the integration's list."""
        await self.page.goto(INTEGRATION_PAGE)
        await (
            self.page.locator("ha-config-entry-device-row")
            .filter(has_text=title)
            .click()
        )
        await expect(self.page.locator("ha-config-device-page")).to_be_visible()
        await expect(self.page.locator("#ha-launch-screen")).to_have_count(0)

    def entity_row(self, name: str) -> Locator:
        """Return the line of an entity on a device page."""
        return self.page.locator("hui-generic-entity-row").filter(
            has=self.page.get_by_text(name, exact=True)
        )

    def number_field(self, name: str) -> Locator:
        """Return the field in which a number is typed."""
        return self.entity_row(name).locator("input")

    async def set_number(self, name: str, text: str) -> None:
        """Type a number into its field and leave the field."""
        field = self.number_field(name)
        await field.fill(text)
        await field.press("Enter")
        await field.blur()

    def switch(self, name: str) -> Locator:
        """Return what is clicked to turn something on and off."""
        return self.entity_row(name).locator("ha-switch")

    async def toggle(self, name: str) -> None:
        """Click a switch."""
        await self.switch(name).click()

    async def choose(self, name: str, option: str) -> None:
        """Open a list and pick an option."""
        row = self.page.locator("hui-select-entity-row").filter(
            has=self.page.get_by_text(name, exact=True)
        )
        await row.locator("ha-select").click()
        await row.get_by_text(option, exact=True).last.click()

    async def number(self, name: str, unit: str = "") -> float:
        """Wait for an entity's number in this unit and return it."""
        number = re.compile(rf"([\d.,]*\d)\s*{unit}")
        row = self.entity_row(name)
        await expect(row).to_have_text(number)
        await expect(row).to_be_visible()
        shown = number.search(await row.inner_text())
        assert shown is not None
        return float(shown[1].replace(",", ""))
