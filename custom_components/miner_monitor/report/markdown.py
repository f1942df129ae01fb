"""Writes reports as short lines for notifications."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..runtime.escape import escaped
from .numbers import (
    shortened,
    shown,
)
from .texts import Texts

type Figures = Mapping[str, Any]

MOST_RANKED = 10


def miner_report(response: Figures, texts: Texts) -> str:
    """Write a report of some miners."""
    parts = [_miner(miner, response, texts) for miner in response["miners"]]
    return "\n\n".join([*parts, *_general(response, texts)])


def fleet_report(response: Figures, texts: Texts) -> str:
    """Write a report of all miners."""
    totals, units, now = response["totals"], response["units"], response["now"]
    lines = [
        texts.say("online", online=now["online"], miners=now["miners"]),
        *_rate(totals["hash_rate"], units["hash_rate"], texts),
        *_efficiency(totals["efficiency"], texts),
        *_all_energy(response, texts),
        *_all_shares(totals, texts),
        *_availability(totals, response["days"], texts),
        *_luck(totals, texts),
        *_offline(response["offline"], texts),
        *_all_findings(response["findings"], texts),
    ]
    ranking = [
        f"{place}. {escaped(miner['name'])}: {shown(miner['efficiency'], 1)} J/TH"
        for place, miner in enumerate(response["ranking"][:MOST_RANKED], 1)
    ]
    if ranking:
        ranking.insert(0, f"{texts.say('ranking')}\n")
    heading = texts.say("fleet", **_span(response))
    blocks = [_listed(heading, lines), *(["\n".join(ranking)] if ranking else [])]
    return "\n\n".join([*blocks, *_general(response, texts)])


def settings_report(response: Figures, texts: Texts) -> str:
    """Write the tuning maps of some miners."""
    parts = [_tuning(miner, response, texts) for miner in response["miners"]]
    return "\n\n".join([*parts, *_general(response, texts)])


def _listed(heading: str, lines: Iterable[str]) -> str:
    return "\n".join([f"**{heading}**", "", *(f"- {line}" for line in lines)])


def _span(response: Figures) -> dict[str, str]:
    period = response["period"]
    return {"hours": f"{round(period['hours'], 1):g}", "end": _minute(period["end"])}


def _minute(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M")


def _general(response: Figures, texts: Texts) -> list[str]:
    """Tell what no miner's own part can tell."""
    parts = []
    if response.get("recorder") is False:
        parts.append(texts.say("no_recorder"))
    if names := response["not_loaded"]:
        parts.append(texts.say("not_loaded", names=", ".join(map(escaped, names))))
    return parts


def _miner(miner: Figures, response: Figures, texts: Texts) -> str:
    days = miner["days"] or {}
    unit = miner["hash_rate_unit"]
    degrees = response["units"]["temperature"]
    recorded = response["recorder"]
    figures = miner if recorded else {**miner, **_daily(days)}
    lines = [
        *_presence(miner, texts),
        *_rate(figures["hash_rate"], unit, texts),
        *_efficiency(figures["efficiency"], texts),
        *_measured("power", miner["power"], "W", texts),
        *_measured("chip", miner["chip_temperature"], degrees, texts),
        *_measured("vr", miner["vr_temperature"], degrees, texts),
        *_energy(figures, texts),
        *_shares(figures["shares"], texts),
        *_availability(days, days, texts),
        *_luck(days, texts),
        *_findings(miner["findings"], days.get("findings", {}), texts),
    ]
    heading = texts.say("miner", name=escaped(miner["name"]), **_span(response))
    return _listed(heading, lines or [texts.say("nothing")])


def _daily(days: Figures) -> dict[str, Any]:
    """Return what stands in for statistics where there are none."""
    if not days:
        return {}
    return {
        "hash_rate": days["hash_rate"],
        "efficiency": days["efficiency"],
        "energy": days["energy"],
        "wall_energy": days["wall_energy"],
        "shares": {
            "accepted": days["shares_accepted"],
            "rejected": days["shares_rejected"],
            "reject_rate": None,
        },
    }


def _presence(miner: Figures, texts: Texts) -> list[str]:
    if miner["switched_off"]:
        return [texts.say("switched_off")]
    if miner["online"] is not False:
        return []
    if (seen := miner["last_seen"]) is None:
        return [texts.say("offline_now")]
    return [texts.say("offline_since", time=_minute(seen))]


def _rate(rate: Any, unit: str, texts: Texts) -> list[str]:
    return _measured("hash_rate", rate, unit, texts, 2)


def _efficiency(efficiency: Any, texts: Texts) -> list[str]:
    mean = efficiency["mean"] if isinstance(efficiency, Mapping) else efficiency
    if mean is None:
        return []
    return [texts.say("efficiency", mean=shown(mean, 1))]


def _measured(
    key: str, figure: Any, unit: str, texts: Texts, digits: int = 1
) -> list[str]:
    """Write a mean, with the least and the most where they are known."""
    if figure is None:
        return []
    if not isinstance(figure, Mapping):
        return [texts.say(f"{key}_mean", mean=shown(figure, digits), unit=unit)]
    return [
        texts.say(
            key,
            mean=shown(figure["mean"], digits),
            minimum=shown(figure["min"], digits),
            maximum=shown(figure["max"], digits),
            unit=unit,
        )
    ]


def _energy(figures: Figures, texts: Texts) -> list[str]:
    lines = [
        texts.say(key, energy=shown(figures[key]))
        for key in ("energy", "wall_energy")
        if figures[key] is not None
    ]
    if (cost := figures.get("cost")) is not None:
        currency = escaped(cost["currency"])
        lines.append(texts.say("cost", cost=shown(cost["value"]), currency=currency))
    return lines


