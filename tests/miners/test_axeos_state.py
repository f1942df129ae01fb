"""What the fields of AxeOS and NerdOS mean, era by era."""

from dataclasses import asdict
from typing import Any

import pytest

from custom_components.miner_monitor.miners.model import (
    Chip,
    Fan,
    MinerSettings,
    MinerState,
    Pool,
)

from .replies import GAMMA, GAMMA_214, NERD, OFF_214, Device, read, without


def state(change: dict[str, Any], base: dict[str, Any] = GAMMA) -> MinerState:
    return read(base | change).state


@pytest.mark.parametrize(
    ("told", "difficulty"),
    [
        ("258M", 258e6),
        ("5.56G", 5.56e9),
        ("483k", 483e3),
        ("483K", 483e3),
        ("2.03 G", 2.03e9),
        ("1.5T", 1.5e12),
        ("1.5P", 1.5e15),
        ("1.5E", 1.5e18),
        ("0 ", 0),
        ("0", 0),
        (0, 0),
        (49224525, 49224525),
        (1e21, 1e21),
        ("12", 12),
        ("", None),
        ("G", None),
        ("-3M", None),
        ("3X", None),
        ("nan", None),
        ("infM", None),
        (True, None),
        (-1, None),
        (1e31, None),
        (float("nan"), None),
        (None, None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_difficulty(told: object, difficulty: float | None) -> None:
    found = state({"bestDiff": told, "bestSessionDiff": told})
    expected = None if difficulty is None else pytest.approx(difficulty)
    assert found.best_difficulty == expected
    assert found.best_session_difficulty == expected


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (18.5, 18.5),
        (18, 18),
        ("18.5", 18.5),
        (" 18 ", 18),
        ("1e1", 10),
        ("", None),
        ("18 W", None),
        ("9" * 400, None),
        (True, None),
        (False, None),
        (None, None),
        ([18], None),
        ({}, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**40, None),
        (-5, None),
        (0, None),
        (2e5, None),
    ],
)
def test_power_while_hashing(told: object, number: float | None) -> None:
    assert state({"power": told}).power == number


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"temp": -1}, {"chip_temperature": None}),
        ({"temp": 0}, {"chip_temperature": None}),
        ({"temp": -5.5}, {"chip_temperature": -5.5}),
        ({"temp": 255}, {"chip_temperature": None}),
        ({"temp2": 0}, {"chip_temperature_2": None}),
        ({"temp2": 51.5}, {"chip_temperature_2": 51.5}),
        ({"vrTemp": 0}, {"vr_temperature": None}),
        ({"wifiRSSI": -90}, {"wifi_signal": -90}),
        ({"wifiRSSI": 0}, {"wifi_signal": None}),
        ({"wifiRSSI": -71.0}, {"wifi_signal": -71}),
        ({"responseTime": 15702638.526}, {"pool_latency": None}),
        ({"responseTime": 60000}, {"pool_latency": 60000}),
        ({"responseTime": 0}, {"pool_latency": None}),
        ({"responseTime": -3}, {"pool_latency": None}),
        ({"voltage": 0}, {"input_voltage": None}),
        ({"coreVoltageActual": 0}, {"core_voltage_actual": None}),
        ({"poolDifficulty": 0}, {"pool_difficulty": None}),
        ({"poolDifficulty": 0.125}, {"pool_difficulty": 0.125}),
        ({"networkDifficulty": 0}, {"network_difficulty": None}),
        ({"blockHeight": 0}, {"block_height": None}),
        ({"blockFound": 3}, {"blocks_found": 3}),
        ({"uptimeSeconds": 1e12}, {"uptime": None}),
        ({"totalUptimeSeconds": 99}, {"total_uptime": 99}),
        ({"errorPercentage": 130.5}, {"hardware_error_rate": 130.5}),
        ({"errorPercentage": -1}, {"hardware_error_rate": None}),
        ({"sharesAccepted": 7.0}, {"shares_accepted": 7}),
        ({"sharesAccepted": -7}, {"shares_accepted": None}),
        ({"resetReason": "a\nb" * 200}, {"restart_reason": ("ab" * 200)[:128]}),
        ({"resetReason": 7}, {"restart_reason": None}),
        ({"isUsingFallbackStratum": True}, {"fallback_pool": True}),
        ({"isUsingFallbackStratum": "true"}, {"fallback_pool": True}),
        ({"isUsingFallbackStratum": "0"}, {"fallback_pool": False}),
        ({"isUsingFallbackStratum": "no"}, {"fallback_pool": None}),
        # all else at rest
        (OFF_214 | {"power": 5}, {"power": 5, "core_voltage_actual": 0}),
        (OFF_214 | {"power": 0}, {"power": 0, "hash_rate": 0, "hash_rate_now": 0}),
    ],
)
def test_sentinels_and_bounds(change: dict[str, Any], fields: dict[str, Any]) -> None:
    found = asdict(state(change))
    assert {name: found[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("info", "fields"),
    [
        (
            without(GAMMA, "poolDifficulty") | {"stratumDiff": 2330},
            {"pool_difficulty": 2330},
        ),
        (without(GAMMA, "voltage") | {"voltagei": 12140.5}, {"input_voltage": 12.1405}),
        (GAMMA | {"voltagei": 12140}, {"input_voltage": 5.09375}),
        (without(GAMMA, "hashRate"), {"hash_rate_now": 1.0723}),
        (without(NERD, "hashRate"), {"hash_rate_now": 4.82, "hash_rate": 4.81}),
        (
            without(NERD, "hashRate", "hashRate_1m"),
            {"hash_rate_now": 4.82, "hash_rate": 4.82},
        ),
        (without(NERD, "totalFoundBlocks"), {"blocks_found": 0}),
        (NERD, {"blocks_found": 2, "input_current": 6.3, "fallback_pool": False}),
        (GAMMA, {"input_current": None}),
        (GAMMA | {"boardVersion": "402"}, {"input_current": None}),
        (
            GAMMA | {"boardVersion": "205", "current": 2323.75},
            {"input_current": 2.32375},
        ),
        (GAMMA | {"boardVersion": "207", "current": 2323.75}, {"input_current": None}),
        (GAMMA | {"boardVersion": "401", "current": 0}, {"input_current": None}),
        (
            GAMMA | OFF_214 | {"boardVersion": "401", "current": 0},
            {"input_current": 0},
        ),
        (GAMMA_214, {"frequency_actual": 525, "pool_connected": True}),
        (GAMMA, {"pool_connected": None}),
    ],
)
def test_keys_by_era(info: dict[str, Any], fields: dict[str, Any]) -> None:
    found = asdict(read(info).state)
    assert {name: found[name] for name in fields} == pytest.approx(fields)


@pytest.mark.parametrize(
    ("change", "now", "shown"),
    [
        ({}, 1.0722, 1.0889),
        ({"hashRate": 0}, 0, 0),
        ({"hashRate_1m": None}, 1.0722, 1.0722),
        ({"hashRate_1m": 0}, 1.0722, 1.0722),
        ({"hashRate": None}, None, 1.0889),
        ({"hashRate": -5}, None, 1.0889),
        ({"hashRate": 1e15}, None, 1.0889),
        ({"hashRate": "1072.2"}, 1.0722, 1.0889),
    ],
)
def test_hash_rate(change: dict[str, Any], now: float | None, shown: float) -> None:
    found = state(change)
    assert found.hash_rate_now == (None if now is None else pytest.approx(now))
    assert found.hash_rate == pytest.approx(shown)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (GAMMA, 1.071),
        (GAMMA | {"expectedHashrate": 0}, 525 * 2040 / 1e6),
        (without(GAMMA, "expectedHashrate"), 1.071),
        (
            without(GAMMA, "expectedHashrate", "smallCoreCount")
            | {"boardVersion": "302", "asicCount": 1, "ASICModel": "BM1366"},
            525 * 894 * 6 / 1e6,
        ),
        (GAMMA_214 | OFF_214 | {"miningPaused": True}, 1.071),
        (NERD, 600 * 2040 * 4 / 1e6),
        (without(GAMMA, "expectedHashrate", "frequency"), None),
        (
            without(GAMMA, "expectedHashrate", "smallCoreCount") | {"ASICModel": "?"},
            None,
        ),
    ],
)
def test_expected_hash_rate(info: dict[str, Any], expected: float | None) -> None:
    found = read(info).state.expected_hash_rate
    assert found == (None if expected is None else pytest.approx(expected))


