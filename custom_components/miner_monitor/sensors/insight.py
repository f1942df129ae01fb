"""What the numbers of a miner mean: energy, steadiness, health, odds and tuning."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTime,
)

from ..entity import Resolution
from ..insight.model import (
    Judgement,
    Missing,
    Total,
    Verdict,
)
from ..miners.model import (
    Capability,
    HashRateUnit,
    MinerIdentity,
    Setting,
)
from ..model import MinerData
from ..runtime.options import MinerOptions
from .description import (
    ONCE_A_MINUTE,
    ONE_PERCENT,
    MinerSensorEntityDescription,
    Value,
    timestamp,
)
from .work import JOULES_PER_TERAHASH

_WATT_HOUR = Resolution(absolute=0.001)
_DIGITS_OF_ENERGY = 4

# What trembles at each poll is no news at each.
_ONCE_A_MINUTE_5_PERCENT = Resolution(relative=0.05, seconds=60)
_ONCE_A_MINUTE_1_PERCENT = Resolution(relative=0.01, absolute=0.001, seconds=60)


def _is_sha256(identity: MinerIdentity) -> bool:
    """Whether it works on Bitcoin, whose network difficulty is known."""
    return identity.hash_rate_unit is HashRateUnit.TERA


def _wall(options: MinerOptions) -> bool:
    return options.insight.wall


def _energy(
    key: str, read: Callable[[MinerData], float | None], total: Total, **traits: Any
) -> MinerSensorEntityDescription:
    """Describe a meter that only ever rises."""

    def kilowatt_hours(data: MinerData) -> float | None:
        value = read(data)
        return None if value is None else round(value, _DIGITS_OF_ENERGY)

    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        available_offline=True,
        resolution=_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
        total=total,
        value_fn=kilowatt_hours,
        **traits,
    )


def _hash_rate(
    key: str,
    value_fn: Callable[[MinerData], float | None],
    *,
    resolution: Resolution = ONE_PERCENT,
    precision: int = 2,
    **traits: Any,
) -> MinerSensorEntityDescription:
    """Describe a figure in the unit of the miner's hash rate."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        entity_registry_enabled_default=False,
        is_hash_rate=True,
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=precision,
        value_fn=value_fn,
        **traits,
    )


def _deviation(index: int, key: str) -> MinerSensorEntityDescription:
    """Describe the sample deviation over one of the windows."""
    return _hash_rate(
        key,
        lambda data: data.insight.stability.deviations[index],
        resolution=_ONCE_A_MINUTE_5_PERCENT,
        precision=3,
        attributes_fn=lambda data: {
            "samples": data.insight.stability.samples[index],
            **(_spread(data) if index == 2 else {}),
        },
    )


def _spread(data: MinerData) -> Mapping[str, float | None]:
    stability = data.insight.stability
    return {"above": _rounded(stability.above), "below": _rounded(stability.below)}


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def _percent(
    key: str,
    value_fn: Callable[[MinerData], float | None],
    resolution: Resolution,
    precision: int,
    **traits: Any,
) -> MinerSensorEntityDescription:
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=precision,
        value_fn=value_fn,
        **traits,
    )


def _efficiency(
    key: str, value_fn: Callable[[MinerData], float | None], **traits: Any
) -> MinerSensorEntityDescription:
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=JOULES_PER_TERAHASH,
        exists_fn=_is_sha256,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=value_fn,
        **traits,
    )


