"""How long the browser takes: for our cards, and for all of a page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
import json
from typing import Any

from playwright.async_api import CDPSession, Page, Route

from scripts.rig.api import HassApi
from scripts.rig.hass import DOMAIN

END = "sensor.end_of_burst"

_FIRST_PAINT = """
(([tag, painted]) => {
  const timer = setInterval(() => {
    if (!customElements.get("home-assistant-main")) return;
    clearInterval(timer);
    performance.mark("main-defined");
  }, 2);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    if (this.localName !== tag) return root;
    const watch = new MutationObserver(() => {
      if (!root.querySelector(painted)) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => performance.mark("painted")));
    });
    watch.observe(root, { subtree: true, childList: true, attributes: true });
    return root;
  };
})
"""
OUR_ROWS = ("miner-fleet-card-body", ".rows > .row[data-status]")
TILES = ("hui-tile-card", "ha-card")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPaint:
    """What it takes until a view is there."""

    milliseconds: float
    """From the app to the first paint of the cards; of tiles, to the last of them."""

    requests: int
    ours: int
    """How many of the requests are for our modules."""


class Opening:
    """A page that is to be opened, and notes what that takes."""

    def __init__(self, page: Page) -> None:
        """Count its requests from now on."""
        self._page = page
        self._urls: list[str] = []
        page.on("request", lambda request: self._urls.append(request.url))

    async def watch(self, cards: tuple[str, str]) -> None:
        """Note when the app is there, and when cards of this tag have painted this."""
        await self._page.add_init_script(f"({_FIRST_PAINT})({json.dumps(cards)})")

    async def took(self) -> FirstPaint:
        """Return what it took."""
        milliseconds: float = await self._page.evaluate(
            "Math.max(...performance.getEntriesByName('painted')"
            ".map(({ startTime }) => startTime))"
            " - performance.getEntriesByName('main-defined')[0].startTime"
        )
        return FirstPaint(
            milliseconds=milliseconds,
            requests=len(self._urls),
            ours=sum(f"/{DOMAIN}/" in url for url in self._urls),
        )


_TIMED = """
const timed = (thing, name, make) => {
  const found = Object.getOwnPropertyDescriptor(thing, name);
  Object.defineProperty(thing, name, make(found, (work, self, value) => {
    const start = performance.now();
    try { return work.call(self, value); }
    finally { performance.measure("ours", {start, end: performance.now()}); }
  }));
};
"""
_SETTER = """
timed(MinerCard.prototype, "hass", (found, run) =>
  ({...found, set(value) { run(found.set, this, value); }}));
"""
_PAINTER = """
timed({name}.prototype, "paint", (found, run) =>
  ({{...found, value() {{ return run(found.value, this); }}}}));
"""
MODULES = {
    "lib/card.js": _SETTER,
    "cards/fleet-card.js": _PAINTER.format(name="MinerFleetCard"),
    "cards/hash-rate-card.js": _PAINTER.format(name="MinerHashRateCard"),
}
"""What is added to which of our modules, so that the browser notes their work."""


async def time_modules(page: Page) -> None:
    """Let the page note all work of our modules."""
    for path, addition in MODULES.items():
        await page.route(f"**/miner_monitor/*/{path}", _adding(addition))


def _adding(addition: str) -> Any:
    async def add(route: Route) -> None:
        answer = await route.fetch()
        body = f"{await answer.text()}\n{_TIMED}{addition}"
        await route.fulfill(response=answer, body=body)

    return add


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What some bursts of changes took, in ms for each burst."""

    ours: float
    script: float
    task: float


class Bursts:
    """Changes many states at the same time, as seen by a page."""

    def __init__(self, api: HassApi, entities: Sequence[str]) -> None:
        """Change these entities."""
        self._api = api
        self._entities = entities
        self._values = count(2)

    async def cost(self, page: Page, times: int) -> Cost:
        """Return what the page does for each burst."""
        client = await page.context.new_cdp_session(page)
        await client.send("Performance.enable")
        await self._once(page)
        await page.evaluate("performance.clearMeasures('ours')")
        before = await _metrics(client)
        for _ in range(times):
            await self._once(page)
        after = await _metrics(client)
        ours = await page.evaluate(
            "performance.getEntriesByName('ours').reduce((s, e) => s + e.duration, 0)"
        )

        def spent(name: str) -> float:
            return 1000 * (after[name] - before[name]) / times

        return Cost(
            ours=ours / times,
            script=spent("ScriptDuration"),
            task=spent("TaskDuration"),
        )

    async def _once(self, page: Page) -> None:
        """Change all; return when the page has drawn it."""
        now, value = await self._api.states(), next(self._values)
        async with asyncio.TaskGroup() as posts:
            for entity in self._entities:
                attributes = now[entity]["attributes"]
                body = {"state": f"{value / 1000:.3f}", "attributes": attributes}
                posts.create_task(self._api.post(f"states/{entity}", body))
        # It is sent after all others.
        await self._api.post(f"states/{END}", {"state": str(value)})
        await page.wait_for_function(
            "([id, value]) => document.querySelector('home-assistant')"
            ".hass.states[id]?.state === value",
            arg=[END, str(value)],
        )
        await page.evaluate(
            "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
        )


async def _metrics(client: CDPSession) -> dict[str, float]:
    answer = await client.send("Performance.getMetrics")
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}
