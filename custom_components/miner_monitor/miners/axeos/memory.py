"""What one device told before, as far as the next reply depends on it."""

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
import time
from typing import Any

from ..client import Question
from ..model import (
    Capability,
    MinerIdentity,
    MinerReading,
    TripPoints,
)
from ..values import (
    count,
    mac,
    shared,
    text,
)
from .boards import (
    UNKNOWN,
    Profile,
    Reply,
    has_asic_endpoint,
    profile_of,
)
from .identity import (
    SensorMemory,
    declared,
    identity_of,
)
from .nerdos import Heat, heat_of
from .numbers import (
    correct_nerdos,
    drop_absurd_rates,
    expected_rate,
    highest_rate,
    read_numbers,
    settle_rates,
)
from .parser import (
    LASTING_KEYS,
    Lasting,
    evidence_of,
    fans_of,
    lasting_of,
    state_of,
)
from .status import (
    Evidence,
    NerdosWatch,
    StatusMemory,
)

_WHO = (("version", text), ("macAddr", mac), ("boardVersion", text))
_IDENTIFYING = frozenset(
    (
        "ASICModel",
        "asicCount",
        "boardVersion",
        "deviceModel",
        "family",
        "hostname",
        "macAddr",
        "maxPower",
        "maxVoltage",
        "minVoltage",
        "minerModel",
        "nominalVoltage",
        "overheat_temp",
        "pidTargetTemp",
        "smallCoreCount",
        "stratumUser",
        "temptarget",
        "version",
    )
)


type _Picker = Callable[[Reply], object]


def _nothing(_: Reply) -> None:
    """Pick no value."""


@lru_cache(maxsize=64)
def _picker(keys: tuple[str, ...], wanted: frozenset[str]) -> _Picker:
    """Return what takes the wanted values out of replies with these keys."""
    present = [key for key in keys if key in wanted]
    return itemgetter(*present) if present else _nothing


