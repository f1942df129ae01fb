"""What the options and pool commands of a simulated Avalon do, and their errors."""

from typing import Any

import pytest

from simulator import ManualClock, Phase

from .avalon import MODELS, ask, command, look, option
from .conftest import StartMiner

NANO3, NANO3S, MINI3, Q, A12, A15 = MODELS
DONE = ("S", 119, "ASC 0 set OK")
FAN = "-100 for stable pwm,-1 for auto adjust"


def info(text: str) -> tuple[str, int, str]:
    return ("I", 118, f"ASC 0 set info: {text}")


def failed(text: str) -> tuple[str, int, str]:
    return ("E", 120, f"ASC 0 set failed: {text}")


@pytest.mark.parametrize(
    ("model", "text", "answer", "writes"),
    [
        (Q, "workmode,get", info("workmode 0"), 0),
        (Q, "workmode,set,1", DONE, 1),
        (Q, "workmode,set,0", DONE, 0),
        (
            Q,
            "workmode,set,3",
            failed("error:1 not support set workmode max_mode[2]"),
            0,
        ),
        (
            Q,
            "workmode,set,-1",
            failed("error:1 not support set workmode max_mode[2]"),
            0,
        ),
        (Q, "workmode,set,x", failed("error:2 parameter error"), 0),
        (Q, "workmode,set", failed("error:2 parameter error"), 0),
        (Q, "workmode", failed("missing workmode setting"), 0),
        (Q, "worklevel,get", info("worklevel 0"), 0),
        (Q, "worklevel,set,0", DONE, 0),
        (Q, "worklevel,set,1", failed("error:2 parameter error"), 0),
        (Q, "worklevel,set,y", failed("error:2 parameter error"), 0),
        (Q, "work_mode_lvl,get", info("workmode 0 worklevel 0"), 0),
        (Q, "work_mode_lvl,set,2,0", DONE, 1),
        (Q, "work_mode_lvl,set,2", failed("error:2 parameter error"), 0),
        (Q, "work_mode_lvl,set,a,b", failed("error:2 parameter error"), 0),
        (NANO3S, "workmode,get", info("workmode 2"), 0),
        (NANO3S, "workmode,set,0", DONE, 1),
        (NANO3, "worklevel,get", info("worklevel 1"), 0),
        (NANO3, "worklevel,set,2", DONE, 1),
        (NANO3, "workmode,set,2", failed("Unknown option: workmode"), 0),
        (MINI3, "workmode,set,2", DONE, 1),
        (MINI3, "worklevel,set,-1", DONE, 1),
        (MINI3, "work_mode_lvl,set,1,-1", failed("error:2 parameter error"), 0),
        (A12, "workmode,255", info("WORKMODE[1]"), 0),
        (A12, "workmode,0", info("WORKMODE[0] success"), 1),
        (A12, "workmode,2", failed("error:1 not support set workmode max_mode[1]"), 0),
        (A12, "workmode", failed("missing workmode setting"), 0),
        (A12, "workmode,fast", failed("workmode unknown argument"), 0),
        (Q, "reboot", failed("missing reboot setting"), 0),
        (Q, "reboot,301", failed("reboot value should be 0~300 seconds"), 0),
        (Q, "reboot,all", failed("reboot value not number"), 0),
        (NANO3S, "reboot,300", DONE, 0),
        (Q, "softoff", failed("softoff unknown argument"), 0),
        (Q, "softoff,0:5", failed("softoff unknown argument"), 0),
        (Q, "softon,1:x", failed("softon unknown argument"), 0),
        (MINI3, "softoff,1: 1800000005", info("success softoff:1800000005"), 0),
        (NANO3S, "softoff,1:5", failed("Unknown option: softoff"), 0),
        (NANO3, "hashpower,2", failed("hashpower unknown argument"), 0),
        (Q, "fan-spd,-1", DONE, 0),
        (Q, "fan-spd,15", DONE, 0),
        (Q, "fan-spd,14", failed(f"invalid fan value, valid range 15{FAN}"), 0),
        (NANO3, "fan-spd,0", DONE, 0),
        (A12, "fan-spd,101", failed(f"invalid fan value, valid range 0{FAN}"), 0),
        (Q, "fan-spd,fast", failed("No value passed to avalon-fan"), 0),
        (A12, "fan-spd", failed("missing fan-spd setting"), 0),
        (Q, "voltage,2300", DONE, 0),
        (Q, "voltage,2601", failed("Setting invalid: voltage range 2150~2600"), 0),
        (Q, "lcd,0:0", info("success lcd:id[0] val[0] len=4"), 1),
        (Q, "lcd,0:1", info("success lcd:id[0] val[1] len=4"), 0),
        (Q, "lcd,9:2", info("success lcd:id[9] val[2] len=4"), 0),
        (Q, "lcd,1", failed("No value passed to lcd"), 0),
        (NANO3, "led,get", info("LED[0-100-100-5-0-255]"), 0),
        (NANO3, "led,setmode,2", DONE, 1),
        (NANO3, "led,setbright,40", DONE, 1),
        (NANO3, "led,setrgb,100-100-1-2-3", DONE, 1),
        (NANO3, "led,setrgb,100-100-5-0-255", DONE, 0),
        (NANO3, "led,setrgb,1-2", failed("led unknown argument"), 0),
        (NANO3, "led,blink", failed("led unknown argument"), 0),
        (A12, "led,1-1", DONE, 0),
        (A12, "led,1-255", info("LED[0]"), 0),
        (A12, "led,2-1", failed("led unknown argument"), 0),
        (NANO3S, "ledset,3-50-60-255-0-9", info("led set ok"), 1),
        (NANO3S, "ledset,0-100-100-5-0-255", info("led set ok"), 0),
        (NANO3S, "ledset,5-50-60-255-0-9", failed("led parameter wrong"), 0),
        (NANO3S, "ledset,3-50-60-256-0-9", info("led set ok"), 1),
        (NANO3S, "ledset,3-50", failed("led parameter wrong"), 0),
        (NANO3S, "ledmode,0", info("success set:0"), 0),
        (NANO3S, "ledmode,1", info("success set:1"), 1),
        (NANO3S, "ledmode,2", failed("Input param error."), 0),
        (NANO3S, "nightlamp,1-30", failed("not in (dark)mode now"), 0),
        (Q, "filter-clean,1", DONE, 1),
        (Q, "filter-clean,0", failed("Input param error."), 0),
        (Q, "filter-clean,all", failed("No value passed to avalon-filter-clean"), 0),
        (NANO3S, "loop", info("LOOP[12 ]"), 0),
        (NANO3S, "WorkMode,get", info("workmode 2"), 0),
        (MINI3, "limittemp,28", DONE, 1),
        (MINI3, "limittemp,51", failed("limittemp unknown argument"), 0),
        (MINI3, "limittemp,warm", failed("limittemp unknown argument"), 0),
        (Q, "limittemp,28", failed("Unknown option: limittemp"), 0),
        (Q, "time", info("time t:1800000000"), 0),
        (A12, "bootby", info("BOOTBY[0x01.00000000]"), 0),
        (Q, "password", failed("missing password setting"), 0),
        (Q, "password,secret", failed("password unknown argument"), 0),
        (NANO3, "factory,1", failed("factory unknown argument"), 0),
        (Q, "target-temp,60", failed("Unknown option: target-temp"), 0),
    ],
)
async def test_options(
    start_miner: StartMiner,
    model: str,
    text: str,
    answer: tuple[str, int, str],
    writes: int,
) -> None:
    miner = await start_miner(model=model)
    assert await option(miner, text) == answer
    assert miner.flash_writes == writes


