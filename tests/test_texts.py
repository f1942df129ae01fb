"""What a device says of itself is text, wherever Home Assistant shows it.

Each text stands in every field of each family's replies, as the miner's name, and in
what it refuses; then all places are read where a person, or a log, gets to see it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
import json
import logging
import re
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_ZEROCONF
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.miner_monitor.const import DOMAIN, ISSUE_WRONG_DEVICE, LOGGER
from custom_components.miner_monitor.miners import MinerCommandError
from custom_components.miner_monitor.miners.model import Setting
from custom_components.miner_monitor.model import (
    EventType,
    MinerEvent,
)
from custom_components.miner_monitor.repairs import async_create_fix_flow
from custom_components.miner_monitor.runtime.escape import escaped, for_markdown, plain
from custom_components.miner_monitor.runtime.messages import async_create_issue
from simulator import MinerSpec, SimulatedMiner

from .conftest import GAMMA, GAMMA_2, HEX, NANO_3S, NERD, OXBITCOIN, Q, TimedBench
from .handles import Handle, take_over

WALLET = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
TEXTS: Mapping[str, str] = {
    "markdown": "[new](https://evil.example) **a** `b` # c | ~d~ !e &lt; www.evil.io",
    "html": "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "lines": "a\r\n2026-12-01 12:00:00.000 ERROR (MainThread) [b] c\x1b[31m\x00\x7f",
    "direction": "a\u202egpj.exe\u2066\u200b\u2028b",
    "long": "L" * 10_000,
    "braces": "{name} {0} {error.__class__} %s %d %(x)s {{ 7 * 7 }}",
    "wallet": f"worker {WALLET}.rig1",
}
FAMILIES = (GAMMA, HEX, NERD, NANO_3S, Q, OXBITCOIN)
WRITES: Mapping[str, tuple[Setting, Any]] = {
    "gamma": (Setting.FREQUENCY, 490.0),
    "hex": (Setting.FREQUENCY, 490.0),
    "nerd": (Setting.FREQUENCY, 490.0),
    "nano-3s": (Setting.WORK_MODE, "low"),
    "q": (Setting.WORK_MODE, "eco"),
}

NEEDED = {"ASICModel", "boardVersion", "version", "macAddr", "axeOSVersion"}
"""Without these nobody would know an AxeOS."""


@dataclass
class Shown:
    """All that was shown to somebody, by the kind of place."""

    markdown: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def watch(self, hass: HomeAssistant) -> None:
        """Take what events tell from now on."""

        @callback
        def see(event: Event[Any]) -> None:
            state = event.data["new_state"]
            if state is not None and state.domain == "event":
                told = {k: v for k, v in state.attributes.items() if k != "event_types"}
                told.pop("friendly_name", None)
                self.lines.extend(texts_in(told))

        hass.bus.async_listen(EVENT_STATE_CHANGED, see)

    def take_issues(self, hass: HomeAssistant) -> None:
        for issue in ir.async_get(hass).issues.values():
            if issue.domain == DOMAIN:
                self.markdown.extend((issue.translation_placeholders or {}).values())

    def take_flow(self, result: Mapping[str, Any]) -> None:
        self.markdown.extend((result.get("description_placeholders") or {}).values())

    def take_log(self, caplog: pytest.LogCaptureFixture) -> None:
        self.lines.extend(
            record.getMessage()
            for record in caplog.records
            if record.name.startswith(LOGGER.name)
        )


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in nested JSON types."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def is_line(text: str) -> bool:
    """Whether it is one line of sane length, and tells nobody's wallet."""
    return text.isprintable() and len(text) <= 2000 and WALLET not in text


def is_text(markdown: str) -> bool:
    """Whether Markdown shows it as it is: no link, no tag, no emphasis."""
    bare = re.sub(r"\\.", "", markdown)
    return is_line(markdown) and not re.search(r"[<>`*\[\]|~#!&@]|://|www\.", bare)


