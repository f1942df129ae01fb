"""Dataclasses as JSON types and back: the one form of what we store.

What is read may be damaged, or be written by another version: a field that is unknown
is left out, one that cannot be read takes its default, and so does what cannot be
read as an item of a collection. Only an object that lacks a field without a default
is refused as a whole. A type may be annotated with its bounds, or with a function that
makes of what was read what can be.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache, partial
import math
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    TypeAliasType,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from .model import MinerIdentity
from .values import shared

LARGEST = 1e18

_WORD = 2**63
"""What every JSON library can write of a whole number is below it."""


class CodecError(ValueError):
    """What was read is not what was to be read."""


@dataclass(frozen=True, slots=True)
class Within:
    """Bounds of a number that makes sense, or of the length of a collection."""

    least: float = 0.0
    most: float = LARGEST


type Amount = Annotated[float, Within()]
"""A finite number from 0."""
type Count = Annotated[int, Within()]
"""How often something happened."""


class Row:
    """Base of a dataclass that is written as a list of its fields.

    Its numbers are written with so many significant ``digits``, where it names them.
    """

    __slots__ = ()
    digits: ClassVar[int | None] = None


class Stored:
    """Base of a dataclass whose ``init`` fields are what outlives a restart."""

    __slots__ = ()

    def dump(self) -> Any:
        """Return what is stored, as JSON types."""
        return dump(self)

    def load(self, data: object) -> None:
        """Go on from what ``dump`` returned, as far as it can be read."""
        kind: Any = type(self)
        found = load_or(kind, data, self)
        for name in _stored_names(kind):
            setattr(self, name, getattr(found, name))


_PLAIN = frozenset({str, int, bool, type(None)})
_LISTS = frozenset({list, tuple, array})
_NUMBERS = frozenset({int, float})


def dump(value: Any, digits: int | None = None) -> Any:
    """Return a value as JSON types; a dataclass as a mapping of its ``init`` fields."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if digits is None else _shortened(value, digits)
    if kind is array and digits is not None:
        return [_shortened(item, digits) for item in value]
    if kind in _LISTS:
        return [dump(item, digits) for item in value]
    if is_dataclass(kind):
        if isinstance(value, Row):
            digits = value.digits
            return [dump(getattr(value, name), digits) for name in _stored_names(kind)]
        return {name: dump(getattr(value, name)) for name in _stored_names(kind)}
    if isinstance(value, Mapping):
        return {dump(key): dump(item, digits) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(dump, value))
    return value.value if isinstance(value, Enum) else value


def _shortened(value: float, digits: int) -> float:
    """Return a number that takes no more place than it must."""
    if not value:
        return 0
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < LARGEST else short


@cache
def _stored_names(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind) if item.init)


def load[T](kind: type[T], data: object) -> T:
    """Return what ``dump`` was given; CodecError where it cannot be read at all."""
    return cast("T", _loader(cast("Any", kind))(data))


def load_or[T](kind: type[T], data: object, default: T) -> T:
    """Return what ``dump`` was given, or the default."""
    try:
        return load(kind, data)
    except CodecError:
        return default


def dump_identity(identity: MinerIdentity) -> dict[str, Any]:
    """Return the identity as JSON types."""
    data: dict[str, Any] = dump(identity)
    return data


def load_identity(data: Mapping[str, Any]) -> MinerIdentity:
    """Return the identity that ``dump_identity`` wrote."""
    identity = load(MinerIdentity, data)
    return replace(identity, limits=shared(identity.limits))


type _Loader = Callable[[object], Any]


