"""Why a change did not become what was asked for."""

from enum import StrEnum

from ..miners.model import Setting, SettingRange, SettingValue


class Refusal(StrEnum):
    """The reasons, of which each has a text for the user."""

    NOT_OFFERED = "not_offered"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    NOT_TAKEN = "not_taken"
    UNCONFIRMED = "unconfirmed"


class ChangeError(Exception):
    """A setting was not, or not certainly, changed to what was asked for.

    ``reported`` is what the device says of it, None where it says nothing;
    ``allowed`` is what could have been asked for.
    """

    def __init__(
        self,
        refusal: Refusal,
        setting: Setting,
        asked: SettingValue,
        *,
        reported: SettingValue | None = None,
        allowed: SettingRange | None = None,
    ) -> None:
        """Keep what a text needs."""
        super().__init__(f"{setting} {refusal}: asked {asked}, reported {reported}")
        self.refusal = refusal
        self.setting = setting
        self.asked = asked
        self.reported = reported
        self.allowed = allowed
