"""No secret of a miner's owner leaves Home Assistant, whatever key it comes under."""

from collections.abc import Iterator, Mapping
from itertools import count
import json
import logging
from pathlib import Path
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.miner_monitor.diagnostics import redact
from simulator import ManualClock, MinerSpec, SimulatedMiner
from simulator.axeos.boards import BOARDS
from simulator.registry import known_models, make_miner

from .conftest import GAMMA, GAMMA_2, HEX, NANO_3S, NERD, PLAIN_CGMINER, Q, TimedBench
from .handles import take_over
from .test_texts import NEEDED

CAPTURES = Path(__file__).parents[2] / "shared" / "captures"

OPENS = {
    *("password", "stratumpassword", "fallbackstratumpassword", "wifipass"),
    *("stratumcert", "fallbackstratumcert", "cert", "token", "session"),
}
"""Keys of what opens something."""

NAMES = {
    *("stratumuser", "fallbackstratumuser", "user", "ssid"),
    *("address", "coinbaseoutputs", "coinbaseothers", "dna", "hdna"),
}
"""Keys of what names a person, a wallet or a network."""

PLACES = {
    *("macaddr", "ethmac", "mac", "hostname", "fullhostname", "mdnshostname"),
    *("hostip", "ipv4", "ipv6", "ip"),
}
"""Keys of where a device is: its owner sees them, a download does not."""

SECRET = OPENS | NAMES


def is_under(path: tuple[str, ...], keys: set[str]) -> bool:
    """Whether a key of a path is one of these."""
    return any(key.strip().lower() in keys for key in path)


class Markers:
    """Puts a text of its own into each field of text, and knows where it came from."""

    def __init__(self) -> None:
        """Start without one."""
        self.paths: dict[str, tuple[str, ...]] = {}
        self._numbers = count(1)

    def feed(
        self, value: Any, path: tuple[str, ...] = (), keep: set[str] | None = None
    ) -> Any:
        """Return a reply with a marker in the place of each text."""
        if isinstance(value, Mapping):
            return {
                key: item
                if key in (keep or ())
                else self.feed(item, (*path, str(key)), keep)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.feed(item, path, keep) for item in value]
        if not isinstance(value, str):
            return value
        marker = f"Marker{next(self._numbers):05}Zq"
        self.paths[marker] = path
        return marker

    def found(self, text: str, keys: set[str]) -> list[tuple[str, ...]]:
        """Return under which of the keys something stands in a text."""
        return [
            path
            for marker, path in self.paths.items()
            if is_under(path, keys) and marker.lower() in text.lower()
        ]

    @property
    def secret(self) -> list[tuple[str, ...]]:
        """Where something was put that nobody may see."""
        return [path for path in self.paths.values() if is_under(path, SECRET)]


def captured() -> Iterator[tuple[str, Any]]:
    """Yield real replies, as far as each is one JSON text."""
    for file in sorted(CAPTURES.rglob("*.json")):
        try:
            yield file.name, json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue


def simulated() -> Iterator[tuple[str, Any]]:
    """Yield what the simulator replies for each model."""
    for model in known_models():
        if model.startswith("fpga"):
            continue
        miner: SimulatedMiner = make_miner(
            MinerSpec(name="any", model=model), ManualClock()
        )
        asked = ("info", "asic") if model in BOARDS else ("pools", "version")
        for name in asked:
            yield f"{model} {name}", miner.reply(name)


def known_replies() -> dict[str, Any]:
    """Return all replies whose keys are known."""
    return dict((*captured(), *simulated()))


REPLIES = known_replies()


def with_nested_pools(info: Mapping[str, Any]) -> dict[str, Any]:
    """Add every secret that firmware tells of, in pools and lists too."""
    pool = {
        "stratumURL": "pool.example",
        "stratumPort": 3333,
        "stratumUser": "somebody",
        "stratumPassword": "x",
        "stratumCert": "pem",
        "stratumV2AuthorityPubkey": "key",
    }
    return {
        **info,
        "wifiPass": "open sesame",
        "stratumPassword": "x",
        "fallbackStratumPassword": "x",
        "stratumCert": "pem",
        "fallbackStratumCert": "pem",
        "coinbaseOutputs": [{"address": "bc1q", "value": 312_500_000}],
        "coinbaseOthersCount": 2,
        "pools": [dict(pool, id=0), dict(pool, id=1)],
        "stratum": {"pools": [dict(pool, connected=True)]},
    }


@pytest.mark.parametrize("name", REPLIES)
def test_every_known_key_of_a_reply(name: str) -> None:
    """What is secret is hidden, what is none stays, and so does every number."""
    markers = Markers()
    reply = markers.feed(REPLIES[name])

    hidden = redact({"replies": {"info": reply}})

    text = json.dumps(hidden)
    assert markers.found(text, SECRET | PLACES) == []
    assert numbers_in(hidden["replies"]["info"]) <= numbers_in(reply)


def numbers_in(value: Any) -> set[tuple[str, float]]:
    """Return the numbers of a reply with their keys, at any depth."""
    found: set[tuple[str, float]] = set()
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, int | float) and not isinstance(item, bool):
                found.add((key, item))
            found |= numbers_in(item)
    elif isinstance(value, list):
        for item in value:
            found |= numbers_in(item)
    return found


