"""AxeOS since 2.11 applies settings behind its reply, one after the other."""

import json
from typing import Any

import pytest

from simulator import ManualClock, MinerSpec
from simulator.axeos.api import Api
from simulator.axeos.device import Device

KEYS = ("frequency", "coreVoltage", "autofanspeed", "manualFanSpeed", "temptarget")
OLD = (525, 1150, 1, 100, 60)
NEW = (400, 1100, 0, 70, 55)
WHOLE = dict(zip(KEYS, NEW, strict=True))


class Bench:
    def __init__(
        self, flash_time: float | None = 0.1, firmware: str = "2.12.2"
    ) -> None:
        self.clock = ManualClock()
        spec = MinerSpec(
            name="m",
            seed=3,
            model="gamma_601",
            firmware=firmware,
            flash_time=flash_time,
        )
        self.device = Device(spec, self.clock)
        self.api = Api(self.device)

    def patch(self, **body: Any) -> None:
        answer = self.api.respond("PATCH", "/api/system", json.dumps(body).encode())
        assert (answer.status, answer.body) == (200, b"")

    def shown(self) -> tuple[Any, ...]:
        info = self.api.replies.info()
        return tuple(info[key] for key in KEYS)

    def after(self, seconds: float) -> tuple[Any, ...]:
        self.clock.advance(seconds)
        self.device.sync()
        return self.shown()


def applied(count: int) -> tuple[int, ...]:
    return NEW[:count] + OLD[count:]


@pytest.mark.parametrize("flash_time", [0.003, 0.025, 0.1])
def test_a_read_meanwhile_shows_new_and_old_values(flash_time: float) -> None:
    """In the firmware's own order, whatever that of the body is."""
    bench = Bench(flash_time)
    bench.patch(**dict(reversed(WHOLE.items())))
    assert bench.shown() == applied(1)
    bench.after(flash_time / 2)
    for count in (2, 3, 4, 5):
        assert bench.after(flash_time) == applied(count)
    assert bench.device.flash.writes == 5


def test_without_a_flash_time_all_is_there_at_once() -> None:
    bench = Bench(0.0)
    bench.patch(**WHOLE)
    assert bench.shown() == NEW


def test_the_usual_flash_takes_3_to_25_ms() -> None:
    bench = Bench(None)
    bench.patch(**WHOLE)
    assert bench.after(0.0029) == applied(1)
    assert bench.after(4 * 0.025) == NEW


def test_what_is_not_changed_costs_no_time() -> None:
    bench = Bench()
    bench.patch(frequency=525, coreVoltage=1150, temptarget=55)
    assert bench.shown() == (*OLD[:4], 55)
    assert bench.device.flash.writes == 1


def test_a_second_request_is_queued_behind_the_first() -> None:
    bench = Bench()
    bench.patch(frequency=400, coreVoltage=1100)
    bench.patch(frequency=450)
    assert bench.shown()[:2] == (400, 1150)
    assert bench.after(0.15)[:2] == (400, 1100)
    assert bench.after(0.1)[:2] == (450, 1100)


def test_a_boot_loses_what_is_not_yet_applied() -> None:
    bench = Bench()
    bench.patch(frequency=400, coreVoltage=1100)
    bench.device.reboot()
    assert bench.after(60)[:2] == (400, 1150)


def test_the_set_point_shows_at_once_and_the_frequency_ramps() -> None:
    """6.25 MHz in 100 ms."""
    bench = Bench(firmware="2.15.0")
    bench.patch(frequency=400)
    actual = []
    for _ in range(3):
        bench.after(1)
        info = bench.api.replies.info()
        assert info["frequency"] == 400
        actual.append(info["actualFrequency"])
    assert actual == [462.5, 400, 400]


def test_older_firmware_applies_a_request_before_it_answers() -> None:
    bench = Bench(firmware="2.10.1")
    bench.patch(frequency=400, coreVoltage=1100, temptarget=55)
    info = bench.api.replies.info()
    assert (info["frequency"], info["coreVoltage"]) == (400, 1100)
    assert info["temptarget"] == 55