def _total(
    key: str,
    value_fn: Callable[[MinerData], Value],
    total: Total | None = None,
    **traits: Any,
) -> MinerSensorEntityDescription:
    """Describe what we count ourselves, whether the miner is there or not."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        available_offline=True,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        total=total,
        value_fn=value_fn,
        **traits,
    )


def _range_24h(data: MinerData) -> float | None:
    found = data.insight.stability.ranges.get("24h")
    return None if found is None else found.range


def _ranges(data: MinerData) -> Mapping[str, Any]:
    """List the ranges of all windows, and what else the one of a day says."""
    ranges = data.insight.stability.ranges
    listed: dict[str, Any] = {
        f"range_{window}": round(ranges[window].range, 1)
        for window in ("1h", "4h", "8h", "3d")
        if window in ranges
    }
    if (day := ranges.get("24h")) is not None:
        listed |= {
            "grade": day.grade.value,
            "mean": _rounded(day.mean),
            "median": _rounded(day.median),
            "skewed": day.skewed,
        }
    return listed


def _session(data: MinerData) -> Mapping[str, Any]:
    session = data.insight.stability.session
    if session is None:
        return {}
    return {
        key: _rounded(value) if isinstance(value, float) else value
        for key, value in asdict(session).items()
        if key != "hash_rate"
    }


def _session_mean(data: MinerData) -> float | None:
    session = data.insight.stability.session
    return None if session is None else session.hash_rate


def _reject_reasons(data: MinerData) -> Mapping[str, int]:
    return dict(data.insight.shares.reasons)


def settings_text(settings: Mapping[Setting, Any]) -> str:
    """Write an operating point in words, such as 525 MHz, 1.150 V."""
    parts = []
    for setting, value in settings.items():
        match setting:
            case Setting.FREQUENCY:
                parts.append(f"{value:g} MHz")
            case Setting.CORE_VOLTAGE:
                parts.append(f"{value:.3f} V")
            case _:
                parts.append(str(value))
    return ", ".join(parts)


_NOT_YET = Judgement(missing=Missing.POINTS)


def _best(key: str, verdict: Verdict) -> MinerSensorEntityDescription:
    """Describe which settings are the best in something."""

    def value(data: MinerData) -> str | None:
        found = data.insight.tuning.verdicts.get(verdict)
        if found is None or found.settings is None:
            return None
        return settings_text(found.settings)

    def details(data: MinerData) -> Mapping[str, Any]:
        found = data.insight.tuning.verdicts.get(verdict, _NOT_YET)
        settings = found.settings or {}
        return {
            **{setting.value: item for setting, item in settings.items()},
            "value": _rounded(found.value),
            "margin": _rounded(found.margin, 2),
            "missing": None if found.missing is None else found.missing.value,
            "blocks_missing": found.blocks_missing,
            "days_missing": found.days_missing,
        }

    return MinerSensorEntityDescription(
        key=key,
        translation_key=key,
        attributes_fn=details,
        attributes_at_once=True,
        attributes_recorded=False,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda identity: bool(
            {Setting.FREQUENCY, Setting.WORK_MODE} & set(identity.limits.settings)
        ),
        available_offline=True,
        value_fn=value,
    )


INSIGHT: tuple[MinerSensorEntityDescription, ...] = (
    _energy(
        "energy",
        lambda data: data.insight.energy,
        Total.ENERGY,
        capability=Capability.POWER,
    ),
    _energy(
        "wall_energy",
        lambda data: data.insight.wall_energy,
        Total.WALL_ENERGY,
        wanted_fn=_wall,
    ),
    MinerSensorEntityDescription(
        key="wall_power",
        translation_key="wall_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        available_offline=True,
        resolution=Resolution(absolute=0.2, relative=0.01),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda data: data.insight.wall_power,
        wanted_fn=_wall,
    ),
    _efficiency(
        "wall_efficiency",
        lambda data: data.insight.wall_efficiency,
        resolution=Resolution(absolute=0.1, relative=0.02),
        wanted_fn=_wall,
    ),
    _percent(
        "psu_load",
        lambda data: data.insight.psu_load,
        Resolution(absolute=1),
        0,
        capability=Capability.POWER,
        entity_registry_enabled_default=False,
        wanted_fn=lambda options: options.insight.psu_capacity is not None,
    ),
    _hash_rate(
        "hash_rate_deviation",
        lambda data: data.insight.baseline.deviation,
        capability=Capability.EXPECTED_HASH_RATE,
        resolution=_ONCE_A_MINUTE_1_PERCENT,
    ),
    _deviation(0, "hash_rate_stddev_1m"),
    _deviation(1, "hash_rate_stddev_5m"),
    _deviation(2, "hash_rate_stddev_10m"),
    _percent(
        "hash_rate_stability",
        lambda data: data.insight.stability.score,
        Resolution(absolute=1),
        0,
        entity_registry_enabled_default=False,
    ),
    _hash_rate("hash_rate_1h_mean", lambda data: data.insight.stability.hash_rate_1h),
    _hash_rate("hash_rate_24h_mean", lambda data: data.insight.stability.hash_rate_24h),
    _hash_rate("hash_rate_session_mean", _session_mean, attributes_fn=_session),
    _efficiency(
        "efficiency_24h_mean",
        lambda data: data.insight.stability.efficiency_24h,
        capability=Capability.POWER,
        entity_registry_enabled_default=False,
        resolution=ONE_PERCENT,
    ),
    _percent(
        "hash_rate_range_24h",
        _range_24h,
        Resolution(absolute=1),
        0,
        attributes_fn=_ranges,
        entity_registry_enabled_default=False,
    ),
    _percent(
        "reject_rate",
        lambda data: data.insight.shares.reject_rate,
        Resolution(absolute=0.1),
        1,
        attributes_fn=_reject_reasons,
        capability=Capability.SHARES,
        entity_registry_enabled_default=False,
    ),
    MinerSensorEntityDescription(
        key="last_share",
        translation_key="last_share",
        capability=Capability.SHARES,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        resolution=ONCE_A_MINUTE,
        value_fn=lambda data: timestamp(data.insight.shares.last),
    ),
    MinerSensorEntityDescription(
        key="total_uptime",
        translation_key="total_uptime",
        capability=Capability.UPTIME,
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        available_offline=True,
        resolution=Resolution(absolute=60),
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=1,
        suggested_unit_of_measurement=UnitOfTime.DAYS,
        total=Total.TOTAL_UPTIME,
        value_fn=lambda data: data.insight.uptime.total,
    ),
    _total(
        "restarts",
        lambda data: data.insight.uptime.restarts,
        Total.RESTARTS,
        capability=Capability.UPTIME,
    ),
    _total(
        "times_offline",
        lambda data: data.insight.presence.times_offline,
        Total.TIMES_OFFLINE,
        attributes_fn=lambda data: {
            "time_away": round(data.insight.presence.time_away)
        },
        attributes_at_once=True,
    ),
    _percent(
        "availability_24h",
        lambda data: data.insight.presence.availability,
        Resolution(absolute=0.1),
        1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        available_offline=True,
    ),
    _percent(
        "odds_of_block",
        lambda data: data.insight.shares.odds_of_block,
        Resolution(relative=0.05),
        4,
        entity_registry_enabled_default=False,
        exists_fn=_is_sha256,
    ),
    MinerSensorEntityDescription(
        key="time_to_beat_best",
        translation_key="time_to_beat_best",
        capability=Capability.BEST_DIFFICULTY,
        device_class=SensorDeviceClass.DURATION,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfTime.DAYS,
        resolution=Resolution(relative=0.05),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda data: data.insight.shares.days_to_beat_best,
    ),
    _best("best_efficiency_setting", Verdict.EFFICIENCY),
    _best("best_hash_rate_setting", Verdict.HASH_RATE),
)