def _all_energy(response: Figures, texts: Texts) -> list[str]:
    """Tell of how many the energy at the wall is, if not of all."""
    totals, miners = response["totals"], response["now"]["miners"]
    count = totals["coverage"]["wall_energy"]
    if not count or count == miners:
        return _energy(totals, texts)
    energy = shown(totals["wall_energy"])
    some = texts.say("wall_energy_of", energy=energy, count=count, miners=miners)
    return [*_energy({**totals, "wall_energy": None}, texts), some]


def _shares(shares: Figures, texts: Texts) -> list[str]:
    accepted, rejected = shares["accepted"], shares["rejected"]
    if accepted is None:
        return []
    if rejected is None:
        return [texts.say("accepted", accepted=accepted)]
    if (rate := shares["reject_rate"]) is None:
        return [texts.say("shares", accepted=accepted, rejected=rejected)]
    return [
        texts.say("shares_rate", accepted=accepted, rejected=rejected, rate=shown(rate))
    ]


def _all_shares(totals: Figures, texts: Texts) -> list[str]:
    """Leave out what is known of fewer miners than what it would be compared with."""
    shares, known = totals["shares"], totals["coverage"]
    if known["shares_rejected"] < known["shares_accepted"]:
        shares = {**shares, "rejected": None}
    return _shares(shares, texts)


def _availability(figures: Figures, days: Figures | None, texts: Texts) -> list[str]:
    """Tell how often a miner was away, and of which days that is."""
    if not days or figures.get("availability") is None:
        return []
    first, last = days["from"], days["to"]
    return [
        texts.say(
            "availability",
            availability=shown(figures["availability"], 1),
            days=first if first == last else f"{first} .. {last}",
            times=figures["times_offline"],
            restarts=figures["restarts"],
        )
    ]


def _luck(figures: Figures, texts: Texts) -> list[str]:
    lines = []
    if (best := figures.get("best_difficulty")) is not None:
        lines.append(texts.say("best", difficulty=shortened(best)))
    if blocks := figures.get("blocks_found"):
        lines.append(texts.say("blocks", blocks=blocks))
    return lines


def _findings(
    present: Sequence[Figures], past: Mapping[str, int], texts: Texts
) -> list[str]:
    """Tell what there is to look at, and what there was."""
    lines = []
    kinds = [finding["kind"] for finding in present]
    if kinds:
        named = ", ".join(texts.say(f"finding_{kind}") for kind in kinds)
        lines.append(texts.say("findings", findings=named))
    gone = [texts.say(f"finding_{kind}") for kind in past if kind not in kinds]
    if gone:
        lines.append(texts.say("findings_past", findings=", ".join(gone)))
    return lines


def _all_findings(found: Sequence[Figures], texts: Texts) -> list[str]:
    return [
        f"{escaped(miner['name'])}: {line}"
        for miner in found
        for line in _findings(miner["findings"], miner["days"], texts)
    ]


def _offline(away: Sequence[Figures], texts: Texts) -> list[str]:
    lines = []
    for miner in away:
        told = _presence(miner, texts)
        if miner["times_offline"]:
            times, span = miner["times_offline"], _hours(miner["hours_away"])
            told.append(texts.say("away", times=times, hours=span))
        lines += [f"{escaped(miner['name'])}: {line}" for line in told]
    return lines


def _hours(hours: float) -> str:
    """Write hours and minutes, such as 2:05."""
    return "{}:{:02}".format(*divmod(round(hours * 60), 60))


def _tuning(miner: Figures, response: Figures, texts: Texts) -> str:
    unit, degrees = miner["hash_rate_unit"], response["units"]["temperature"]
    lines = [_point(point, unit, degrees, texts) for point in miner["points"]]
    lines += [
        _verdict(name, verdict, texts) for name, verdict in miner["verdicts"].items()
    ]
    heading = texts.say("settings", name=escaped(miner["name"]))
    return _listed(heading, lines or [texts.say("settings_none")])


def _point(point: Figures, unit: str, degrees: str, texts: Texts) -> str:
    """Write what a setting did in one line."""
    units = {
        "hash_rate": (unit, 2),
        "power": ("W", 1),
        "efficiency": ("J/TH", 1),
        "chip_temperature": (degrees, 1),
    }
    told = [
        f"{shown(figure['mean'], digits)} {sign}"
        for name, (sign, digits) in units.items()
        if (figure := point["figures"].get(name)) is not None
    ]
    told += [texts.say(f"finding_{name}") for name in point["bottlenecks"]]
    blocks, days = point["blocks"], point["days"]
    known = texts.say("blocks_on_days", count=blocks, days=days)
    return f"{escaped(point['setting'])}: {', '.join([*told, known])}"


def _verdict(name: str, verdict: Figures, texts: Texts) -> str:
    title = texts.say(f"verdict_{name}")
    if (setting := verdict["setting"]) is None:
        return f"{title}: {_missing(verdict, texts)}"
    if (margin := verdict["margin"]) is None:
        return f"{title}: {escaped(setting)}"
    better = texts.say("margin", margin=shown(margin, 1))
    return f"{title}: {escaped(setting)} ({better})"


def _missing(verdict: Figures, texts: Texts) -> str:
    """Tell in words what is missing for a verdict."""
    return texts.say(
        f"missing_{verdict['missing'] or 'data'}",
        blocks=verdict["blocks_missing"],
        days=verdict["days_missing"],
    )
