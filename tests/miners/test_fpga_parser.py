"""Replies of the three exporters to identity and state."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families
import pytest

from custom_components.miner_monitor.miners import (
    MinerResponseError,
    MinerUnsupportedError,
)
from custom_components.miner_monitor.miners.fpga.parser import (
    NIMIQ,
    RB4,
    ZEROX_BITCOIN,
    Kind,
    Page,
    decode,
    identity_of,
    kind_of,
    kind_of_card,
    pool_rate,
    read_page,
    state_of,
)
from custom_components.miner_monitor.miners.model import (
    Alarm,
    Capability,
    Family,
    HashRateUnit,
    MinerState,
    MinerStatus,
)

from . import fpga_replies as replies
from .fpga_replies import family, one, sensors

SENSORS = {
    Capability.FREQUENCY_ACTUAL,
    Capability.HARDWARE_ERROR_RATE,
    Capability.CHIP_TEMPERATURE,
    Capability.CORE_VOLTAGE_ACTUAL,
    Capability.POOL_SCRAPER,
}
COUNTERS = {Capability.SHARES, Capability.SHARE_ERROR_RATE, Capability.SOLUTIONS}


def page_of(text: str) -> Page:
    return read_page(decode(text.encode()), text_string_to_metric_families)


def state(text: str, card: str = "card0") -> MinerState:
    page = page_of(text)
    return state_of(page.cards[card], kind_of(page), None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (replies.ZEROX, ZEROX_BITCOIN),
        (replies.SEVERAL, ZEROX_BITCOIN),
        (replies.RB4, RB4),
        (replies.RB4_BEFORE_SHARES, RB4),
        (replies.NIMIQ, NIMIQ),
        (replies.NIMIQ_BEFORE_SHARES, NIMIQ),
        (replies.NIMIQ_OPEN_METRICS, NIMIQ),
        (replies.NIMIQ_OPEN_METRICS_BEFORE_SHARES, NIMIQ),
        (replies.ZEROX + replies.PROCESS, ZEROX_BITCOIN),
    ],
)
def test_kind_is_the_same_before_and_after_the_first_share(
    text: str, kind: Kind
) -> None:
    assert kind_of(page_of(text)) is kind


@pytest.mark.parametrize(
    ("rate", "clock", "solutions", "shares", "kind"),
    [
        (5.14, 600, (994, 1000), (49, 50), RB4),
        # Its first solutions may all have been shares.
        (5.14, 600, (2, 2), (2, 2), RB4),
        (1487, 400, (2234, 2258), (2234, 2258), NIMIQ),
        (1487, 400, (0, 0), (0, 0), NIMIQ),
        (0, 400, (2234, 2258), (2234, 2258), NIMIQ),
        (0, 600, (994, 1000), (49, 50), RB4),
        (1487, 400, (None, None), (None, None), RB4),
    ],
)
def test_the_first_nimiq_exporter_uses_the_names_of_rb4(
    rate: float,
    clock: float,
    solutions: tuple[float | None, ...],
    shares: tuple[float | None, ...],
    kind: Kind,
) -> None:
    told = {
        "hashrate": rate,
        "clock_speed": clock,
        "solutions_good": solutions[0],
        "solutions_total": solutions[1],
        "share_good": shares[0],
        "share_total": shares[1],
    }
    values = {name: value for name, value in told.items() if value is not None}
    assert kind_of_card(RB4, values) is kind


@pytest.mark.parametrize(
    "text",
    [
        replies.NODE_EXPORTER,
        replies.POOL,
        one("hashrate", "5.0"),
        one("last_update", "1e9"),
        "\n",
        "# EOF",
    ],
)
def test_other_exporters_are_no_miners(text: str) -> None:
    with pytest.raises(MinerResponseError) as caught:
        kind_of(page_of(text))
    assert not isinstance(caught.value, MinerUnsupportedError)


@pytest.mark.parametrize(
    ("kind", "model", "unit", "capabilities"),
    [
        (ZEROX_BITCOIN, "0xBitcoin FPGA", HashRateUnit.GIGA, SENSORS),
        (RB4, "RB4 FPGA", HashRateUnit.GIGA, SENSORS | COUNTERS),
        (NIMIQ, "Nimiq FPGA", HashRateUnit.KILO, SENSORS | COUNTERS),
    ],
)
def test_identity(
    kind: Kind, model: str, unit: HashRateUnit, capabilities: set[Capability]
) -> None:
    identity = identity_of(kind, "card7", has_scraper=False)
    assert identity.family is Family.FPGA
    assert (identity.manufacturer, identity.model) == ("WhiteFire", model)
    assert (identity.unit, identity.unique_id) == ("card7", None)
    assert identity.hash_rate_unit is unit
    assert identity.hostname is None
    assert identity.poll_interval == 30
    assert identity.capabilities == capabilities
    assert identity.limits.chip_temperature == Alarm(warn=80, critical=90)
    assert identity_of(kind, "card7", has_scraper=True).capabilities == {
        *capabilities,
        Capability.POOL_HASH_RATE,
    }


ZEROX_STATE = {
    "status": MinerStatus.HASHING,
    "hash_rate": pytest.approx(0.01654),
    "hash_rate_now": pytest.approx(0.01654),
    "frequency_actual": 730,
    "hardware_error_rate": 0.12,
    "chip_temperature": 54,
    "core_voltage_actual": 0.85,
    "reported_at": 1_795_164_271,
    "solutions_good": None,
    "solutions_total": None,
    "shares_accepted": None,
    "shares_rejected": None,
    "share_error_rate": None,
    "pool_hash_rate": None,
    "power": None,
    "fans": (),
    "faults": (),
}
NIMIQ_STATE = ZEROX_STATE | {
    "hash_rate": pytest.approx(1484e-9),
    "hash_rate_now": pytest.approx(1484e-9),
    "frequency_actual": 400,
    "solutions_good": 2234,
    "solutions_total": 2258,
    "shares_accepted": 211,
    "shares_rejected": 3,
    "share_error_rate": pytest.approx(100 * 3 / 214),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (replies.ZEROX, ZEROX_STATE),
        (
            replies.RB4,
            ZEROX_STATE
            | {
                "hash_rate": pytest.approx(0.00514),
                "hash_rate_now": pytest.approx(0.00514),
                "frequency_actual": 600,
                "solutions_good": 994,
                "solutions_total": 1000,
                "shares_accepted": 49,
                "shares_rejected": 1,
                "share_error_rate": 2,
            },
        ),
        (replies.NIMIQ, NIMIQ_STATE),
        (replies.NIMIQ_OPEN_METRICS, NIMIQ_STATE),
    ],
    ids=["0xBitcoin", "RB4", "Nimiq", "OpenMetrics"],
)
def test_whole_state(text: str, expected: dict[str, Any]) -> None:
    found = state(text)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("hashrate", "0.0", "hash_rate", 0),
        ("hashrate", "1.654e+01", "hash_rate", pytest.approx(0.01654)),
        ("hashrate", "NaN", "hash_rate", None),
        ("hashrate", "+Inf", "hash_rate", None),
        ("hashrate", "-1.0", "hash_rate", None),
        ("hashrate", "1e+08", "hash_rate", None),
        ("hashrate", "1e+300", "hash_rate", None),
        ("hashrate", "1e+999", "hash_rate", None),
        ("hashrate", "9" * 60, "hash_rate", None),
        ("clock_speed", "0.0", "frequency_actual", 0),
        ("clock_speed", "-5", "frequency_actual", None),
        ("clock_speed", "1e+08", "frequency_actual", None),
        ("errors", "0.0", "hardware_error_rate", 0),
        ("errors", "100.0", "hardware_error_rate", 100),
        ("errors", "100.1", "hardware_error_rate", None),
        ("errors", "NaN", "hardware_error_rate", None),
        ("temperature", "0.0", "chip_temperature", None),
        ("temperature", "-1.0", "chip_temperature", None),
        ("temperature", "-5.5", "chip_temperature", -5.5),
        ("temperature", "250.0", "chip_temperature", None),
        ("temperature", "-Inf", "chip_temperature", None),
        ("voltage", "0.0", "core_voltage_actual", None),
        ("voltage", "850.0", "core_voltage_actual", None),
        ("last_update", "0.0", "reported_at", None),
        ("last_update", "1.795164271e+09", "reported_at", 1_795_164_271),
        ("last_update", "1e+12", "reported_at", None),
        ("last_update", "-3", "reported_at", None),
    ],
)
def test_single_values(name: str, value: str, field: str, expected: Any) -> None:
    metrics = [line for line in sensors().splitlines(keepends=True) if name not in line]
    found = getattr(state("".join(metrics) + one(name, value)), field)
    assert found == expected
    assert (found is None) is (expected is None)


@pytest.mark.parametrize(
    ("rate", "status"),
    [
        ("16.54", MinerStatus.HASHING),
        ("0.0", MinerStatus.IDLE),
        ("NaN", MinerStatus.IDLE),
    ],
)
def test_status(rate: str, status: MinerStatus) -> None:
    assert state(sensors(rate)).status is status


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({}, (None, None, None)),
        ({"share_good": "0", "share_total": "0"}, (0, 0, None)),
        ({"share_good": "5", "share_total": "5"}, (5, 0, 0)),
        ({"share_good": "3", "share_total": "4"}, (3, 1, 25)),
        ({"share_good": "5", "share_total": "4"}, (5, None, None)),
        ({"share_total": "4"}, (None, None, None)),
        ({"share_total": "2", "share_bad_total": "2"}, (0, 2, 100)),
        ({"share_good_total": "7", "share_total": "7"}, (7, 0, 0)),
        (
            {"share_good_total": "7", "share_total": "7", "share_bad_total": "1"},
            (7, 1, pytest.approx(100 / 7)),
        ),
        ({"share_total": "2", "share_bad_total": "3"}, (None, 3, None)),
        ({"share_good": "NaN", "share_total": "4"}, (None, None, None)),
        ({"share_good": "-1", "share_total": "4"}, (None, None, None)),
        ({"share_good": "1", "share_total": "NaN"}, (1, None, None)),
    ],
)
def test_shares(shares: dict[str, str], expected: tuple[Any, ...]) -> None:
    found = state(sensors() + "".join(one(*item) for item in shares.items()))
    assert (
        found.shares_accepted,
        found.shares_rejected,
        found.share_error_rate,
    ) == expected


def test_cards_come_in_natural_order() -> None:
    page = page_of(replies.SEVERAL)
    assert list(page.cards) == ["card1", "card2", "card10"]
    assert state(replies.SEVERAL, "card10").chip_temperature == 60
    assert not state(replies.SEVERAL, "card1").hashing


@pytest.mark.parametrize(
    ("label", "cards"),
    [
        (r"the \"old\" one", ['the "old" one']),
        (r"C:\\rig", [r"C:\rig"]),
        ("a{b}=c,d", ["a{b}=c,d"]),
        ("карта 1", ["карта 1"]),
        ("<b>card</b>", ["<b>card</b>"]),
        (r"two\nlines", []),
        ("", []),
        (" ", []),
        ("x" * 64, []),
        ("\x1b[31m", []),
    ],
)
def test_labels(label: str, cards: list[str]) -> None:
    page = page_of(family("hashrate", {label: "1.0"}))
    assert list(page.cards) == cards


def test_values_without_a_card_or_with_more_labels() -> None:
    page = page_of(
        "hashrate 3\n"
        'hashrate{card="a",job="rig"} 4\n'
        'hashrate{card="a"} 5\n'
        'share_fail_calculated{reason="x"} 6\n'
    )
    assert page.cards == {"a": {"hashrate": 4}}
    assert page.plain == {"hashrate": 3}


def test_timestamps_and_blanks_do_no_harm() -> None:
    text = '\n  hashrate { card = "a" , }\t 4.5 1795164271000\r\n# a comment\n\n'
    assert page_of(text).cards == {"a": {"hashrate": 4.5}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hashrate",
        b"hashrate\n",
        b"# TYPE hashrate\n",
        b'hashrate{card="card0"} five\n',
        b'hashrate{card="card0} 5\n',
        b"<html>\n<body>hashrate last_update</body>\n</html>\n",
        b'{"hashrate": 5, "last_update": 1}\n',
        b"\xff\xfehashrate 5\n",
        b"\x00\n",
    ],
)
def test_unreadable(body: bytes) -> None:
    with pytest.raises(MinerResponseError):
        read_page(decode(body), text_string_to_metric_families)


@pytest.mark.parametrize("text", [replies.RB4, replies.NIMIQ_OPEN_METRICS])
def test_a_cut_reply_tells_no_wrong_number(text: str) -> None:
    whole = page_of(text).cards["card0"]
    refused = 0
    for end in range(len(text)):
        try:
            cards = page_of(text[:end]).cards
        except MinerResponseError:
            refused += 1
            continue
        assert cards.get("card0", {}).items() <= whole.items()
    assert refused > len(text) * 0.9


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        (replies.POOL, pytest.approx(0.0159)),
        ("pool_hashrate 0.0\n", 0),
        ("pool_hashrate 1.59e+01\n", pytest.approx(0.0159)),
        ("pool_hashrate NaN\n", None),
        ("pool_hashrate -1\n", None),
        ("pool_hashrate 1e+30\n", None),
        (one("pool_hashrate", "5"), None),
        (replies.PROCESS, None),
    ],
)
def test_pool_rate(text: str, rate: Any) -> None:
    found = pool_rate(page_of(text).plain)
    assert found == rate
    assert (found is None) is (rate is None)
