"""The power target of all miners, when they run, and whether that is only shown."""

from collections.abc import Iterable
from dataclasses import dataclass
import math
from typing import Any, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform, UnitOfPower

from ..entity import MinerEntityDescription, OnOffEntity, ReadingEntity
from ..runtime.requester import async_requester
from ..sensors.description import iso_text
from .coordinator import FleetCoordinator
from .entities import FleetControlEntity, any_has
from .model import FleetData, FleetFeature, PowerShare
from .run_when import NEEDS, RunWhen
from .runner import CONF_DRY_RUN, CONF_RUN_WHEN

SHARES, WOULD = "shares", "would_change"


@dataclass(frozen=True, kw_only=True)
class FleetNumberEntityDescription(
    MinerEntityDescription[FleetData], NumberEntityDescription
):
    """A number of all miners."""


@dataclass(frozen=True, kw_only=True)
class FleetSelectEntityDescription(
    MinerEntityDescription[FleetData], SelectEntityDescription
):
    """A choice for all miners."""


@dataclass(frozen=True, kw_only=True)
class DryRunEntityDescription(
    MinerEntityDescription[FleetData], SwitchEntityDescription
):
    """Whether what a choice asks for is only shown."""


def _listed(shares: Iterable[PowerShare]) -> list[dict[str, Any]]:
    return [
        {
            "name": share.name,
            "power": None if share.power is None else round(share.power, 1),
            "limit": share.limit,
            "until": iso_text(share.until),
            "steps": [round(power, 1) for power in share.steps],
        }
        for share in shares
    ]


def _dealt(data: FleetData) -> dict[str, Any]:
    view = data.power_target
    return {
        "set": view.target is not None,
        "expected": None if view.expected is None else round(view.expected, 1),
        "normal_power": round(view.normal),
        SHARES: _listed(view.shares),
    }


def _ruled(data: FleetData) -> dict[str, Any]:
    view = data.run_when
    return {
        "decision": view.decision,
        "power": None if view.power is None else round(view.power, 1),
        "dry_run": view.dry_run,
        WOULD: _listed(view.would),
        "until": view.until and view.until.isoformat(),
        "by": view.by,
    }


FLEET_NUMBERS = (
    FleetNumberEntityDescription(
        key="power_target",
        translation_key="fleet_power_target",
        attributes_fn=_dealt,
        attributes_at_once=True,
        device_class=NumberDeviceClass.POWER,
        exists_fn=any_has(FleetFeature.POWER_TARGET),
        mode=NumberMode.BOX,
        native_min_value=0,
        native_step=1,
        native_unit_of_measurement=UnitOfPower.WATT,
    ),
)

FLEET_SELECTS = (
    FleetSelectEntityDescription(
        key="run_when",
        translation_key="fleet_run_when",
        attributes_fn=_ruled,
        attributes_at_once=True,
        exists_fn=any_has(FleetFeature.POWER_TARGET),
    ),
)

FLEET_DRY_RUNS = (
    DryRunEntityDescription(
        key="dry_run",
        translation_key="fleet_dry_run",
        entity_category=EntityCategory.CONFIG,
        exists_fn=any_has(FleetFeature.POWER_TARGET),
        value_fn=lambda data: data.run_when.dry_run,
    ),
)


class FleetPowerTarget(
    FleetControlEntity[FleetNumberEntityDescription],
    ReadingEntity[FleetCoordinator, FleetNumberEntityDescription],
    NumberEntity,
):
    """The watts that all miners together may draw."""

    _is_registered_with_value = True
    _unrecorded_attributes = frozenset({SHARES})
    entity_description: FleetNumberEntityDescription

    @override
    def _read(self, data: FleetData) -> tuple[float, float]:
        """Return the target, and what all are made for.

        Energy managers want a range that does not move.
        """
        view = data.power_target
        power = view.normal if view.target is None else view.target
        return round(power, 1), max(1.0, view.most, math.ceil(view.normal))

    @override
    def _show(self, value: tuple[float, float]) -> None:
        self._attr_native_value, self._attr_native_max_value = value

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Deal so many watts; as many as all draw anyway are no target."""
        await self.async_require_control(Platform.NUMBER, FleetFeature.POWER_TARGET)
        power = self.coordinator.power
        await power.async_set_target(
            None if value >= power.view.normal else value,
            await async_requester(self.hass, self._context),
        )
        self.coordinator.compute_now()


class FleetRunWhen(
    FleetControlEntity[FleetSelectEntityDescription],
    ReadingEntity[FleetCoordinator, FleetSelectEntityDescription],
    SelectEntity,
):
    """When miners run."""

    _is_registered_with_value = True
    _unrecorded_attributes = frozenset({WOULD})
    entity_description: FleetSelectEntityDescription

    @override
    def _read(self, data: FleetData) -> tuple[str, list[str]]:
        """Return what is chosen, and what has been set up to be chosen."""
        chosen = data.run_when.choice
        return chosen, [
            choice.value
            for choice in RunWhen
            if choice == chosen
            or (needed := NEEDS.get(choice)) is None
            or needed in data.features
        ]

    @override
    def _show(self, value: tuple[str, list[str]]) -> None:
        self._attr_current_option, self._attr_options = value

    @override
    async def async_select_option(self, option: str) -> None:
        """Choose when miners run."""
        await self.async_require_control(Platform.NUMBER, FleetFeature.POWER_TARGET)
        self.coordinator.runner.choose(**{CONF_RUN_WHEN: option})


class FleetDryRun(
    FleetControlEntity[DryRunEntityDescription],
    OnOffEntity[FleetCoordinator, DryRunEntityDescription],
    SwitchEntity,
):
    """Whether what *Run when* asks for is only shown."""

    entity_description: DryRunEntityDescription

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Only show from now on what would be done."""
        await self._turn(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Do it from now on."""
        await self._turn(False)

    async def _turn(self, on: bool) -> None:
        await self.async_require_control(Platform.NUMBER, FleetFeature.POWER_TARGET)
        self.coordinator.runner.choose(**{CONF_DRY_RUN: on})