OLD = without(GAMMA, "fanrpm", "manualFanSpeed", "fan2rpm") | {"fanspeed": 80}


@pytest.mark.parametrize(
    ("info", "fans", "auto", "set_point"),
    [
        (GAMMA, (Fan(speed=3915, duty_cycle=48.5),), True, 100),
        # 2.1.9 to 2.10: fanspeed is live, and the set point where the fan is manual
        (
            without(GAMMA, "manualFanSpeed"),
            (Fan(speed=3915, duty_cycle=48.5),),
            True,
            None,
        ),
        (
            without(GAMMA, "manualFanSpeed") | {"autofanspeed": 0},
            (Fan(speed=3915, duty_cycle=48.5),),
            False,
            48.5,
        ),
        # 2.1.4 to 2.1.8, 2.0 and Lucky Miner: fanspeed is the set point
        (OLD | {"fanSpeedRpm": 5654}, (Fan(speed=5654),), True, 80),
        (OLD | {"fanSpeed": 5654}, (Fan(speed=5654),), True, 80),
        (
            OLD | {"fanSpeed": 5654, "autofanspeed": 0},
            (Fan(speed=5654, duty_cycle=80),),
            False,
            80,
        ),
        (without(OLD, "autofanspeed"), (Fan(duty_cycle=80),), None, 80),
        (without(OLD, "fanspeed"), (), True, None),
        (GAMMA | {"fanrpm": 0}, (Fan(speed=0, duty_cycle=48.5),), True, 100),
        (GAMMA | {"fanrpm": "fast"}, (Fan(speed=None, duty_cycle=48.5),), True, 100),
        (GAMMA | {"fanspeed": 101}, (Fan(speed=3915),), True, 100),
        # the floor of a GT without tacho signal
        (
            GAMMA | {"boardVersion": "801", "fanrpm": 960},
            (Fan(duty_cycle=48.5),),
            True,
            100,
        ),
        (
            GAMMA | {"boardVersion": "801", "fanrpm": 961},
            (Fan(speed=961, duty_cycle=48.5),),
            True,
            100,
        ),
        (
            GAMMA | {"fan2rpm": 1500},
            (Fan(speed=3915, duty_cycle=48.5), Fan(speed=1500, duty_cycle=48.5)),
            True,
            100,
        ),
        # NerdOS
        (NERD, (Fan(speed=1796, duty_cycle=54),), True, 100),
        (NERD | {"autofanspeed": 0}, (Fan(speed=1796, duty_cycle=54),), False, 100),
        (
            NERD | {"fanCount": 2, "fanrpm2": 0, "fanspeed2": 40},
            (Fan(speed=1796, duty_cycle=54), Fan(speed=0, duty_cycle=40)),
            True,
            100,
        ),
        (
            NERD | {"fans": [{"rpm": 1, "speedPerc": 2}, {"rpm": 3, "speedPerc": 4}]},
            (Fan(speed=1, duty_cycle=2), Fan(speed=3, duty_cycle=4)),
            True,
            100,
        ),
        (NERD | {"fans": ["no"]}, (Fan(),), True, 100),
    ],
)
def test_fans(
    info: dict[str, Any],
    fans: tuple[Fan, ...],
    auto: bool | None,
    set_point: float | None,
) -> None:
    found = read(info)
    assert found.state.fans == fans
    assert found.identity.fan_count == len(fans)
    assert found.state.settings.auto_fan is auto
    assert found.state.settings.fan_duty_cycle == set_point


