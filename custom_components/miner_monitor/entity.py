"""What all entities of a miner, and of all miners together, have in common."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
import time
from typing import Any, Concatenate, Self, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .control.model import Requester
from .coordinator import MinerCoordinator, MonitorCoordinator
from .miners.model import (
    Capability,
    MinerState,
    Setting,
)
from .miners.settings import SETTINGS
from .model import MinerData
from .runtime.controller import MinerController
from .runtime.entries import is_fleet
from .runtime.messages import (
    FAILURES,
    user_error,
)
from .runtime.requester import async_requester

WRITE_AT_LEAST_EVERY = 15 * 60
"""Seconds after which a state is written even if it moved less than its resolution.

So it is for attributes, counted from when they were first seen to differ.
"""


@dataclass(frozen=True, slots=True)
class Resolution:
    """How far a number must move to be worth a row in the recorder.

    It must have moved by ``absolute`` and by the ``relative`` part of the value
    last written, and ``seconds`` must have passed since. What is no number has
    moved as soon as it differs.
    """

    absolute: float = 0.0
    relative: float = 0.0
    seconds: float = 0.0

    def reached(self, value: Any, written: Any) -> bool:
        """Whether the way from the written value to the new one is far enough."""
        if isinstance(value, int | float) and isinstance(written, int | float):
            step = max(self.absolute, self.relative * abs(written))
            return abs(value - written) >= step
        return True


ANY_CHANGE = Resolution()

APPLYING = "applying"
"""The attribute of what is being written."""


def _unknown(_: object) -> None:
    """Give no value."""


@dataclass(frozen=True, kw_only=True)
class MinerEntityDescription[DataT = MinerData](EntityDescription):
    """What a description of any platform says of an entity.

    ``DataT`` is what its coordinator hands out: MinerData, or FleetData for all miners
    together. The entity exists where the miner has ``capability`` and ``setting``, and
    ``exists_fn`` agrees; it gets the miner's identity, or the fleet's data.
    ``available_offline``: it shows something while the miner is away.

    ``enabled_fn``: whether it is on at first, by the miner's identity. ``needed_fn``:
    it is added once this holds, and stays from then on.

    Attributes that differ are written with the next value, and after a quarter of an
    hour at the latest; ``attributes_at_once``: with the poll that brings them.

    ``tied_fn``: while it holds, this is written together with all others of the device
    of which it holds, so that what they have in common is of the same poll.
    """

    capability: Capability | None = None
    setting: Setting | None = None
    exists_fn: Callable[[Any], bool] | None = None
    enabled_fn: Callable[[Any], bool] | None = None
    needed_fn: Callable[[DataT], bool] | None = None
    available_offline: bool = False
    resolution: Resolution = ANY_CHANGE
    attributes_fn: Callable[[DataT], Mapping[str, Any] | None] | None = None
    attributes_at_once: bool = False
    tied_fn: Callable[[DataT], bool] | None = None
    placeholders: Mapping[str, str] | None = None
    value_fn: Callable[[DataT], Any] = _unknown

    def supported(self, owner: Any) -> bool:
        """Whether a miner, by its identity, or the fleet has what this is about."""
        return (
            (self.capability is None or self.capability in owner.capabilities)
            and (self.setting is None or self.setting in owner.limits.settings)
            and (self.exists_fn is None or self.exists_fn(owner))
        )

    def needed(self, data: DataT) -> bool:
        """Whether there is a use for it by now."""
        return self.needed_fn is None or self.needed_fn(data)


class MinerMonitorEntity[
    CoordinatorT: MonitorCoordinator[Any],
    DescriptionT: MinerEntityDescription[Any],
](CoordinatorEntity[CoordinatorT]):
    """One entity of one miner, or of all miners together.

    What is the same for all is said by the class: Home Assistant's own properties
    leave a copy of each answer in each entity.
    """

    assumed_state = False
    attribution = None
    entity_description: DescriptionT
    entity_picture = None
    entity_registry_visible_default = True
    force_update = False
    has_entity_name = True
    icon = None
    should_poll = False
    _was_available: bool | None = None

    def __init__(self, coordinator: CoordinatorT, description: DescriptionT) -> None:
        """Take name, unique id and device from the description and the coordinator."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.device_id}_{description.key}"
        if description.placeholders is not None:
            self._attr_translation_placeholders = dict(description.placeholders)
        if description.enabled_fn is not None:
            on = description.enabled_fn(coordinator.owner)
            self._attr_entity_registry_enabled_default = on

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write what changes with a poll where no value is shown: whether it is there.

        The first poll counts as a change.
        """
        if (available := self.available) is not self._was_available:
            self._was_available = available
            self.async_write_ha_state()

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """The device of all entities of the miner, described by its coordinator."""
        return self.coordinator.device_info

    @property
    @override
    def available(self) -> bool:
        """Whether the miner answers, or the entity has a state without it."""
        return self.entity_description.available_offline or self.coordinator.present


class ReadingEntity[
    CoordinatorT: MonitorCoordinator[Any],
    DescriptionT: MinerEntityDescription[Any],
](MinerMonitorEntity[CoordinatorT, DescriptionT]):
    """An entity that shows a value and writes it only when that is worth a row."""

    _is_registered_with_value = False
    """Whether its range or its options are of its value: Home Assistant registers them
    before it adds the entity, and so those of entities that are off, too."""

    _written: tuple[bool, Any, float] = (False, None, 0.0)
    _written_attributes: dict[str, Any] | None = None
    _differ_since: float | None = None

    def __init__(self, coordinator: CoordinatorT, description: DescriptionT) -> None:
        """Show what is known, where that is registered."""
        super().__init__(coordinator, description)
        if self._is_registered_with_value:
            self._publish(self._read(coordinator.data))

    def _read(self, data: Any) -> Any:
        """Return the value to show."""
        return self.entity_description.value_fn(data)

    @property
    def _published(self) -> Any:
        """The value that was written last."""
        return self._written[1]

    def _show(self, value: Any) -> None:
        """Set what follows from a new value, beside the value itself."""

    def _attributes(self) -> dict[str, Any] | None:
        """Return the attributes; None where there never are any."""
        describe = self.entity_description.attributes_fn
        return None if describe is None else dict(describe(self.coordinator.data) or {})

    @override
    async def async_added_to_hass(self) -> None:
        """Show what was reported since."""
        self._publish(self._read(self.coordinator.data))
        await super().async_added_to_hass()
        if self.entity_description.tied_fn is not None:
            self.async_on_remove(self.coordinator.async_tie(self._write_if_tied))

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the new value, or other attributes, if that is worth it."""
        value = self._read(self.coordinator.data)
        available, written, at = self._written
        if (
            available is not self.available
            or (value != written and self._worth_writing(value, written, at))
            or (
                available
                and self._written_attributes is not None
                and self._attributes_due()
            )
        ):
            self._publish(value)
            self.async_write_ha_state()
            if self._is_tied:
                self.coordinator.async_write_tied()

    @property
    def _is_tied(self) -> bool:
        """Whether others show now what this shows, or it what they do."""
        holds = self.entity_description.tied_fn
        return holds is not None and holds(self.coordinator.data)

    @callback
    def _write_if_tied(self) -> None:
        if self._is_tied:
            self._publish(self._read(self.coordinator.data))
            self.async_write_ha_state()

    def _publish(self, value: Any) -> None:
        self._written = (self.available, value, time.monotonic())
        self._show(value)
        if (attributes := self._attributes()) is not None:
            self._attr_extra_state_attributes = attributes
            self._written_attributes, self._differ_since = attributes, None

    def _worth_writing(self, value: Any, written: Any, at: float) -> bool:
        """Whether another value is far enough from the one written at a time."""
        resolution = self.entity_description.resolution
        if resolution is ANY_CHANGE or value is None or written is None:
            return True
        age = time.monotonic() - at
        if age >= WRITE_AT_LEAST_EVERY:
            return True
        return age >= resolution.seconds and resolution.reached(value, written)

    def _attributes_due(self) -> bool:
        """Whether the attributes differ, for long enough if that matters.

        Once they are seen to differ, nobody looks again before they are due.
        """
        since = self._differ_since
        if since is not None and time.monotonic() - since < WRITE_AT_LEAST_EVERY:
            return False
        if self._attributes() == self._written_attributes:
            self._differ_since = None
            return False
        if since is None and not self.entity_description.attributes_at_once:
            self._differ_since = time.monotonic()
            return False
        return True


