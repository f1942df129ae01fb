"""The blueprint *Miner alerts* on a simulated farm: what is sent, when, what is not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
import re
from typing import Any, cast
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.util import dt as dt_util
import pytest

from custom_components.miner_monitor.alerts.trigger import EVENTS
from custom_components.miner_monitor.const import CONF_PLUG_SWITCH
from custom_components.miner_monitor.coordinator import MinerConfigEntry
from simulator import Farm, MinerSpec, SimulatedMiner

from .automations import AUTOMATION, set_up_automation, turn_off_automation
from .conftest import A1246, GAMMA, GAMMA_2, NERD, Q, TimedBench

MINUTE = 60
POLL = 60
FARM = (GAMMA, GAMMA_2, NERD, Q)
NAMES = {
    GAMMA.name: "Gamma 601 A1B2",
    GAMMA_2.name: "Gamma 602 0006",
    NERD.name: "garage-rig",
    Q.name: "Avalon Q F7CF",
    A1246.name: "AvalonMiner 1246-83 71B9",
}
SLUG_2 = "gamma_602_0006"
LINK = re.compile(r"\nhttp://[\d.:]+/config/\S+$")


@pytest.fixture(autouse=True)
def morning(freezer: FrozenDateTimeFactory) -> None:
    """Begin at eight, local time."""
    freezer.move_to(datetime(2026, 11, 20, 8, tzinfo=ZoneInfo("US/Pacific")))


@dataclass
class Phone:
    """A notify entity, and what it was sent since somebody looked at it."""

    hass: HomeAssistant
    seen: list[dict[str, Any]]

    def take(self) -> list[str]:
        """Return the messages without their links, and forget them."""
        for message in self.seen:
            assert message["entity_id"] == ["notify.phone"]
            assert LINK.search(message["message"])
        found = [LINK.sub("", message["message"]) for message in self.seen]
        self.seen.clear()
        return found


async def watched(bench: TimedBench, **inputs: Any) -> Phone:
    """Make an automation of the blueprint that sends to a phone."""
    phone = Phone(bench.hass, [])

    async def send(call: ServiceCall) -> None:
        phone.seen.append(dict(call.data))

    bench.hass.services.async_register("notify", "send_message", send)
    given = {"people": ["notify.phone"], **inputs}
    await bench.run(set_up_automation(bench.hass, "miner_alerts.yaml", given))
    return phone


async def settled(
    bench: TimedBench, *specs: MinerSpec, seconds: float = 15 * MINUTE
) -> tuple[Farm, dict[str, MinerConfigEntry]]:
    """Have miners that are polled once a minute, and have run for a while."""
    farm = await bench.start(*specs)
    entries = {}
    for spec in specs:
        entry = entries[spec.name] = await bench.add(farm[spec.name])
        bench.hass.config_entries.async_update_entry(
            entry, options={**entry.options, "scan_interval": POLL}
        )
        await bench.run(bench.hass.config_entries.async_reload(entry.entry_id))
    await bench.pass_time(seconds)
    return farm, entries


def rates(percent: float) -> dict[str, float]:
    """Return what a Gamma reports at a part of its hash rate."""
    keys = ("hashRate", "hashRate_1m", "hashRate_10m", "hashRate_1h")
    return dict.fromkeys(keys, 10.7 * percent)


type Step = Callable[[SimulatedMiner], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What happens to a miner, for so many minutes each, and what is sent of it."""

    spec: MinerSpec
    begin: Step
    sent: str
    minutes: int = 4
    end: Step | None = None
    over: str | None = None
    minutes_over: int = 5


def fault(name: str, **parameters: Any) -> Step:
    return lambda miner: miner.inject(name, **parameters)


def clear(name: str) -> Step:
    return lambda miner: miner.clear(name)


