"""Writes reports as short lines for notifications, in Home Assistant's language.

A line is the key of its text with the values in it; a value that is not known leaves
the whole line out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..miners.model import Changes
from ..notation import Notation, notation_of
from ..runtime.escape import escaped
from ..runtime.ha_compat import texts_of
from ..sensors.insight import settings_text

type Figures = Mapping[str, Any]
type Line = tuple[str, Mapping[str, Any]]

TOLD = 0.005
"""What is less of an energy or a cost is not worth a word."""

MOST_RANKED = 10
BEST = 3
"""How many of the most efficient are named first."""

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Number:
    """A number and how many decimals it is shown with; None: those that it has."""

    value: float
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Large:
    """A difficulty, which is written with the prefix of its size."""

    value: float


class Texts:
    """The words of one language; taken in the event loop, used anywhere."""

    def __init__(self, hass: HomeAssistant, language: str | None = None) -> None:
        """Take the words of a language that is loaded, or of Home Assistant's."""
        self._words = texts_of(hass, "common", language)
        self._names = texts_of(hass, "entity", language)
        self.notation = notation_of(language or hass.config.language)

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence with these values in it."""
        text = self._words.get(f"component.{DOMAIN}.common.report_{key}", key)
        return text.format_map({key: self.value(of) for key, of in values.items()})

    def value(self, value: Any) -> Any:
        """Write a number, a day or a time as the language does."""
        match value:
            case Number(number, None):
                return self.notation.plain(number)
            case Number(number, int(digits)):
                return self.notation.fixed(number, digits)
            case Large(number):
                return shortened(number, self.notation)
            case bool():
                return value
            case int():
                return self.notation.fixed(value, 0)
            case datetime():
                return self.notation.moment(value)
            case date():
                return self.notation.date(value)
        return value

    def written(self, lines: Iterable[Line]) -> list[str]:
        """Return the lines of which all values are known."""
        return [
            self.say(key, **values)
            for key, values in lines
            if None not in values.values()
        ]

    def named(self, kind: str, names: Iterable[str]) -> str | None:
        """Return the words for some names of a kind; None where there is none."""
        return ", ".join(self.say(f"{kind}_{name}") for name in names) or None

    def advice(self, finding: str) -> str:
        """Say what to do about a finding; nothing where there is no text for it."""
        return self._words.get(f"component.{DOMAIN}.common.finding_help_{finding}", "")

    def status(self, status: str) -> str:
        """Name a status as its sensor does."""
        path = f"component.{DOMAIN}.entity.sensor.status.state"
        return self._names.get(f"{path}.{status}", status)

    def setting(self, settings: Changes) -> str:
        """Write settings in words; work modes as the select names them."""
        path = f"component.{DOMAIN}.entity.select.work_mode.state"
        named = {
            setting: self._names.get(f"{path}.{value}", value)
            if isinstance(value, str)
            else value
            for setting, value in settings.items()
        }
        return self.notation.rewritten(settings_text(named))


def shown(value: float | None, digits: int = 2) -> Number | None:
    """Show a number to people: large ones without places that say nothing."""
    if value is None:
        return None
    if abs(value) >= 100:
        digits = 0 if abs(value) >= 1000 else min(digits, 1)
    return Number(value, digits)


def large(value: float | None) -> Large | None:
    """Show a difficulty to people."""
    return None if value is None else Large(value)


def shortened(value: float, notation: Notation) -> str:
    """Write a difficulty as miners do: 4.29 G."""
    if value >= 1e18:
        return notation.telling(value, 3)
    for size, prefix in _PREFIXES:
        if value >= size:
            return f"{notation.telling(value / size, 3)} {prefix}"
    return notation.fixed(value, 0)


def miner_report(response: Figures, texts: Texts) -> str:
    """Write a report of some miners."""
    parts = [_miner(one, response, texts) for one in response["miners"]]
    return _report(parts, response, texts)


def miner_summary(response: Figures, texts: Texts) -> str:
    """Write one line per miner."""
    return "\n".join(_short(one, response, texts) for one in response["miners"])


def fleet_report(response: Figures, texts: Texts) -> str:
    """Write a report of all miners: what matters in five lines, then the details."""
    totals, known = response["totals"], response["totals"]["coverage"]
    span = _span(response)
    parts = [_listed(texts.say("fleet", **span), _most(response, texts))]
    details = [*_all_energy(totals, response["now"]["miners"]), _all_shares(totals)]
    if known["hash_rate"] or known["energy"] or known["shares_accepted"]:
        parts += _section(texts.say("details"), texts.written(details))
    if len(ranking := response["ranking"]) > BEST:
        heading = texts.say("ranking", hours=span["hours"])
        ranked = enumerate(ranking[:MOST_RANKED], 1)
        lines = [f"{place}. {_ranked(miner, texts)}" for place, miner in ranked]
        parts.append("\n".join([f"**{heading}**", "", *lines]))
    lines = texts.written([_availability(totals), *_luck(totals)])
    for miner in response["offline"]:
        lines += _of(miner, _away(miner), texts)
    for miner in response["findings"]:
        lines += _of(miner, _past(miner["findings"], miner, texts), texts)
    parts += _section(_days(response["days"], texts), lines)
    return _report(parts, response, texts)


def fleet_summary(response: Figures, texts: Texts) -> str:
    """Write the five lines that matter, without signs of lists."""
    return "\n".join(_most(response, texts))


def settings_report(response: Figures, texts: Texts) -> str:
    """Write the tuning maps of some miners."""
    return _report(
        [_tuning(one, response, texts) for one in response["miners"]], response, texts
    )


def _report(parts: list[str], response: Figures, texts: Texts) -> str:
    """Put the parts together, with what no miner's own part can say."""
    if response.get("recorder") is False:
        parts.append(texts.say("no_recorder"))
    if names := response["not_loaded"]:
        parts.append(texts.say("not_loaded", names=", ".join(map(escaped, names))))
    return "\n\n".join(parts)


