"""Commands and writes of AxeOS and NerdOS: who may, what becomes of them, faults."""

from base64 import b64encode
import json
from typing import Any

import aiohttp
import pytest

from simulator import ManualClock, Phase, SimulatedMiner

from .conftest import StartMiner

SHORT = aiohttp.ClientTimeout(total=0.15)
CODE = "123456"
NERD = {"model": "nerdqaxeplusplus", "firmware": "1.0.37"}


async def ask(
    session: aiohttp.ClientSession,
    miner: SimulatedMiner,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    **headers: str,
) -> tuple[int, str]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{miner.url}/api/{path}"
    async with session.request(
        method, url, json=body, headers=names, allow_redirects=False
    ) as response:
        return response.status, await response.text()


async def patch(
    session: aiohttp.ClientSession, miner: SimulatedMiner, **body: Any
) -> tuple[int, str]:
    return await ask(session, miner, "PATCH", "system", body)


async def test_pause_and_resume_need_no_flash(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.15.0")
    for _ in range(2):
        assert (await ask(session, miner, "POST", "system/pause"))[0] == 200
        assert miner.phase is Phase.PAUSED
    assert miner.reply("info")["miningPaused"] is True
    clock.advance(5)
    assert miner.truth.hash_rate_ths == 0
    await ask(session, miner, "POST", "system/resume")
    assert miner.reply("info")["miningPaused"] is False
    assert not miner.truth.hashing
    clock.advance(13)
    assert miner.truth.hashing
    assert miner.flash_writes == 0


async def test_a_reboot_ends_a_pause(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(firmware="2.14.0")
    await ask(session, miner, "POST", "system/pause")
    miner.reboot()
    clock.advance(120)
    assert miner.truth.hashing


async def test_a_shutdown_lasts_until_a_restart(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(**NERD)
    status, text = await ask(session, miner, "POST", "system/shutdown")
    assert (status, text) == (200, "System will shutdown shortly.")
    clock.advance(600)
    assert miner.reply("info")["shutdown"] is True
    assert not miner.truth.hashing
    await ask(session, miner, "POST", "system/restart")
    clock.advance(120)
    assert miner.reply("info")["shutdown"] is False
    assert miner.truth.hashing


async def test_a_block_is_dismissed(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(firmware="2.13.0")
    miner.inject("block_found")
    assert miner.reply("info")["showNewBlock"] is True
    await ask(session, miner, "POST", "system/blockFound/dismiss")
    info = miner.reply("info")
    assert (info["showNewBlock"], info["blockFound"]) == (False, 1)


@pytest.mark.parametrize(("firmware", "cost"), [("2.10.1", 1), ("2.12.2", 3)])
async def test_a_write_to_flash_per_changed_setting_since_2_11(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    firmware: str,
    cost: int,
) -> None:
    """Before it was one per request; what is so already costs nothing."""
    miner = await start_miner(firmware=firmware)
    await patch(session, miner, frequency=490, coreVoltage=1100, autofanspeed=0)
    assert miner.flash_writes == cost
    await patch(session, miner, frequency=490, unknown=3)
    assert miner.flash_writes == cost
    assert miner.requests[-1].json == {"frequency": 490, "unknown": 3}
    await patch(session, miner, frequency=500)
    assert miner.flash_writes == cost + 1


@pytest.mark.parametrize(
    ("firmware", "settings"),
    [
        # Chip stays at the bottom until somebody helps; or lowers itself by steps.
        ("2.10.1", (50, 1000)),
        ("2.12.2", (425, 1050)),
    ],
)
async def test_heat(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    settings: tuple[int, int],
) -> None:
    miner = await start_miner(firmware=firmware)
    miner.inject("hot", duration=20, temperature=80)
    clock.advance(600)
    info = miner.reply("info")
    assert (info["frequency"], info["coreVoltage"]) == settings
    assert info["autofanspeed"] == 0
    old = firmware == "2.10.1"
    assert info["overheat_mode"] == int(old)
    assert miner.truth.hashing is not old
    await patch(session, miner, frequency=525, coreVoltage=1150, overheat_mode=0)
    clock.advance(60)
    info = miner.reply("info")
    assert miner.truth.hashing
    assert (info["frequency"], info["overheat_mode"]) == (525, 0)


async def test_a_reply_is_lost(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    miner.inject("patch_lost")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await patch(session, miner, frequency=490)
    assert miner.reply("info")["frequency"] == 490
    assert (await ask(session, miner, "GET", "system/info"))[0] == 200
    assert (await ask(session, miner, "POST", "system/identify"))[0] == 200


async def test_a_reply_never_comes(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    miner.inject("patch_lost", silent=True)
    with pytest.raises(TimeoutError):
        async with session.patch(
            f"{miner.url}/api/system", json={"frequency": 490}, timeout=SHORT
        ):
            pass
    assert miner.reply("info")["frequency"] == 490
    miner.clear("patch_lost")
    assert (await ask(session, miner, "GET", "system/info"))[0] == 200


@pytest.mark.parametrize(
    ("fault", "parameters", "answer", "frequency"),
    [
        ("patch_ignored", {}, (200, ""), 525),
        ("patch_refused", {}, (400, "Wrong API input"), 525),
        ("patch_failed", {}, (500, "Internal error"), 625),
        ("patch_refused", {"code": 500, "text": "no"}, (500, "no"), 525),
        ("patch_clipped", {}, (200, ""), 575),
        ("patch_clipped", {"values": {"frequency": 600}}, (200, ""), 600),
        ("busy", {}, (503, "Busy"), 525),
        ("busy", {"seconds": 0.01}, (200, ""), 625),
    ],
)
async def test_mishaps(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    fault: str,
    parameters: dict[str, Any],
    answer: tuple[int, str],
    frequency: int,
) -> None:
    miner = await start_miner()
    miner.inject(fault, **parameters)
    assert await patch(session, miner, frequency=625) == answer
    assert miner.reply("info")["frequency"] == frequency
    assert miner.flash_writes == int(frequency != 525)
    assert (await ask(session, miner, "GET", "system/info"))[0] == 200
    miner.clear(fault)
    assert await patch(session, miner, frequency=625) == (200, "")
    assert miner.reply("info")["frequency"] == 625


async def test_a_mishap_can_be_counted(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner()
    miner.inject("patch_refused", count=2)
    answers = [(await patch(session, miner, frequency=490))[0] for _ in range(3)]
    assert answers == [400, 400, 200]


@pytest.mark.parametrize("commands", [False, True])
async def test_mishaps_of_commands(
    start_miner: StartMiner, session: aiohttp.ClientSession, commands: bool
) -> None:
    miner = await start_miner(firmware="2.15.0")
    miner.inject("patch_ignored", commands=commands)
    assert (await ask(session, miner, "POST", "system/pause"))[0] == 200
    assert (miner.phase is Phase.HASHING) is commands


async def test_a_restart_in_between(
    start_miner: StartMiner, session: aiohttp.ClientSession, clock: ManualClock
) -> None:
    miner = await start_miner(boot_seconds=5)
    miner.inject("reboot_on_patch", count=1)
    assert await patch(session, miner, frequency=490) == (200, "")
    clock.advance(2)
    assert miner.phase is Phase.BOOTING
    clock.advance(60)
    assert miner.reply("info")["frequency"] == 490
    assert miner.truth.restarts == 1


async def test_a_password_guards_everything(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(username="me", password="hush")
    for method, path in (("GET", "system/info"), ("PATCH", "system")):
        async with session.request(method, f"{miner.url}/api/{path}") as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"].startswith("Basic")
    for pair, status in ((b"me:hush", 200), (b"me:hiss", 401)):
        header = {"Authorization": f"Basic {b64encode(pair).decode()}"}
        assert (await ask(session, miner, "GET", "system/info", **header))[0] == status
    assert "hush" not in repr(miner.spec)


@pytest.mark.parametrize(
    ("firmware", "path", "other"),
    [
        ("1.0.37", "otp/session", "v2/otp/session"),
        ("1.1.0", "v2/otp/session", "otp/session"),
    ],
)
async def test_a_session_for_a_code(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    firmware: str,
    path: str,
    other: str,
) -> None:
    miner = await start_miner(**NERD | {"firmware": firmware}, otp_code=CODE)
    assert miner.reply("info")["otp"] is True
    assert (await ask(session, miner, "POST", other, X_TOTP=CODE))[0] == 405
    status, text = await ask(session, miner, "POST", path, X_TOTP=CODE)
    reply = json.loads(text)
    token = reply["token"]
    assert (status, len(token), reply["ttlMs"]) == (200, 73, 86_400_000)
    body = {"frequency": 590}
    show = {"X_OTP_Session": token}
    assert await ask(session, miner, "PATCH", "system", body, **show) == (200, "")
    assert miner.reply("info")["frequency"] == 590
    miner.reboot()
    clock.advance(60)
    assert (await ask(session, miner, "PATCH", "system", body, **show))[0] == 200
    clock.advance(86_400)
    assert (await ask(session, miner, "PATCH", "system", body, **show))[0] == 401


@pytest.mark.parametrize(
    ("path", "headers", "answer"),
    [
        ("otp/session", {}, (400, "Missing X-TOTP header")),
        ("otp/session", {"X_TOTP": "000000"}, (401, "Invalid TOTP")),
        ("system/OTA", {}, (401, "OTP/Session required")),
        ("system/OTA", {"X_OTP_Session": "x"}, (401, "OTP/Session required")),
        ("system/shutdown", {}, (200, "System will shutdown shortly.")),
        ("system/restart", {}, (200, "System will restart shortly.")),
    ],
)
async def test_without_a_right_code(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    path: str,
    headers: dict[str, str],
    answer: tuple[int, str],
) -> None:
    miner = await start_miner(**NERD, otp_code=CODE)
    assert await ask(session, miner, "POST", path, **headers) == answer
    assert (await ask(session, miner, "GET", "system/info"))[0] == 200


async def test_without_codes_there_is_no_session(
    start_miner: StartMiner, session: aiohttp.ClientSession
) -> None:
    miner = await start_miner(**NERD)
    asked = await ask(session, miner, "POST", "otp/session", X_TOTP=CODE)
    assert asked == (405, "OTP disabled")
    assert miner.reply("info")["otp"] is False


@pytest.mark.parametrize(("pause", "locked"), [(10, True), (20, False)])
async def test_five_failures_in_a_minute_lock_for_five(
    start_miner: StartMiner,
    session: aiohttp.ClientSession,
    clock: ManualClock,
    pause: int,
    locked: bool,
) -> None:
    miner = await start_miner(**NERD, otp_code=CODE)
    for _ in range(5):
        assert (await patch(session, miner, frequency=590))[1] == "OTP/Session required"
        clock.advance(pause)
    status, text = await ask(session, miner, "POST", "otp/session", X_TOTP=CODE)
    show = {"X_OTP_Session": json.loads(text)["token"]}
    body = {"frequency": 590}
    status, text = await ask(session, miner, "PATCH", "system", body, **show)
    assert (status, text == "blocked for 5 minutes") == (401 if locked else 200, locked)
    clock.advance(300)
    assert (await ask(session, miner, "PATCH", "system", body, **show))[0] == 200