CASES = {
    "went_offline": Case(
        spec=GAMMA,
        begin=fault("offline"),
        minutes=12,
        sent=r"{name}: Offline \(since \d\d:\d\d\)\. Check power, network .*",
        end=clear("offline"),
        over="Back online: {name}.",
    ),
    "on_fallback_pool": Case(
        spec=GAMMA,
        begin=fault("pool_lost", fallback=True),
        sent=r"{name}: On the fallback pool \(since \d\d:\d\d\)\. Check whether .*",
        end=clear("pool_lost"),
        over="Back on the main pool: {name}.",
    ),
    "pool_lost": Case(
        spec=Q,
        begin=fault("pool_lost"),
        minutes=8,
        sent=r"{name}: Pool connection lost \(since \d\d:\d\d\)\. Check the inter.*",
        end=clear("pool_lost"),
        over="Pool connection restored: {name}.",
        minutes_over=8,
    ),
    "overheated": Case(
        spec=Q,
        begin=fault("hot", temperature=100),
        sent=r"{name}: Overheated \(\d\d+\.\d °C, limit 95 °C\)\. Check the fan, .*",
        end=clear("hot"),
        over="Cooled down: {name}.",
        minutes_over=15,
    ),
    "fault": Case(
        spec=GAMMA,
        begin=fault("power_fault"),
        sent=r"{name}: Fault \(VIN_UV_FAULT\)\. Restart the miner\. .*",
        end=clear("power_fault"),
        over="Fault cleared: {name}.",
    ),
    "fan_stopped": Case(
        spec=A1246,
        begin=fault("fan_stop", fan=1),
        minutes=5,
        # This model reports it as a fault of its own, too.
        sent=(
            r"{name}: Fan stopped \(since \d\d:\d\d\)\. Turn the miner off .*"
            r"\n{name}: Fault \(fan, controller\)\. Restart .*"
        ),
        end=clear("fan_stop"),
        over="Fan running again: {name}.\nFault cleared: {name}.",
    ),
    "stalled": Case(
        spec=GAMMA,
        begin=fault("flatline"),
        minutes=30,
        sent=r"{name}: No shares for a long time \(since \d\d:\d\d\)\. Check .*",
        end=clear("flatline"),
        over="Finding shares again: {name}.",
        minutes_over=20,
    ),
    "hash_rate_dropped": Case(
        spec=GAMMA,
        begin=fault("override", values=rates(60)),
        minutes=30,
        sent=r"{name}: Hash rate low \(\d\d\.\d%, limit 80%\)\. Check .*",
        end=clear("override"),
        over="Hash rate back to normal: {name}.",
        minutes_over=20,
    ),
    "restarted": Case(
        spec=GAMMA,
        begin=lambda miner: miner.reboot(),
        minutes=8,
        sent=r"{name}: Restarted \(Software reset .*\)\. If this happens again, .*",
    ),
    "firmware_changed": Case(
        spec=GAMMA_2,
        begin=lambda miner: miner.update_firmware("2.15.0"),
        minutes=8,
        sent=r"{name}: Restarted .*\n{name}: Firmware changed \(v2.14.0 → v2.15.0\)\.",
    ),
    "new_best_difficulty": Case(
        spec=GAMMA,
        begin=fault("override", values={"bestDiff": 4.29e9, "bestSessionDiff": 4.29e9}),
        sent=r"{name}: New best difficulty \(4.29 G\)\.",
    ),
    "block_found": Case(
        spec=GAMMA,
        begin=fault("block_found"),
        sent=r"{name}: Block found \(\d\d:\d\d\)\.",
    ),
}
"""One of each event of which the blueprint's form has a box."""


async def test_every_event(bench: TimedBench) -> None:
    """One message when it begins, and one when it is over; no other miner's name."""
    assert CASES.keys() | {"rejects_high", "throttled"} == set(EVENTS)
    farm, _ = await settled(bench, *FARM, A1246)
    for miner in farm:
        find_luckily(miner)
    await bench.pass_time(2 * MINUTE)
    phone = await watched(bench, events=list(EVENTS), hash_rate_for={"minutes": 5})
    for key, case in CASES.items():
        miner, name = farm[case.spec.name], NAMES[case.spec.name]
        case.begin(miner)
        await bench.pass_time(case.minutes * MINUTE)
        sent = "\n--\n".join(phone.take())
        assert re.fullmatch(case.sent.format(name=name), sent), f"{key}: {sent}"
        if case.end is not None:
            case.end(miner)
            await bench.pass_time(case.minutes_over * MINUTE)
            assert phone.take() == [str(case.over).format(name=name)], key

    # What the firmware lowered itself comes back by a button.
    hot = farm[GAMMA_2.name]
    hot.inject("hot", temperature=80, duration=20)
    await bench.pass_time(15 * MINUTE)
    (sent,) = phone.take()
    name = NAMES[GAMMA_2.name]
    assert sent.startswith(f"{name}: Throttled by the miner (since ")
    button = {"entity_id": f"button.{SLUG_2}_restore_settings"}
    await bench.call("button", "press", button)
    await bench.pass_time(5 * MINUTE)
    assert phone.take() == [f"No longer throttled: {name}."]

    name = NAMES[GAMMA.name]
    await reject_shares(bench, farm[GAMMA.name], rejected=4)
    (sent,) = phone.take()
    shown = rf"{name}: Many rejected shares \(\d+\.\d%, limit 3%\)\. .*"
    assert re.fullmatch(shown, sent)
    await reject_shares(bench, farm[GAMMA.name], rejected=0)
    assert phone.take() == [f"Rejected shares back to normal: {name}."]
    await turn_off_automation(bench.hass)