def _listed(heading: str, lines: Iterable[str]) -> str:
    return "\n".join([f"**{heading}**", "", *(f"- {line}" for line in lines)])


def _section(heading: str | None, lines: Sequence[str]) -> list[str]:
    """Return a list under its heading, if there is anything in it."""
    return [_listed(heading, lines)] if heading and lines else []


def _days(days: Figures, texts: Texts) -> str | None:
    """Name the whole days that daily figures are of."""
    first, last = (
        None if day is None else date.fromisoformat(day)
        for day in (days.get("from"), days.get("to"))
    )
    if first is None:
        return None
    if first == last:
        return texts.say("day", day=first)
    return texts.say("days", first=first, last=last)


def _most(response: Figures, texts: Texts) -> list[str]:
    """Say what matters of all miners: the month, totals, who is off, what is wrong."""
    totals, now = response["totals"], response["now"]
    figures = texts.written(
        [
            _measured("total", totals["hash_rate"], response["units"]["hash_rate"], 2),
            _measured("total", totals["efficiency"], response["units"]["efficiency"]),
            _measured("total", totals["energy"], response["units"]["energy"], 2),
        ]
    )
    offline = [
        _absent(miner, texts)
        for miner in response["offline"]
        if miner["online"] is False
    ]
    wrong = [
        texts.say("one", name=escaped(miner["name"]), what=kinds)
        for miner in response["findings"]
        if (kinds := texts.named("finding", _kinds(miner["findings"])))
    ]
    best = [_ranked(miner, texts) for miner in response["ranking"][:BEST]]
    return texts.written(
        [
            _month(response.get("month"), texts),
            ("totals", {"figures": ", ".join(figures) or None}),
            ("offline_names", {"names": ", ".join(offline)})
            if offline
            else ("online", {"online": now["online"], "miners": now["miners"]}),
            ("attention", {"names": ", ".join(wrong)})
            if wrong
            else ("attention_none", {}),
            ("best_ranked", {"names": ", ".join(best) or None}),
            _cost(totals),
        ]
    )


def _month(month: Figures | None, texts: Texts) -> Line:
    """Say what the month took, how much of that was cheap, and what that saved."""
    if month is None:
        return "month", {"figures": None}
    saving, cheap = month["saving"] or 0.0, month["cheap"]
    amount = {
        "cost": shown(abs(saving)) if abs(saving) >= TOLD else None,
        "currency": escaped(month["currency"]),
    }
    parts: list[Line] = [
        ("total_mean", {"mean": shown(month["energy"], 1), "unit": "kWh"}),
        ("month_cheap", {"part": shown(cheap, 0)}),
        ("month_less" if saving > 0 else "month_more", amount),
    ]
    return "month", {"figures": ", ".join(texts.written(parts))}


