"""What a record of an event is: a frozen class whose fields know their keys, meanings and when they are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, dataclass_transform

from bss_mfg.ledger.event_kind import EventKind

REQUIRED = object()
"""The default of a key that is never left out."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an event: what it means, its name, and the value at which it is left out. `spread`: the field's own
    entries are keys, each with its meaning."""

    meaning: str
    name: str
    default: object = REQUIRED
    spread: Mapping[str, str] | None = None


def key(meaning: str, *, name: str = "", default: object = REQUIRED) -> Any:
    """A field of a record: what it means; its `name` in the event where Python can't have that or it reads badly; the
    `default` at which it is left out."""
    return Key(meaning, name, default)


def spread(meanings: Mapping[str, str]) -> Any:
    """A field whose entries are keys of the event, each with its meaning, those that it has in its order."""
    return Key("", "", spread=meanings)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(key, spread))
class EventRecord:
    """What an event says; who acted is added to each. Frozen.

    As a dataclass, but made without compiling code: 33 of those would cost each command 20 ms.
    """

    kind: ClassVar[EventKind]
    keys_of_event: ClassVar[Mapping[str, Key]] = {}
    _defaults: ClassVar[Mapping[str, object]] = {}

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Key)}
        cls.keys_of_event = {
            **cls.keys_of_event,
            **{
                name: Key(value.meaning, value.name or name, value.default, value.spread) for name, value in own.items()
            },
        }
        cls._defaults = {name: one.default for name, one in cls.keys_of_event.items() if one.default is not REQUIRED}
        for name in own:
            delattr(cls, name)

    def __init__(self, **values: object) -> None:
        if values.keys() != self.keys_of_event.keys():
            values = {**self._defaults, **values}
            if wrong := values.keys() ^ self.keys_of_event.keys():
                raise TypeError(f"{type(self).__name__}: {', '.join(sorted(wrong))} missing or unknown")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def with_values(self, **values: object) -> Self:
        """The same with other values of some keys."""
        return type(self)(**{**vars(self), **values})

    def to_data(self) -> dict[str, Any]:
        """What is stored of it, in the order in which it is stored."""
        data: dict[str, Any] = {}
        values = self.__dict__
        for attribute, one in self.keys_of_event.items():
            value = values[attribute]
            if one.spread is not None:
                data.update(value)
            elif one.default is REQUIRED or value != one.default:
                data[one.name] = value
        return data
