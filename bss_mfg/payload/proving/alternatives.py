"""What else a spec could say in one place: every description with one member changed, as far as it is valid."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

_ModelT = TypeVar("_ModelT", bound=BaseModel)

_NUMBERS = (1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64, 128)
_TEXTS = (",", ";", "|", "_", "-", ":", " ", ".")
_NOT_IN_BYTES = frozenset({"kind", "source", "unique", "value"})
"""Members that are judged in other ways, or that no byte depends on."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A description with one member changed: its path as people read it, what it is instead, and the whole."""

    path: str
    what: str
    data: Any


def changed(model: BaseModel, skip: frozenset[str] = _NOT_IN_BYTES) -> Iterator[Changed]:
    """A model with each of its members changed in turn, as data that may or may not be valid."""
    data = model.model_dump(mode="json")
    for name, info in type(model).model_fields.items():
        if name in skip:
            continue
        value = getattr(model, name)
        for one in _values(value, info.annotation, skip):
            path = name + one.path if one.path.startswith("[") else ".".join(filter(None, (name, one.path)))
            yield Changed(path, one.what, {**data, name: one.data})


def valid(kind: type[_ModelT], data: Mapping[str, Any]) -> _ModelT | None:
    """The model of some data, or None where a spec can't say that."""
    try:
        return kind.model_validate(data)
    except ValidationError:
        return None


def _values(value: Any, annotation: Any, skip: frozenset[str]) -> Iterator[Changed]:
    """What a value could be instead."""
    if isinstance(value, BaseModel):
        yield from changed(value, skip)
        return
    if isinstance(value, tuple):
        yield from _members(value, annotation, skip)
        return
    others: list[Any] = [one for one in _literals(annotation) if one != value]
    if isinstance(value, bool):
        others = [not value]
    elif not others and (isinstance(value, int) or (value is None and _holds(annotation, int))):
        near = () if value is None else (value - 1, value + 1)
        others = [one for one in dict.fromkeys((*near, *_NUMBERS)) if one != value and one > 0]
        others += [None] if value is not None and _holds(annotation, type(None)) else []
    elif not others and isinstance(value, str):
        is_hex = bool(value) and len(value) % 2 == 0 and all(one in "0123456789abcdef" for one in value)
        others = ["", value + "00", value[:-2] + ("00" if value[-2:] != "00" else "01")] if is_hex else ["", "00"]
        others += [one for one in _TEXTS if len(value) <= 4] + [value + "x", "zero", "derived", "random"]
        others = [one for one in dict.fromkeys(others) if one != value]
    for one in others:
        yield Changed("", _named(one), one)


def _members(value: tuple[Any, ...], annotation: Any, skip: frozenset[str]) -> Iterator[Changed]:
    """Lists: each member changed, left out, or in another place; one more."""
    dumped = [one.model_dump(mode="json") if isinstance(one, BaseModel) else one for one in value]
    for index, one in enumerate(value):
        if isinstance(one, BaseModel):
            for change in changed(one, skip):
                path = f"[{index + 1}].{change.path}"
                yield Changed(path, change.what, [*dumped[:index], change.data, *dumped[index + 1 :]])
        else:
            yield Changed("", f"without {one}", [*dumped[:index], *dumped[index + 1 :]])
    for index in range(len(dumped) - 1):
        swapped = [*dumped]
        swapped[index : index + 2] = reversed(dumped[index : index + 2])
        if swapped != dumped:
            yield Changed("", "another order", swapped)
    if not any(isinstance(one, BaseModel) for one in value):
        for extra in (*_literals(annotation), "point", "recipient"):
            if extra not in dumped:
                yield Changed("", f"{extra} behind it", [*dumped, extra])


def _flat(annotation: Any) -> Iterator[Any]:
    """What an annotation is made of, without what only checks it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _flat(get_args(annotation)[0])
    elif origin in (Union, types.UnionType, tuple):
        for one in get_args(annotation):
            if one is not Ellipsis:
                yield from _flat(one)
    else:
        yield annotation


def _literals(annotation: Any) -> list[Any]:
    return [value for one in _flat(annotation) if get_origin(one) is Literal for value in get_args(one)]


def _holds(annotation: Any, kind: type) -> bool:
    return any(one is kind for one in _flat(annotation))


def _named(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    return str(value)