@pytest.mark.parametrize("name", REPLIES)
def test_what_is_no_secret_stays(name: str) -> None:
    """A download without readings would help nobody."""
    reply = REPLIES[name]
    hidden = redact(reply)
    kept, all_numbers = numbers_in(hidden), numbers_in(reply)
    lost = {key for key, _ in all_numbers - kept}
    assert lost <= {"coinbaseOutputs", "value", "satoshis"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("wifiPass", "open sesame"),
        ("wifiPass", 12345678),
        ("Password", "123"),
        ("poolPass", "hunter2"),
        ("apiKey", "0123456789"),
        ("stratumV2PrivateKey", "0123456789"),
        ("clientSecret", "0123456789"),
        ("authToken", "0123456789"),
        ("wpaPsk", "0123456789"),
        ("tlsClientCert", "-----BEGIN"),
        ("payoutTo", "somebody"),
        ("walletName", "somebody"),
        ("coinbaseOthers", [{"to": "somebody"}]),
        ("minerWorker", "somebody.rig"),
        ("bssid", "00:11"),
        ("ethMac", "E4:B0:63:00:00:01"),
        ("note", "paid to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq now"),
        ("pool", "stratum+tcp://somebody:hunter2@pool.example:3333"),
        ("neighbour", "seen E4:B0:63:12:34:56 there"),
    ],
)
def test_unknown_key_that_looks_like_a_secret(key: str, value: object) -> None:
    """The kind of a key decides, or what stands in it, not a list of keys."""
    text = json.dumps(redact({"info": {key: value}}))
    assert "**REDACTED**" in text
    for secret in (
        *("sesame", "12345678", "hunter2", "0123456789", "BEGIN", "somebody"),
        *("bc1q", "00:00:01", "12:34:56", '"123"', "00:11"),
    ):
        assert secret not in text


@pytest.mark.parametrize(
    "reply",
    [
        {"LEDUser": "0-0-0-0-0"},
        {"coinbaseOthersCount": 2, "coinbaseValueTotal": 312_500_000},
        {"stratumV2RequireAuth": False, "otp": True},
        {"Hotplug": "None", "stratum_keep": "yes", "Rejected passes": 3},
        {"stratumURL": "pool.example", "Stratum URL": "stratum+tcp://pool.example:1"},
        {"certain": 0.95, "pool": "public-pool.io:21496"},
        {"wifiPass": "", "stratumCert": "", "Password": None},
    ],
)
def test_what_only_sounds_like_one(reply: dict[str, Any]) -> None:
    assert redact(reply) == reply


class Seen:
    """All that anybody sees of Home Assistant meanwhile, but the download."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to every change of a state from now on."""
        self._hass = hass
        self._told: list[str] = []

        @callback
        def see(event: Event[Any]) -> None:
            if (state := event.data["new_state"]) is not None:
                self._told.append(f"{state.state} {dict(state.attributes)}")

        hass.bus.async_listen(EVENT_STATE_CHANGED, see)

    def text(self, caplog: pytest.LogCaptureFixture) -> str:
        """Return it all, with the log."""
        states = [
            f"{s.state} {dict(s.attributes)}" for s in self._hass.states.async_all()
        ]
        return "\n".join((*self._told, *states, caplog.text))


def feed(miner: SimulatedMiner) -> Markers:
    """Put a marker into all that a simulated miner tells as text."""
    markers = Markers()
    if miner.spec.model not in BOARDS:
        values = markers.feed({"SSID": "s", "DNA": "d", "MAC": "m", "Password": "p"})
        user = markers.feed({"User": "u"})["User"]
        miner.inject("override", values=values)
        miner.inject("hostile_user", user=user)
    else:
        info = with_nested_pools(miner.reply("info"))
        if "pools" not in miner.reply("info"):
            del info["pools"]
        miner.inject("override", values=markers.feed(info, keep=NEEDED))
    return markers


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize(
    "spec",
    [GAMMA, GAMMA_2, HEX, NERD, NANO_3S, Q, PLAIN_CGMINER],
    ids=lambda spec: spec.name,
)
async def test_no_place_tells_a_secret(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    spec: MinerSpec,
) -> None:
    """Neither states, attributes, events and logs nor the download do, faults too."""
    assert await async_setup_component(hass, "diagnostics", {})
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "homeassistant")
    caplog.set_level(logging.DEBUG, "aiohttp")
    seen = Seen(hass)
    handle = await take_over(bench, await bench.miner(spec))
    markers = feed(handle.miner)
    await bench.advance(60)
    assert markers.secret
    await bench.run(hass.config_entries.async_reload(handle.entry.entry_id))
    await bench.advance(60)
    download = await get_diagnostics_for_config_entry(hass, hass_client, handle.entry)
    handle.miner.inject("garbage")
    await bench.advance(120)

    text = json.dumps(download)
    assert download["online"] is True
    assert "**REDACTED**" in text
    assert markers.found(text, SECRET | PLACES) == []
    assert markers.found(seen.text(caplog), SECRET) == []
