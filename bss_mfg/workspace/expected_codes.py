"""`[[expect.code]]` of a product's file: codes that are not ours and stand on its boxes."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bss_mfg.core.code_patterns import CodePattern, SymbolKind
from bss_mfg.core.models import FileModel
from bss_mfg.core.toml_files import quote
from bss_mfg.workspace.product_fields import check_one_line


def _check_pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"isn't a regular expression: {error}") from None
    return value


class ExpectedCode(FileModel):
    """A code on the boxes of a product that is not ours."""

    name: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(check_one_line)] = Field(
        description="What reports call it."
    )
    pattern: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_check_pattern)] = Field(
        description="Regular expression that all of its text matches."
    )
    kind: SymbolKind | None = Field(None, description="Kind of symbol; any, if left out.")
    must: bool = Field(False, description="Whether each box has one: a label without it fails.")
    on_sheets: bool = Field(False, description="Whether printed sheets of labels have it beside each label, too.")


class ExpectedCodes(FileModel):
    """The table `[expect]`."""

    code: tuple[ExpectedCode, ...] = Field((), description="Each a code that may or must be on a box.")

    @model_validator(mode="after")
    def _check_names(self) -> ExpectedCodes:
        names = [one.name for one in self.code]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two codes have the name {twice!r}")
        return self

    @property
    def patterns(self) -> tuple[CodePattern, ...]:
        """The codes, as pictures and reads are compared with them."""
        return tuple(CodePattern(one.name, one.pattern, one.kind, one.must, one.on_sheets) for one in self.code)


def expected_lines(expected: ExpectedCodes) -> list[str]:
    """The table as lines of a product's file."""
    lines: list[str] = []
    for one in expected.code:
        lines += ["", "[[expect.code]]", f"name = {quote(one.name)}", f"pattern = {quote(one.pattern)}"]
        lines += [f"kind = {quote(one.kind.value)}"] if one.kind else []
        lines += ["must = true"] if one.must else []
        lines += ["on_sheets = true"] if one.on_sheets else []
    return lines