def test_settings() -> None:
    assert state({"useFallbackStratum": 1}).settings == MinerSettings(
        frequency=525,
        core_voltage=1.15,
        auto_fan=True,
        fan_duty_cycle=100,
        min_fan_duty_cycle=25,
        target_temperature=60,
        pool=0,
        forced_fallback_pool=True,
    )
    assert read(NERD).state.settings.target_temperature == 60


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("pool.example", "pool.example"),
        ("stratum+tcp://pool.example", "pool.example"),
        ("stratum+tcp://pool.example:4444", "pool.example"),
        ("stratum+tcp://me.worker:secret@pool.example:4444/path", "pool.example"),
        ("[fe80::1]", "[fe80::1]"),
        ("10.0.0.1", "10.0.0.1"),
        ("", None),
        ("http://", None),
        ("x" * 256, None),
        (7, None),
    ],
)
def test_pool_host(url: object, host: str | None) -> None:
    found = state({"stratumURL": url})
    assert found.pools[0].host == host
    assert found.pool == (None if host is None else f"{host}:21496")


@pytest.mark.parametrize(
    ("port", "address"),
    [(0, "p"), (70000, "p"), ("3333", "p:3333"), (None, "p"), (3333.0, "p:3333")],
)
def test_pool_port(port: object, address: str) -> None:
    assert state({"stratumURL": "p", "stratumPort": port}).pool == address


