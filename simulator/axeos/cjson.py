"""JSON as the firmware's library reads it: little is refused, the rest ignored."""

import re
from typing import Any

MOST_NESTED = 1000
_BLANKS = re.compile(r"[\x00- ]*")
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(
    r"\\(u[dD][89abAB]..\\u[0-9a-fA-F]{4}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS = {"null": None, "true": True, "false": False}


class _Reader:
    """Reads one value from the start of a text."""

    def __init__(self, text: str) -> None:
        """Begin at the start."""
        self._text = text
        self._at = 0
        self._open: list[tuple[dict[str, Any] | list[Any], str]] = []
        self._key = ""

    def document(self) -> Any:
        """Return the first value; containers are kept open on a stack of their own."""
        while True:
            value, opened = self._value()
            if opened:
                self._open.append((value, self._key))
                if not self._closes():
                    self._next_key()
                    continue
                value, self._key = self._open.pop()
            while self._open:
                self._add(value)
                if self._takes(","):
                    self._next_key()
                    break
                if not self._closes():
                    raise ValueError("No end of an array or object")
                value, self._key = self._open.pop()
            else:
                return value

    def _value(self) -> tuple[Any, bool]:
        """Return a value, and whether it is a container that was opened."""
        self._skip()
        if self._takes("{"):
            return self._nested({}), True
        if self._takes("["):
            return self._nested([]), True
        if (string := _STRING.match(self._text, self._at)) is not None:
            self._at = string.end()
            return _ESCAPE.sub(_unescaped, string[1]), False
        return self._scalar(), False

    def _nested[C: dict[str, Any] | list[Any]](self, container: C) -> C:
        """Return a container, if it is not too deep."""
        if len(self._open) >= MOST_NESTED:
            raise ValueError("Too deep")
        return container

    def _scalar(self) -> Any:
        """Return a number, null or a boolean."""
        for word, value in _LITERALS.items():
            if self._takes(word):
                return value
        number = _NUMBER.match(self._text, self._at)
        if number is None or number[0].startswith("."):
            raise ValueError("No value")
        self._at = number.end()
        whole = number[0].lstrip("-").isdigit()
        return int(number[0]) if whole else float(number[0])

    def _next_key(self) -> None:
        """Read the name of the next member, where the container is an object."""
        if isinstance(self._open[-1][0], list):
            return
        self._skip()
        name = _STRING.match(self._text, self._at)
        if name is None:
            raise ValueError("No name")
        self._at = name.end()
        self._key = _ESCAPE.sub(_unescaped, name[1])
        if not self._takes(":"):
            raise ValueError("No value of a name")

    def _add(self, value: Any) -> None:
        """Put a value into the innermost container; the first of a name counts."""
        container = self._open[-1][0]
        if isinstance(container, list):
            container.append(value)
        elif self._key.lower() not in map(str.lower, container):
            container[self._key] = value

    def _closes(self) -> bool:
        """Tell whether the innermost container ends here."""
        return self._takes("]" if isinstance(self._open[-1][0], list) else "}")

    def _skip(self) -> None:
        """Go over blanks."""
        blanks = _BLANKS.match(self._text, self._at)
        assert blanks is not None
        self._at = blanks.end()

    def _takes(self, token: str) -> bool:
        """Go over a token, if it is the next."""
        self._skip()
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character of an escape."""
    code = escape[1]
    if len(code) == 1:
        if code in _SHORT or code in '"\\/':
            return _SHORT.get(code, code)
        raise ValueError("No such escape")
    pair = b"".join(bytes.fromhex(part) for part in code[1:].split("\\u"))
    return pair.decode("utf-16-be")


def parse(body: bytes) -> Any:
    """Return the value that a body begins with; it ends at a NUL as a C string does."""
    text = body.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return _Reader(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")).document()
