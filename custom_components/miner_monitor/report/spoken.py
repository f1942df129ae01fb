"""What Assist answers and language models read: miners now, and their day.

Every text that somebody else wrote is bounded and without markup in here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from ..insight.model import Insight
from ..price import Slot
from ..runtime.escape import spoken
from .figures import fleet_figures
from .markdown import TOLD, Line, Texts, shown
from .model import (
    Figures,
    MinerFacts,
    Period,
    Price,
    Records,
    plain,
    ratio,
    total,
)

MOST_NAMED = 10
"""Names that are listened to; of more, the number."""

MOST_HOURS = 48
"""Hours to come of which a price is given."""

_HOUR = timedelta(hours=1)

MOST_MINERS = 50
"""Miners whose figures a model is given."""


def present_figures(
    members: Sequence[MinerFacts],
    records: Records,
    period: Period,
    price: Price | None,
    zone: tzinfo,
) -> Figures:
    """Return how miners are now, what they did in the period, and the price.

    Hash rates of all are in TH/s, that of one in its own unit.
    """
    known = fleet_figures(members, records, period, price, zone)
    now, figures = known["now"], known["miners"]
    used = [_energy(miner) for miner in figures]
    return {
        "now": {**now, "offline": list(map(spoken, now["offline"]))},
        "today": _used(total(used), known["totals"]["cost"]),
        "miners": [
            {**_present(facts), "today": _used(energy, miner["cost"])}
            for facts, miner, energy in zip(members, figures, used, strict=True)
        ],
        "price": price and _price(price, zone),
    }


def _price(price: Price, zone: tzinfo) -> Figures:
    """Return what power costs now, and in the hours to come if that is known."""
    now = datetime.now(UTC)
    present = price.present
    return {
        "now": None if present is None else plain(present * price.per_kwh),
        "unit": f"{spoken(price.currency)}/kWh",
        "later": hours_to_come(price.slots, now, zone) or None,
    }


def hours_to_come(slots: Iterable[Slot], now: datetime, zone: tzinfo) -> list[Figures]:
    """Return the mean price of each local hour that is known whole, from now on."""
    hours: dict[datetime, list[tuple[timedelta, float]]] = {}
    for slot in slots:
        at = slot.start
        while at < slot.end:
            hour = at.replace(minute=0, second=0, microsecond=0)
            end = min(slot.end, hour + _HOUR)
            hours.setdefault(hour, []).append((end - at, slot.price))
            at = end
    return [
        {
            "from": hour.astimezone(zone).isoformat(timespec="minutes"),
            "price": plain(sum(cost * (span / _HOUR) for span, cost in parts)),
        }
        for hour, parts in sorted(hours.items())
        if hour >= now and sum((span for span, _ in parts), timedelta()) == _HOUR
    ][:MOST_HOURS]


def _energy(miner: Mapping[str, Any]) -> float | None:
    """Return what a miner used in kWh, at the wall where that is measured.

    Where the recorder does not know, the daily row does.
    """
    sources = (miner, miner["days"] or {})
    known = (of.get(key) for key in ("wall_energy", "energy") for of in sources)
    return next((value for value in known if value is not None), None)


def _used(energy: float | None, cost: Mapping[str, Any] | None) -> Figures:
    paid = cost and {**cost, "currency": spoken(cost["currency"])}
    return {"energy": plain(energy), "cost": paid}


def _present(facts: MinerFacts) -> Figures:
    """Return how one miner is now; only what is known of it now."""
    data, state = facts.data, facts.data.state
    insight = data.insight if data.online else Insight()
    rate = None if state is None else state.hash_rate
    power = None if state is None else state.power
    return {
        "name": spoken(facts.name),
        "model": spoken(data.identity.model or "") or None,
        "online": data.online,
        "status": None if state is None else state.status.value,
        "hash_rate": None if rate is None else plain(rate * facts.unit.per_terahash),
        "hash_rate_unit": facts.unit.value,
        "percent_of_expected": plain(insight.baseline.ratio),
        "power": plain(power),
        "efficiency": plain(ratio(power, rate)),
        "chip_temperature": None if state is None else plain(state.chip_temperature),
        "saving_power": data.control.saving_power,
        "held": data.control.hold is not None,
        "findings": [finding.kind.value for finding in insight.health.findings],
    }


def sentences(lines: Iterable[str]) -> str:
    """Make sentences of lines."""
    return " ".join(f"{line}." for line in lines)


def listed(names: Sequence[str], texts: Texts) -> str | None:
    """List some names, and say how many more there are; None where there are none."""
    text = ", ".join(names[:MOST_NAMED]) or None
    if (more := len(names) - MOST_NAMED) > 0:
        return texts.say("more", names=text, count=more)
    return text


def all_miners(response: Mapping[str, Any], texts: Texts) -> str:
    """Say how several miners are, who needs attention, and what today took."""
    now, miners = response["now"], response["miners"]
    wrong = [
        texts.say("one", name=miner["name"], what=kinds)
        for miner in miners
        if (kinds := texts.named("finding", miner["findings"]))
    ]
    saving = [miner["name"] for miner in miners if miner["saving_power"]]
    present = [
        _value(now["hash_rate"], "TH/s", 2),
        _value(now["power"], "W"),
        _value(now["efficiency"], "J/TH"),
    ]
    return sentences(
        texts.written(
            [
                ("online", {"online": now["online"], "miners": now["miners"]}),
                ("offline_names", {"names": listed(now["offline"], texts)}),
                ("now", {"figures": _joined(present, texts)}),
                ("saving", {"names": listed(saving, texts)}),
                ("attention", {"names": listed(wrong, texts)})
                if wrong
                else ("attention_none", {}),
                _today(response["today"], texts),
            ]
        )
    )


def one_miner(response: Mapping[str, Any], texts: Texts) -> str:
    """Say what each of a few miners does, and what today took."""
    return " ".join(_of_one(miner, texts) for miner in response["miners"])


def _of_one(miner: Mapping[str, Any], texts: Texts) -> str:
    status = miner["status"]
    if status is None:
        key = "offline_now" if miner["online"] is False else "settings_none"
        what = texts.say(key)
    else:
        what = texts.status(status)
    present = [
        _value(miner["hash_rate"], miner["hash_rate_unit"], 2),
        ("expected", {"ratio": shown(miner["percent_of_expected"], 0)}),
        _value(miner["power"], "W"),
        _value(miner["efficiency"], "J/TH"),
        ("chip_now", {"mean": shown(miner["chip_temperature"], 0)}),
    ]
    states = [
        ("saving_now", {"on": miner["saving_power"] or None}),
        ("why_held", {"on": miner["held"] or None}),
    ]
    kinds = texts.named("finding", miner["findings"])
    figures = ", ".join([what, *texts.written([*present, *states])])
    return sentences(
        [
            texts.notation.pair(miner["name"], figures),
            *texts.written([("findings", {"findings": kinds})]),
            *texts.written([_today(miner["today"], texts)]),
        ]
    )


def each_miner(response: Mapping[str, Any], texts: Texts) -> str:
    """Say how all are, and on a line each what every miner does."""
    lines = [_of_one(miner, texts) for miner in response["miners"]]
    return "\n".join([all_miners(response, texts), *lines])


def health(response: Mapping[str, Any], texts: Texts) -> str:
    """Say who is offline, and on a line each what needs attention and what to do."""
    now = response["now"]
    present: list[Line] = [
        ("online", {"online": now["online"], "miners": now["miners"]}),
        ("offline_names", {"names": listed(now["offline"], texts)}),
    ]
    wrong = [
        " ".join([f"{texts.say('one', name=miner['name'], what=kinds)}.", *advice])
        for miner in response["miners"]
        if (kinds := texts.named("finding", miner["findings"]))
        if (advice := filter(None, map(texts.advice, miner["findings"])))
    ]
    if not wrong:
        present.append(("attention_none", {}))
    return "\n".join([sentences(texts.written(present)), *wrong])


def cost(response: Mapping[str, Any], texts: Texts) -> str:
    """Say what today took and cost, and what power costs now."""
    price = response["price"]
    lines: list[Line] = [_today(response["today"], texts)]
    if price is None:
        lines.append(("price_none", {}))
    else:
        now = {"price": shown(price["now"], 4), "unit": price["unit"]}
        lines += [("price", now), _cheapest(price)]
    return sentences(texts.written(lines) or [texts.say("nothing")])


def _cheapest(price: Mapping[str, Any]) -> Line:
    """Name the cheapest hour to come, of equal ones the first."""
    least = min(price["later"] or [{}], key=lambda hour: hour.get("price", 0.0))
    begins = least.get("from")
    return "price_cheapest", {
        "time": begins and datetime.fromisoformat(begins),
        "price": shown(least.get("price"), 4),
        "unit": price["unit"],
    }


def _value(value: float | None, unit: str, digits: int = 1) -> Line:
    return "total_mean", {"mean": shown(value, digits), "unit": unit}


def _joined(lines: Iterable[Line], texts: Texts) -> str | None:
    return ", ".join(texts.written(lines)) or None


def _today(today: Mapping[str, Any], texts: Texts) -> Line:
    """Say what was used, and what it cost."""
    paid = today["cost"] or {"value": None, "currency": ""}
    used = [(today["energy"], "kWh"), (paid["value"], paid["currency"])]
    figures = [
        _value(value, unit, 2) for value, unit in used if value and value >= TOLD
    ]
    return "today", {"figures": _joined(figures, texts)}
