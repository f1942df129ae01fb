"""Why a change did not become what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..miners.errors import (
    MinerError,
    Outcome,
)
from ..miners.model import (
    Changes,
    MinerSettings,
    Setting,
    SettingRange,
    SettingValue,
)


class Refusal(StrEnum):
    """The reasons, of which each has a text for the user."""

    NOT_OFFERED = "not_offered"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    NOT_SENT = "not_sent"
    TOO_HOT = "too_hot"
    NOT_TAKEN = "not_taken"
    UNCONFIRMED = "unconfirmed"


_OUTCOMES = {
    Refusal.NOT_TAKEN: Outcome.REFUSED,
    Refusal.UNCONFIRMED: Outcome.UNKNOWN,
}


class NotDoneError(Exception):
    """What was asked of a miner was not done, or not certainly."""

    outcome = Outcome.NOT_SENT


class ChangeError(NotDoneError):
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
        self.outcome = _OUTCOMES.get(refusal, Outcome.NOT_SENT)
        self.refusal = refusal
        self.setting = setting
        self.asked = asked
        self.reported = reported
        self.allowed = allowed


type Failure = ChangeError | MinerError
"""Why something was not written, or not taken."""


class PartialError(NotDoneError):
    """What was asked in one call failed for several reasons, or came true in part.

    ``failures`` says why for each setting that was ``asked`` and failed, ``taken``
    what the device took, ``reported`` what it was known to run. The outcome is the
    least certain one of all.
    """

    def __init__(
        self, failures: Mapping[Setting, Failure], asked: Changes, taken: Changes
    ) -> None:
        """Keep what a text needs."""
        super().__init__("; ".join(str(error) for error, _ in by_reason(failures)))
        self.failures = dict(failures)
        self.changes: Changes = {setting: asked[setting] for setting in failures}
        self.taken = dict(taken)
        self.reported = MinerSettings()
        self.extent = "partly" if taken else "several"
        outcomes = {failure.outcome for failure in failures.values()}
        if taken:
            outcomes.add(Outcome.REFUSED)
        self.outcome = max(outcomes, key=list(Outcome).index)


def by_reason(
    failures: Mapping[Setting, Failure],
) -> list[tuple[Failure, list[Setting]]]:
    """Group settings by the error that they have in common."""
    found: dict[int, tuple[Failure, list[Setting]]] = {}
    for setting, failure in failures.items():
        found.setdefault(id(failure), (failure, []))[1].append(setting)
    return list(found.values())


class HotPart(StrEnum):
    """What shows that a miner is too hot; each has a text for the user."""

    CHIP = "chip"
    CHIP_LIMIT = "chip_limit"
    VR = "vr"
    OVERHEATED = "overheated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Why a miner must not get hotter, in °C; OVERHEATED is what it reports itself.

    ``trip_point`` is where its firmware switches the chips off. CHIP_LIMIT: that is not
    known, and it lies MARGIN above what is critical for the board.
    """

    part: HotPart
    temperature: float | None = None
    trip_point: float | None = None


class HeatError(ChangeError):
    """A setting was not raised, because the miner is too hot."""

    def __init__(self, heat: Heat, setting: Setting, asked: SettingValue) -> None:
        """Keep what a text needs."""
        super().__init__(Refusal.TOO_HOT, setting, asked)
        self.heat = heat


class ProfileFault(StrEnum):
    """Why something could not be done with a profile."""

    INVALID_NAME = "invalid_name"
    UNKNOWN = "unknown"
    NOTHING_TO_SAVE = "nothing_to_save"
    TOO_MANY = "too_many"
    NOT_POSSIBLE = "not_possible"


class ControlFault(StrEnum):
    """Why the settings before a derating, or a miner, do not come back."""

    TOO_HOT = "too_hot"
    NOTHING_TO_RESTORE = "nothing_to_restore"
    NOT_STORED = "not_stored"
    NOTHING_KNOWN = "nothing_known"
    NOT_STUCK = "not_stuck"
    STILL_STUCK = "still_stuck"
    HELD = "held"
    HELD_UNTIL = "held_until"


class ControlError(NotDoneError):
    """What was asked of a miner is not done now; ``shows`` is what it reports."""

    def __init__(self, kind: ControlFault | ProfileFault, shows: str = "") -> None:
        """Keep what a text needs."""
        super().__init__(f"{kind}: {shows[:64]!r}" if shows else kind.value)
        self.kind = kind
        self.shows = shows


class HeldError(ControlError):
    """An automation was refused, for a user holds the miner.

    ``until`` is in epoch seconds; None is until it is taken back.
    """

    def __init__(self, until: float | None) -> None:
        """Keep what a text needs."""
        held = ControlFault.HELD if until is None else ControlFault.HELD_UNTIL
        super().__init__(held)
        self.until = until


class ProfileError(ControlError):
    """A profile was not saved, found, deleted or copied; ``shows`` is its name."""


class WriteError(NotDoneError):
    """Settings were not, or not certainly, changed, because a request failed.

    ``cause`` is how it did, ``reported`` is what the device was known to run.
    """

    def __init__(
        self, cause: MinerError, changes: Changes, reported: MinerSettings
    ) -> None:
        """Keep what a text needs."""
        super().__init__(str(cause))
        self.outcome = cause.outcome
        self.cause = cause
        self.changes = changes
        self.reported = reported
