"""The kinds of the history's events, and what each of them says: one record a kind.

A record's fields stand in the order in which they are written. `docs/formats/ledger.md` has its table of events from
here. An event of an older ledger may lack keys; it is read all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import packing_events
from bss_mfg.ledger.checkpoint_events import (
    CheckpointCosigned as CheckpointCosigned,
)
from bss_mfg.ledger.checkpoint_events import (
    CheckpointSigned as CheckpointSigned,
)
from bss_mfg.ledger.checkpoint_events import (
    CheckpointTimestamped as CheckpointTimestamped,
)
from bss_mfg.ledger.checkpoint_events import (
    CheckpointWitnessed as CheckpointWitnessed,
)
from bss_mfg.ledger.checkpoint_events import (
    SiteKeyMade as SiteKeyMade,
)
from bss_mfg.ledger.device_events import (
    DeviceChecked as DeviceChecked,
)
from bss_mfg.ledger.device_events import (
    DeviceChecking as DeviceChecking,
)
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import REQUIRED, EventRecord, key, spread
from bss_mfg.ledger.file_events import (
    FilesPublished as FilesPublished,
)
from bss_mfg.ledger.flash_events import (
    FlasherRegistered as FlasherRegistered,
)
from bss_mfg.ledger.flash_events import (
    FlashReported as FlashReported,
)
from bss_mfg.ledger.issue_events import (
    BatchIssued as BatchIssued,
)
from bss_mfg.ledger.issue_events import (
    IdentitiesImported as IdentitiesImported,
)
from bss_mfg.ledger.issue_events import (
    KeyPinned as KeyPinned,
)
from bss_mfg.ledger.issue_events import (
    KeyRepinned as KeyRepinned,
)
from bss_mfg.ledger.issue_events import (
    UnitReplaced as UnitReplaced,
)
from bss_mfg.ledger.issue_events import (
    UnitScrapped as UnitScrapped,
)
from bss_mfg.ledger.key_events import (
    KeysReleased as KeysReleased,
)
from bss_mfg.ledger.key_events import (
    KeysReleasing as KeysReleasing,
)
from bss_mfg.ledger.key_events import (
    RecipientSet as RecipientSet,
)
from bss_mfg.ledger.key_events import (
    RecoveryExported as RecoveryExported,
)
from bss_mfg.ledger.key_events import (
    RoleGranted as RoleGranted,
)
from bss_mfg.ledger.key_events import (
    VaultKeyPutBack as VaultKeyPutBack,
)
from bss_mfg.ledger.key_events import (
    VaultRecovered as VaultRecovered,
)
from bss_mfg.ledger.key_events import (
    VaultRekeyed as VaultRekeyed,
)
from bss_mfg.ledger.label_events import (
    LabelFileEvent as LabelFileEvent,
)
from bss_mfg.ledger.label_events import (
    LabelFileSuperseded as LabelFileSuperseded,
)
from bss_mfg.ledger.label_events import (
    LabelsCutOff as LabelsCutOff,
)
from bss_mfg.ledger.label_events import (
    LabelsMade as LabelsMade,
)
from bss_mfg.ledger.label_events import (
    LabelsMadeAgain as LabelsMadeAgain,
)
from bss_mfg.ledger.label_events import (
    LabelsNotSent as LabelsNotSent,
)
from bss_mfg.ledger.label_events import (
    LabelsReprinted as LabelsReprinted,
)
from bss_mfg.ledger.label_events import (
    LabelsSending as LabelsSending,
)
from bss_mfg.ledger.label_events import (
    LabelsSent as LabelsSent,
)
from bss_mfg.ledger.label_events import (
    LabelsToSendAgain as LabelsToSendAgain,
)
from bss_mfg.ledger.label_events import (
    SendingResult as SendingResult,
)
from bss_mfg.ledger.packing_events import (
    PackagesMoved as PackagesMoved,
)
from bss_mfg.ledger.packing_events import (
    PackagesReturned as PackagesReturned,
)
from bss_mfg.ledger.packing_events import (
    PackagesShipped as PackagesShipped,
)
from bss_mfg.ledger.policy_events import (
    ActApproved as ActApproved,
)
from bss_mfg.ledger.policy_events import (
    ApprovedEvent as ApprovedEvent,
)
from bss_mfg.ledger.policy_events import (
    PolicySet as PolicySet,
)
from bss_mfg.ledger.queue_events import (
    LabelsQueued as LabelsQueued,
)
from bss_mfg.ledger.queue_events import (
    LabelsSpoiled as LabelsSpoiled,
)
from bss_mfg.ledger.queue_events import (
    QueueCancelled as QueueCancelled,
)
from bss_mfg.ledger.queue_events import (
    QueueEvent as QueueEvent,
)
from bss_mfg.ledger.queue_events import (
    QueueMoved as QueueMoved,
)
from bss_mfg.ledger.queue_events import (
    QueuePrinted as QueuePrinted,
)
from bss_mfg.ledger.queue_events import (
    QueueTaken as QueueTaken,
)
from bss_mfg.ledger.queue_events import (
    RollEnded as RollEnded,
)
from bss_mfg.ledger.read_events import (
    READ_SUBJECTS as READ_SUBJECTS,
)
from bss_mfg.ledger.read_events import (
    FileVerified as FileVerified,
)
from bss_mfg.ledger.read_events import (
    GradeMeasured as GradeMeasured,
)
from bss_mfg.ledger.read_events import (
    LabelRead as LabelRead,
)
from bss_mfg.ledger.read_events import (
    PictureRead as PictureRead,
)
from bss_mfg.ledger.read_events import (
    ReadSubject as ReadSubject,
)


class WorkspaceCreated(EventRecord):
    """A workspace was made."""

    kind = EventKind.WORKSPACE_CREATED
    ledger: str = key("the ledger's id; not in early ledgers", default="")
    vault: str = key("id of the vault key; not in early ledgers", default="")


class SamplePlanEvent(EventRecord):
    """A sampling plan of ISO 2859-1."""

    aql: str = key("acceptance quality limit, in percent")
    inspection: Literal["normal", "tightened", "reduced"] = key("`normal`, `tightened` or `reduced`")
    lot: int = key("packages in the lot")
    letter: str = key("code letter")
    sample: int = key("packages in the sample")
    accept: int = key("acceptance number")
    reject: int = key("rejection number")


class SampleDrawn(SamplePlanEvent):
    """A sample was drawn: the first distinct SHA-256(seed `:` 0, 1, ...) modulo the lot, plus 1, are its packages (of
    samples over half the lot, those left out are drawn so)."""

    kind = EventKind.SAMPLE_DRAWN
    seed: str = key("random text")


class SampleDecided(SamplePlanEvent):
    """A lot was accepted or rejected by its sample."""

    kind = EventKind.SAMPLE_DECIDED
    decision: str = key("`accept` or `reject`")
    wrong: Sequence[int] = key("numbers of the packages whose labels were wrong")


class BatchClosed(EventRecord):
    """A batch was closed: every label is accounted for."""

    kind = EventKind.BATCH_CLOSED
    printed: int = key("labels")
    verified: int = key("labels whose print was read right; in ledgers before version 5 also label files read back")
    scrapped: int = key("labels")
    in_hand: int = key("labels that lay unused")
    unprinted: int = key("packages that were never printed, said on purpose", default=0)
    reason: str | None = key("why those were never printed", default=None)


class BatchReopened(ApprovedEvent):
    """A closed batch was opened again."""

    kind = EventKind.BATCH_REOPENED
    reason: str = key("why")


class BatchRetired(ApprovedEvent):
    """A batch's keys were destroyed."""

    kind = EventKind.BATCH_RETIRED
    units: int = key("how many")
    acknowledged: str = key("by what its manifest was acknowledged")
    unflashed: str | None = key("why, though units were claimed and not reported, or failed", default=None)