def spoil(miner: SimulatedMiner, text: str) -> None:
    """Put a text into every field of text of what a miner replies."""
    model = miner.spec.model
    if model.startswith("fpga"):
        miner.inject("card_names", names=[text])
    elif model.startswith("avalon"):
        miner.inject("hostile_ssid", ssid=text)
        miner.inject("override", values={"FW": text, "SoftOFF": text, "WORKMODE": text})
    else:
        info = miner.reply("info")
        miner.inject("override", values=spoiled(info, text))


def spoiled(value: Any, text: str) -> Any:
    """Return a reply whose texts are all this one, also in lists of pools."""
    if isinstance(value, Mapping):
        # A reply has an end: only one text of it is as long as can be.
        return {
            key: item
            if key in NEEDED
            else spoiled(item, text if key == "hostname" else text[:1000])
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [spoiled(item, text) for item in value]
    return text if isinstance(value, str) else value


def announced(miner: SimulatedMiner, text: str) -> ZeroconfServiceInfo:
    """Return what a miner says of itself by mDNS, with a text in its names."""
    return ZeroconfServiceInfo(
        ip_address=ip_address(miner.host),
        ip_addresses=[ip_address(miner.host)],
        port=miner.port,
        hostname=text,
        type="_http._tcp.local.",
        name=f"{text}._http._tcp.local.",
        properties={"board": text, "family": text},
    )


async def refuse(handle: Handle, text: str) -> list[str]:
    """Let a miner refuse a setting in these words; return what the caller gets."""
    setting, value = WRITES[handle.miner.name]
    avalon = handle.is_avalon
    handle.miner.inject("write_refused" if avalon else "patch_refused", text=text)
    with pytest.raises(HomeAssistantError) as raised:
        await handle.set(setting, value)
    await handle.bench.advance(30)
    handle.entry.runtime_data.controller.failed(
        MinerCommandError(f"refused: {text}"), {setting: value}
    )
    return [str(raised.value)]


async def report(bench: TimedBench, handle: Handle) -> list[str]:
    """Return the Markdown of all reports."""
    found = []
    target = {"device_id": handle.device_id}
    for action, data in (
        ("miner_report", target),
        ("compare_settings", target),
        ("fleet_report", {}),
    ):
        answer = await bench.run(
            bench.hass.services.async_call(
                DOMAIN, action, data, blocking=True, return_response=True
            )
        )
        found += [line for line in answer["markdown"].splitlines() if line]
    return found


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.name)
async def test_all_places(
    bench: TimedBench,
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    spec: MinerSpec,
    kind: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "homeassistant")
    caplog.set_level(logging.DEBUG, "aiohttp")
    text, shown = TEXTS[kind], Shown()
    shown.watch(hass)
    handle = await take_over(bench, await bench.miner(spec))
    controller = handle.entry.runtime_data.controller
    spoil(handle.miner, text)
    await bench.advance(60)
    hass.config_entries.async_update_entry(handle.entry, title=text)
    if spec.name in WRITES:
        shown.lines += await refuse(handle, text)
    details = {"from": text, "to": [text, 1], "by": {"device": text}}
    controller.publish(MinerEvent(event_type=EventType.POOL_SWITCHED, details=details))
    async_create_issue(hass, handle.entry, ISSUE_WRONG_DEVICE, host=text, found=text)
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(60)
    handle.miner.inject("garbage")
    await bench.advance(120)

    shown.take_issues(hass)
    shown.take_log(caplog)
    shown.markdown += [line.replace("**", "") for line in await report(bench, handle)]

    assert len(shown.markdown) > 8
    assert [text for text in shown.markdown if not is_text(text)] == []
    assert [text for text in shown.lines if not is_line(text)] == []


