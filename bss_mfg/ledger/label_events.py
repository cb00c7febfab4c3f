"""What the history says of label files: that they were made, superseded, and what became of them at printers."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key
from bss_mfg.model import FillOrder, SymbolStyle


class LabelFileEvent(EventRecord):
    """A label file was made."""

    file: str = key("name")
    sha256: str = key("of the file")
    template: str = key("name")
    each: str = key("what one label is for: `package`, `unit`, `carton` or `batch`")
    first: int = key("number of the first label")
    count: int = key("how many labels")
    printer: str | None = key("name; not in early ledgers", default=None)
    reason: str | None = key("why, of a reprint", default=None)
    serials: Sequence[str] | None = key("which were asked for, of a reprint", default=None)
    labels_per_file: int = key("as asked for; 960 where it is left out", default=960)
    start_at: int = key("first label of the first page; 1 where it is left out", default=1)
    order: FillOrder = key("in which places are filled; `rows` where it is left out", default="rows")
    language: str = key("of the product's own fields; left out where they are shown as they are", default="")
    symbols: SymbolStyle = key("`mask` or `vector`; `mask` where it is left out", default="mask")
    copies: int = key("how many of each label; 1 where it is left out", default=1)
    collate: bool = key("whether copies are sets; true where it is left out", default=True)
    numbers: Sequence[Sequence[int]] | None = key(
        "of the labels, as [first, last] of consecutive ones, where they don't all run on; not in early ledgers",
        default=None,
    )
    kept: str = key("digest of what else is kept of it, with its template; not in early ledgers", default="")

    @property
    def ranges(self) -> Sequence[Sequence[int]]:
        """Numbers of the labels, as [first, last] of consecutive ones."""
        return self.numbers or [[self.first, self.first + self.count - 1]]


class LabelsMade(LabelFileEvent):
    """A label file was made for the first time."""

    kind = EventKind.LABELS_MADE


class LabelsMadeAgain(LabelFileEvent):
    """A label file was made once more."""

    kind = EventKind.LABELS_MADE_AGAIN


class LabelsReprinted(LabelFileEvent):
    """Single labels were made once more."""

    kind = EventKind.LABELS_REPRINTED


class LabelFileSuperseded(EventRecord):
    """All labels of a label file were made again in others: it is not to be printed any more."""

    kind = EventKind.LABEL_FILE_SUPERSEDED
    file: str = key("name")
    sha256: str = key("of the file")
    count: int = key("how many labels the file has")


class LabelsToSendAgain(EventRecord):
    """A label file that went to a printer before is to be sent once more, on purpose."""

    kind = EventKind.LABELS_TO_SEND_AGAIN
    file: str = key("name")
    sha256: str = key("of the file")


class LabelsSending(EventRecord):
    """A label file is about to go to a printer."""

    kind = EventKind.LABELS_SENDING
    file: str = key("name")
    sha256: str = key("of the file")
    address: str = key("address of the printer", name="to")
    total: int = key("how many labels the file has", name="of")


class SendingResult(EventRecord):
    """What became of a label file that went to a printer."""

    file: str = key("name")
    sha256: str = key("of the file")
    address: str = key("address of the printer", name="to")
    total: int = key("how many labels the file has", name="of")
    labels: int = key("how many were handed over at most")
    bytes_sent: int = key("how many bytes were handed over", name="octets")


class LabelsSent(SendingResult):
    """A label file was handed over whole."""

    kind = EventKind.LABELS_SENT


class LabelsCutOff(SendingResult):
    """The printer broke off."""

    kind = EventKind.LABELS_CUT_OFF


class LabelsNotSent(SendingResult):
    """The printer took nothing."""

    kind = EventKind.LABELS_NOT_SENT