def _readable(read: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Yield what can be read of a collection."""
    for item in items:
        try:
            found = read(item)
        except CodecError:
            continue
        yield found


@cache
def _loader(kind: Any) -> _Loader:
    """Return what reads a type."""
    if isinstance(kind, TypeAliasType):
        return _loader(kind.__value__)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(_loader(parts[0]), parts[1])
    if origin in {Union, UnionType}:
        return _first_of([_loader(part) for part in parts])
    if is_dataclass(kind):
        return _object_loader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_loader(kind)
    if origin in {tuple, list, set, frozenset}:
        return _collection_loader(origin, parts)
    if origin is array:
        # Its places mean something: it is read as a whole, or not at all.
        return _collection_loader(partial(array, "d"), parts, each=map)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_loader(*(_loader(part) for part in parts))
    return _SCALARS.get(kind, _refuse)


def _object_loader(kind: Any) -> _Loader:
    """Read a mapping of fields, or a list of them in their order."""
    hints = get_type_hints(kind, include_extras=True)
    known = [
        (
            item.name,
            _loader(hints[item.name]),
            (item.default, item.default_factory) != (MISSING, MISSING),
        )
        for item in fields(kind)
        if item.init
    ]

    def load_object(data: object) -> Any:
        if isinstance(data, list | tuple):
            data = {
                name: value for (name, _, _), value in zip(known, data, strict=False)
            }
        if not isinstance(data, Mapping):
            raise CodecError("not an object")
        found = {}
        for name, read, optional in known:
            try:
                found[name] = read(data[name])
            except (KeyError, CodecError) as err:
                if not optional:
                    raise CodecError(f"{kind.__name__} without {name}") from err
        return _called(partial(kind, **found))

    return load_object


def _enum_loader(kind: type[Enum]) -> _Loader:
    members = {member.value: member for member in kind}

    def load_member(data: object) -> Any:
        if type(data) not in {str, int} or data not in members:
            raise CodecError(f"no {kind.__name__}")
        return members[data]

    return load_member


def _collection_loader(
    origin: Callable[..., Any],
    parts: tuple[Any, ...],
    each: Callable[[_Loader, Iterable[Any]], Iterator[Any]] = _readable,
) -> _Loader:
    if origin is tuple and parts[-1] is not Ellipsis:
        readers = [_loader(part) for part in parts]

        def load_row(data: object) -> Any:
            if not isinstance(data, list | tuple) or len(data) != len(readers):
                raise CodecError("not a row")
            return tuple(read(item) for read, item in zip(readers, data, strict=True))

        return load_row
    read = _loader(parts[0])

    def load_items(data: object) -> Any:
        if not isinstance(data, list | tuple):
            raise CodecError("not a list")
        return _called(origin, each(read, data))

    return load_items


def _mapping_loader(read_key: _Loader, read_value: _Loader) -> _Loader:
    def load_pairs(data: object) -> Any:
        if not isinstance(data, Mapping):
            raise CodecError("not a mapping")
        found = {}
        for key, value in data.items():
            try:
                found[read_key(key)] = read_value(value)
            except CodecError:
                continue
        return found

    return load_pairs


def _annotated(read: _Loader, bounds: Within | Callable[[Any], Any]) -> _Loader:
    if not isinstance(bounds, Within):
        return lambda data: bounds(read(data))

    least, most = bounds.least, bounds.most

    def load_bounded(data: object) -> Any:
        value = read(data)
        if type(value) in _NUMBERS and least <= value <= most:
            return value
        # What cannot be read of a collection is left out, but counts.
        sizes = [len(item) for item in (value, data) if isinstance(item, Sized)]
        for size in sizes or [value]:
            if size is not None and not least <= size <= most:
                raise CodecError(f"not within {least} and {most}")
        return value

    return load_bounded


def _first_of(readers: list[_Loader]) -> _Loader:
    def load_one(data: object) -> Any:
        for read in readers:
            try:
                return read(data)
            except CodecError:
                continue
        raise CodecError("of none of the types")

    return load_one


def _called(kind: Callable[..., Any], *data: object) -> Any:
    try:
        return kind(*data)
    except (TypeError, ValueError, OverflowError) as err:
        raise CodecError("of another kind") from err


def _refuse(data: object) -> Any:
    raise CodecError("of no type that is stored")


def _of[T](*kinds: type[T]) -> _Loader:
    def load_scalar(data: object) -> Any:
        if type(data) in kinds:
            return data
        raise CodecError(f"{type(data).__name__} instead of {kinds[0].__name__}")

    return load_scalar


def _float(data: Any) -> Any:
    """Read a finite number; a whole one stays whole, as it is shown."""
    if type(data) is float and math.isfinite(data):
        return data
    if type(data) is int:
        _called(float, data)
        return data
    raise CodecError("not a finite number")


def _int(data: object) -> int:
    number = data if type(data) is int else int(_float(data))
    if -_WORD <= number < _WORD:
        return number
    raise CodecError("too large")


_SCALARS: Mapping[Any, _Loader] = {
    bool: _of(bool),
    float: _float,
    int: _int,
    str: _of(str),
    type(None): _of(type(None)),
    Any: lambda data: data,
}
