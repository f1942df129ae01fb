"""What one device told before, as far as the next reply depends on it."""

from collections import deque
from collections.abc import Callable
from statistics import median
import time

from ..model import Capability, Fan, MinerIdentity, MinerReading
from .boards import UNKNOWN
from .capabilities import SensorMemory, declared
from .identity import identity_of
from .parser import evidence_of, expected_rate, fans_of, present_rate, state_of
from .profile import Profile, Reply, has_asic_endpoint, profile_of
from .status import StatusMemory
from .values import count, mac, text

_SPIKE_OVER_EXPECTED = 5
_SPIKE_OVER_MEDIAN = 3
_GOOD_READINGS = 10
_WHO = (("version", text), ("macAddr", mac), ("boardVersion", text))
_IDENTIFYING = (
    "ASICModel",
    "asicCount",
    "boardVersion",
    "deviceModel",
    "family",
    "hostname",
    "macAddr",
    "maxVoltage",
    "minVoltage",
    "minerModel",
    "nominalVoltage",
    "overheat_temp",
    "pidTargetTemp",
    "smallCoreCount",
    "temptarget",
    "version",
)


class RateFilter:
    """Drops absurd hash rates, which some firmware shows for a single reading."""

    def __init__(self) -> None:
        """Start without a past."""
        self._good: deque[float] = deque(maxlen=_GOOD_READINGS)

    def passed(self, rate: float | None, expected: float | None) -> float | None:
        """Return the rate, or None where it is far off expectation and past.

        Only both together make it absurd: an expectation may rest on a wrong chip
        count, and a past on a slow start.
        """
        if not rate:
            return rate
        if (
            expected is not None
            and rate > _SPIKE_OVER_EXPECTED * expected
            and self._good
            and rate > _SPIKE_OVER_MEDIAN * median(self._good)
        ):
            return None
        self._good.append(rate)
        return rate


class DeviceMemory:
    """Reads the replies of one address, one after the other.

    What was learnt of a device lasts until its firmware changes or another device
    answers in its place.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start without a past, on a clock of seconds."""
        self._monotonic = monotonic
        self._who: tuple[str | None, ...] = (None,) * len(_WHO)
        self._uptime = 0
        self._forget()

    def _forget(self) -> None:
        self._status = StatusMemory()
        self._rates = RateFilter()
        self._sensors = SensorMemory(UNKNOWN)
        self._declared: frozenset[Capability] = frozenset()
        self._fan_count = 0
        self._asic: Reply = {}
        self._basis: tuple[object, ...] = ()
        self._info: Reply = {}
        self._profile: Profile | None = None
        self._traits: tuple[object, ...] = ()
        self._identity: MinerIdentity | None = None

    def notice(self, info: Reply) -> bool:
        """Take note who answers; tell whether its presets have to be asked for.

        They may differ after a new firmware, and new firmware needs a reboot.
        """
        told = tuple(reader(info.get(key)) for key, reader in _WHO)
        strange = any(
            new is not None and new != old
            for new, old in zip(told, self._who, strict=True)
        )
        if strange:
            self._forget()
        known = zip(told, self._who, strict=True)
        self._who = told if strange else tuple(new or old for new, old in known)
        uptime = count(info.get("uptimeSeconds"))
        rebooted = uptime is not None and uptime < self._uptime
        self._uptime = self._uptime if uptime is None else uptime
        return (strange or rebooted) and has_asic_endpoint(info)

    def take_presets(self, asic: Reply) -> None:
        """Keep what the device answered about its presets."""
        self._asic = asic

    def read(self, info: Reply) -> MinerReading:
        """Translate a reply of the device that was noticed last."""
        profile = self._recognise(info)
        expected = expected_rate(info, profile)
        rate = present_rate(info)
        evidence = evidence_of(info, profile, rate)
        state = state_of(
            info,
            profile,
            evidence,
            self._status.judge(evidence, self._monotonic()),
            rate=self._rates.passed(rate, expected),
            expected=expected,
            fans=self._real_fans(info, profile),
        )
        self._sensors.learn(info, state, hashing=bool(evidence.hash_rate))
        identity = self._identify(info, profile, len(state.pools))
        return MinerReading(identity=identity, state=state)

    def _recognise(self, info: Reply) -> Profile:
        """Return the profile, made anew only when something about it changed."""
        basis = (self._asic, *map(info.get, _IDENTIFYING))
        same = basis == self._basis and info.keys() == self._info.keys()
        self._info = info
        if same and self._profile is not None:
            return self._profile
        self._basis = basis
        profile = profile_of(info, self._asic)
        if self._profile is None or profile.board != self._profile.board:
            self._sensors = SensorMemory(profile.board)
        self._profile = profile
        self._declared |= declared(info, profile)
        return profile

    def _real_fans(self, info: Reply, profile: Profile) -> tuple[Fan, ...]:
        """Leave out a second fan that never turned; AxeOS always reports one."""
        fans = fans_of(info, profile)
        real = len(fans)
        if not profile.nerdos and real > 1 and not fans[1].speed:
            real = 1
        self._fan_count = max(self._fan_count, real)
        return fans[: self._fan_count]

    def _identify(
        self, info: Reply, profile: Profile, pool_count: int
    ) -> MinerIdentity:
        """Return the identity, the same object while nothing about it changed."""
        capabilities = self._declared | self._sensors.found
        traits = (profile, capabilities, self._fan_count, pool_count)
        if (
            self._identity is not None
            and traits == self._traits
            and (profile is self._traits[0])
        ):
            return self._identity
        self._traits = traits
        identity = identity_of(
            info,
            self._asic,
            profile,
            capabilities,
            fan_count=self._fan_count,
            pool_count=pool_count,
        )
        if identity != self._identity:
            self._identity = identity
        return self._identity
