"""What a user wants of one miner, and where the device differs from it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from ..miners.model import Changes, MinerIdentity, MinerSettings, MinerState, Setting
from .adopted import Adopted
from .attempts import Attempts
from .boots import Boots
from .derating import WATCHED, DeratingWatch, is_overheated
from .errors import ControlError, ControlFault, ProfileError, ProfileFault
from .model import (
    Activity,
    Apply,
    Ask,
    ControlState,
    Order,
    Problem,
    Reason,
    Report,
    Throttle,
    ThrottleMethod,
)
from .news import News
from .problems import Problems
from .profiles import Profiles, worth_keeping
from .protect import Protection
from .temporary import Temporary
from .throttle import SavePower, throttle_method
from .values import (
    alike,
    differing,
    dump_changes,
    number_of,
    reported,
    same,
    text_of,
)
from .writes import MOST_WRITES, Writes

__all__ = [
    "ControlError",
    "ControlFault",
    "ProfileError",
    "ProfileFault",
    "Steward",
    "throttle_method",
]

VERSION = 1
_OLDEST = 24 * 3600.0
_AHEAD = 3600.0
_NO_SETTINGS = MinerSettings()


class Steward:
    """Remembers what is wanted, looks at every good poll and orders what is due.

    ``protect`` is the user's option. Every change of what is remembered shows in
    ``dump``; who keeps it should do so at least every few hours, because intents
    that were kept more than a day ago are not trusted any more.
    """

    def __init__(self, identity: MinerIdentity) -> None:
        """Start with nothing remembered."""
        self.protect = False
        self._identity = identity
        self._state: MinerState | None = None
        self._monotonic = 0.0
        self._day: str | None = None
        self._wall = 0.0
        self._adopted = Adopted()
        self._profiles = Profiles()
        self._throttle = SavePower()
        self._temporary = Temporary()
        self._derating = DeratingWatch()
        self._protection = Protection()
        self._boots = Boots()
        self._news = News()
        self._writes = Writes()
        self._problems = Problems()
        self._restart_needed = False
        self._attempts = Attempts()
        self._left: list[Order] = []

    @classmethod
    def load(cls, identity: MinerIdentity, data: object, wall: float) -> Self:
        """Read what ``dump`` wrote; what is broken or too old is left out."""
        steward = cls(identity)
        if not isinstance(data, Mapping):
            return steward
        steward._adopted = Adopted.load(data.get("adopted"))
        steward._profiles = Profiles.load(data.get("profiles"))
        steward._writes = Writes.load(data.get("writes"))
        saved_at = number_of(data.get("saved_at"))
        if saved_at is None or not -_AHEAD <= wall - saved_at <= _OLDEST:
            return steward
        steward._throttle = SavePower.load(data.get("throttle"))
        steward._temporary = Temporary.load(data.get("temporary"))
        steward._derating = DeratingWatch.load(data.get("derating"))
        steward._protection = Protection.load(data.get("protection"))
        steward._boots = Boots.load(data.get("boots"))
        steward._news = News.load(data.get("news"))
        steward._restart_needed = data.get("restart_needed") is True
        return steward

    def dump(self, wall: float) -> dict[str, Any]:
        """Return everything that has to outlive a restart, as JSON types."""
        return {
            "version": VERSION,
            "saved_at": wall,
            "adopted": self._adopted.dump(),
            "profiles": self._profiles.dump(),
            "throttle": self._throttle.dump(),
            "temporary": self._temporary.dump(),
            "derating": self._derating.dump(),
            "protection": self._protection.dump(),
            "boots": self._boots.dump(),
            "news": self._news.dump(),
            "writes": self._writes.dump(),
            "restart_needed": self._restart_needed,
        }

    @property
    def adopted(self) -> Mapping[Setting, tuple[float, ...]]:
        """Values outside the limits that the device was seen running."""
        return self._adopted.values

    @property
    def throttle_method(self) -> ThrottleMethod | None:
        """How this miner saves power."""
        return throttle_method(self._identity)

    @property
    def profiles(self) -> Mapping[str, Changes]:
        """The saved profiles by name."""
        return self._profiles.saved

    def show(self, state: MinerState | None, today: str) -> ControlState:
        """Return what entities show beside the device's own settings."""
        self._day = today
        settings = None if state is None else state.settings
        loan = self._temporary.loan
        return ControlState(
            throttle_method=self.throttle_method,
            throttled=settings and self._throttle.shown(self._identity, settings),
            profile=settings and self._profiles.matching(settings),
            profiles=tuple(self._profiles.saved),
            temporary_until=None if loan is None else loan.until,
            derated=self._shown_derated(state),
            setting_writes=self._writes.on(today),
            restart_needed=self._restart_needed,
        )

    def _shown_derated(self, state: MinerState | None) -> bool | None:
        if self._identity.limits.derating is None or state is None:
            return None
        return self._derating.derated

    # Saving power

    def throttle_changes(self, on: bool) -> Changes:
        """Return what has to be written to save power, or to save it no longer."""
        return self._throttle.changes(self._identity, self._settings, on=on)

    def begin_throttle(self, by: Reason | None = None) -> None:
        """Remember that power is about to be saved, before anything is written."""
        self._throttle.begin(self._identity, self._settings, by)
        if by is Reason.PROTECT and self._protects:
            self._protection.began(self._today, self._monotonic)
        elif by is None:
            self._protection.ended()

    def cancel_throttle(self) -> None:
        """Take the beginning back: nothing was written."""
        if self._protects:
            self._protection.cancelled()
        self._throttle.cancel()

    def end_throttle(self) -> None:
        """Take it that the settings before are back."""
        self._throttle.end()
        self._protection.ended()

    @property
    def _protects(self) -> bool:
        """Whether power is saved because of heat and nothing else."""
        intent = self._throttle.intent
        return intent is not None and intent.by is Reason.PROTECT

    # Profiles

    def save_profile(self, name: str) -> None:
        """Keep the user's present settings under a name."""
        kept = worth_keeping(self._identity.limits, self._settings)
        intent = self._throttle.intent
        if intent is not None and self._throttle.held:
            kept = {key: intent.before.get(key, value) for key, value in kept.items()}
        self._profiles.save(name, kept)

    def delete_profile(self, name: str) -> None:
        """Forget a profile."""
        self._profiles.delete(name)

    def profile_changes(self, name: str) -> Changes:
        """Return what a profile writes."""
        return self._profiles.get(name)

    def take_profiles(self, profiles: Mapping[str, Changes]) -> None:
        """Copy another miner's profiles, all of them or none."""
        self._profiles.take(profiles, self._identity.limits, self.adopted)

    # Settings for a while

    def begin_temporary(self, changes: Changes, until_wall: float) -> None:
        """Remember the settings that come back, before anything is written."""
        wanted = {*changes}
        if Setting.AUTO_FAN in wanted and self._settings.auto_fan is False:
            wanted.add(Setting.FAN_DUTY_CYCLE)
        self._temporary.begin(changes, self._users(wanted), until_wall)
        self._attempts.forget(Reason.TEMPORARY_OVER)

    def cancel_temporary(self) -> None:
        """Take the beginning back: nothing was written."""
        self._temporary.cancel()

    def end_temporary(self) -> None:
        """Take it that the settings before are back."""
        self._temporary.end()
        self._attempts.forget(Reason.TEMPORARY_OVER)

    def _users(self, wanted: Iterable[Setting]) -> Changes:
        """Return the user's values, whatever keeps the device from them now."""
        found = {**reported(self._settings, wanted)}
        kept = self._derating.baseline if self._derating.derated else {}
        intent = self._throttle.intent
        if intent is not None and self._throttle.held:
            kept = {**kept, **intent.before}
        return {**found, **{key: kept[key] for key in kept if key in found}}

    # What became of orders and of the user's own changes

    def applied(self, changes: Changes, *, by_user: bool = False) -> None:
        """Take note of what the device took from us.

        ``by_user``: a user asked for these values to stay, so that what they
        replace does not come back.
        """
        self._news.wrote(changes)
        self._derating.chosen(changes)
        if not by_user:
            return
        loan = self._temporary.loan
        if loan is not None and not loan.applied.keys().isdisjoint(changes):
            self.end_temporary()
        intent = self._throttle.intent
        if intent is not None and any(
            not same(setting, value, changes.get(setting, value))
            for setting, value in intent.target.items()
        ):
            self.end_throttle()

    def failed(self, order: Order) -> None:
        """Count an order that was not carried out, and give it up in the end."""
        if isinstance(order, Throttle) or not isinstance(order, Apply):
            return
        if self._settings.mining is False or not self._attempts.failed(order.reason):
            return
        self._left.append(_refused(order))
        if order.reason is Reason.REASSERT:
            self.end_throttle()
        else:
            self.end_temporary()

    def restore_changes(self, lower: bool) -> Changes:
        """Return what brings back the settings before a derating, or a step less."""
        return self._derating.restore_changes(
            self._identity.limits, self._state, lower=lower
        )

    def count_write(self, today: str) -> None:
        """Count one change that went to flash."""
        self._day = today
        self._writes.add(today)

    def setting_writes(self, today: str) -> int:
        """Return how many changes went to flash on a day."""
        return self._writes.on(today)

    def restart_needed(self) -> None:
        """Take it that a setting was written that a restart puts into effect."""
        self._restart_needed = True

    # Looking at a poll

    def observe(
        self,
        identity: MinerIdentity,
        state: MinerState,
        *,
        wall: float,
        monotonic: float,
        busy: bool,
        today: str | None = None,
    ) -> list[Order]:
        """Look at a good poll and return what is to be done.

        While the door is ``busy`` nothing is written and no difference is taken for
        a change by hand.
        """
        self._identity, self._state = identity, state
        self._wall, self._monotonic = wall, monotonic
        self._day = today or self._day
        self._adopted.observe(identity, state)
        self._profiles.make_first(identity)
        orders, self._left = self._left, []
        orders += self._look_for_restart(state)
        orders += self._look_at_settings(state, busy=busy)
        if not busy:
            orders += self._look_at_intents()
            orders += self._look_at_heat()
        orders += self._problems.update(self._present_problems())
        return orders

    def _look_for_restart(self, state: MinerState) -> Iterator[Order]:
        if self._boots.observe(state.uptime, self._wall, self._monotonic):
            self._restart_needed = False
            self._throttle.restarted()
            yield Report(activity=Activity.RESTARTED)

    def _look_at_settings(self, state: MinerState, *, busy: bool) -> Iterator[Order]:
        lowered: Mapping[str, str] = {}
        if not busy and self._derating.observe(self._identity.limits, state):
            lowered = self._derating.details
            self._throttle.lowered(self._derating.lowered)
        yield from self._news.heat(state, lowered)
        if not busy:
            told_elsewhere = bool(lowered) or is_overheated(state)
            silent = WATCHED if told_elsewhere else ()
            yield from self._news.settings(state, silent=silent)

    def _look_at_intents(self) -> Iterator[Order]:
        intent = self._throttle.intent
        if self._throttle.observe(self._settings, self._monotonic):
            self._protection.ended()
            if intent is not None and Setting.MINING in intent.target:
                yield _changed({Setting.MINING.value: [False, True]})
        if (changes := self._throttle.reassert) and self._settings.mining is True:
            yield from self._apply(changes, Reason.REASSERT)
        yield from self._look_at_loan()

    def _look_at_loan(self) -> Iterator[Order]:
        loan = self._temporary.loan
        if loan is None:
            return
        values = self._users({*loan.applied, *loan.before})
        self._temporary.observe(values)
        if self._wall < loan.until or not loan.applied.keys() <= values.keys():
            return
        if alike(loan.before, values):
            self.end_temporary()
        elif self._temporary.is_ours(values):
            yield from self._give_back(loan.before)
        else:
            self.end_temporary()
            kept = {key: values[key] for key in differing(loan.applied, values)}
            yield _changed({"kept": dump_changes(kept)})

    def _give_back(self, before: Changes) -> Iterator[Order]:
        """Write what was before, or leave it to what keeps the device from it."""
        rest = self._throttle.exchange(before)
        if self._derating.derated:
            self._derating.chosen(rest)
            rest = {key: value for key, value in rest.items() if key not in WATCHED}
        if not rest:
            self.end_temporary()
            return
        self._temporary.narrow(rest)
        resting = self._settings.mining is False
        if not (resting and Setting.WORK_MODE in rest):
            yield from self._apply(rest, Reason.TEMPORARY_OVER)

    def _look_at_heat(self) -> Iterator[Order]:
        state, now = self._state, self._monotonic
        if state is None or self.throttle_method is None:
            return
        if self._protects:
            over = self._protection.is_over(self._identity, state, now)
            if over and self._attempts.may(Reason.PROTECT, now):
                yield Throttle(on=False, reason=Reason.PROTECT)
            return
        due = self._protection.is_due(self._identity, state, now)
        if not (due and self.protect) or self._throttle.intent is not None:
            return
        if self._attempts.may(Reason.PROTECT, now):
            yield Throttle(on=True, reason=Reason.PROTECT)

    def _apply(self, changes: Changes, reason: Reason) -> Iterator[Order]:
        if self._attempts.may(reason, self._monotonic):
            yield Apply(changes=changes, reason=reason)

    def _present_problems(self) -> Mapping[Problem, Mapping[str, str]]:
        problems: dict[Problem, Mapping[str, str]] = {}
        if self._derating.derated:
            problems[Problem.DERATED] = self._derating.details
        if self._writes.on(self._today) > MOST_WRITES:
            problems[Problem.TOO_MANY_WRITES] = {"limit": str(MOST_WRITES)}
        if self._restart_needed:
            problems[Problem.RESTART_NEEDED] = {}
        if self._protects and self._protection.stays:
            problems[Problem.PROTECTED] = {}
        return problems

    @property
    def _settings(self) -> MinerSettings:
        """What the device reported last."""
        return _NO_SETTINGS if self._state is None else self._state.settings

    @property
    def _today(self) -> str:
        """The day as it was told last, else the one of Greenwich."""
        return self._day or datetime.fromtimestamp(self._wall, UTC).date().isoformat()


def _changed(details: Mapping[str, Any]) -> Report:
    """Tell that somebody changed settings on the device itself."""
    return Report(
        activity=Activity.SETTINGS_CHANGED, details={**details, "by": "device"}
    )


def _refused(order: Apply) -> Ask:
    """Ask for a look at a device that does not take what it should get back."""
    return Ask(
        problem=Problem.SETTING_REFUSED,
        details={
            "reason": order.reason.value,
            "setting": ", ".join(setting.value for setting in order.changes),
            "asked": ", ".join(text_of(value) for value in order.changes.values()),
        },
    )