@pytest.mark.parametrize(
    ("parameter", "code", "message"),
    [
        ("", 15, "Missing device id parameter"),
        ("1,help", 107, "Invalid ASC id 1 - range is 0 - 0"),
        ("0", 116, "Missing option after ASC number"),
    ],
)
async def test_options_of_no_device(
    start_miner: StartMiner, parameter: str, code: int, message: str
) -> None:
    miner = await start_miner(model=Q)
    status = (await command(miner, "ascset", parameter))["STATUS"][0]
    assert (status["STATUS"], status["Code"], status["Msg"]) == ("E", code, message)


@pytest.mark.parametrize(
    ("model", "listed", "unlisted"),
    [
        (Q, {"softon", "softoff", "workmode", "filter-clean"}, {"ledset", "led"}),
        (NANO3S, {"ledset", "nightlamp", "work_mode_lvl"}, {"softon", "softoff"}),
        (NANO3, {"worklevel", "hashpower", "led", "softon"}, {"workmode", "lcd"}),
        (MINI3, {"limittemp", "workmode", "softoff"}, {"hashpower"}),
        (A12, {"workmode", "softoff", "led", "hashpower"}, {"softon", "worklevel"}),
    ],
)
async def test_help_lists_what_there_is(
    start_miner: StartMiner, model: str, listed: set[str], unlisted: set[str]
) -> None:
    miner = await start_miner(model=model)
    letter, code, message = await option(miner, "help")
    names = message.removeprefix("ASC 0 set info: ").split("|")
    assert (letter, code) == ("I", 118)
    assert names[-1] == ""
    assert listed <= set(names)
    as_text = (await ask(miner, "ascset|0,help")).decode()
    assert f"Msg=ASC 0 set info: {'|'.join(names)}," in as_text
    assert unlisted.isdisjoint(names)


