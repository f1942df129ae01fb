"""The dashboard as a person uses it, and what must never be on it."""

from typing import Any

from playwright.async_api import ConsoleMessage, Error, Locator, Page, expect

HOME = "/miner-monitor"
VIEWS = ("fleet", "compare", "tuning", "energy")
TABS = ("charts", "tuning", "shares", "activity", "device")
"""Of a miner, beside the one that its name leads to."""

BROKEN = ("Custom element doesn't exist", "Configuration error")
PATIENCE = 60_000


class Complaints:
    """What the browser's console tells of a page that is not as it should be."""

    def __init__(self, page: Page) -> None:
        """Listen from now on."""
        self.texts: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.texts.append(f"page error: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.texts.append(f"{message.text} ({where})")


class Dashboard:
    """The dashboard in a browser page."""

    def __init__(self, page: Page, home: str = HOME) -> None:
        """Use a page of somebody who is logged in."""
        self.page = page
        self.home = home
        self.patience = PATIENCE
        self.complaints = Complaints(page)
        self.view = page.locator("hui-view")
        self.errors = page.locator("hui-error-card")
        self.fleet = page.locator("miner-fleet-card").first

    async def open(self, view: str = "fleet") -> None:
        """Load the whole page, at one of the views."""
        await self.page.goto(f"{self.home}/{view}")
        await self.settle(view)

    async def go(self, view: str) -> None:
        """Go to another view, as a click on its tab or on a miner does."""
        await self.page.evaluate(
            """path => {
                history.pushState(null, "", path);
                dispatchEvent(new CustomEvent("location-changed", {detail: {}}));
            }""",
            f"{self.home}/{view}",
        )
        await self.settle(view)

    async def settle(self, view: str) -> None:
        """Wait until everything in the view is drawn."""
        await expect(self.page.locator("#ha-launch-screen")).to_have_count(0)
        try:
            await self.page.wait_for_function(
                "path => look.settled(path)",
                arg=f"{self.home}/{view}",
                timeout=self.patience,
            )
        except Error as error:
            late = await self.page.evaluate(
                "look.unsettled().map(({localName}) => localName)"
            )
            raise AssertionError(f"{view} is not drawn: {late}") from error

    async def look(self, what: str, argument: Any = None) -> Any:
        """Ask something of look.js."""
        return await self.page.evaluate(f"argument => look.{what}(argument)", argument)

    async def check(self) -> None:
        """Complain about what a view must not have."""
        for text in BROKEN:
            await expect(self.view.get_by_text(text)).to_have_count(0)
        await expect(self.errors).to_have_count(0)
        assert self.complaints.texts == []

    def row(self, device: str) -> Locator:
        """Return a miner's row in the table of all."""
        return self.fleet.locator(f'.row[data-miner="{device}"]')

    @property
    def rows(self) -> Locator:
        """Return the rows of all miners."""
        return self.fleet.locator(".rows > .row")

    def saving(self, device: str) -> Locator:
        """Return the switch in a miner's row."""
        return self.row(device).get_by_role("switch")

    async def choose(self, label: str, option: str) -> None:
        """Pick something in a list above a card."""
        choice = self.view.locator(f'select[aria-label="{label}"]')
        await choice.select_option(option)
