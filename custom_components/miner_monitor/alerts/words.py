"""What a message about miners says, in the language of Home Assistant."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..frontend import URL_PATH
from ..notation import notation_of
from ..report.markdown import shortened
from ..runtime.entries import async_device_id
from ..runtime.escape import LONGEST_LINE, LONGEST_SENTENCE, plain
from ..runtime.ha_compat import absolute_url, has_panel, own_text
from ..runtime.messages import local_time
from ..runtime.verdicts import HAPPENINGS
from .book import Alert

URGENT = frozenset({"fan_stopped", "fault", "overheated"})
"""What breaks quiet hours."""

GOOD = frozenset({"block_found", "firmware_changed", "new_best_difficulty"})

CRITICAL, WARNING, INFO = "critical", "warning", "info"

MOST_NAMES = 10
"""Names in a line; of more than these it gives the number."""

_UNITS = {"overheated": "°C", "hash_rate_dropped": "%", "rejects_high": "%"}

_ADVICE = {
    "fan_stopped": "finding_help_fan_stopped",
    "fault": "finding_help_fault",
    "hash_rate_dropped": "finding_help_hash_rate_low",
    "on_fallback_pool": "alert_advice_on_fallback_pool",
    "overheated": "finding_help_chip_hot",
    "pool_lost": "finding_help_pool_lost",
    "rejects_high": "finding_help_rejects_high",
    "restarted": "alert_advice_restarted",
    "stalled": "finding_help_stalled",
    "throttled": "alert_advice_throttled",
    "went_offline": "alert_advice_went_offline",
}
"""What to do, by what happened."""


def severity_of(alert: Alert) -> str:
    """Return how bad something is."""
    if alert.over or alert.event in GOOD:
        return INFO
    return CRITICAL if alert.event in URGENT else WARNING


def _order(alert: Alert) -> tuple[int, bool, str]:
    place = (CRITICAL, WARNING, INFO).index(severity_of(alert))
    return place, alert.over, alert.event


class Writer:
    """Writes messages about miners, whose entries go by their ids."""

    def __init__(self, hass: HomeAssistant, entries: Mapping[str, ConfigEntry]) -> None:
        """Know the names of miners."""
        self._hass, self._entries = hass, entries
        self._notation = notation_of(hass.config.language)

    def message(self, alerts: Sequence[Alert]) -> dict[str, Any]:
        """Return the variables of a trigger: the message, and all that is in it."""
        alerts = sorted(sorted(alerts, key=self._name), key=_order)
        groups = [list(same) for _, same in groupby(alerts, key=_order)]
        written = [self._written(group) for group in groups]
        heads = ", ".join(head for head, _ in written)
        miners = {alert.miner for alert in alerts}
        if len(miners) == 1 and not any(alert.over for alert in alerts):
            whats = ", ".join(self._say(f"alert_{alert.event}") for alert in alerts)
            heads = self._say("alert_one", name=self._name(alerts[0]), what=whats)
        path = self._path(miners)
        lines = [plain(line, LONGEST_LINE) for _, line in written]
        if (link := absolute_url(self._hass, path)) is not None:
            lines.append(link)
        return {
            "title": plain(heads, LONGEST_SENTENCE),
            "message": "\n".join(lines),
            "url": path,
            "severity": severity_of(alerts[0]),
            "alerts": [self._listed(alert) for alert in alerts],
        }

    def _listed(self, alert: Alert) -> dict[str, Any]:
        """Return one of them, for whoever writes a message of their own."""
        entry = self._entries[alert.miner]
        return {
            ATTR_DEVICE_ID: async_device_id(self._hass, entry),
            "miner": plain(entry.title),
            "event": alert.event,
            "over": alert.over,
            "severity": severity_of(alert),
            "since": dt_util.utc_from_timestamp(alert.since).isoformat(),
            "count": alert.count,
            "value": alert.details.get("value"),
            "limit": alert.details.get("limit"),
            "message": self._written([alert])[1],
            "url": self._path({alert.miner}),
        }

    def _written(self, group: Sequence[Alert]) -> tuple[str, str]:
        """Write a line about the same of one or several miners, and its head."""
        first = group[0]
        what = self._say(f"alert_{first.event}")
        if first.over:
            over = self._say(f"alert_{first.event}_over")
            head = self._say("alert_about", what=over, names=self._names(group))
            return head, f"{head}."
        if len(group) == 1:
            head = self._say("alert_one", name=self._name(first), what=what)
            at = local_time(self._hass, first.since)
            if not (facts := self._facts(first)) and first.event in HAPPENINGS:
                facts = at
            if facts:
                line = f"{head} ({facts})"
            else:
                line = self._say("alert_since", what=head, time=at)
        else:
            many = f"alert_{first.event}_many"
            head = self._say(many, count=len(group))
            names = self._names(group, self._facts)
            line = self._say("alert_about", what=head, names=names)
        if (advice := _ADVICE.get(first.event)) is not None:
            return head, f"{line}. {self._say(advice)}"
        return head, f"{line}."

    def _names(
        self, group: Sequence[Alert], facts: Callable[[Alert], str] = lambda _: ""
    ) -> str:
        names = [
            f"{self._name(alert)} ({more})" if (more := facts(alert)) else name
            for alert in group[:MOST_NAMES]
            if (name := self._name(alert))
        ]
        listed, left = ", ".join(names), len(group) - MOST_NAMES
        return self._say("alert_more", names=listed, count=left) if left > 0 else listed

    def _name(self, alert: Alert) -> str:
        return plain(self._entries[alert.miner].title)

    def _facts(self, alert: Alert) -> str:
        """Write what was measured and its limit, or what else is known."""
        details, unit = alert.details, _UNITS.get(alert.event, "")
        value, limit = details.get("value"), details.get("limit")
        facts = []
        if isinstance(value, int | float) and unit:
            write = self._notation.measured
            measured = write(self._notation.fixed(value, 1), unit)
            if isinstance(limit, int | float):
                threshold = write(self._notation.plain(limit), unit)
                known = {"value": measured, "limit": threshold}
                measured = self._say("alert_limit", **known)
            facts.append(measured)
        if "from" in details:
            facts.append(f"{details['from']} → {details['to']}")
        if isinstance(difficulty := details.get("difficulty"), int | float):
            facts.append(shortened(difficulty, self._notation))
        facts += [str(details[key]) for key in ("reason", "reported") if key in details]
        if alert.count > 1:
            facts.append(self._say("alert_times", count=alert.count))
        return ", ".join(facts)

    def _path(self, miners: set[str]) -> str:
        """Return where to look: at the view of one miner, or at all of them."""
        shown = has_panel(self._hass, URL_PATH)
        if len(miners) == 1:
            (miner,) = miners
            device = async_device_id(self._hass, self._entries[miner])
            if shown:
                return f"/{URL_PATH}/miner-{device}"
            return f"/config/devices/device/{device}"
        return f"/{URL_PATH}" if shown else f"/config/integrations/integration/{DOMAIN}"

    def _say(self, key: str, **values: Any) -> str:
        return own_text(self._hass, "common", key, key).format(**values)