async def test_what_the_status_shows_of_options(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3S)
    await option(nano, "ledset,3-50-60-255-0-9")
    await option(nano, "lcd,0:0")
    status = look(nano)
    assert (status["LEDUser"], status["LcdOnoff"]) == ("3-50-60-255-0-9", "0")
    allowed = (await option(nano, "voltage"))[2].partition("PS[")[2].rstrip("]").split()
    assert allowed == look(nano)["PS"].split()
    assert len(allowed) == 7


async def test_heating_to_a_temperature(start_miner: StartMiner) -> None:
    mini = await start_miner(model=MINI3)
    await option(mini, "limittemp,28")
    short = look(mini, "litestats")
    assert (short["Limitemp"], short["STATE"], short["MODE"]) == ("28", "1", "0")
    assert "PS" not in short
    assert "TMax" not in short
    await option(mini, "worklevel,set,-1")
    status = look(mini)
    assert (status["WORKLEVEL"], status["MPO"]) == ("-1", "480")


async def test_dark_mode(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3S)
    await option(nano, "ledmode,1")
    assert look(nano)["LED"] == "1-0"
    assert await option(nano, "ledset,1-1-1-1-1-1") == info("not in (day)mode now")
    assert await option(nano, "nightlamp,1-30") == info("success set:1 30")
    assert nano.device.night_lamp == 30
    assert await option(nano, "nightlamp,0-30") == info("success set:0 30")
    assert nano.device.night_lamp == 0
    assert await option(nano, "nightlamp,on") == failed("Input param error.")


async def test_finding_a_miner_in_the_rack(start_miner: StartMiner) -> None:
    miner = await start_miner(model=A15)
    await option(miner, "led,1-1")
    assert await option(miner, "led,1-255") == info("LED[1]")
    assert look(miner)["Led"] == "1"
    await option(miner, "led,1-0")
    assert look(miner)["Led"] == "0"


