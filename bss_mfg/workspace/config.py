"""The settings of a workspace: bss-mfg.toml."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.models import FileModel
from bss_mfg.errors import SecretProblem
from bss_mfg.ledger.place import checked_url
from bss_mfg.workspace.print_settings import NAME_PATTERN, PrintSettings
from bss_mfg.workspace.station_settings import LanguageName, PlainName


def _time_zone(name: str) -> str:
    return TimeZone(name).checked_name()


def _age_public_key(text: str) -> str:
    """An age public key as it is written (age-encryption.org/v1: Bech32 of 32 bytes); `program` checks its sum."""
    if text.strip().upper().startswith("AGE-SECRET-KEY"):
        raise SecretProblem("this is a station's private key: name its public key, age1…, and make a new pair")
    if not re.fullmatch("age1[02-9ac-hj-np-z]{58}", text):
        raise ValueError("is not an age public key: it starts with age1 and has 62 characters")
    return text


class LedgerSettings(FileModel):
    """Where the ledger is."""

    url: Annotated[str, AfterValidator(checked_url)] = Field(
        "", description="Its database, postgresql://USER@HOST/DATABASE; empty: ledger.db in this folder."
    )
    keys: str = Field(
        "",
        description="The folder with the data keys of a ledger in a database, which lie outside of it; empty: keys in "
        "this folder. All stations that issue or release keys share it.",
    )
    carried_keys: bool = Field(
        False,
        description="Whether that folder holds only keys that were carried here: `ledger check` then takes none of the "
        "others for lost.",
    )


class PackingSettings(FileModel):
    """How `pack` numbers and labels cartons and pallets."""

    sscc_prefix: Annotated[str, Field(pattern=r"^([0-9]{5,13})?$")] = Field(
        "", description="Extension digit and GS1 company prefix of SSCCs; empty: they have none."
    )
    template: Annotated[str, Field(pattern=NAME_PATTERN)] = Field(
        "logistic-105x148", description="The template of carton labels by name."
    )
    pallet_template: Annotated[str, Field(pattern=NAME_PATTERN)] = Field(
        "logistic-105x148", description="The template of pallet labels by name."
    )
    printer: Annotated[str, Field(pattern=NAME_PATTERN)] = Field("pdf-300", description="Their printer by name.")


class FlashSettings(FileModel):
    """What is expected of flashers."""

    overdue_hours: Annotated[float, Field(gt=0, le=8760)] = Field(
        12, description="Hours after which units that a flasher claimed and did not report are overdue."
    )


class ProgramSettings(FileModel):
    """How `program` releases OOB keys."""

    seal_to: tuple[Annotated[str, AfterValidator(_age_public_key)], ...] = Field(
        (),
        description="The age public keys, age1…, of the stations that flash: `program` seals its files to them, unless "
        "it is told otherwise; empty: its files are in clear.",
    )


class VaultSettings(FileModel):
    """What the vault does beside keeping keys."""

    mix_token_random: bool = Field(
        False,
        description="Whether the token that the vault key is in adds its random numbers to those of the system in each "
        "new key.",
    )


class WorkspaceConfig(FileModel):
    """Settings of bss-mfg.toml."""

    format: Literal[1]
    station: PlainName = Field("", description="This station's name in the history; empty: the computer's name.")
    operator: PlainName = Field("", description="Who works at this station; empty: the user who is logged in.")
    group: str = Field("", description="The group of the system whose members work here; empty: its owner alone.")
    timezone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "", description="The time zone that people go by, such as Europe/Berlin; empty: UTC."
    )
    language: LanguageName = Field(
        "", description="What operators see, unless their station.toml says otherwise: en, de, es, vi or zh_CN."
    )
    ledger: LedgerSettings = Field(LedgerSettings(), description="Where the ledger is.")
    packing: PackingSettings = Field(
        PackingSettings(), description="How cartons and pallets are numbered and labelled."
    )
    flash: FlashSettings = Field(FlashSettings(), description="What is expected of flashers.")
    program: ProgramSettings = Field(ProgramSettings(), description="How OOB keys are released.")
    vault: VaultSettings = Field(VaultSettings(), description="What the vault does beside keeping keys.")
    print: PrintSettings = Field(PrintSettings(), description="What labels are printed with.")