class ManifestMade(EventRecord):
    """A manifest was made."""

    kind = EventKind.MANIFEST_MADE
    file: str = key("name")
    format: str = key("`control-log`, `csv` or `jsonl`")
    sha256: str | None = key("of the file; not in the demo's", default=None)
    device_logs: int | None = key("how many, of control logs", default=None)
    bundle_logs: int | None = key("how many, of control logs", default=None)
    packages: int | None = key("how many, of control logs", default=None)
    numbers: Sequence[Sequence[int]] | None = key(
        "of the units with a device log in a control log, as [first, last] of consecutive ones; not in early ledgers",
        default=None,
    )
    bundles: Sequence[Sequence[int]] | None = key(
        "of the packages with a bundle log in a control log, likewise; not in early ledgers", default=None
    )


class ManifestAnswered(EventRecord):
    """A feedback file changed units of a batch."""

    kind = EventKind.MANIFEST_ANSWERED
    file: str = key("name")
    sha256: str = key("of the file")
    answers: Mapping[Literal["accepted", "rejected"], int] = spread(
        {"accepted": "how many units, unless 0", "rejected": "how many units, unless 0"}
    )
    logs: Sequence[str] | None = key("the control logs that it answered; not in early ledgers", default=None)
    units: Mapping[str, Sequence[Sequence[int]]] | None = key(
        "numbers of the units by their answer, as [first, last] of consecutive ones; not in early ledgers", default=None
    )
    reasons: Mapping[str, Sequence[Sequence[int]]] | None = key(
        "numbers of those with a reason by that, likewise", default=None
    )


class ManifestUploaded(EventRecord):
    """A control log was uploaded."""

    kind = EventKind.MANIFEST_UPLOADED
    file: str = key("name")
    sha256: str = key("of the file")
    address: str = key("where it went", name="to")


