"""Simulated Avalons as the tests of control meet them: told, and looked into."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from typing import Any

from custom_components.miner_monitor.miners.avalon import AvalonClient
from simulator import Farm, ManualClock, MinerSpec
from simulator.avalon.device import Device
from simulator.avalon.miner import SimulatedAvalon

HOME = ("avalon_nano3", "avalon_nano3s", "avalon_mini3", "avalon_q")
ALL = (*HOME, "avalon_a1047", "avalon_a1246", "avalon_a1566", "cgminer")
NEWER = {"model": "avalon_nano3s", "firmware": "25071001_0a1b2c3"}
"""A Nano 3S whose firmware lists target-temp."""


class Simulated:
    """One simulated miner, its clock and its client."""

    def __init__(
        self, miner: SimulatedAvalon, clock: ManualClock, client: AvalonClient
    ) -> None:
        self.miner = miner
        self.clock = clock
        self.client = client

    @property
    def device(self) -> Device:
        self.miner.device.sync()
        return self.miner.device

    @property
    def commands(self) -> list[str]:
        """What it was told, apart from what it was only asked."""
        asked = [json.loads(request.body) for request in self.miner.requests]
        return [
            f"{request['command']}|{request['parameter']}"
            for request in asked
            if "parameter" in request and request["parameter"] != "0,help"
        ]

    def became(self) -> dict[str, Any]:
        """Look into the device."""
        device = self.device
        names = ("mode", "level", "lcd", "led", "limit_temperature")
        return {name: device.settings[name] for name in names} | {
            "phase": device.phase.value,
            "fan": device.fan_duty,
            "target": device.target,
            "pool": device.active_pool,
            "filter": device.settings["filter_cleaned"],
        }

    async def settles(self, seconds: float) -> Any:
        """Let time pass with a poll each 5 s; return the settings after it."""
        passed = 0.0
        while passed < seconds:
            self.clock.advance(min(5.0, seconds - passed))
            passed += 5.0
            if self.miner.device.serving:
                await self.client.fetch()
        return (await self.client.fetch()).state.settings


@asynccontextmanager
async def simulated(
    model: str = "avalon_q", *, deadline: float = 8.0, **spec: Any
) -> AsyncIterator[Simulated]:
    """Run one miner and fetch it once."""
    clock = ManualClock()
    miner_spec = MinerSpec(**({"name": "m", "seed": 7, "model": model} | spec))
    async with Farm([miner_spec], clock=clock) as farm:
        miner = farm["m"]
        assert isinstance(miner, SimulatedAvalon)
        client = AvalonClient(
            miner.host, miner.port, monotonic=clock.now, deadline=deadline
        )
        await client.fetch()
        yield Simulated(miner, clock, client)
