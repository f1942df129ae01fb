"""What owners of AxeOS miners reported, shown as it has to be: by flow and polls."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_HOST, STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.diagnostics import (
    async_get_config_entry_diagnostics,
)

from .conftest import TimedBench
from .miners.replies import GAMMA, GAMMA_214, OFF_214, capture, without
from .playback import INFO, Playback

POLL = 15
ASIC = {
    "ASICModel": "BM1370",
    "deviceModel": "Gamma",
    "asicCount": 1,
    "defaultFrequency": 525,
    "frequencyOptions": [400, 490, 525, 550, 600, 625],
    "defaultVoltage": 1150,
    "voltageOptions": [1000, 1060, 1100, 1150, 1200, 1250],
}
MONITOR = {
    "hashrateMonitor": {
        "asics": [{"total": 1072.2, "errorCount": 4, "domains": [268, 268, 268, 268.2]}]
    }
}
POOL = {"stratumURL": "pool.example", "stratumPort": 3333, "stratumUser": "bc1q.a"}
GAMMA_215 = GAMMA_214 | {
    "version": "v2.15.0",
    "pools": [POOL | {"id": 0}, POOL | {"id": 1, "stratumURL": "spare.example"}],
    "primaryPoolIndex": 0,
    "secondaryPoolIndex": 1,
    **MONITOR,
}
OFF = OFF_214 | {"power": 5.0, "current": 0, "actualFrequency": 50, "fanspeed": 30}
AT_REST = {
    "hashrateMonitor": {"asics": [{"total": 0, "errorCount": 4, "domains": [0] * 4}]}
}
FULL_FAN = {"autofanspeed": 0, "manualFanSpeed": 100, "fanspeed": 100}
RATES = ("hash_rate", "hash_rate_10m", "hash_rate_1h")
SV2_FAILURES = (
    "SV2: Pool unreachable",
    "SV2: Connection lost",
    "SV2: Pool not responding",
    "SV2: Auth failed - check key",
    "SV2: Auth required - no key",
    "SV2: Pool rejected config",
    "SV2: Pool rejected miner",
    "SV2: Internal error",
)

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")


class Case:
    """A miner that says what a case says, and what Home Assistant shows of it."""

    def __init__(self, bench: TimedBench, miner: Playback, entry: Any) -> None:
        self.bench, self.miner, self.entry = bench, miner, entry
        self.events: list[str] = []
        self.shares = int(miner.info["sharesAccepted"])

    def entity_id(self, platform: str, key: str) -> str | None:
        registry = er.async_get(self.bench.hass)
        unique_id = f"{self.entry.unique_id}_{key}"
        return registry.async_get_entity_id(platform, DOMAIN, unique_id)

    def state(self, key: str, platform: str = "sensor") -> str:
        entity_id = self.entity_id(platform, key)
        assert entity_id is not None, key
        shown = self.bench.hass.states.get(entity_id)
        assert shown is not None
        return shown.state

    def number(self, key: str) -> float | None:
        state = self.state(key)
        return None if state == STATE_UNKNOWN else float(state)

    def on(self, key: str) -> str:
        return self.state(key, "binary_sensor")

    def attribute(self, key: str, platform: str, name: str) -> Any:
        entity_id = self.entity_id(platform, key)
        assert entity_id is not None
        shown = self.bench.hass.states.get(entity_id)
        assert shown is not None
        return shown.attributes[name]

    async def says(self, info: Mapping[str, Any], polls: float = 1) -> None:
        """Let it answer otherwise, for so many polls."""
        self.miner.info = info
        asked = self.miner.requests.count(f"GET {INFO}")
        while self.miner.requests.count(f"GET {INFO}") < asked + polls:
            await self.bench.advance(1)
        assert self.on("online") == STATE_ON

    async def works(self, info: Mapping[str, Any], seconds: float) -> None:
        """Let it answer otherwise for a time, with shares that come."""
        end = self.bench.now + seconds
        while end - self.bench.now > 1:
            self.shares += 20
            self.miner.info = {**info, "sharesAccepted": self.shares}
            await self.bench.advance(60)
        assert self.on("online") == STATE_ON

    async def goes_on(self, info: Mapping[str, Any], polls: int) -> None:
        """Let it answer alike, with an uptime that counts."""
        uptime = info.get("uptimeSeconds", 0)
        for poll in range(polls):
            await self.says({**info, "uptimeSeconds": uptime + POLL * (poll + 1)})

    def fleet(self, key: str) -> float | None:
        """Return what all miners together show."""
        shown = self.bench.hass.states.get(f"sensor.all_miners_{key}")
        assert shown is not None
        return None if shown.state == STATE_UNKNOWN else float(shown.state)

    @property
    def rates(self) -> set[float | None]:
        """All hash rates that are shown of it."""
        return {self.number(key) for key in RATES if self.entity_id("sensor", key)}


type Adding = Any


@pytest.fixture
def case(bench: TimedBench, hass: HomeAssistant) -> Adding:
    """Give what adds a miner that says something."""

    async def add(info: Mapping[str, Any], asic: Mapping[str, Any] = ASIC) -> Case:
        miner = await bench.play(info, asic)
        found = Case(bench, miner, await bench.add(miner))
        await found.says(info)
        events = found.entity_id("event", "activity")

        def note(event: Any) -> None:
            new = event.data["new_state"]
            if event.data["entity_id"] == events and new is not None:
                found.events.append(new.attributes.get("event_type"))

        hass.bus.async_listen("state_changed", note)
        return found

    return add


def shows_no_work(case: Case) -> None:
    """Check that no number says that it hashes."""
    assert case.rates <= {0, None}
    assert case.on("hashing") == STATE_OFF
    assert case.state("efficiency") == STATE_UNKNOWN
    assert case.state("hash_rate_ratio") == STATE_UNKNOWN
    assert case.fleet("hash_rate") in (0, None)
    data = case.entry.runtime_data.data
    for chip in data.state.chips:
        assert not chip.hash_rate
        assert not any(chip.domains)
    assert not data.believed.hash_rate_now


LOST = (
    pytest.param(GAMMA, {"hashRate": 0}, id="2.12"),
    pytest.param(GAMMA, {"hashRate": 0} | FULL_FAN, id="2.12 full fan"),
    pytest.param(GAMMA_214, OFF, id="2.14"),
    pytest.param(GAMMA_214, OFF | FULL_FAN, id="2.14 full fan"),
    pytest.param(GAMMA_215, OFF | AT_REST, id="2.15"),
    pytest.param(GAMMA_215, OFF | AT_REST | FULL_FAN, id="2.15 full fan"),
    *(
        pytest.param(GAMMA_215, OFF | AT_REST | {"poolConnectionInfo": text}, id=text)
        for text in SV2_FAILURES
    ),
    pytest.param(
        GAMMA_215,
        OFF | AT_REST | FULL_FAN | {"poolConnectionInfo": SV2_FAILURES[0]},
        id="SV2 full fan",
    ),
    # a board that tells no temperature of chips that are off
    pytest.param(
        GAMMA_214 | FULL_FAN | {"boardVersion": "401", "vrTemp": 0},
        OFF | FULL_FAN,
        id="401 full fan",
    ),
)


@pytest.mark.parametrize(("before", "change"), LOST)
async def test_a03_a04_a_lost_pool_is_shown_within_two_polls(
    case: Adding, before: dict[str, Any], change: dict[str, Any]
) -> None:
    full_fan = {key: change[key] for key in FULL_FAN if "autofanspeed" in change}
    miner = await case(before | full_fan)
    assert miner.state("status") == "hashing"
    assert miner.number("hash_rate") > 1

    await miner.goes_on(before | change, 2)

    assert miner.state("status") == "pool_lost"
    shows_no_work(miner)
    if miner.entity_id("binary_sensor", "pool_connected"):
        assert miner.on("pool_connected") == STATE_OFF
    assert miner.on("overheating") == STATE_OFF
    assert "overheated" not in miner.events

    await miner.goes_on(before | full_fan, 1)
    assert miner.state("status") == "hashing"
    assert miner.number("hash_rate") > 1
    assert "overheated" not in miner.events


@pytest.mark.parametrize("text", ["SV2: Handshaking", "???", "IPvX", "Disconnected"])
async def test_a03_an_unknown_text_of_a_pool_is_unknown(
    case: Adding, text: str
) -> None:
    miner = await case(GAMMA_215 | {"poolConnectionInfo": text})
    assert miner.state("status") == "hashing"
    assert miner.on("pool_connected") == STATE_UNKNOWN


@pytest.mark.parametrize("text", ["IPv4", "IPv6", "IPv4 (TLS)", "IPv6 (TLS)"])
async def test_a_known_text_of_a_pool_is_a_connection(case: Adding, text: str) -> None:
    miner = await case(GAMMA_215 | {"poolConnectionInfo": text})
    assert miner.on("pool_connected") == STATE_ON


async def test_a05_a_power_fault_shows_no_rate(case: Adding) -> None:
    miner = await case(GAMMA | MONITOR)
    await miner.goes_on(GAMMA | MONITOR, 2)
    broken = {"power_fault": "VIN UV", "power": 5, "current": 0, "coreVoltageActual": 0}

    await miner.goes_on(GAMMA | MONITOR | broken, 3)

    assert miner.state("status") == "fault"
    assert miner.on("fault") == STATE_ON
    assert miner.attribute("fault", "binary_sensor", "faults") == ["VIN UV"]
    shows_no_work(miner)
    assert miner.number("power") == 5
    assert miner.number("core_voltage_actual") == 0
    assert miner.on("overheating") == STATE_OFF


@pytest.mark.parametrize(
    "still",
    [
        pytest.param({"miningPaused": True} | OFF, id="paused"),
        pytest.param({"hardware_fault": "fan"}, id="hardware fault"),
        pytest.param({"overheat_mode": 1}, id="overheated"),
        pytest.param(OFF, id="no pool"),
    ],
)
async def test_k2_no_rate_goes_beside_a_status_of_rest(
    case: Adding, still: dict[str, Any]
) -> None:
    """Whatever the reason, with means, chips and present rate left as they were."""
    miner = await case(GAMMA_215)
    await miner.goes_on(GAMMA_215, 2)
    before = miner.entry.runtime_data.data.insight.stability
    await miner.goes_on(GAMMA_215 | still, 3)
    shows_no_work(miner)
    assert miner.number("expected_hash_rate") == pytest.approx(1.071)
    assert before is not None


async def test_a23_a_weak_signal_is_a_signal(case: Adding) -> None:
    miner = await case(GAMMA | {"wifiRSSI": -80})
    for signal in (-86, -90):
        await miner.says(GAMMA | {"wifiRSSI": signal})
        assert miner.number("wifi_signal") == signal


ABSURD = dict.fromkeys(("hashRate", "hashRate_1m"), 199_870)


@pytest.mark.parametrize("known", [True, False], ids=["a07", "a08 no past"])
@pytest.mark.parametrize(
    "absurd",
    [
        ABSURD,
        ABSURD | dict.fromkeys(("hashRate_10m", "hashRate_1h"), 199_870),
        ABSURD | {"expectedHashrate": 199_870},
        {
            "hashrateMonitor": {
                "asics": [{"total": 199_870, "domains": [50_000] * 4, "errorCount": 1}],
                "hashrate": 199_870,
            }
        },
    ],
    ids=["two copies", "all copies", "expected too", "chips"],
)
async def test_a07_a08_an_absurd_rate_is_in_no_entity(
    case: Adding, absurd: dict[str, Any], *, known: bool
) -> None:
    base = GAMMA | MONITOR
    miner = await case(base if known else base | absurd)
    for _ in range(4):
        await miner.says(base | absurd)
        assert all(rate is None or rate < 5 * 1.071 for rate in miner.rates)
        assert (miner.fleet("hash_rate") or 0) < 5 * 1.071
        state = miner.entry.runtime_data.data.state
        assert all((chip.hash_rate or 0) < 5 * 1.071 for chip in state.chips)
        assert all(sum(chip.domains) < 5 * 1.071 for chip in state.chips)
        assert miner.state("status") == "hashing"
    await miner.says(base)
    assert miner.number("hash_rate") == pytest.approx(1.0889)


async def test_a11_a_lone_missing_reading_is_bridged(
    case: Adding, hass: HomeAssistant
) -> None:
    """As TMP1075 boards do it: every second temperature is 0."""
    base = GAMMA | {"boardVersion": "702", "temp": 50, "temp2": 49, "fan2rpm": 2850}
    miner = await case(base)
    for poll in range(6):
        await miner.says(base | ({"temp": 0} if poll % 2 == 0 else {}))
        assert miner.number("chip_temperature") == 50
        report = await async_get_config_entry_diagnostics(hass, miner.entry)
        bridged = ["chip_temperature"] if poll % 2 == 0 else []
        assert list(report["state"]["bridged"]) == bridged
        assert miner.on("overheating") == STATE_OFF


async def test_a11_as_captured(case: Adding) -> None:
    base = capture("suprahex_702-v2.11.4TCH-reconstructed-info.json")
    miner = await case(base)
    for poll in range(4):
        await miner.says(base | ({"temp": 0} if poll % 2 == 0 else {}))
        assert miner.number("chip_temperature") == 50


@pytest.mark.parametrize(
    ("change", "key", "shown"),
    [
        ({"vrTemp": 0}, "vr_temperature", 62),
        ({"power": 0}, "power", 18.75),
        ({"voltage": 0}, "input_voltage", 5.09375),
        ({"coreVoltageActual": 0}, "core_voltage_actual", 1.144),
        ({"fanrpm": "?"}, "fan_speed", 3915),
        ({"wifiRSSI": 0}, "wifi_signal", -44),
        ({"responseTime": 15702638.5}, "pool_latency", 188.5),
    ],
)
async def test_k7_one_missing_reading_is_bridged_and_two_are_not(
    case: Adding, change: dict[str, Any], key: str, shown: float
) -> None:
    miner = await case(GAMMA)
    await miner.says(GAMMA | change)
    assert miner.number(key) == pytest.approx(shown)
    await miner.says(GAMMA | change)
    assert miner.number(key) is None
    await miner.says(GAMMA)
    assert miner.number(key) == pytest.approx(shown)


async def test_k7_nothing_else_is_bridged(case: Adding) -> None:
    """Neither counters, set points and states, nor anything over a change of state."""
    gone = {"sharesAccepted": "?", "frequency": "?", "uptimeSeconds": 1e12}
    miner = await case(GAMMA_215)
    await miner.says(GAMMA_215 | gone)
    assert miner.state("shares_accepted") == STATE_UNKNOWN
    assert miner.state("frequency", "number") == STATE_UNKNOWN
    assert miner.state("uptime") == STATE_UNKNOWN
    await miner.says(GAMMA_215)
    await miner.says(GAMMA_215 | OFF | {"miningPaused": True})
    assert miner.state("status") == "paused"
    assert miner.state("chip_temperature") == STATE_UNKNOWN


LV07 = without(GAMMA, "hostname") | {
    "version": "v2.11.2-LVXX",
    "heapInfo": {},
    "family": "LV07",
    "boardVersion": "301",
    "ASICModel": "BM1366",
    "smallCoreCount": 894,
    "frequency": 575,
    "hashRate": 858,
    "hashRate_1m": 860,
    "expectedHashrate": 514,
}


@pytest.mark.parametrize(
    ("info", "asic", "model", "chips", "expected"),
    [
        # as captured: its firmware counts one chip of two
        (LV07, {"deviceModel": "LV07", "asicCount": 1}, "LV07", 2, 1.0281),
        (without(LV07, "expectedHashrate"), {}, "LV07", 2, 1.0281),
        (without(LV07, "family"), {}, "LV07", 2, 1.0281),
        (
            without(LV07, "family") | {"boardVersion": "301_"},
            {},
            "LV06",
            1,
            0.51405,
        ),
        (
            without(LV07, "family")
            | {"boardVersion": "302", "frequency": 500, "hashRate": 4000},
            {},
            "LV08",
            9,
            4.023,
        ),
        (
            without(LV07, "family", "heapInfo", "expectedHashrate")
            | {"boardVersion": "302", "asicCount": 1},
            {},
            "Hex 302",
            6,
            3.0843,
        ),
    ],
)
async def test_a14_boards_have_their_own_number_of_chips(
    case: Adding,
    info: dict[str, Any],
    asic: dict[str, Any],
    model: str,
    chips: int,
    expected: float,
) -> None:
    miner = await case(info, ASIC | {"asicCount": None, "deviceModel": None} | asic)
    identity = miner.entry.runtime_data.data.identity
    assert (identity.model, identity.chip_count) == (model, chips)
    assert miner.number("expected_hash_rate") == pytest.approx(expected, rel=1e-3)
    # The ratio itself takes ten minutes.
    deviation = miner.entry.runtime_data.data.insight.baseline.deviation
    assert deviation == pytest.approx(info["hashRate"] / 1000 - expected, abs=1e-3)


async def test_b02_a_gamma_at_68_degrees_is_well(case: Adding) -> None:
    miner = await case(GAMMA)
    for minute in range(60):
        await miner.works(GAMMA | {"temp": 68.1 + minute % 4 / 10}, 60)
        assert miner.on("overheating") == STATE_OFF
        assert miner.on("problem") == STATE_OFF


@pytest.mark.parametrize(
    ("temp", "target", "minutes", "overheating"),
    [
        (70.5, 60, 4, STATE_OFF),
        (70.5, 60, 6, STATE_ON),
        (73.9, 60, 4, STATE_OFF),
        (74, 60, 1, STATE_ON),
        (69.5, 66, 6, STATE_OFF),
        (71.5, 66, 6, STATE_ON),
        # a fork's fan that pursues 70 °C swings a little above it
        (72.5, 70, 6, STATE_OFF),
        (73.5, 70, 6, STATE_ON),
    ],
)
async def test_k12_warnings_are_relative_to_where_the_device_trips(
    case: Adding, temp: float, target: int, minutes: float, overheating: str
) -> None:
    miner = await case(GAMMA | {"temptarget": target})
    await miner.works(GAMMA | {"temptarget": target, "temp": temp}, 60 * minutes)
    assert miner.on("overheating") == overheating


HOT_215 = {
    "hashRate": 0,
    "expectedHashrate": 0,
    "temp": 80,
    "vrTemp": 97,
    "power": 18.9,
} | FULL_FAN
HOT_212 = {"overheat_mode": 1, "temp": 80, "power": 18.9} | FULL_FAN


@pytest.mark.parametrize(
    ("base", "hot"),
    [(GAMMA_215, HOT_215 | AT_REST), (GAMMA | MONITOR, HOT_212)],
    ids=["2.15 hides its flag", "2.12 freezes its rate"],
)
async def test_frozen_readings_of_a_miner_that_cools_down_are_unknown(
    case: Adding, base: dict[str, Any], hot: dict[str, Any]
) -> None:
    miner = await case(base)
    await miner.goes_on(base, 4)
    insight = miner.entry.runtime_data
    energy = insight.data.insight.energy

    await miner.goes_on(base | hot, 1)
    assert miner.state("status") == "overheated"
    assert miner.on("overheating") == STATE_ON
    assert "overheated" in miner.events
    await miner.goes_on(base | hot, 2)
    shows_no_work(miner)
    for key in ("power", "chip_temperature", "core_voltage_actual", "input_voltage"):
        assert miner.state(key) == STATE_UNKNOWN, key
    assert miner.number("vr_temperature") == hot.get("vrTemp", 62)

    await miner.goes_on(base | FULL_FAN, 2)
    assert miner.state("status") == "hashing"
    assert miner.number("chip_temperature") == 60.125
    assert miner.on("overheating") == STATE_OFF
    counted = insight.data.insight.energy - energy
    assert 1000 * counted == pytest.approx(18.75 * POLL / 3600, rel=0.1)


DEAD = GAMMA_215 | {"hashRate": 0, "temp": -1, "uptimeSeconds": 0}


async def test_chips_that_are_not_found_are_a_fault_and_no_restarts(
    case: Adding, bench: TimedBench
) -> None:
    miner = await case(GAMMA_215)
    await miner.goes_on(GAMMA_215, 4)
    restarts = miner.number("restarts")
    await miner.says(DEAD)
    await bench.advance(90)
    assert miner.state("status") == "fault"
    assert miner.on("fault") == STATE_ON
    assert miner.attribute("fault", "binary_sensor", "faults") == ["chips_not_found"]
    assert miner.on("overheating") == STATE_OFF
    shows_no_work(miner)
    after = miner.number("restarts")
    assert after <= restarts + 1
    told = miner.events.count("restarted")
    await bench.advance(600)
    assert miner.number("restarts") == after
    assert miner.events.count("restarted") == told <= 1


async def test_a_dead_regulator_is_a_fault_without_heat(case: Adding) -> None:
    """AxeOS 2.12 tells no fault, and its rate freezes."""
    miner = await case(GAMMA | MONITOR)
    dead = {"coreVoltageActual": 0, "current": 0, "power": 5, "temp": 33}
    await miner.goes_on(GAMMA | MONITOR | dead, 2)
    assert miner.state("status") == "fault"
    assert miner.attribute("fault", "binary_sensor", "faults") == ["no_core_voltage"]
    assert miner.on("overheating") == STATE_OFF
    shows_no_work(miner)


# Right, and to stay so.


@pytest.mark.parametrize(
    ("info", "shown"),
    [
        (
            "axeos-main-2026-08-frontend-mock-info.json",
            {
                "power": 11.67,
                "hash_rate": 0.476,
                "hash_rate_10m": 0.477,
                "hash_rate_1h": 0.478,
                "board_temperature": 40,
                "fan_speed_2": 4146,
                "pool_connected": STATE_ON,
            },
        ),
        (
            "gamma_602-v2.15.0-from-source-info.json",
            {
                "power": 21.4,
                "hash_rate": 1.2812,
                "expected_hash_rate": 1.275,
                "core_voltage_actual": 1.1416,
                "hardware_error_rate": 0.31,
                "pool": "public-pool.io:21496",
                "pool_connected": STATE_ON,
            },
        ),
        (
            "gt_800-v2.12.2-reconstructed-info.json",
            {"hash_rate": 2.415, "expected_hash_rate": 2.448, "fan_duty_cycle": 44.2},
        ),
        (
            "hex_304-v2.11.4TCH-reconstructed-info.json",
            {"power": 62, "hash_rate": 2.59, "expected_hash_rate": 2.601},
        ),
    ],
)
async def test_captures_are_shown(
    case: Adding, info: str, shown: dict[str, float | str]
) -> None:
    reply = capture(info)
    miner = await case(reply)
    await miner.goes_on(reply, 2)
    assert miner.state("status") == "hashing"
    for key, value in shown.items():
        if isinstance(value, str):
            binary = miner.entity_id("binary_sensor", key)
            assert value == (miner.on(key) if binary else miner.state(key))
        else:
            assert miner.number(key) == pytest.approx(value, rel=1e-3), key
    assert miner.on("fault") == STATE_OFF
    assert miner.on("overheating") == STATE_OFF


async def test_a_board_whose_sensors_show_nothing_has_none(case: Adding) -> None:
    miner = await case(capture("gt_800-v2.12.2-reconstructed-info.json"))
    for key in ("power", "input_voltage", "chip_temperature", "vr_temperature"):
        assert miner.entity_id("sensor", key) is None
    assert await miner.says(miner.miner.info, 4) is None
    assert miner.on("fault") == STATE_OFF


@pytest.mark.parametrize(
    ("pools", "shown"),
    [
        ([POOL | {"id": 5}], "pool.example:3333"),
        ([POOL, POOL | {"stratumURL": "spare.example"}], "pool.example:3333"),
        ([POOL | {"id": 0, "stratumTLS": True}], "pool.example:3333"),
    ],
    ids=["one slot of eight", "no ids", "flags as booleans"],
)
async def test_pools_as_forks_list_them(
    case: Adding, pools: list[dict[str, Any]], shown: str
) -> None:
    used = pools[0].get("id", 0)
    flags = {"isUsingFallbackStratum": False, "overheat_mode": False, "apEnabled": True}
    miner = await case(GAMMA_215 | flags | {"pools": pools, "primaryPoolIndex": used})
    assert miner.state("pool") == shown
    assert miner.on("fallback_pool") == STATE_OFF


async def test_a_miner_is_asked_plainly_and_left_alone(case: Adding) -> None:
    miner = await case(GAMMA_215)
    await miner.says(GAMMA_215, 20)
    assert set(miner.miner.requests) == {
        "GET /api/system/info",
        "GET /api/system/asic",
    }
    assert miner.miner.connections == 0
    assert miner.miner.patches == []


@pytest.mark.parametrize("refusal", [400, None], ids=["refused", "ignored"])
async def test_a_setting_that_is_not_taken_is_told(
    case: Adding, bench: TimedBench, refusal: int | None
) -> None:
    miner = await case(GAMMA_215)
    miner.miner.refusal = refusal
    await bench.advance(30)
    with pytest.raises(HomeAssistantError):
        await bench.call(
            "number",
            "set_value",
            {"entity_id": miner.entity_id("number", "frequency"), "value": 490},
        )
    assert miner.miner.patches == [{"frequency": 490}]
    assert None not in miner.miner.patches[0].values()
    await bench.advance(30)
    assert miner.state("frequency", "number") == "525.0"


async def test_a_hung_web_server_is_an_absence(case: Adding, bench: TimedBench) -> None:
    miner = await case(GAMMA_215)
    miner.miner.hang()
    await bench.advance(120)
    assert miner.on("online") == STATE_OFF
    miner.miner.recover()
    await bench.advance(120)
    assert miner.on("online") == STATE_ON
    assert miner.number("hash_rate") == pytest.approx(1.0889)


async def test_energy_counts_an_hour_and_no_gap(
    case: Adding, bench: TimedBench
) -> None:
    miner = await case(GAMMA_215)
    insight = miner.entry.runtime_data
    before = insight.data.insight.energy
    await miner.works(GAMMA_215, 3600)
    hour = insight.data.insight.energy - before
    assert hour == pytest.approx(18.75 / 1000, rel=0.01)
    miner.miner.hang()
    await bench.advance(1800)
    miner.miner.recover()
    await bench.advance(120)
    gained = insight.data.insight.energy - before - hour
    assert gained < 18.75 / 1000 * 200 / 3600


async def test_hashing_without_shares_is_stalled(
    case: Adding, bench: TimedBench
) -> None:
    """For hours, with a pool that says that it is connected."""
    miner = await case(GAMMA_215)
    await bench.advance(2 * 3600)
    assert miner.on("stalled") == STATE_ON
    assert miner.state("status") == "hashing"


async def test_two_miners_without_mac_are_two(
    bench: TimedBench, hass: HomeAssistant
) -> None:
    nameless = without(GAMMA, "macAddr")
    entries = []
    for name in ("one", "two"):
        miner = await bench.play(
            nameless | {"hostname": name, "stratumUser": f"bc1q.{name}"}, ASIC
        )
        entries.append(await bench.add(miner))
    assert entries[0].unique_id != entries[1].unique_id
    await bench.advance(60)
    assert all(entry.runtime_data.data.online for entry in entries)
    again = await bench.run(
        hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": "user"},
            data={CONF_HOST: f"{miner.host}:{miner.port}"},
        )
    )
    assert again["type"] is FlowResultType.ABORT