@pytest.mark.parametrize("kind", TEXTS)
async def test_forms(bench: TimedBench, hass: HomeAssistant, kind: str) -> None:
    """Discovered, added, asked for its password, moved and repaired."""
    text, shown = TEXTS[kind], Shown()
    miner = await bench.miner(NERD)
    handle = await take_over(bench, miner)
    hass.config_entries.async_update_entry(handle.entry, title=text)
    other = await bench.miner(GAMMA)
    other.inject("override", values={"hostname": text})
    found = await bench.run(
        hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_ZEROCONF}, data=announced(other, text)
        )
    )
    shown.take_flow(found)
    for flow in hass.config_entries.flow.async_progress():
        shown.lines.extend(flow["context"].get("title_placeholders", {}).values())
    for source in (SOURCE_REAUTH, "reconfigure"):
        context = {"source": source, "entry_id": handle.entry.entry_id}
        shown.take_flow(
            await bench.run(
                hass.config_entries.flow.async_init(
                    DOMAIN, context=context, data=dict(handle.entry.data)
                )
            )
        )
    repair = await async_create_fix_flow(
        hass, "wrong_device", {"entry_id": handle.entry.entry_id}
    )
    repair.hass = hass
    shown.take_flow(await repair.async_step_init())

    assert len(shown.markdown) >= 5
    assert [text for text in shown.markdown if not is_text(text)] == []
    assert [text for text in shown.lines if not is_line(text)] == []


@pytest.mark.parametrize("kind", TEXTS)
async def test_notifications(bench: TimedBench, hass: HomeAssistant, kind: str) -> None:
    """The note of a found block names the miner."""
    handle = await take_over(bench, await bench.miner(GAMMA_2))
    await bench.advance(60)
    hass.config_entries.async_update_entry(handle.entry, title=TEXTS[kind])
    handle.miner.inject("block_found")
    await bench.advance(90)

    notes = persistent_notification._async_get_or_create_notifications(hass)
    (note,) = notes.values()
    assert is_line(note["title"])
    assert is_line(note["message"])
    assert is_text(note["message"].replace("!", ""))


@pytest.mark.parametrize("kind", TEXTS)
async def test_errors_of_all_miners(
    bench: TimedBench, hass: HomeAssistant, kind: str
) -> None:
    """One error that names several miners is one line, too."""
    text = TEXTS[kind]
    handles = [await take_over(bench, await bench.miner(s)) for s in (GAMMA, NERD)]
    for handle in handles:
        hass.config_entries.async_update_entry(handle.entry, title=text)
        handle.miner.inject("patch_refused", text=text)

    with pytest.raises(HomeAssistantError) as raised:
        await bench.call(
            DOMAIN,
            "apply_settings",
            {"device_id": [handle.device_id for handle in handles], "frequency": 490},
        )

    assert is_line(str(raised.value))


def test_names_as_people_write_them() -> None:
    """They are shown as they are: also in a title, which is no Markdown."""
    for name in ("Gamma 601 A1B2", "garage_rig_2", "Küche (oben)", "10.0.0.5", "💥"):
        assert for_markdown({"name": name}) == {"name": name}
    assert escaped("garage_rig") == r"garage\_rig", "reports go to all kinds of phones"
    assert for_markdown({"name": "_x_ - y"}) == {"name": r"\_x\_ - y"}
    assert for_markdown({"name": "- x"}) == {"name": r"\- x"}


@pytest.mark.parametrize(
    "wallet",
    [
        WALLET,
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "0x52908400098527886E0F7030069857D2E4169EE7",
    ],
)
def test_wallets_are_left_out(wallet: str) -> None:
    assert plain(f"user {wallet}.rig, wrong") == "user ….rig, wrong"


def test_ids_are_no_wallets() -> None:
    text = "miner_monitor.insight.01KWVB3WX2TARQ8ZV5M3N7PD2K cannot be read"
    assert plain(text) == text[:64]


def test_log_of_any_text(caplog: pytest.LogCaptureFixture) -> None:
    """A line stays a line, whatever it quotes, and whoever logs it."""
    LOGGER.warning("%s is away: %s", "a\nb", MinerCommandError(TEXTS["lines"]))
    LOGGER.warning("%s", json.dumps({"a": 1}))

    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("ab is away: a2026-12-01")
    assert first.isprintable()
    assert second == '{"a": 1}'