class DeviceMemory:
    """Reads the replies of one address, one after the other.

    What was learnt of a device lasts until its firmware changes or another device
    answers in its place. ``auto_fan_mode`` is the last mode of its fan but manual,
    ``nerdos`` what is followed of a NerdOS miner.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start without a past, on a clock of seconds."""
        self._monotonic = monotonic
        self._who: tuple[str | None, ...] = (None,) * len(_WHO)
        self._uptime = 0
        self._forget()

    def _forget(self) -> None:
        self._status = StatusMemory()
        self.nerdos = NerdosWatch()
        self._heat = Heat()
        self._sensors = SensorMemory(UNKNOWN)
        self._declared: frozenset[Capability] = frozenset()
        self._fan_count = 0
        self._asic: Reply = {}
        self._lists_presets = False
        self._about_presets = Question()
        self._complete = False
        self._identifying: _Picker = _nothing
        self._seldom: _Picker = _nothing
        self._basis: object = None
        self._keys: tuple[str, ...] = ()
        self._profile: Profile | None = None
        self._lasting: Lasting | None = None
        self._lasting_basis: object = None
        self.auto_fan_mode: int | None = None
        self._traits: tuple[object, ...] = ()
        self._identity: MinerIdentity | None = None

    def notice(self, info: Reply) -> bool:
        """Take note who answers; tell whether its presets have to be asked for.

        They may differ after a new firmware, and new firmware needs a reboot.
        """
        keys = tuple(info)
        if keys != self._keys or self._identifying(info) != self._basis:
            if self._is_strange(info):
                self._forget()
            self._keys = shared(keys)
            self._identifying = _picker(self._keys, _IDENTIFYING)
            self._basis = self._identifying(info)
            self._lists_presets = has_asic_endpoint(info)
            self._profile = None
        uptime = count(info.get("uptimeSeconds"))
        if uptime is not None:
            if uptime < self._uptime:
                self._about_presets = Question()
            self._uptime = uptime
        if not self._lists_presets:
            self._complete = True
            return False
        return self._about_presets.ask(self._monotonic())

    def take_presets(self, asic: Reply | None) -> None:
        """Keep what the device answered about its presets; None where it has none."""
        self._about_presets.answered = True
        self._complete = True
        if asic is not None:
            self._asic = shared(asic)
            self._profile = None

    def read(self, info: Reply) -> MinerReading:
        """Translate a reply of the device that was noticed last."""
        profile = self._recognise(info)
        lasting = self._read_lasting(info, profile)
        values = read_numbers(info, lasting.numbers, nerdos=profile.nerdos)
        values["expected_hash_rate"] = expected_rate(
            values["expected_hash_rate"], lasting.expectation
        )
        if profile.nerdos:
            settle_rates(values, values["expected_hash_rate"])
        evidence = evidence_of(info, profile, values, lasting)
        if profile.nerdos:
            evidence = self._judge_nerdos(info, profile, values, evidence)
        status = self._status.judge(evidence, self._monotonic())
        highest = highest_rate(
            info, values["expected_hash_rate"], lasting.expectation, profile
        )
        drop_absurd_rates(values, highest)
        fans = fans_of(info, profile, self._fan_count)
        self._fan_count = max(self._fan_count, len(fans))
        state = state_of(
            info,
            profile,
            evidence,
            values,
            status=status,
            faults=self._status.faults(),
            fans=fans,
            lasting=lasting,
            highest_rate=highest,
        )
        self._sensors.learn(info, state, hashing=state.hashing)
        return MinerReading(
            identity=self._identify(info, profile, len(state.pools)),
            state=state,
            complete=self._complete,
        )

    def _judge_nerdos(
        self, info: Reply, profile: Profile, values: dict[str, Any], evidence: Evidence
    ) -> Evidence:
        """Take in what NerdOS tells in its own way."""
        correct_nerdos(values, info, profile.board)
        self._heat = heat_of(info)
        seen = TripPoints(chip=values["chip_temperature"], vr=values["vr_temperature"])
        trips, now = self._heat.trip_points, self._monotonic()
        return self.nerdos.judge(evidence, info, seen, trips, now)

    def _is_strange(self, info: Reply) -> bool:
        """Tell whether firmware or device differ from what was there before.

        A name that is missing or broken once proves neither.
        """
        told = tuple(reader(info.get(key)) for key, reader in _WHO)
        known = self._who
        self._who = tuple(new or old for new, old in zip(told, known, strict=True))
        return self._who != known

    def _recognise(self, info: Reply) -> Profile:
        """Return the profile, made anew only when something about it changed."""
        if self._profile is not None:
            return self._profile
        profile = shared(profile_of(info, self._asic))
        if profile.board is not self._sensors.board:
            self._sensors = SensorMemory(profile.board)
        self._profile = profile
        self._traits = ()
        self._lasting = None
        by_speed = frozenset({"fanspeed"} if "manualFanSpeed" not in info else ())
        self._seldom = _picker(self._keys, LASTING_KEYS | by_speed)
        self._declared = shared(self._declared | declared(info, profile))
        return profile

    def _read_lasting(self, info: Reply, profile: Profile) -> Lasting:
        """Return what seldom changes, read anew only when it did."""
        basis = self._seldom(info)
        if self._lasting is None or basis != self._lasting_basis:
            self._lasting = lasting_of(info, profile)
            self._lasting_basis = basis
            self.auto_fan_mode = self._lasting.fan_mode or self.auto_fan_mode
        return self._lasting

    def _identify(
        self, info: Reply, profile: Profile, pool_count: int
    ) -> MinerIdentity:
        """Return the identity, the same object while nothing about it changed."""
        seen = self._sensors.found
        traits = (profile, seen, self._fan_count, pool_count, self._heat)
        if self._identity is None or traits != self._traits:
            self._traits = traits
            identity = identity_of(
                info,
                self._asic,
                profile,
                shared(self._declared | seen),
                fan_count=self._fan_count,
                pool_count=pool_count,
                heat=self._heat,
            )
            if identity != self._identity:
                self._identity = identity
        return self._identity
