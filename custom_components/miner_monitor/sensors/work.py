"""What a miner does, how fast, and at what cost."""

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfRatio

from ..entity import (
    ANY_CHANGE,
    Resolution,
    of_state,
)
from ..miners.model import (
    Capability,
    MinerStatus,
)
from .description import (
    ONE_PERCENT,
    MinerSensorEntityDescription,
    hash_rate,
    number,
)

JOULES_PER_TERAHASH = "J/TH"
GIGAHASHES_PER_WATT = "GH/s/W"

WORK: tuple[MinerSensorEntityDescription, ...] = (
    MinerSensorEntityDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in MinerStatus],
        value_fn=of_state(lambda state: state.status.value),
    ),
    hash_rate("hash_rate", lambda state: state.hash_rate, enabled=True),
    hash_rate(
        "hash_rate_10m",
        lambda state: state.hash_rate_10m,
        capability=Capability.HASH_RATE_10M,
    ),
    hash_rate(
        "hash_rate_1h",
        lambda state: state.hash_rate_1h,
        capability=Capability.HASH_RATE_1H,
    ),
    hash_rate(
        "hash_rate_average",
        lambda state: state.hash_rate_average,
        capability=Capability.HASH_RATE_AVERAGE,
    ),
    MinerSensorEntityDescription(
        key="expected_hash_rate",
        translation_key="expected_hash_rate",
        capability=Capability.EXPECTED_HASH_RATE,
        entity_registry_enabled_default=False,
        is_hash_rate=True,
        resolution=Resolution(relative=0.001),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda data: data.insight.baseline.expected,
    ),
    MinerSensorEntityDescription(
        key="hash_rate_ratio",
        translation_key="hash_rate_ratio",
        capability=Capability.EXPECTED_HASH_RATE,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=1),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data: data.insight.baseline.ratio,
    ),
    hash_rate(
        "pool_hash_rate",
        lambda state: state.pool_hash_rate,
        capability=Capability.POOL_HASH_RATE,
        resolution=ANY_CHANGE,
    ),
    number(
        "efficiency",
        lambda state: state.efficiency,
        Capability.POWER,
        unit=JOULES_PER_TERAHASH,
        # The noise of a healthy miner's ratio is over one per cent.
        resolution=Resolution(absolute=0.1, relative=0.02),
        precision=1,
        enabled=True,
    ),
    number(
        "hash_per_watt",
        lambda state: state.hash_per_watt,
        Capability.POWER,
        unit=GIGAHASHES_PER_WATT,
        resolution=ONE_PERCENT,
        precision=1,
    ),
    number(
        "work_utility",
        lambda state: state.work_utility,
        Capability.WORK_UTILITY,
        resolution=ONE_PERCENT,
        diagnostic=True,
    ),
)