def test_pools_of_old_and_new_firmware() -> None:
    one = read(without(GAMMA, "fallbackStratumURL")).state
    assert one.pools == (Pool(host="public-pool.io", port=21496, active=True),)
    two = state({"isUsingFallbackStratum": 1})
    assert two.pools == (
        Pool(host="public-pool.io", port=21496, active=False),
        Pool(host="solo.ckpool.org", port=3333, active=True),
    )
    assert two.pool == "solo.ckpool.org:3333"
    assert two.fallback_pool is True
    none = read(without(GAMMA, "stratumURL")).state
    assert (none.pools, none.pool) == ((), None)


SLOTS = {
    "pools": [
        {"id": 0, "stratumURL": "a", "stratumPort": 1},
        {"id": 3, "stratumURL": "b", "stratumPort": 2},
        {"id": 5, "stratumURL": "c", "stratumPort": 3},
    ],
    "primaryPoolIndex": 3,
    "secondaryPoolIndex": 0,
}


@pytest.mark.parametrize(
    ("change", "pool"),
    [
        ({}, "b:2"),
        ({"isUsingFallbackStratum": 1}, "a:1"),
        ({"primaryPoolIndex": 7}, None),
        ({"primaryPoolIndex": None}, None),
        ({"pools": []}, None),
        ({"pools": ["x", {"stratumURL": "d", "id": 3}]}, "d"),
    ],
)
def test_pools_since_215(change: dict[str, Any], pool: str | None) -> None:
    found = read(GAMMA_214 | SLOTS | change)
    assert found.state.pool == pool
    assert found.identity.pool_count == len((SLOTS | change)["pools"])


def test_pools_of_nerdos() -> None:
    failover = {
        "poolMode": 0,
        "usingFallback": True,
        "pools": [{"connected": True, "poolDifficulty": 512, "pingRtt": 9.5}],
    }
    found = read(NERD | {"stratum": failover}).state
    assert [pool.connected for pool in found.pools] == [None, True]
    assert found.pool == "spare.example:3334"
    assert (found.pool_difficulty, found.pool_latency) == (512, 9.5)
    dual = {
        "activePoolMode": 1,
        "pools": [
            {"connected": False, "accepted": 1, "rejected": 2, "bestDiff": 3},
            {"connected": True, "accepted": 4},
        ],
    }
    first, second = read(NERD | {"stratum": dual}).state.pools
    assert (first.active, first.connected) == (True, False)
    assert (first.accepted, first.rejected, first.best_difficulty) == (1, 2, 3)
    assert (second.active, second.connected, second.accepted) == (True, True, 4)


@pytest.mark.parametrize(("mode", "pool"), [(0, 0), (1, None)])
def test_two_pools_at_once_are_no_choice(mode: int, pool: int | None) -> None:
    stratum = NERD["stratum"] | {"poolMode": mode, "pools": [{}, {}]}
    assert read(NERD | {"stratum": stratum}).state.settings.pool == pool


def test_nerdos_before_the_stratum_object() -> None:
    found = read(without(NERD, "stratum") | {"isUsingFallbackStratum": True}).state
    assert found.pool == "spare.example:3334"
    assert found.pool_connected is None


@pytest.mark.parametrize(
    ("change", "chips"),
    [
        ({}, ()),
        ({"hashrateMonitor": None}, ()),
        ({"hashrateMonitor": {"asics": "x"}}, ()),
        (
            {
                "hashrateMonitor": {
                    "asics": [
                        {"total": 1000, "domains": [400, 600], "errorCount": 5},
                        {"total": "x"},
                        None,
                    ]
                }
            },
            (Chip(hash_rate=1, domains=(0.4, 0.6), errors=5), Chip(), Chip()),
        ),
        ({"asicTemps": [0, 0]}, ()),
        ({"asicTemps": "hot"}, ()),
        (
            {"asicTemps": [55.5, 0, "x"]},
            (Chip(temperature=55.5), Chip(), Chip()),
        ),
    ],
)
def test_chips(change: dict[str, Any], chips: tuple[Chip, ...]) -> None:
    assert state(change).chips == chips


