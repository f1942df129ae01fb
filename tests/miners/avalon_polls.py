"""Polls of cgminer miners for tests: small ones, made up as the devices speak."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.miner_monitor.miners.avalon.memory import DeviceMemory
from custom_components.miner_monitor.miners.avalon.poll import Poll, Wants
from custom_components.miner_monitor.miners.avalon.reply import Reply, parse_reply
from custom_components.miner_monitor.miners.model import MinerReading

from .replies import CAPTURES as BITAXE_CAPTURES, Clock

CAPTURES = BITAXE_CAPTURES.with_name("avalon")

type Blob = dict[str, str]

Q: Blob = {
    "Ver": "Q-25052801_14a19a2",
    "DNA": "020100001a0f0001",
    "STATE": "1",
    "SYSTEMSTATU": "Work: In Work, Hash Board: 1",
    "Elapsed": "769980",
    "BOOTBY": "0x01.00000000",
    "HW": "1",
    "DH": "3.488%",
    "ITemp": "49",
    "HBITemp": "60",
    "HBOTemp": "63",
    "TMax": "72",
    "TAvg": "65",
    "TarT": "65",
    "Fan1": "2129",
    "Fan2": "2128",
    "Fan3": "2107",
    "Fan4": "2100",
    "FanR": "71%",
    "SoftOffTime": "1757170800",
    "SoftOnTime": "1757139337",
    "RSSI": "0",
    "Filter": "71618",
    "FanErr": "0",
    "PS": "0 1212 2285 35 801 2286 822",
    "PCOMM_E": "0",
    "GHSspd": "50985.10",
    "DHspd": "3.2%",
    "GHSmm": "52838.21",
    "GHSavg": "9080.65",
    "WU": "126855.22",
    "Freq": "271.58",
    "MGHS": "9080.65",
    "MH": "1",
    "TA": "160",
    "Core": "A3197S",
    "PING": "36",
    "SoftOFF": "4",
    "ECHU": "0",
    "ECMM": "0",
    "WORKMODE": "0",
    "WORKLEVEL": "0",
    "MPO": "800",
    "ADJ": "1",
}
"""A Q at work, as far as it is read."""

Q_BOARD = "'HB0':{PVT_T0[ 58  72 65] PVT_V0[282 278 276] MW0[526 664 642]}"

REST = {
    "STATE": "2",
    "SYSTEMSTATU": "Work: In Idle, Hash Board: 1",
    "TMax": "0",
    "TAvg": "0",
    "Fan1": "0",
    "Fan2": "0",
    "Fan3": "0",
    "Fan4": "0",
    "FanR": "0%",
    "PS": "0 1216 1 0 0 2243 17",
    "GHSspd": "0.00",
    "DHspd": "0.000%",
}
"""What a Q changes in standby."""

NANO_3: Blob = {
    "HashStatus": "1",
    "Ver": "nano3-24071801_42c628d",
    "DNA": "0000000000000000",
    "HDNA": "02010000D89A0001",
    "Elapsed": "101793",
    "HW": "148",
    "DH": "1.474%",
    "Temp": "52",
    "OTemp": "45",
    "TMax": "87",
    "TAvg": "85",
    "TarT": "85",
    "Fan1": "3360",
    "FanR": "43%",
    "Vo": "0",
    "PS": "0 0 0 3 2780 92 314",
    "GHSspd": "3332.40",
    "GHSmm": "3381.96",
    "GHSavg": "3044.72",
    "MGHS": "3044.72",
    "Freq": "0.00",
    "TA": "10",
    "PVT_T0": " 84  85  86  85  84  82  87  86  86  83",
    "PVT_V0": "304 302 301 302 306 306 299 303 300 307",
    "MW0": "2241 2153 2185 2228 2156 2225 2197 2235 2088 2182",
    "WORKLEVEL": "1",
    "MPO": "90",
    "ADJ": "1",
}
NANO_3S: Blob = {
    "Ver": "Nano3s-25021401_56abae7",
    "DNA": "02010000bd440001",
    "SYSTEMSTATU": "Work: In Work, Hash Board: 1",
    "Elapsed": "10027",
    "HW": "0",
    "DH": "2.374%",
    "ITemp": "-273",
    "OTemp": "65",
    "TMax": "95",
    "TAvg": "90",
    "TarT": "90",
    "Fan1": "1520",
    "FanR": "33%",
    "PS": "0 0 27541 4 0 3756 133",
    "GHSspd": "6598.84",
    "GHSmm": "6783.65",
    "GHSavg": "6695.18",
    "Freq": "464.89",
    "MGHS": "6695.18",
    "TA": "12",
    "PVT_T0": " 85  91  91  91  91  90  85  86  95  95  91  87",
    "PVT_V0": "299 303 301 303 300 301 306 301 297 296 303 305",
    "WORKMODE": "2",
    "WORKLEVEL": "0",
    "MPO": "133",
    "ADJ": "1",
}
MINI_3: Blob = {
    **NANO_3S,
    "Ver": "Mini3-25011701_3f53b19",
    "DNA": "0201000086440001",
    "ITemp": "39",
    "OTemp": "63",
    "HBTemp": "75",
    "TMax": "86",
    "TarT": "75",
    "PS": "0 1210 2083 37 760 2085 824",
    "TA": "66",
}
A1246: Blob = {
    "Ver": "1246-83-21072802_4ec6bb0_211fc46",
    "DNA": "02010000cbd20001",
    "SYSTEMSTATU": "Work: In Work, Hash Board: 3 ",
    "Elapsed": "24684",
    "BOOTBY": "0x08.00000000",
    "MH": "999 697 1039",
    "HW": "2735",
    "DH": "2.732%",
    "Temp": "30",
    "TMax": "77",
    "TAvg": "65",
    "Fan1": "5344",
    "Fan2": "5392",
    "Fan3": "5349",
    "Fan4": "5309",
    "FanR": "72%",
    "Vo": "329",
    "PS": "0 1214 1316 242 3189 1320 3504",
    "GHSspd": "81072.68",
    "DHspd": "2.5%",
    "GHSmm": "83923.04",
    "GHSavg": "79656.63",
    "Freq": "502.41",
    "MGHS": "26907.01 26025.06 26724.56",
    "MTmax": "77 77 76",
    "MTavg": "66 65 64",
    "TA": "360",
    "POWS": "0",
    "HASHS": "0 0 0",
    "ECHU": "0 0 0",
    "ECMM": "0",
    "PVT_T0": " 63  70  77",
    "PVT_T1": " 64  64  77",
    "PVT_T2": " 66  68  76",
    "PVT_V0": "305 312 311",
    "PVT_V1": "309 313 315",
    "PVT_V2": "304 309 311",
    "MW0": "611 634 672",
    "MW1": "635 665 603",
    "MW2": "702 606 673",
    "MPO": "3200",
    "WORKMODE": "1",
}
A1066: Blob = {
    **{key: A1246[key] for key in ("SYSTEMSTATU", "Elapsed", "Temp", "TMax", "TA")},
    "Ver": "1066-50-20080702_a590d24_3dbc55b",
    "DNA": "0201000077be0001",
    "DH": "1.399%",
    "PS": "0 1228 1299 238 3086 1296",
    "GHSspd": "0.00",
    "DHspd": "0.000%",
    "GHSmm": "53151.45",
    "GHSavg": "51187.10",
    "TA": "342",
    "ECHU": "512 512 512",
    "ECMM": "0",
}

SUMMARY: dict[str, Any] = {
    "Elapsed": 101614,
    "MHS av": 3048076.68,
    "MHS 5s": 6614801.03,
    "MHS 1m": 3784619.24,
    "Found Blocks": 0,
    "Accepted": 21853,
    "Rejected": 15,
    "Hardware Errors": 148,
    "Stale": 3,
    "Work Utility": 42608.85,
    "Best Share": 138508908,
    "Device Hardware%": 0.0002,
}
POOL: dict[str, Any] = {
    "POOL": 0,
    "URL": "stratum+tcp://pool.example.com:4444",
    "Status": "Alive",
    "Priority": 0,
    "Getworks": 681,
    "Accepted": 890,
    "Rejected": 2,
    "User": "wallet.worker1",
    "Password": "secret",
    "Last Share Time": 31279,
    "Stratum Active": True,
    "Stratum Difficulty": 524288.0,
    "Best Share": 354914572,
    "Current Block Height": 907089,
}
SPARE: dict[str, Any] = {
    **POOL,
    "POOL": 1,
    "URL": "stratum+tcp://spare.example.com:3333",
    "Priority": 1,
    "Stratum Active": False,
    "Accepted": 0,
}
PLAIN_VERSION = {"CGMiner": "4.12.0", "API": "3.7"}
Q_VERSION = {
    "PROD": "Avalon Q",
    "MODEL": "Q",
    "HWTYPE": "Q_MM1v1_X1",
    "LVERSION": "25052801_14a19a2",
    "DNA": "020100001a0f0001",
    "MAC": "e0e1a9000001",
}


def text_of(blob: Mapping[str, str]) -> str:
    """Write a blob."""
    return " ".join(f"{key}[{value}]" for key, value in blob.items())


def rows_of(
    blob: Mapping[str, str], board: str = Q_BOARD
) -> tuple[dict[str, Any], ...]:
    """Put a blob where its model has it."""
    if blob.get("Ver", "").startswith("Q-"):
        return (
            {
                "ID": "AVALON0",
                "MM ID0:Summary": f"'STATS':{{{text_of(blob)}}}",
                "HBinfo": board,
            },
        )
    return ({"ID": "AVALON0", "MM ID0": text_of(blob), "MM Count": 1},)


def poll_of(blob: Mapping[str, str], **sections: Any) -> Poll:
    """Make a poll of a blob and the usual other sections."""
    told: dict[str, Any] = {
        "summary": SUMMARY,
        "stats": rows_of(blob),
        "pools": (POOL, SPARE),
        "when": 1753431516,
    }
    return Poll(**told | sections)


class Device:
    """A device memory, its clock, and what it answers to the seldom questions."""

    def __init__(
        self,
        version: Mapping[str, Any] | None = None,
        commands: frozenset[str] | None = None,
    ) -> None:
        self.clock = Clock()
        self.memory = DeviceMemory(self.clock)
        self.version = version
        self.commands = commands
        self.litestats: tuple[dict[str, Any], ...] | None = None
        self.traffic: tuple[dict[str, Any], ...] | None = None
        self.thorough = False
        self.wants = Wants()

    def answers(self, poll: Poll, *, after: float = 15) -> MinerReading:
        """Read the next poll."""
        self.clock.now += after
        self.wants = self.memory.notice(poll, thorough=self.thorough)
        if self.wants.again:
            self.wants = self.memory.notice(poll, thorough=self.thorough)
        if self.wants.version and self.version is not None:
            self.memory.take_version(self.version)
        if self.wants.commands and self.commands is not None:
            self.memory.take_commands(self.commands)
        if self.wants.litestats and self.litestats is not None:
            self.memory.take_litestats(self.litestats)
        if self.wants.traffic and self.traffic is not None:
            self.memory.take_traffic(self.traffic)
        return self.memory.read(poll)

    def says(self, blob: Mapping[str, str], *, after: float = 15) -> MinerReading:
        """Read the next poll, given by its blob."""
        return self.answers(poll_of(blob), after=after)


def read(blob: Mapping[str, str], **sections: Any) -> MinerReading:
    """Read a single poll."""
    return Device().answers(poll_of(blob, **sections))


def body(name: str) -> bytes:
    """Load the bytes of a real reply."""
    path: Path = CAPTURES / name
    if not path.exists():
        pytest.skip("no captures here")
    return path.read_bytes()


def reply(name: str) -> Reply:
    """Load a real reply as the client reads it."""
    return parse_reply(body(name))


def json_of(name: str) -> dict[str, Any]:
    """Load a real reply as plain JSON."""
    loaded: dict[str, Any] = json.loads(body(name).rstrip(b"\0 \r\n"))
    return loaded
