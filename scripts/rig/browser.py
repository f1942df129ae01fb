"""A headless Chromium that sees only this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import shutil

from playwright.async_api import Browser, async_playwright

LOOK = Path(__file__).with_name("look.js")
"""A script for a page of Home Assistant's frontend, which finds things in it."""

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

LAUNCH_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


def find_chromium() -> str | None:
    """Return the path of an installed Chromium; $CHROMIUM names another one."""
    for name in (os.environ.get("CHROMIUM"), *CANDIDATES):
        if name and (path := shutil.which(name)):
            return path
    return None


@asynccontextmanager
async def open_browser(executable: str) -> AsyncIterator[Browser]:
    """Run a browser with a fresh profile."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=list(LAUNCH_FLAGS)
        )
        try:
            yield browser
        finally:
            await browser.close()