def _absent(miner: Figures, texts: Texts) -> str:
    """Name a miner that is offline, with the reason or since when, if known."""
    name = escaped(miner["name"])
    if miner["switched_off"]:
        return texts.say("one", name=name, what=texts.say("switched_off"))
    if (seen := miner["last_seen"]) is None:
        return name
    return texts.say("one_since", name=name, time=datetime.fromisoformat(seen))


def _ranked(miner: Figures, texts: Texts) -> str:
    efficiency = texts.value(shown(miner["efficiency"], 1))
    return f"{escaped(miner['name'])} {efficiency} J/TH"


def _short(miner: Figures, response: Figures, texts: Texts) -> str:
    """Write what matters of one miner in one line."""
    figures = _known(miner, response)
    kinds = texts.named("finding", _kinds(miner["findings"]))
    rate, efficiency = figures["hash_rate"], figures["efficiency"]
    lines = [
        *_presence(miner),
        ("findings", {"findings": kinds}),
        _measured("total", _mean(rate), miner["hash_rate_unit"], 2),
        _measured("total", _mean(efficiency), response["units"]["efficiency"]),
        _measured("total", figures["energy"], response["units"]["energy"], 2),
        _cost(figures),
    ]
    what = texts.written(lines) or [texts.say("nothing")]
    return texts.notation.pair(escaped(miner["name"]), ", ".join(what))


def _mean(figure: Any) -> Any:
    return figure["mean"] if isinstance(figure, Mapping) else figure


def _of(miner: Figures, lines: Iterable[Line], texts: Texts) -> list[str]:
    name = escaped(miner["name"])
    return [texts.notation.pair(name, line) for line in texts.written(lines)]


def _span(response: Figures) -> dict[str, Any]:
    period = response["period"]
    return {
        "hours": Number(round(period["hours"], 1)),
        "end": datetime.fromisoformat(period["end"]),
    }


def _known(miner: Figures, response: Figures) -> Figures:
    """Return the figures of a miner: without a recorder those of its days."""
    days = miner["days"] or {}
    if not days or response["recorder"]:
        return miner
    shares = {key: days[f"shares_{key}"] for key in ("accepted", "rejected")}
    return {**miner, **days, "shares": {**shares, "reject_rate": None}}


def _miner(miner: Figures, response: Figures, texts: Texts) -> str:
    """Write what matters first, and what whole days say by itself."""
    days, degrees = miner["days"] or {}, response["units"]["temperature"]
    figures = _known(miner, response)
    present = texts.named("finding", _kinds(miner["findings"]))
    lines = [
        *_presence(miner),
        ("findings", {"findings": present}),
        _measured("hash_rate", figures["hash_rate"], miner["hash_rate_unit"], 2),
        ("efficiency", {"mean": shown(_mean(figures["efficiency"]), 1)}),
        *_energy(figures),
        _measured("power", miner["power"], "W"),
        _measured("chip", miner["chip_temperature"], degrees),
        _measured("vr", miner["vr_temperature"], degrees),
        _shares(figures["shares"]),
    ]
    heading = texts.say("miner", name=escaped(miner["name"]), **_span(response))
    past = [
        _availability(days),
        *_luck(days),
        *_past(miner["findings"], {"days": days.get("findings", {})}, texts),
    ]
    written = texts.written(lines) or [texts.say("nothing")]
    parts = [_listed(heading, written)]
    return "\n\n".join([*parts, *_section(_days(days, texts), texts.written(past))])


def _presence(miner: Figures) -> list[Line]:
    if miner["switched_off"]:
        return [("switched_off", {})]
    if miner["online"] is not False:
        return []
    if (seen := miner["last_seen"]) is None:
        return [("offline_now", {})]
    return [("offline_since", {"time": datetime.fromisoformat(seen)})]


def _away(miner: Figures) -> list[Line]:
    """Say how often a miner was away, and for how long in all, such as 2:05."""
    if not (times := miner["times_offline"]):
        return []
    span = "{}:{:02}".format(*divmod(round(miner["hours_away"] * 60), 60))
    return [("away", {"times": times, "hours": span})]


def _measured(key: str, figure: Any, unit: str, digits: int = 1) -> Line:
    """Write a mean, with the least and the most where they are known."""
    if not isinstance(figure, Mapping):
        return f"{key}_mean", {"mean": shown(figure, digits), "unit": unit}
    return key, {
        "mean": shown(figure["mean"], digits),
        "minimum": shown(figure["min"], digits),
        "maximum": shown(figure["max"], digits),
        "unit": unit,
    }


