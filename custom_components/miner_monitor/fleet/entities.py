"""The entities of all miners together: tables, and what their commands need."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.button import (
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import (
    EntityCategory,
    Platform,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)

from ..control.model import Requester
from ..entity import (
    MinerEntityDescription,
    MinerMonitorEntity,
    OnOffEntity,
    Resolution,
)
from ..miners.model import HashRateUnit
from ..runtime.requester import async_requester
from ..runtime.targets import async_require_control
from ..sensors.description import (
    MinerBinarySensorEntityDescription,
    MinerSensorEntityDescription,
    Per,
)
from ..sensors.work import JOULES_PER_TERAHASH
from .commands import FleetCommands
from .coordinator import FleetCoordinator
from .model import (
    FleetData,
    FleetFeature,
    FleetTotal,
    PartialSum,
)
from .money import MONEY_SENSORS, WORTH_RUNNING

FAILED = "failed"
MINERS = "miners"

ONE_PERCENT = Resolution(relative=0.01, seconds=10)
"""Somebody is polled all the time: the sum of many is not written at each."""


def any_has(feature: FleetFeature) -> Callable[[FleetData], bool]:
    """Ask whether any miner has a feature."""
    return lambda data: feature in data.features


def _partial(
    key: str,
    read: Callable[[FleetData], PartialSum],
    *,
    resolution: Resolution = ONE_PERCENT,
    precision: int = 1,
    attributes_fn: Callable[[FleetData], Mapping[str, Any]] = lambda _: {},
    **traits: Any,
) -> MinerSensorEntityDescription[FleetData]:
    """Describe what is known of some miners, and say of how many."""
    return MinerSensorEntityDescription(
        key=key,
        translation_key=f"fleet_{key}",
        attributes_fn=lambda data: {
            "coverage": read(data).coverage,
            **attributes_fn(data),
        },
        resolution=resolution,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=precision,
        value_fn=lambda data: read(data).value,
        **{"attributes_at_once": True, **traits},
    )


def _total(total: FleetTotal, **traits: Any) -> MinerSensorEntityDescription[FleetData]:
    """Describe what the fleet counts itself."""
    return MinerSensorEntityDescription(
        key=total.value,
        translation_key=f"fleet_{total}",
        state_class=SensorStateClass.TOTAL_INCREASING,
        total=total,
        value_fn=lambda data: data.totals.get(total),
        **traits,
    )


def _number_of_miners(
    key: str, value_fn: Callable[[FleetData], int]
) -> MinerSensorEntityDescription[FleetData]:
    return MinerSensorEntityDescription(
        key=key,
        translation_key=f"fleet_{key}",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=value_fn,
    )


_POWER: Mapping[str, Any] = {
    "device_class": SensorDeviceClass.POWER,
    "native_unit_of_measurement": UnitOfPower.WATT,
}
_EFFICIENCY: Mapping[str, Any] = {
    "native_unit_of_measurement": JOULES_PER_TERAHASH,
    "resolution": Resolution(absolute=0.1, relative=0.01, seconds=10),
}
_ENERGY: Mapping[str, Any] = {
    "device_class": SensorDeviceClass.ENERGY,
    "native_unit_of_measurement": UnitOfEnergy.KILO_WATT_HOUR,
    "resolution": Resolution(absolute=0.001, seconds=60),
    "suggested_display_precision": 2,
}
_SHARES: Mapping[str, Any] = {
    "resolution": Resolution(seconds=60),
    "suggested_display_precision": 0,
}
_AT_THE_WALL: Mapping[str, Any] = {"exists_fn": any_has(FleetFeature.WALL_POWER)}

FLEET_SENSORS: tuple[MinerSensorEntityDescription[FleetData], ...] = (
    _partial(
        "hash_rate",
        lambda data: data.hash_rate,
        native_unit_of_measurement=HashRateUnit.TERA,
        precision=2,
    ),
    _partial(
        "hash_rate_ratio",
        lambda data: data.hash_rate_ratio,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=1),
        precision=0,
    ),
    _partial("power", lambda data: data.power, **_POWER),
    _total(FleetTotal.ENERGY, **_ENERGY),
    _partial("efficiency", lambda data: data.efficiency, **_EFFICIENCY),
    _partial("wall_power", lambda data: data.wall_power, **_AT_THE_WALL, **_POWER),
    _total(FleetTotal.WALL_ENERGY, **_AT_THE_WALL, **_ENERGY),
    _partial(
        "wall_efficiency",
        lambda data: data.wall_efficiency,
        **_AT_THE_WALL,
        **_EFFICIENCY,
    ),
    _number_of_miners("miners_online", lambda data: data.miners_online),
    _number_of_miners("miners_total", lambda data: data.miners_total),
    _partial(
        "hottest_chip",
        lambda data: data.hottest_chip,
        attributes_fn=lambda data: {"miner": data.hottest},
        # Two miners may change places with each poll.
        attributes_at_once=False,
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        resolution=Resolution(absolute=0.5, seconds=10),
    ),
    MinerSensorEntityDescription(
        key="best_difficulty",
        translation_key="fleet_best_difficulty",
        attributes_fn=lambda data: {"miner": data.luckiest},
        attributes_at_once=True,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data: data.best_difficulty,
    ),
    MinerSensorEntityDescription(
        key="electricity_price",
        translation_key="fleet_electricity_price",
        exists_fn=any_has(FleetFeature.PRICE),
        money=Per.KILOWATT_HOUR,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda data: data.prices.price,
    ),
    *MONEY_SENSORS,
    _total(FleetTotal.SHARES_ACCEPTED, **_SHARES),
    _total(FleetTotal.SHARES_REJECTED, **_SHARES),
    _partial(
        "reject_rate",
        lambda data: data.reject_rate,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        resolution=Resolution(absolute=0.1, seconds=60),
    ),
)


def _problems(data: FleetData) -> dict[str, Any]:
    """List which miners have a problem, and what."""
    return {
        MINERS: [
            {"name": member.name, "problems": list(member.problems)}
            for member in data.troubles
        ]
    }


PLAN = "plan"


def _plan(data: FleetData) -> dict[str, Any]:
    """Say by which rule power is cheap, until when, and what is known of the days."""
    prices = data.prices
    return {
        "rule": prices.rule and prices.rule.value,
        "next_change": prices.next_change and prices.next_change.isoformat(),
        "partial": prices.partial,
        PLAN: [
            {
                "start": slot.start.isoformat(),
                "end": slot.end.isoformat(),
                "price": round(slot.price, 6),
                "cheap": slot.cheap,
            }
            for slot in prices.plan
        ],
    }


FLEET_BINARY_SENSORS: tuple[MinerBinarySensorEntityDescription[FleetData], ...] = (
    MinerBinarySensorEntityDescription(
        key="cheap_power",
        translation_key="fleet_cheap_power",
        attributes_fn=_plan,
        attributes_at_once=True,
        exists_fn=any_has(FleetFeature.CHEAP_POWER),
        value_fn=lambda data: data.prices.cheap,
    ),
    MinerBinarySensorEntityDescription(
        key="problem",
        translation_key="fleet_problem",
        attributes_fn=_problems,
        attributes_at_once=True,
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda data: data.problem,
    ),
    WORTH_RUNNING,
)


@dataclass(frozen=True, kw_only=True)
class FleetButtonEntityDescription(
    MinerEntityDescription[FleetData], ButtonEntityDescription
):
    """A button of all miners, and what a user has to be allowed to press it."""

    feature: FleetFeature
    platform: Platform
    press_fn: Callable[[FleetCommands, Requester], Awaitable[object]]


def _saving(
    key: str,
    command: Callable[[FleetCommands, FleetFeature, Requester], Awaitable[object]],
) -> FleetButtonEntityDescription:
    """Describe a button that does what a direction of *Save power* does."""
    return FleetButtonEntityDescription(
        key=key,
        translation_key=f"fleet_{key}",
        # Areas and labels leave it out: to resume means more power.
        entity_category=EntityCategory.CONFIG,
        exists_fn=any_has(FleetFeature.THROTTLE),
        feature=FleetFeature.THROTTLE,
        platform=Platform.SWITCH,
        press_fn=lambda commands, by: command(commands, FleetFeature.THROTTLE, by),
    )


FLEET_BUTTONS: tuple[FleetButtonEntityDescription, ...] = (
    FleetButtonEntityDescription(
        key="restart_all",
        translation_key="fleet_restart_all",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        exists_fn=any_has(FleetFeature.RESTART),
        feature=FleetFeature.RESTART,
        platform=Platform.BUTTON,
        press_fn=lambda commands, _: commands.async_restart_all(),
    ),
    _saving("resume_all", FleetCommands.async_start),
    _saving("save_power_all", FleetCommands.async_stop),
)


@dataclass(frozen=True, kw_only=True)
class FleetSwitchEntityDescription(
    MinerEntityDescription[FleetData], SwitchEntityDescription
):
    """A switch, where its state comes from, and whether on means to stop."""

    feature: FleetFeature
    value_fn: Callable[[FleetData], bool | None]
    on_stops: bool = False
    attributes_at_once: bool = True


FLEET_SWITCHES: tuple[FleetSwitchEntityDescription, ...] = (
    FleetSwitchEntityDescription(
        key="mining",
        translation_key="fleet_mining",
        exists_fn=any_has(FleetFeature.MINING),
        feature=FleetFeature.MINING,
        value_fn=lambda data: data.mining,
    ),
    FleetSwitchEntityDescription(
        key="throttle",
        translation_key="fleet_throttle",
        # The blueprints do not offer it: they have an order of their own.
        entity_category=EntityCategory.CONFIG,
        exists_fn=any_has(FleetFeature.THROTTLE),
        feature=FleetFeature.THROTTLE,
        on_stops=True,
        attributes_fn=lambda data: {
            "saving": data.saving,
            "controllable": data.controllable,
        },
        value_fn=lambda data: data.saving_power,
    ),
)


class FleetControlEntity[DescriptionT: MinerEntityDescription[Any]](
    MinerMonitorEntity[FleetCoordinator, DescriptionT]
):
    """An entity that commands all miners at once."""

    async def async_require_control(
        self, platform: Platform, feature: FleetFeature
    ) -> None:
        """Raise Unauthorized unless the caller may do it with each miner alone."""
        members = self.coordinator.members.values()
        await async_require_control(
            self.hass,
            self._context,
            [member.entry for member in members if feature in member.features],
            [(platform, feature.value)],
        )


class FleetButton(FleetControlEntity[FleetButtonEntityDescription], ButtonEntity):
    """A button of all miners."""

    entity_description: FleetButtonEntityDescription

    @override
    async def async_press(self) -> None:
        """Do it."""
        description = self.entity_description
        await self.async_require_control(description.platform, description.feature)
        by = await async_requester(self.hass, self._context)
        await description.press_fn(self.coordinator.commands, by)


class FleetSwitch(
    FleetControlEntity[FleetSwitchEntityDescription],
    OnOffEntity[FleetCoordinator, FleetSwitchEntityDescription],
    SwitchEntity,
):
    """A switch of all miners."""

    entity_description: FleetSwitchEntityDescription
    # Many names are longer than what the recorder keeps.
    _unrecorded_attributes = frozenset({"waiting", "done", "total", FAILED, "left_out"})

    @override
    def _attributes(self) -> dict[str, Any]:
        of = self.coordinator.commands.features[self.entity_description.feature]
        return {
            **(super()._attributes() or {}),
            "waiting": of.waiting,
            "done": of.done,
            "total": of.total,
            FAILED: list(of.failed),
            "left_out": [{"name": name, "why": why.value} for name, why in of.left_out],
        }

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on for all."""
        await self._turn(stop=self.entity_description.on_stops)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off for all."""
        await self._turn(stop=not self.entity_description.on_stops)

    async def _turn(self, *, stop: bool) -> None:
        commands, feature = self.coordinator.commands, self.entity_description.feature
        await self.async_require_control(Platform.SWITCH, feature)
        by = await async_requester(self.hass, self._context)
        await (commands.async_stop if stop else commands.async_start)(feature, by)