class ManifestWithdrawn(EventRecord):
    """Amazon was told to forget scrapped units that stand in control logs."""

    kind = EventKind.MANIFEST_WITHDRAWN
    serials: Sequence[str] = key("theirs")
    reference: str = key("as given", default="")


class LedgerMigrated(EventRecord):
    """The ledger was brought up to date."""

    kind = EventKind.LEDGER_MIGRATED
    before: int = key("schema version", name="from")
    after: int = key("schema version", name="to")


class LedgerRestored(EventRecord):
    """A copy took the ledger's place."""

    kind = EventKind.LEDGER_RESTORED
    events: int = key("how many the copy had")
    head: str = key("digest of its newest event")
    reason: str = key("why")
    skipped_serials: int = key("running numbers of each product that were left out")
    next_serials: Mapping[str, int] | None = key(
        "running number that each product continues with; not in early ledgers", default=None
    )
    first_serial: int | None = key("that of products to come; not in early ledgers", default=None)
    first_logistic_unit: int | None = key("number of cartons and pallets to come; not in early ledgers", default=None)


class LedgerAdopted(EventRecord):
    """The ledger was copied or moved, and issues here from now on."""

    kind = EventKind.LEDGER_ADOPTED
    branch: str = key("random mark of what it issues from now on: that of another copy is another")
    reason: str = key("why")
    skipped_serials: int = key("running numbers of each product that were left out")
    next_serials: Mapping[str, int] | None = key(
        "running number that each product continues with; not in early ledgers", default=None
    )
    first_serial: int | None = key("that of products to come; not in early ledgers", default=None)
    first_logistic_unit: int | None = key("number of cartons and pallets to come; not in early ledgers", default=None)


class SpecConfirmed(ApprovedEvent):
    """Somebody signed that a spec is as Amazon's guide says."""

    kind = EventKind.SPEC_CONFIRMED
    spec: str = key("name")
    digest: str = key("SHA-256 of what it says")
    document: str = key("what it was compared with")
    signed: list[str] | None = key("of a spec with samples: fields that were signed for by name", default=None)
    kept: list[str] | None = key("fields whose earlier signatures hold", default=None)
    samples: dict[str, str] | None = key("SHA-256 of its sample files, where it has some", default=None)


RECORDS: Mapping[EventKind, type[EventRecord]] = {
    record.kind: record
    for record in (*globals().values(), *vars(packing_events).values())
    if isinstance(record, type) and issubclass(record, EventRecord) and hasattr(record, "kind")
}
"""The record of each kind."""


def kinds_of(record_type: type[EventRecord]) -> tuple[EventKind, ...]:
    """The kinds of a record, or of all that are derived from it."""
    return tuple(kind for kind, record in RECORDS.items() if issubclass(record, record_type))


LABELS_MADE = frozenset(kinds_of(LabelFileEvent))
"""A label file was made, for whatever reason."""
LABELS_AT_PRINTER = frozenset({EventKind.LABELS_TO_SEND_AGAIN, EventKind.LABELS_SENDING, *kinds_of(SendingResult)})
"""Something happened to a label file on its way to a printer."""
LABELS = LABELS_MADE | LABELS_AT_PRINTER
"""A label file was made, or went to a printer."""


def read_record(kind: str, data: Mapping[str, Any]) -> EventRecord:
    """The record of an event that was stored: what it lacks is None or its default, unknown keys are passed over.
    `LedgerError` for a kind that this program doesn't know."""
    try:
        record_type = RECORDS[EventKind(kind)]
    except ValueError:
        raise LedgerError(
            f"the history has an event of an unknown kind: {kind[:80]!a}",
            way_out="Use the newer program that wrote it; if there is none, keep the file as evidence.",
        ) from None
    values: dict[str, Any] = {}
    for attribute, one in record_type.keys_of_event.items():
        if one.spread is not None:
            values[attribute] = {name: value for name, value in data.items() if name in one.spread}
        else:
            values[attribute] = data.get(one.name, None if one.default is REQUIRED else one.default)
    return record_type(**values)


def event_table() -> str:
    """The events and their keys as a Markdown table, for docs/formats/ledger.md."""
    lines = ["| kind | when | keys |", "|---|---|---|"]
    for kind, record_type in RECORDS.items():
        words = "; ".join(
            f"`{name}`{'?' if optional else ''} {meaning}" for name, meaning, optional in _describe_keys(record_type)
        )
        when = " ".join((record_type.__doc__ or "").split())
        lines.append(f"| `{kind}` | {when} | {words} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def _describe_keys(record_type: type[EventRecord]) -> list[tuple[str, str, bool]]:
    """(key, meaning, whether it may be left out) of all keys of a record."""
    found: list[tuple[str, str, bool]] = []
    for one in record_type.keys_of_event.values():
        if one.spread is not None:
            found += [(name, meaning, True) for name, meaning in one.spread.items()]
        else:
            found.append((one.name, one.meaning, one.default is not REQUIRED))
    return found