def find_luckily(miner: SimulatedMiner) -> None:
    """Make a new best by chance unlikely, so that none comes in between."""
    shares = cast("Any", miner).device.shares
    shares.best = shares.best_session = 4e9


async def reject_shares(
    bench: TimedBench, miner: SimulatedMiner, *, rejected: int
) -> None:
    """Let an hour pass in which the pool rejects so many shares a minute of 12."""
    info = miner.reply("info")
    accepted, before = info["sharesAccepted"], info["sharesRejected"]
    for minute in range(1, 65):
        counted = {
            "sharesAccepted": accepted + (12 - rejected) * minute,
            "sharesRejected": before + rejected * minute,
        }
        miner.inject("override", values=counted)
        await bench.pass_time(MINUTE)


async def test_several_miners_are_one_message(bench: TimedBench) -> None:
    """Who is in the area counts; the action list has all that is in the message."""
    hass = bench.hass
    farm, entries = await settled(bench, *FARM, seconds=5 * MINUTE)
    devices, area = dr.async_get(hass), ar.async_get(hass).async_create("Garage")
    for spec in FARM[:3]:
        device = dr.async_entries_for_config_entry(devices, entries[spec.name].entry_id)
        devices.async_update_device(device[0].id, area_id=area.id)
    ran: list[dict[str, Any]] = []
    hass.bus.async_listen("ran", lambda event: ran.append(dict(event.data)))
    keys = ("title", "message", "url", "severity", "alerts")
    data = {key: f"{{{{ trigger.{key} }}}}" for key in keys}
    await watched(
        bench,
        people=[],
        miners={"area_id": area.id},
        actions=[{"event": "ran", "event_data": data}],
    )
    for miner in farm:
        miner.inject("offline")
    await bench.pass_time(15 * MINUTE)
    (sent,) = ran
    ran.clear()
    names = [NAMES[spec.name] for spec in FARM[:3]]
    assert sent["title"] == "3 offline"
    assert sent["message"].startswith(f"3 offline: {', '.join(names)}. Check power, ")
    assert sent["url"] == "/config/integrations/integration/miner_monitor"
    assert sent["severity"] == "warning"
    assert [alert["miner"] for alert in sent["alerts"]] == names
    alert = sent["alerts"][0]
    assert alert["message"].startswith(f"{names[0]}: Offline (since ")
    assert alert["url"] == f"/config/devices/device/{alert['device_id']}"
    for miner in farm:
        miner.clear("offline")
    await bench.pass_time(5 * MINUTE)
    (sent,) = ran
    assert sent["title"] == f"Back online: {', '.join(names)}"
    assert sent["severity"] == "info"
    await turn_off_automation(hass)


@pytest.mark.freeze_time("2026-11-24T16:00:00")
async def test_quiet_hours(bench: TimedBench) -> None:
    """From 10 to 12: what is urgent is sent at once, the rest at noon if it is so."""
    farm, _ = await settled(bench, *FARM, seconds=110 * MINUTE)
    phone = await watched(bench, quiet_from="10:00:00", quiet_until="12:00:00")

    async def until(hour: int, minute: int = 0) -> list[str]:
        now = dt_util.now()
        end = now.replace(hour=hour, minute=minute, second=0)
        await bench.pass_time((end - now).total_seconds())
        return [message.partition(" (")[0] for message in phone.take()]

    assert await until(10, 5) == []
    farm[GAMMA.name].inject("offline")
    farm[NERD.name].inject("offline", duration=20 * MINUTE)
    farm[GAMMA_2.name].reboot()
    assert await until(10, 30) == []
    farm[Q.name].inject("hot", temperature=100)
    assert await until(10, 45) == [f"{NAMES[Q.name]}: Overheated"]
    farm[Q.name].clear("hot")
    assert await until(11, 59) == []
    (sent,) = await until(12, 1)
    assert sent == f"{NAMES[GAMMA_2.name]}: Restarted"
    await turn_off_automation(bench.hass)