@pytest.mark.parametrize(
    ("told", "reasons"),
    [
        ([{"message": "Stale", "count": 4}], (("Stale", 4),)),
        ([{"message": "S\tx" * 99, "count": 4}], ((("Sx" * 99)[:64], 4),)),
        (
            [{"message": "a"}, {"count": 1}, 5, {"message": "b", "count": 2}],
            (("b", 2),),
        ),
        ([{"message": "a", "count": 1}] * 30, (("a", 1),) * 10),
        ("none", ()),
    ],
)
def test_reject_reasons(told: object, reasons: tuple[tuple[str, int], ...]) -> None:
    assert state({"sharesRejectedReasons": told}).reject_reasons == reasons


def test_nothing_secret_is_kept() -> None:
    secrets = {
        "stratumUser": "bc1qsecret.worker",
        "fallbackStratumUser": "bc1qsecret",
        "stratumPassword": "bc1qsecret",
        "stratumCert": "bc1qsecret",
        "scriptsig": "bc1qsecret",
        "coinbaseOutputs": [{"address": "bc1qsecret"}],
        "wifiPass": "bc1qsecret",
        "ssid": "bc1qsecret",
        "pools": [{"id": 0, "stratumURL": "p", "stratumUser": "bc1qsecret"}],
    }
    for base in (GAMMA, NERD):
        assert "secret" not in repr(read(base | secrets))


@pytest.mark.parametrize(
    ("base", "gigahashes", "believed"),
    [
        # 5 x 1071, on the first reply as on any other
        (GAMMA, 5350, 5.35),
        (GAMMA, 5360, None),
        (GAMMA, 200_000, None),
        # what the device expects is no better than its rate
        (GAMMA | {"expectedHashrate": 150_000}, 200_000, None),
        # a board nobody knows is held against what it expects
        (GAMMA | {"boardVersion": "999"}, 5360, None),
        (NERD, 24_000, 24),
        (NERD, 25_000, None),
        # the slaves of a bus are in the rate of their master
        (NERD | {"can": {}}, 25_000, 25),
    ],
)
def test_absurd_rates_need_no_past(
    base: dict[str, Any], gigahashes: float, believed: float | None
) -> None:
    names = ("hashRate", "hashRate_1m", "hashRate_10m", "hashRate_1h")
    found = read(base | dict.fromkeys(names, gigahashes)).state
    rates = {
        found.hash_rate,
        found.hash_rate_now,
        found.hash_rate_1m,
        found.hash_rate_10m,
        found.hash_rate_1h,
    }
    assert rates == {believed}
    assert found.hashing


def test_absurd_rates_of_single_chips() -> None:
    def chips(*totals: float, domain: float = 300) -> tuple[Chip, ...]:
        asics = [{"total": total, "domains": [domain] * 4} for total in totals]
        monitor = {"hashrateMonitor": {"asics": asics}}
        return read(GAMMA | {"boardVersion": "801"} | monitor).state.chips

    assert chips(1072, 50_000) == (
        Chip(hash_rate=1.072, domains=(0.3,) * 4),
        Chip(),
    )
    assert chips(1072, 1072, domain=5000) == (Chip(), Chip())


def test_absurd_rate_falls_back() -> None:
    device = Device()
    device.says(GAMMA)
    spike = device.says(GAMMA | {"hashRate": 200_000}).state
    assert spike.hash_rate_now is None
    assert spike.hash_rate == pytest.approx(1.0889)
    assert spike.hashing
    lone = device.says(without(GAMMA, "hashRate_1m") | {"hashRate": 200_000}).state
    assert lone.hash_rate is None
    assert lone.hashing


def test_without_expectation_no_rate_is_absurd() -> None:
    unknown = GAMMA | {"expectedHashrate": None, "frequency": None}
    assert read(unknown | {"hashRate": 200_000}).state.hash_rate_now == 200
