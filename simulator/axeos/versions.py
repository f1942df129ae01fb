"""Firmware version texts and their order."""

from dataclasses import dataclass
import re

type Version = tuple[int, int, int]

_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_STOCK = re.compile(r"v?(\d+\.\d+\.\d+(b\d+|-(beta|rc)\d+|-\d+-g[0-9a-f]+(-dirty)?)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """A firmware: the text the device shows and the release it is built on."""

    text: str
    version: Version

    @classmethod
    def parse(cls, text: str) -> Firmware:
        """Read "2.12.2", "v2.11.0b6", "2.7.0-TCH-All-In-One" or a git describe text.

        Stock firmware shows its version with a v, forks as they like.
        """
        if (numbers := _NUMBERS.search(text)) is None:
            raise ValueError(f"No version number in {text!r}")
        major, minor, patch = numbers.groups()
        stock = _STOCK.fullmatch(text)
        return cls(
            text=f"v{stock[1]}" if stock else text,
            version=(int(major), int(minor), int(patch or 0)),
        )


@dataclass(frozen=True, slots=True)
class Span:
    """The releases that have something, both ends included."""

    since: Version = (0, 0, 0)
    until: Version = (999, 0, 0)

    def __contains__(self, version: Version) -> bool:
        """Tell whether the release is inside."""
        return self.since <= version <= self.until


def span(since: str = "0.0", until: str = "999.0") -> Span:
    """Return the span between two releases."""
    return Span(Firmware.parse(since).version, Firmware.parse(until).version)
