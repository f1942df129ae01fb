"""Writes reports as short lines for notifications, in Home Assistant's language.

A line is the key of its text with the values in it; a value that is not known leaves
the whole line out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..miners.model import Changes
from ..runtime.escape import escaped
from ..runtime.ha_compat import texts_of
from ..sensors.insight import settings_text

type Figures = Mapping[str, Any]
type Line = tuple[str, Mapping[str, Any]]

MOST_RANKED = 10
_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


class Texts:
    """The words of one language; taken in the event loop, used anywhere."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take the words of Home Assistant's language."""
        self._words = texts_of(hass, "common")
        self._names = texts_of(hass, "entity")

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence with these values in it."""
        text = self._words.get(f"component.{DOMAIN}.common.report_{key}", key)
        return text.format_map(values)

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

    def setting(self, settings: Changes) -> str:
        """Write settings in words; work modes as the select names them."""
        path = f"component.{DOMAIN}.entity.select.work_mode.state"
        return settings_text(
            {
                setting: self._names.get(f"{path}.{value}", value)
                if isinstance(value, str)
                else value
                for setting, value in settings.items()
            }
        )


def shown(value: float | None, digits: int = 2) -> str | None:
    """Write a number for people: large ones without places that say nothing."""
    if value is None:
        return None
    if abs(value) >= 100:
        digits = 0 if abs(value) >= 1000 else min(digits, 1)
    return f"{value:.{digits}f}"


def shortened(value: float | None) -> str | None:
    """Write a difficulty as miners do: 4.29 G."""
    if value is None:
        return None
    for size, prefix in _PREFIXES:
        if value >= size:
            return f"{value / size:.3g} {prefix}" if value < 1e18 else f"{value:.3g}"
    return f"{value:.0f}"


def miner_report(response: Figures, texts: Texts) -> str:
    """Write a report of some miners."""
    return _report(
        [_miner(one, response, texts) for one in response["miners"]], response, texts
    )


def fleet_report(response: Figures, texts: Texts) -> str:
    """Write a report of all miners."""
    totals, units, now = response["totals"], response["units"], response["now"]
    lines = texts.written(
        [
            ("online", {"online": now["online"], "miners": now["miners"]}),
            _measured("hash_rate", totals["hash_rate"], units["hash_rate"], 2),
            _efficiency(totals["efficiency"]),
            *_all_energy(totals, now["miners"]),
            _all_shares(totals),
            _availability(totals, response["days"]),
            *_luck(totals),
        ]
    )
    for miner in response["offline"]:
        away = [*_presence(miner), *_away(miner)]
        lines += _of(miner, texts.written(away))
    for miner in response["findings"]:
        found = _findings(miner["findings"], miner["days"], texts)
        lines += _of(miner, texts.written(found))
    parts = [_listed(texts.say("fleet", **_span(response)), lines)]
    ranking = [
        f"{place}. {escaped(miner['name'])}: {shown(miner['efficiency'], 1)} J/TH"
        for place, miner in enumerate(response["ranking"][:MOST_RANKED], 1)
    ]
    if ranking:
        parts.append("\n".join([f"{texts.say('ranking')}\n", *ranking]))
    return _report(parts, response, texts)


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


def _of(miner: Figures, lines: Iterable[str]) -> list[str]:
    return [f"{escaped(miner['name'])}: {line}" for line in lines]


def _span(response: Figures) -> dict[str, str]:
    period = response["period"]
    return {"hours": f"{round(period['hours'], 1):g}", "end": _minute(period["end"])}


def _minute(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M")


def _miner(miner: Figures, response: Figures, texts: Texts) -> str:
    days, degrees = miner["days"] or {}, response["units"]["temperature"]
    figures = miner
    if days and not response["recorder"]:
        shares = {key: days[f"shares_{key}"] for key in ("accepted", "rejected")}
        figures = {**miner, **days, "shares": {**shares, "reject_rate": None}}
    lines = [
        *_presence(miner),
        _measured("hash_rate", figures["hash_rate"], miner["hash_rate_unit"], 2),
        _efficiency(figures["efficiency"]),
        _measured("power", miner["power"], "W"),
        _measured("chip", miner["chip_temperature"], degrees),
        _measured("vr", miner["vr_temperature"], degrees),
        *_energy(figures),
        _shares(figures["shares"]),
        _availability(days, days),
        *_luck(days),
        *_findings(miner["findings"], days.get("findings", {}), texts),
    ]
    heading = texts.say("miner", name=escaped(miner["name"]), **_span(response))
    return _listed(heading, texts.written(lines) or [texts.say("nothing")])


def _presence(miner: Figures) -> list[Line]:
    if miner["switched_off"]:
        return [("switched_off", {})]
    if miner["online"] is not False:
        return []
    if (seen := miner["last_seen"]) is None:
        return [("offline_now", {})]
    return [("offline_since", {"time": _minute(seen)})]


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


def _efficiency(figure: Any) -> Line:
    mean = figure["mean"] if isinstance(figure, Mapping) else figure
    return "efficiency", {"mean": shown(mean, 1)}


def _energy(figures: Figures) -> list[Line]:
    cost = figures.get("cost") or {"value": None, "currency": ""}
    return [
        ("energy", {"energy": shown(figures["energy"])}),
        ("wall_energy", {"energy": shown(figures["wall_energy"])}),
        (
            "cost",
            {"cost": shown(cost["value"]), "currency": escaped(cost["currency"])},
        ),
    ]


def _all_energy(totals: Figures, miners: int) -> list[Line]:
    """Say of how many the energy at the wall is, if not of all."""
    count = totals["coverage"]["wall_energy"]
    if not count or count == miners:
        return _energy(totals)
    energy = shown(totals["wall_energy"])
    some = {"energy": energy, "count": count, "miners": miners}
    return [*_energy({**totals, "wall_energy": None}), ("wall_energy_of", some)]


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


def _availability(figures: Figures, days: Figures) -> Line:
    """Say how often a miner was away, and of which days that is."""
    first, last = days.get("from"), days.get("to")
    return "availability", {
        "availability": shown(figures.get("availability"), 1),
        "days": first if first == last else f"{first} .. {last}",
        "times": figures.get("times_offline"),
        "restarts": figures.get("restarts"),
    }


def _luck(figures: Figures) -> list[Line]:
    return [
        ("best", {"difficulty": shortened(figures.get("best_difficulty"))}),
        ("blocks", {"blocks": figures.get("blocks_found") or None}),
    ]


def _findings(
    present: Sequence[Figures], past: Iterable[str], texts: Texts
) -> list[Line]:
    """Say what there is to look at, and what there was."""
    kinds = [finding["kind"] for finding in present]
    gone = [kind for kind in past if kind not in kinds]
    return [
        ("findings", {"findings": texts.named("finding", kinds)}),
        ("findings_past", {"findings": texts.named("finding", gone)}),
    ]


def _tuning(miner: Figures, response: Figures, texts: Texts) -> str:
    """Write what each setting did in one line, then the verdicts."""
    units = {
        "hash_rate": (miner["hash_rate_unit"], 2),
        "power": ("W", 1),
        "efficiency": ("J/TH", 1),
        "chip_temperature": (response["units"]["temperature"], 1),
    }
    lines = []
    for point in miner["points"]:
        did = [
            f"{shown(figure['mean'], digits)} {unit}"
            for name, (unit, digits) in units.items()
            if (figure := point["figures"].get(name)) is not None
        ]
        did += [texts.say(f"finding_{name}") for name in point["bottlenecks"]]
        blocks, days = point["blocks"], point["days"]
        did.append(texts.say("blocks_on_days", count=blocks, days=days))
        lines.append(f"{escaped(point['setting'])}: {', '.join(did)}")
    for name, verdict in miner["verdicts"].items():
        lines.append(f"{texts.say(f'verdict_{name}')}: {_verdict(verdict, texts)}")
    heading = texts.say("settings", name=escaped(miner["name"]))
    return _listed(heading, lines or [texts.say("settings_none")])


def _verdict(verdict: Figures, texts: Texts) -> str:
    """Name the setting of a verdict, or say what is missing for it."""
    if (setting := verdict["setting"]) is None:
        return texts.say(
            f"missing_{verdict['missing'] or 'data'}",
            blocks=verdict["blocks_missing"],
            days=verdict["days_missing"],
        )
    if (margin := verdict["margin"]) is None:
        return escaped(setting)
    return f"{escaped(setting)} ({texts.say('margin', margin=shown(margin, 1))})"