def _energy(figures: Figures) -> list[Line]:
    return [
        ("energy", {"energy": shown(figures["energy"])}),
        ("wall_energy", {"energy": shown(figures["wall_energy"])}),
        _cost(figures),
    ]


def _cost(figures: Figures) -> Line:
    cost = figures.get("cost") or {"value": None, "currency": ""}
    return "cost", {
        "cost": shown(cost["value"]),
        "currency": escaped(cost["currency"]),
    }


def _all_energy(totals: Figures, miners: int) -> list[Line]:
    """Say of how many the energy at the wall is, if not of all."""
    count, energy = totals["coverage"]["wall_energy"], shown(totals["wall_energy"])
    if not count or count == miners:
        return [("wall_energy", {"energy": energy})]
    return [("wall_energy_of", {"energy": energy, "count": count, "miners": miners})]


def _shares(shares: Figures) -> Line:
    accepted, rejected = shares["accepted"], shares["rejected"]
    if accepted is None or rejected is None:
        return "accepted", {"accepted": accepted}
    if (rate := shares["reject_rate"]) is None:
        return "shares", {"accepted": accepted, "rejected": rejected}
    known = {"accepted": accepted, "rejected": rejected, "rate": shown(rate)}
    return "shares_rate", known


def _all_shares(totals: Figures) -> Line:
    """Leave out what is known of fewer miners than what it would be compared with."""
    shares, known = totals["shares"], totals["coverage"]
    if known["shares_rejected"] < known["shares_accepted"]:
        shares = {**shares, "rejected": None}
    return _shares(shares)


def _availability(figures: Figures) -> Line:
    """Say how often miners were offline in whole days."""
    return "availability", {
        "availability": shown(figures.get("availability"), 1),
        "times": figures.get("times_offline"),
        "restarts": figures.get("restarts"),
    }


def _luck(figures: Figures) -> list[Line]:
    return [
        ("best", {"difficulty": large(figures.get("best_difficulty"))}),
        ("blocks", {"blocks": figures.get("blocks_found") or None}),
    ]


def _kinds(findings: Iterable[Figures]) -> list[str]:
    return [finding["kind"] for finding in findings]


def _past(present: Sequence[Figures], miner: Figures, texts: Texts) -> list[Line]:
    """Say what was wrong, and is not any more."""
    kinds = _kinds(present)
    gone = [kind for kind in miner["days"] if kind not in kinds]
    return [("findings_past", {"findings": texts.named("finding", gone)})]


def _tuning(miner: Figures, response: Figures, texts: Texts) -> str:
    """Write what each setting did in one line, then the verdicts."""
    units = {
        "hash_rate": (miner["hash_rate_unit"], 2),
        "power": ("W", 1),
        "efficiency": ("J/TH", 1),
        "chip_temperature": (response["units"]["temperature"], 1),
    }
    lines, pair = list[str](), texts.notation.pair
    for point in miner["points"]:
        did = [
            f"{texts.value(shown(figure['mean'], digits))} {unit}"
            for name, (unit, digits) in units.items()
            if (figure := point["figures"].get(name)) is not None
        ]
        did += [texts.say(f"finding_{name}") for name in point["bottlenecks"]]
        hours, days = shown(point["hours"], 1), point["days"]
        did.append(texts.say("measured", hours=hours, days=days))
        lines.append(pair(escaped(point["setting"]), ", ".join(did)))
    for name, verdict in miner["verdicts"].items():
        lines.append(pair(texts.say(f"verdict_{name}"), _verdict(verdict, texts)))
    heading = texts.say("settings", name=escaped(miner["name"]))
    return _listed(heading, lines or [texts.say("settings_none")])


def _verdict(verdict: Figures, texts: Texts) -> str:
    """Name the setting of a verdict, or say what is missing for it."""
    if (setting := verdict["setting"]) is None:
        return texts.say(
            f"missing_{verdict['missing'] or 'data'}",
            hours=shown(verdict["hours_missing"], 1),
            days=verdict["days_missing"],
        )
    if (margin := verdict["margin"]) is None:
        return escaped(setting)
    return f"{escaped(setting)} ({texts.say('margin', margin=shown(margin, 1))})"
