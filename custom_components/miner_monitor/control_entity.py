"""What the entities have in common that change a setting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from .controller import MinerController
from .entity import MinerEntityDescription, MinerReadingEntity
from .miners.model import MinerIdentity, Setting


@dataclass(frozen=True, kw_only=True)
class MinerControlEntityDescription(MinerEntityDescription):
    """What a description says of an entity that exists to change a setting.

    Without ``setting`` the other conditions of a description decide.
    """

    setting: Setting | None = None

    @override
    def supported(self, identity: MinerIdentity) -> bool:
        """Whether the device takes this setting."""
        return (
            self.setting is None or self.setting in identity.limits.settings
        ) and MinerEntityDescription.supported(self, identity)


class MinerControlEntity[DescriptionT: MinerEntityDescription](
    MinerReadingEntity[DescriptionT]
):
    """An entity that shows what the miner reports and asks for something else."""

    @property
    def controller(self) -> MinerController:
        """Who changes settings of this miner."""
        return self.coordinator.controller

    @property
    @override
    def available(self) -> bool:
        """Whether the miner answers and its present firmware takes the setting."""
        return super().available and self.entity_description.supported(
            self.coordinator.data.identity
        )


def any_setting(*settings: Setting) -> Callable[[MinerIdentity], bool]:
    """Ask whether a device takes at least one of these settings."""

    def takes_one(identity: MinerIdentity) -> bool:
        return any(setting in identity.limits.settings for setting in settings)

    return takes_one
