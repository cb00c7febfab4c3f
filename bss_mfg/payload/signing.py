"""What a spec says of how far it can be relied on: which samples prove it, and who signed it."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.payload.spec_names import SAMPLE_SUFFIX


def _check_sample_name(value: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*/)*[A-Za-z0-9][A-Za-z0-9._-]*\.toml", value) or ".." in value:
        raise ValueError("is not the name of a .toml file beside the spec, or in a folder there")
    if "/" not in value and not value.endswith(SAMPLE_SUFFIX):
        raise ValueError(f"a sample beside the spec has a name that ends with {SAMPLE_SUFFIX}")
    return value


class Samples(FileModel):
    """The sample files that prove a spec, beside it or in folders there."""

    files: tuple[Annotated[str, AfterValidator(_check_sample_name)], ...] = Field(
        (), description="Names of sample files, from the spec's folder on."
    )

    @model_validator(mode="after")
    def _check_once(self) -> Samples:
        if len(set(self.files)) != len(self.files):
            raise ValueError("a sample is listed twice")
        return self


class Signature(FileModel):
    """Who signed, and when."""

    by: Annotated[str, Field(pattern=r"\S")]
    on: datetime.date


class Confirmation(FileModel):
    """Who compared the assumed fields with Amazon's guide, when, and with which document."""

    by: Annotated[str, Field(pattern=r"\S")]
    on: datetime.date
    document: Annotated[str, Field(pattern=r"\S")]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="SHA-256 of what was confirmed; `spec confirm` writes it."
    )
    proven: tuple[str, ...] = Field((), description="Keys of assumed fields that the samples proved.")
    signed: tuple[str, ...] = Field((), description="Keys of assumed fields that they did not: signed for by name.")
    earlier: dict[str, Signature] = Field(
        {}, description="Whose those signatures are that an earlier confirmation had, and that hold."
    )
    lengths: dict[str, tuple[int, ...]] = Field(
        {}, description="Characters of the samples' values, by source, where the spec allows other lengths as well."
    )
    samples: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(
        {}, description="SHA-256 of each sample file, as it was then."
    )

    @model_validator(mode="after")
    def _check_past(self) -> Confirmation:
        # A day of grace: the other side of the world may be a day ahead.
        if self.on > datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1):
            raise ValueError("a confirmation can't be dated in the future")
        return self
