"""Which miner somebody means, by a name as people type it."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from unicodedata import category

MOST_NEAREST = 3


def normal(text: str) -> str:
    """Return a text on one line, without its case and what cannot be seen."""
    shown = "".join(
        " " if sign.isspace() else sign
        for sign in text
        if sign.isspace() or category(sign) not in {"Cc", "Cf", "Cs", "Mn"}
    )
    return " ".join(shown.casefold().split())


def words(text: str) -> frozenset[str]:
    """Return the words of a name as they are heard."""
    letters = "".join(sign if sign.isalnum() else " " for sign in text.casefold())
    return frozenset(letters.split())


def nearest(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known texts that are most alike, the best first."""
    by_normal = {normal(name): name for name in known}
    found = get_close_matches(normal(text), by_normal, MOST_NEAREST, 0.5)
    return tuple(by_normal[name] for name in found)


class Names[K]:
    """What miners are called, each by one or more names."""

    def __init__(self, names: Mapping[K, Iterable[str]]) -> None:
        """Take the names by what is called so."""
        self._names = {key: tuple(called) for key, called in names.items()}

    def exact(self, text: str) -> list[K]:
        """Return who is called just so, but for the case."""
        wanted = normal(text)
        return [
            key for key, names in self._names.items() if wanted in map(normal, names)
        ]

    def find(self, text: str) -> list[K]:
        """Return who is called so, else who has all these words in a name."""
        if exact := self.exact(text):
            return exact
        wanted = words(text)
        for fits in (wanted.__eq__, wanted.__le__):
            found = [
                key
                for key, names in self._names.items()
                if any(fits(words(name)) for name in names)
            ]
            if wanted and found:
                return found
        return []

    def nearest(self, text: str) -> tuple[str, ...]:
        """Return the names that are most alike."""
        return nearest(text, (name for names in self._names.values() for name in names))
