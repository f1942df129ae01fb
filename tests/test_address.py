"""What users type as an address."""

import pytest

from custom_components.miner_monitor.flows.probe import (
    Address,
    InvalidAddressError,
    parse_address,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.20", Address("192.168.1.20", None)),
        ("  192.168.1.20 \n", Address("192.168.1.20", None)),
        ("bitaxe.local", Address("bitaxe.local", None)),
        ("Bitaxe.Local.", Address("bitaxe.local", None)),
        ("bitaxe_1", Address("bitaxe_1", None)),
        ("192.168.1.20:8080", Address("192.168.1.20", 8080)),
        ("http://192.168.1.20", Address("192.168.1.20", None)),
        ("HTTP://bitaxe.local:81/#/home?x=1", Address("bitaxe.local", 81)),
        ("https://192.168.1.20", Address("192.168.1.20", None)),
        ("https://192.168.1.20:8080", Address("192.168.1.20", 8080)),
        ("http://192.168.1.20:80/", Address("192.168.1.20", 80)),
    ],
)
def test_addresses(text: str, expected: Address) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ftp://bitaxe.local",
        "user:secret@bitaxe.local",
        "fe80::1",
        "[fe80::1]",
        "bit axe",
        "<img src=x onerror=alert(1)>",
        "bitaxe.local:0",
        "bitaxe.local:99999",
        "bitaxe.local:port",
        "-bitaxe",
        "a" * 64,
        ".".join(["a" * 60] * 5),
        "http://",
        "//",
        "\x00",
    ],
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(InvalidAddressError):
        parse_address(text)