class OnOffEntity[
    CoordinatorT: MonitorCoordinator[Any],
    DescriptionT: MinerEntityDescription[Any],
](ReadingEntity[CoordinatorT, DescriptionT]):
    """An entity whose value is on, off or unknown."""

    @property
    def is_on(self) -> bool | None:
        """The value that was written last; one that is not empty is on."""
        value = self._published
        return None if value is None else bool(value)


def of_state[T](
    value_fn: Callable[[MinerState], T | None],
) -> Callable[[MinerData], T | None]:
    """Take a value from the present state; None while there is none."""

    def value_of(data: MinerData) -> T | None:
        return None if data.state is None else value_fn(data.state)

    return value_of


def translate_errors[EntityT: MinerMonitorEntity[Any, Any], **P](
    command: Callable[Concatenate[EntityT, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[EntityT, P], Coroutine[Any, Any, None]]:
    """Turn what control or a miner's client raises into what a user can read."""

    async def translated(self: EntityT, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await command(self, *args, **kwargs)
        except FAILURES as err:
            entry = self.coordinator.config_entry
            raise user_error(self.hass, entry, err) from err

    return translated


@dataclass(frozen=True, kw_only=True)
class MinerControlEntityDescription(MinerEntityDescription):
    """What a description says of an entity that exists to change something."""

    write_fn: Callable[[MinerController, Any, Requester], Awaitable[None]]

    @classmethod
    def of(cls, setting: Setting, **more: Any) -> Self:
        """Describe the entity of a setting by its row, and by what is special."""
        spec = SETTINGS[setting]
        usual = {
            "key": spec.key,
            "translation_key": spec.key,
            "setting": setting,
            "entity_category": None if spec.primary else EntityCategory.CONFIG,
            "entity_registry_enabled_default": spec.enabled,
            "value_fn": of_state(lambda state: state.settings.get(setting)),
            "write_fn": lambda controller, value, by: controller.async_apply(
                {setting: value}, by
            ),
        }
        return cls(**{**usual, **more})


def applying(setting: Setting | None) -> Callable[[MinerData], Mapping[str, Any]]:
    """Show what is asked for while it is being written, which the state is not yet."""

    def attributes(data: MinerData) -> Mapping[str, Any]:
        asked = None if setting is None else data.control.applying.get(setting)
        return {APPLYING: asked}

    return attributes


class MinerControlEntity[DescriptionT: MinerControlEntityDescription](
    ReadingEntity[MinerCoordinator, DescriptionT]
):
    """An entity that shows what the miner reports and asks for something else.

    It reads what Home Assistant is to be shown by the names of its attributes.
    """

    _is_registered_with_value = True

    @property
    @override
    def available(self) -> bool:
        """Whether the miner answers and its present firmware takes the setting."""
        return super().available and self.entity_description.supported(
            self.coordinator.data.identity
        )

    @override
    def _show(self, value: Mapping[str, Any]) -> None:
        for name, item in value.items():
            setattr(self, f"_attr_{name}", item)

    @translate_errors
    async def _write(self, value: Any) -> None:
        """Ask the miner for another value, in the name of who called."""
        by = await async_requester(self.hass, self._context)
        await self.entity_description.write_fn(self.coordinator.controller, value, by)


type Table = tuple[Iterable[MinerEntityDescription[Any]], Callable[[Any, Any], Entity]]
"""Descriptions, and what makes an entity of one of them."""

type Setup = Callable[
    [
        HomeAssistant,
        ConfigEntry[MonitorCoordinator[Any]],
        AddConfigEntryEntitiesCallback,
    ],
    Coroutine[Any, Any, None],
]


def setup_of(domain: Platform, *miner: Table, fleet: Iterable[Table] = ()) -> Setup:
    """Return what sets up a platform of a miner, or of all miners together."""

    async def async_setup_entry(
        hass: HomeAssistant,
        entry: ConfigEntry[MonitorCoordinator[Any]],
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        for descriptions, create in fleet if is_fleet(entry) else miner:
            async_add_described(entry, domain, descriptions, create, async_add_entities)

    return async_setup_entry


@callback
def async_add_described[
    CoordinatorT: MonitorCoordinator[Any],
    DescriptionT: MinerEntityDescription[Any],
](
    entry: ConfigEntry[CoordinatorT],
    domain: str,
    descriptions: Iterable[DescriptionT],
    create: Callable[[CoordinatorT, DescriptionT], Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add what the miner has now, what it had before, and what it gets later.

    An entity that is registered exists even when the miner is off, or older
    firmware leaves it without a value; so nothing depends on the moment of start.
    """
    coordinator = entry.runtime_data
    registry = er.async_get(coordinator.hass)
    waiting, seen = tuple(descriptions), None

    @callback
    def add(*, registered: bool = False) -> None:
        nonlocal seen, waiting
        owner = coordinator.owner
        # As long as it is the same, only what is added on demand can be new.
        same, seen = owner is seen, owner
        new = [
            item
            for item in waiting
            if not (same and item.needed_fn is None)
            and (
                (item.needed(coordinator.data) and item.supported(owner))
                or (
                    registered
                    and registry.async_get_entity_id(
                        domain, entry.domain, f"{coordinator.device_id}_{item.key}"
                    )
                )
            )
        ]
        if new:
            added = {item.key for item in new}
            waiting = tuple(item for item in waiting if item.key not in added)
            async_add_entities(create(coordinator, item) for item in new)

    add(registered=True)
    if waiting:
        entry.async_on_unload(coordinator.async_add_listener(add))


def any_setting(*settings: Setting) -> Callable[[Any], bool]:
    """Ask whether a device takes at least one of these settings."""
    return lambda identity: not identity.limits.settings.keys().isdisjoint(settings)
