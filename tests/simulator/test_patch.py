"""PATCH /api/system: validation, effects and flash writes of each era."""

import json
from typing import Any

import pytest

from simulator import ManualClock, MinerSpec
from simulator.axeos.api import Api, Response
from simulator.axeos.nerdos import device_of


def miner(firmware: str = "2.12.2", **settings: Any) -> Api:
    usual = {"name": "m", "seed": 3, "flash_time": 0.0}
    spec = MinerSpec(**(usual | settings | {"firmware": firmware}))
    return Api(device_of(spec, ManualClock()))


def patch(api: Api, body: Any) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api.respond("PATCH", "/api/system", data)


def after(firmware: str, body: dict[str, Any], **settings: Any) -> dict[str, Any]:
    api = miner(firmware, **settings)
    assert patch(api, body).status == 200
    return api.replies.info()


def restart(api: Api) -> None:
    api.device.reboot()
    clock = api.device.clock
    assert isinstance(clock, ManualClock)
    clock.advance(60)
    api.device.sync()


def test_success_is_empty_chunked_html() -> None:
    response = patch(miner(), {"frequency": 490})
    assert (response.status, response.content_type) == (200, "text/html")
    assert response.chunked
    assert response.body == b""


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"{", 400, b"Invalid JSON"),
        (b"", 400, b"Invalid JSON"),
        (b'{"a":"' + b"x" * 10_300 + b'"}', 500, b"content too long"),
        (b"[1]", 200, b""),
        (b'{"unknown": 5}', 200, b""),
    ],
)
def test_bodies(body: bytes, status: int, text: bytes) -> None:
    api = miner()
    response = patch(api, body)
    assert (response.status, response.body) == (status, text)
    assert response.content_type == "text/html"
    assert api.device.flash.writes == 0


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("frequency", [1, 65_535, 593.75], [0, 65_536, "500", True, None]),
        ("coreVoltage", [1, 65_535, 1150.5], [0, 0.9, 65_536, "1150", False]),
        ("autofanspeed", [True, 0, 1, 1.5], [2, "1", None]),
        ("manualFanSpeed", [0, 100.9, 50.5, -0.5], [-1, 101]),
        ("minFanSpeed", [0, 99], [100, -1]),
        ("temptarget", [35, 66], [34, 67]),
        ("overheat_mode", [0, False, 0.5], [1, True, "0"]),
        ("overclockEnabled", [1, False], [3]),
        ("displayTimeout", [-1, 0, 65_535], [-2]),
        ("statsFrequency", [0, 65_535], [-1, 65_536]),
        ("rotation", [0, 90, 180, 270], [45, True]),
        ("invertscreen", [True, 1], ["yes"]),
        ("display", ["NONE", "SH1107 (64x128)"], ["OLED", None]),
        ("displayOffset", [0, 255], [256]),
        ("hostname", ["a", "x" * 32, "Ä" * 16], ["", "x" * 33, "Ä" * 17, 5]),
        ("ssid", ["home"], ["", "x" * 33]),
        ("wifiPass", ["", "x" * 63], ["x" * 64]),
        ("stratumURL", ["pool.example", "x" * 200], [5]),
        ("stratumPort", [0, 65_535], [-1, 65_536, "3333"]),
        ("useFallbackStratum", [True, False], [7]),
        ("stratumExtranonceSubscribe", [True, 0], ["no"]),
    ],
)
def test_values_since_2_11(key: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert patch(miner("2.12.2"), {key: value}).status == 200, value
    for value in bad:
        response = patch(miner("2.12.2"), {key: value})
        assert (response.status, response.body) == (400, b"Wrong API input"), value


def test_one_bad_key_refuses_the_whole_body_since_2_11() -> None:
    api = miner("2.11.0")
    assert patch(api, {"frequency": 490, "temptarget": 99}).status == 400
    assert api.replies.info()["frequency"] == 525
    assert api.device.flash.writes == 0


def test_before_2_11_nothing_is_checked() -> None:
    reply = after(
        "2.9.0",
        {
            "frequency": 65_536 + 490,
            "coreVoltage": "1100",
            "temptarget": 99,
            "hostname": "attic",
            "stratumURL": 5,
            "displayTimeout": -1,
            "autofanspeed": None,
        },
    )
    assert reply["frequency"] == 490
    assert reply["coreVoltage"] == 1150
    assert reply["temptarget"] == 99
    assert reply["hostname"] == "attic"
    assert reply["stratumURL"] == "public-pool.io"
    assert reply["displayTimeout"] == -1
    assert reply["autofanspeed"] == 1


@pytest.mark.parametrize(
    ("firmware", "frequency"), [("2.9.0", 593), ("2.10.1", 593.75), ("2.12.2", 593.75)]
)
def test_frequencies_have_decimals_since_2_10(firmware: str, frequency: float) -> None:
    assert after(firmware, {"frequency": 593.75})["frequency"] == frequency
    if firmware == "2.10.1":
        assert after(firmware, {"frequency": 65_536 + 100})["frequency"] == 100


@pytest.mark.parametrize("key", ["MinFanSpeed", "minfanspeed", "MINFANSPEED"])
def test_the_case_of_keys_does_not_matter(key: str) -> None:
    assert after("2.12.2", {key: 40})["minFanSpeed"] == 40


@pytest.mark.parametrize(
    ("firmware", "key", "duty"),
    [
        ("2.10.1", "fanspeed", 40),
        ("2.10.1", "manualFanSpeed", 100),
        ("2.11.0", "fanspeed", 100),
        ("2.11.0", "manualFanSpeed", 40),
    ],
)
def test_the_key_of_the_fan_changed_in_2_11(firmware: str, key: str, duty: int) -> None:
    api = miner(firmware)
    assert patch(api, {key: 40, "autofanspeed": 0}).status == 200
    clock = api.device.clock
    assert isinstance(clock, ManualClock)
    clock.advance(30)
    api.device.sync()
    assert api.replies.info()["fanspeed"] == duty


@pytest.mark.parametrize(("firmware", "live"), [("2.1.8", False), ("2.2.0", True)])
def test_set_points_work_live_since_2_2(firmware: str, live: bool) -> None:
    api = miner(firmware, model="ultra_204")
    patch(api, {"frequency": 400, "coreVoltage": 1100})
    assert api.replies.info()["frequency"] == 400
    device = api.device
    assert (device.running_mhz == 400) is (device.running_mv == 1100) is live
    restart(api)
    assert (device.running_mhz, device.running_mv) == (400, 1100)
    assert device.truth.hash_rate_ths == pytest.approx(0.3576, rel=0.01)


@pytest.mark.parametrize(("firmware", "live"), [("2.3.0", False), ("2.4.0", True)])
def test_the_automatic_fan_can_be_switched_live_since_2_4(
    firmware: str, live: bool
) -> None:
    api = miner(firmware, model="gamma_601")
    patch(api, {"autofanspeed": 0, "fanspeed": 90})
    clock = api.device.clock
    assert isinstance(clock, ManualClock)
    clock.advance(60)
    api.device.sync()
    assert (api.replies.info()["fanspeed"] == 90) is live
    restart(api)
    assert api.replies.info()["fanspeed"] == 90


def test_the_set_point_of_the_fan_is_shown_before_2_1_9() -> None:
    body = {"autofanspeed": 0, "fanspeed": 66}
    assert after("2.1.8", body, model="ultra_204")["fanspeed"] == 66


@pytest.mark.parametrize("millivolts", [900, 2100])
def test_the_regulator_refuses_what_the_firmware_stores(millivolts: int) -> None:
    reply = after("2.12.2", {"coreVoltage": millivolts})
    assert reply["coreVoltage"] == millivolts
    assert reply["coreVoltageActual"] == pytest.approx(1143, abs=8)


def test_only_changes_wear_the_flash() -> None:
    api = miner()
    patch(api, {"frequency": 525, "coreVoltage": 1150, "autofanspeed": True})
    assert api.device.flash.writes == 0
    patch(api, {"frequency": 490, "coreVoltage": 1100})
    assert api.device.flash.writes == 2
    patch(api, {"frequency": 490})
    assert api.device.flash.writes == 2


def test_some_settings_wait_for_a_restart() -> None:
    api = miner("2.15.0")
    patch(api, {"useFallbackStratum": True, "primaryPoolIndex": 1})
    reply = api.replies.info()
    assert (reply["useFallbackStratum"], reply["primaryPoolIndex"]) == (0, 0)
    restart(api)
    reply = api.replies.info()
    assert (reply["useFallbackStratum"], reply["primaryPoolIndex"]) == (1, 1)
    assert reply["isUsingFallbackStratum"] == 1


def test_a_display_shows_at_once() -> None:
    assert after("2.12.2", {"display": "NONE"})["display"] == "NONE"


def test_2_15_ignores_the_flat_pool_keys() -> None:
    body = {"stratumURL": "elsewhere", "stratumPort": "wrong"}
    assert after("2.15.0", body)["stratumURL"] == "public-pool.io"
    assert after("2.14.0", {"stratumURL": "elsewhere"})["stratumURL"] == "elsewhere"


POOL = {"id": 2, "stratumURL": "pool.example", "stratumPort": 3333, "stratumUser": "me"}


def test_pools_are_stored_and_masked() -> None:
    api = miner("2.15.0")
    assert patch(api, {"pools": [POOL | {"stratumTLS": 1}]}).status == 200
    (stored,) = (p for p in api.replies.info()["pools"] if p["id"] == 2)
    assert (stored["stratumURL"], stored["stratumTLS"]) == ("pool.example", 1)
    assert stored["stratumPassword"] == "*****"
    assert stored["stratumProtocol"] == "SV1"
    writes = api.device.flash.writes
    patch(api, {"pools": [POOL]})
    assert api.device.flash.writes == writes + 1
    (stored,) = (p for p in api.replies.info()["pools"] if p["id"] == 2)
    assert stored["stratumTLS"] == 0


def test_a_chosen_pool_is_used_after_a_restart() -> None:
    api = miner("2.15.0")
    patch(api, {"pools": [POOL], "primaryPoolIndex": 2})
    assert api.replies.info()["stratumURL"] == "public-pool.io"
    restart(api)
    reply = api.replies.info()
    assert (reply["stratumURL"], reply["stratumUser"]) == ("pool.example", "me")
    assert reply["fallbackStratumURL"] == "solo.ckpool.org"


def test_an_empty_slot_changes_nothing() -> None:
    api = miner("2.15.0")
    patch(api, {"primaryPoolIndex": 7})
    restart(api)
    assert api.replies.info()["stratumURL"] == "public-pool.io"


def test_an_update_to_2_15_moves_the_flat_keys_into_the_list() -> None:
    api = miner("2.14.0")
    patch(api, {"stratumURL": "pool.example", "fallbackStratumPort": 4444})
    api.device.update_firmware("2.15.0")
    restart(api)
    first, second = api.replies.info()["pools"]
    assert (first["id"], first["stratumURL"]) == (0, "pool.example")
    assert (second["id"], second["stratumPort"]) == (1, 4444)


def test_a_masked_password_stays() -> None:
    api = miner("2.15.0")
    password = {"stratumPassword": "secret"}
    for body in (POOL | password, POOL | {"stratumPassword": "*****"}):
        patch(api, {"pools": [body]})
        assert api.device.flash["pools"][2]["stratumPassword"] == "secret"
    patch(api, {"pools": [POOL]})
    assert api.device.flash["pools"][2]["stratumPassword"] == "x"


@pytest.mark.parametrize(
    "pools",
    [
        "none",
        ["none"],
        [{"id": 8} | {k: v for k, v in POOL.items() if k != "id"}],
        [{"id": 1}],
        [POOL | {"stratumPort": 0}],
        [POOL | {"stratumURL": ""}],
        [POOL | {"stratumUser": None}],
    ],
)
def test_bad_pools(pools: Any) -> None:
    api = miner("2.15.0")
    assert patch(api, {"pools": pools, "frequency": 490}).status == 400
    assert api.replies.info()["frequency"] == 525


def test_pools_have_their_own_routes() -> None:
    api = miner("2.15.0")

    def put(slot: int, body: bytes) -> Response:
        return api.respond("PUT", f"/api/system/pools/{slot}", body)

    response = put(4, json.dumps(POOL).encode())
    assert response.status == 200
    assert "message" in json.loads(response.body)
    assert [pool["id"] for pool in api.replies.info()["pools"]] == [0, 1, 4]
    assert put(4, b"{").status == put(4, b"{}").status == put(4, b"3").status == 400
    assert api.respond("DELETE", "/api/system/pools/4").status == 200
    assert [pool["id"] for pool in api.replies.info()["pools"]] == [0, 1]
    response = api.respond("DELETE", "/api/system/pools/1")
    assert (response.status, response.content_type) == (400, "text/html")
    assert api.respond("DELETE", "/api/system/pools/8").status == 400


def test_a_new_host_name_is_answered_with_its_address_since_2_15() -> None:
    api = miner("2.15.0")
    response = patch(api, {"hostname": "attic.local"})
    assert response.content_type == "text/html"
    answer = json.loads(response.body)
    assert answer["status"] == "success"
    assert answer["redirect"]["url"] == "http://bitaxe.local"
    reply = api.replies.info()
    assert (reply["hostname"], reply["fullHostname"]) == ("attic", "attic.local")
    assert patch(api, {"hostname": "attic"}).body == b""
    assert patch(miner("2.14.0"), {"hostname": "attic"}).body == b""


@pytest.mark.parametrize(
    ("firmware", "body", "key", "expected"),
    [
        ("1.0.35", {"frequency": 590}, "frequency", 590),
        ("1.0.35", {"frequency": 590.0}, "frequency", 600),
        ("1.0.35", {"frequency": "590"}, "frequency", 600),
        ("1.0.35", {"frequency": True}, "frequency", 600),
        ("1.0.35", {"invertscreen": True}, "invertscreen", 1),
        ("1.0.35", {"invertscreen": 1}, "invertscreen", 0),
        ("1.0.35", {"manualFanSpeed": 40}, "manualFanSpeed", 40),
        ("1.0.35", {"fanspeed": 40}, "manualFanSpeed", 100),
        ("1.0.35", {"pidTargetTemp": 55}, "pidTargetTemp", 55),
        ("1.0.35", {"autofanspeed": 0}, "autofanspeed", 0),
        ("1.0.35", {"overheat_temp": 65}, "overheat_temp", 65),
        ("1.0.35", {"unknown": 1}, "frequency", 600),
        ("1.0.35", {"pidI": 0.2}, "pidI", 0.2),
    ],
)
def test_nerdos_ignores_wrong_types(
    firmware: str, body: dict[str, Any], key: str, expected: Any
) -> None:
    reply = after(firmware, body, model="nerdqaxeplusplus")
    assert reply[key] == expected


def test_the_fan_key_of_older_nerdos() -> None:
    api = miner("1.0.34", model="nerdqaxeplus")
    patch(api, {"fanspeed": 40})
    assert api.device.flash["manualFanSpeed"] == 40