async def test_a_fan_speed_lasts_until_the_next_start(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    q = await start_miner(model=Q)
    await option(q, "fan-spd,100")
    clock.advance(120)
    assert look(q)["FanR"] == "100%"
    cooled = int(look(q)["TAvg"])
    await option(q, "fan-spd,-1")
    clock.advance(600)
    assert int(look(q)["FanR"].rstrip("%")) < 85
    assert int(look(q)["TAvg"]) > cooled
    await option(q, "fan-spd,100")
    q.reboot()
    clock.advance(1200)
    assert int(look(q, "litestats")["FanR"].rstrip("%")) < 85


async def test_cleaning_the_filter(start_miner: StartMiner, clock: ManualClock) -> None:
    q = await start_miner(model=Q)
    assert look(q)["Filter"] == "19145"
    await option(q, "filter-clean,1")
    assert look(q)["Filter"] == "0"
    clock.advance(600)
    assert look(q)["Filter"] == "10"


async def test_a_reboot_of_all_after_a_delay(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3)
    assert await ask(nano, "ascset|0,reboot,all") == b""
    clock.advance(1)
    assert nano.phase is Phase.BOOTING
    slow = await start_miner(name="slow", model=NANO3S)
    await option(slow, "reboot,60")
    await option(slow, "reboot,100")
    clock.advance(99)
    assert slow.phase is Phase.HASHING
    clock.advance(1)
    assert slow.phase is Phase.BOOTING


@pytest.mark.parametrize(
    ("model", "name", "parameter", "answer", "writes"),
    [
        (
            NANO3S,
            "switchpool",
            "1",
            ("S", 27, "Switching to pool 1:'stratum+tcp://backup"),
            0,
        ),
        (NANO3S, "switchpool", "3", ("E", 26, "Invalid pool id 3 - range is 0 - 2"), 0),
        (Q, "switchpool", "1", ("E", 26, "Invalid pool id 1 - range is 0 - 0"), 0),
        (NANO3S, "switchpool", "", ("E", 25, "Missing pool id parameter"), 0),
        (NANO3S, "switchpool", "x", ("S", 27, "Switching to pool 0:'"), 0),
        (NANO3S, "enablepool", "1", ("I", 49, "Pool 1:'stratum+tcp://b"), 0),
        (NANO3S, "disablepool", "1", ("S", 48, "Disabling pool 1:'stratum+tcp://"), 0),
        (NANO3S, "poolpriority", "2,0,1", ("S", 73, "Changed pool priorities"), 0),
        (
            NANO3S,
            "poolpriority",
            "2,9",
            ("E", 26, "Invalid pool id 9 - range is 0 - 2"),
            0,
        ),
        (
            NANO3S,
            "setpool",
            "admin,admin,1,stratum+tcp://a:1,me,x",
            ("S", 133, "Pool set info: \npool 1 success set to stratum+tcp://a:1\n"),
            1,
        ),
        (
            NANO3,
            "setpool",
            "root,root,0,stratum+tcp://a:1,me,x",
            ("S", 133, "Pool set info: \npool 0"),
            1,
        ),
        (
            NANO3,
            "setpool",
            "admin,root,0,a,b,c",
            ("E", 132, "Pool set error: username err"),
            0,
        ),
        (
            NANO3S,
            "setpool",
            "admin,guess,0,a,b,c",
            ("E", 132, "Pool set error: userpass err"),
            0,
        ),
        (
            NANO3S,
            "setpool",
            "admin,admin,3,a,b,c",
            (
                "E",
                132,
                "Pool set error: pool num must between 0 and 2 , your input is 3",
            ),
            0,
        ),
        (
            NANO3S,
            "setpool",
            "admin",
            (
                "E",
                132,
                "Pool set error: we need 5 | 6 arguments, your input is 1 arguments",
            ),
            0,
        ),
    ],
)
async def test_pool_commands(
    start_miner: StartMiner,
    model: str,
    name: str,
    parameter: str,
    answer: tuple[str, int, str],
    writes: int,
) -> None:
    miner = await start_miner(model=model)
    status = (await command(miner, name, parameter))["STATUS"][0]
    letter, code, message = answer
    assert (status["STATUS"], status["Code"]) == (letter, code)
    assert status["Msg"].startswith(message)
    assert miner.flash_writes == writes


async def test_a_pool_is_stored_now_and_used_after_a_reboot(
    start_miner: StartMiner, clock: ManualClock
) -> None:
    nano = await start_miner(model=NANO3S)
    wanted = "admin,admin,0,stratum+tcp://new.example.com:1,me.desk,y"
    reply = await ask(nano, f'{{"command":"setpool","parameter":"{wanted}"}}')
    assert b"\n" in reply
    await command(nano, "disablepool", "1")
    await command(nano, "poolpriority", "1,0,2")

    def pools() -> list[Any]:
        return [
            (pool["URL"].partition("//")[2], pool["Status"], pool["Priority"])
            for pool in nano.reply("pools")["POOLS"]
        ]

    assert pools()[:2] == [
        ("pool.example.com:3333", "Alive", 1),
        ("backup.example.com:3334", "Disabled", 0),
    ]
    nano.reboot()
    clock.advance(300)
    assert pools()[:2] == [
        ("new.example.com:1", "Alive", 0),
        ("backup.example.com:3334", "Alive", 1),
    ]
    assert nano.reply("pools")["POOLS"][0]["User"] == "me.desk"


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("litestats", {NANO3S, MINI3, Q}),
        ("lcd", {NANO3S, "cgminer"}),
        ("time", {NANO3, NANO3S}),
        ("estats", {*MODELS, "cgminer"}),
        ("ascset", {*MODELS, "cgminer"}),
        ("addpool", set()),
        ("quit", set()),
    ],
)
async def test_which_model_knows_a_command(
    start_miner: StartMiner, name: str, models: set[str]
) -> None:
    for model in [*MODELS, "cgminer"]:
        miner = await start_miner(name=model, model=model)
        known = (await command(miner, "check", name))["CHECK"][0]["Exists"]
        assert known == ("Y" if model in models else "N"), model
        code = (await command(miner, name))["STATUS"][0]["Code"]
        assert (code == 14) is (model not in models), model