async def test_it_is_sent_again_after_a_while(bench: TimedBench) -> None:
    farm, _ = await settled(bench, GAMMA, seconds=5 * MINUTE)
    phone = await watched(
        bench,
        again_after={"hours": 1},
        back_to_normal=False,
        offline_for={"minutes": 0},
    )
    farm[GAMMA.name].inject("offline")
    await bench.pass_time(150 * MINUTE)
    assert len(phone.take()) == 3
    farm[GAMMA.name].clear("offline")
    await bench.pass_time(150 * MINUTE)
    assert phone.take() == []
    await turn_off_automation(bench.hass)


async def test_what_home_assistant_asked_for(bench: TimedBench) -> None:
    """Restart, standby, saving power and a plug that it turns off are no news."""
    hass = bench.hass
    hass.states.async_set("switch.plug", "on")
    farm, entries = await settled(bench, *FARM, seconds=5 * MINUTE)
    plugged = entries[GAMMA_2.name]
    hass.config_entries.async_update_entry(
        plugged, options={**plugged.options, CONF_PLUG_SWITCH: "switch.plug"}
    )
    await bench.run(hass.config_entries.async_reload(plugged.entry_id))
    await bench.pass_time(5 * MINUTE)
    phone = await watched(bench, events=list(EVENTS), offline_for={"minutes": 0})

    async def turn(entity: str, to: str) -> None:
        await bench.call(entity.partition(".")[0], to, {"entity_id": entity})
        await bench.pass_time(15 * MINUTE)

    q, gamma = "avalon_q_f7cf", "gamma_601_a1b2"
    await turn(f"button.{gamma}_restart", "press")
    await turn(f"button.{q}_restart", "press")
    for name in (q, gamma, "garage_rig"):
        await turn(f"switch.{name}_save_power", "turn_on")
        await turn(f"switch.{name}_save_power", "turn_off")
    await turn(f"switch.{q}_mining", "turn_off")
    await turn(f"switch.{q}_mining", "turn_on")
    hass.states.async_set("switch.plug", "off")
    farm[GAMMA_2.name].inject("offline")
    await bench.pass_time(15 * MINUTE)
    farm[GAMMA_2.name].clear("offline")
    farm[GAMMA_2.name].reboot()
    hass.states.async_set("switch.plug", "on")
    await bench.pass_time(15 * MINUTE)
    assert phone.take() == []
    assert farm[GAMMA.name].truth.restarts == 1
    # The same by itself is news.
    farm[GAMMA.name].reboot()
    await bench.pass_time(5 * MINUTE)
    (sent,) = phone.take()
    assert sent.startswith(f"{NAMES[GAMMA.name]}: Restarted (")
    await turn_off_automation(hass)


async def test_a_restart_sends_nothing_and_forgets_nothing(bench: TimedBench) -> None:
    """As at a restart, all miners are reloaded and the automation starts anew."""
    hass = bench.hass
    farm, entries = await settled(bench, *FARM)
    phone = await watched(bench)
    farm[GAMMA.name].inject("offline")
    farm[Q.name].inject("pool_lost")
    farm[GAMMA_2.name].inject("power_fault")
    await bench.pass_time(15 * MINUTE)
    assert len(phone.take()) == 3
    await turn_off_automation(hass)
    for entry in entries.values():
        await bench.run(hass.config_entries.async_unload(entry.entry_id))
    await bench.call("automation", "turn_on", {"entity_id": AUTOMATION})
    farm[NERD.name].inject("offline")
    for entry in entries.values():
        await bench.run(hass.config_entries.async_setup(entry.entry_id))
    await bench.pass_time(30 * MINUTE)
    assert phone.take() == []
    for miner in farm:
        for name in ("offline", "pool_lost", "power_fault"):
            miner.clear(name)
    await bench.pass_time(10 * MINUTE)
    assert sorted(line for sent in phone.take() for line in sent.splitlines()) == [
        f"Back online: {NAMES[GAMMA.name]}.",
        f"Fault cleared: {NAMES[GAMMA_2.name]}.",
        f"Pool connection restored: {NAMES[Q.name]}.",
    ]
    await turn_off_automation(hass)