async def test_the_time_of_a_nano(start_miner: StartMiner) -> None:
    nano = await start_miner(model=NANO3S)
    assert (await command(nano, "time", "get"))["STATUS"][0]["Msg"] == (
        "Time set info: time t:0"
    )
    told = (await command(nano, "time", "set,t:1800000000,1"))["STATUS"][0]
    assert (told["STATUS"], told["Code"]) == ("I", 131)
    assert told["Msg"] == "Time set info: time t:1800000000 1"
    assert (await command(nano, "time"))["STATUS"][0]["Code"] == 130
    told = (await command(nano, "time", "set"))["STATUS"][0]
    assert told["Msg"] == "Time set info: time unknown argument"


async def test_a_plain_cgminer(start_miner: StartMiner) -> None:
    miner = await start_miner(model="cgminer")
    assert (await command(miner, "version"))["VERSION"] == [
        {"CGMiner": "4.12.0", "API": "3.7"}
    ]
    summary = (await command(miner, "summary"))["SUMMARY"][0]
    assert summary["MHS av"] == pytest.approx(2e6, rel=0.1)
    assert len((await command(miner, "pools"))["POOLS"]) == 3
    assert (await command(miner, "devs"))["DEVS"][0]["Name"] == "GSD"
    codes = {
        name: (await command(miner, name, "0"))["STATUS"][0]["Code"]
        for name in ("litestats", "ascset", "switchpool", "privileged")
    }
    assert codes == {"litestats": 14, "ascset": 45, "switchpool": 45, "privileged": 45}
    check = (await command(miner, "check", "ascset"))["CHECK"][0]
    assert check == {"Exists": "Y", "Access": "N"}
    check = (await command(miner, "check", "summary"))["CHECK"][0]
    assert check == {"Exists": "Y", "Access": "Y"}


async def test_every_client_of_an_avalon_may_write(start_miner: StartMiner) -> None:
    status = (await command(await start_miner(model=Q), "privileged"))["STATUS"][0]
    assert (status["STATUS"], status["Code"]) == ("S", 46)


async def test_asking_for_a_reply_that_does_not_exist(start_miner: StartMiner) -> None:
    miner = await start_miner(model=Q)
    with pytest.raises(ValueError, match="No command 'lcd'"):
        miner.reply("lcd")
