"""The packing table: boxes of any batch are scanned into cartons, and closed cartons are put on pallets.

What a read did is in the ledger before it is answered. The open carton and the open pallet of a table are there, too,
so a table that is killed goes on with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bss_mfg.core.code_patterns import CodePattern, matching_pattern
from bss_mfg.core.languages import COMMA, SEMICOLON, counted, joined, phrase
from bss_mfg.core.text import printable
from bss_mfg.errors import BssError, RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.logistic_codes import named_logistic_unit
from bss_mfg.ledger.named_units import named_unit
from bss_mfg.ledger.packing_records import MARKET, LogisticUnit, Place, Refused, UnitKind, other_market_words
from bss_mfg.model import Batch
from bss_mfg.station.check_codes import check_read
from bss_mfg.station.closing import Closer, PackingSetup
from bss_mfg.station.own_codes import OwnCodes
from bss_mfg.station.packing_answers import REFUSALS, Control, DeskAnswer, PackWord, control_of, desk_answer
from bss_mfg.station.station import MAX_LINE, OTHER_CAUSES
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisKind, diagnose_anywhere, known_specs
from bss_mfg.verify.scanned import WedgeLine

_KINDS: tuple[UnitKind, ...] = ("carton", "pallet")


@dataclass(frozen=True, slots=True)
class TableCounts:
    """Where a table stands; 0 where no carton or pallet is open. `packed` are the packages of this session,
    those apart that it took out again."""

    carton: int
    in_carton: int
    carton_size: int
    pallet: int
    on_pallet: int
    pallet_size: int
    packed: int


class PackingTable:
    """One table. `read` takes what the scanner typed."""

    def __init__(
        self,
        ledger: Ledger,
        setup: PackingSetup,
        *,
        market: str | None = None,
        expected: Callable[[str], Sequence[CodePattern]] = lambda product: (),
    ) -> None:
        self._ledger, self._setup, self._market, self._expected = ledger, setup, market, expected
        self._closer = Closer(ledger, setup)
        self._station = ledger.actor.station
        self._specs = known_specs(ledger)
        self._removing = False
        self._packed: set[Place] = set()

    @property
    def counts(self) -> TableCounts:
        """The counts of this moment."""
        carton = self._ledger.packing.open_at("carton", self._station)
        pallet = self._ledger.packing.open_at("pallet", self._station)
        return TableCounts(
            carton.number if carton else 0,
            carton.held if carton else 0,
            carton.size if carton else self._setup.carton.size,
            pallet.number if pallet else 0,
            pallet.held if pallet else 0,
            pallet.size if pallet else self._setup.pallet.size if self._setup.pallet else 0,
            len(self._packed),
        )

    @property
    def carton(self) -> LogisticUnit | None:
        """The open carton of this table."""
        return self._ledger.packing.open_at("carton", self._station)

    def resume(self) -> Iterator[DeskAnswer]:
        """Do what an earlier session was killed before: close what is full, and send labels that no printer has."""
        if self._setup.send and self._ledger.packing.not_sent(self._station):
            yield self._send_labels()
        for kind in _KINDS:
            unit = self._ledger.packing.open_at(kind, self._station)
            if unit and unit.full and unit.label is None:  # one that was closed before was opened on purpose
                yield self._close(unit, "")

    def read(self, line: str) -> DeskAnswer | None:
        """Do what one line says; None for an empty one."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return None
        if control := control_of(text):
            return self._obey(control)
        removing, self._removing = self._removing, False
        if unit := named_logistic_unit(self._ledger, text):
            return self._take_unit(unit, removing=removing)
        found = diagnose_anywhere(WedgeLine(text[:MAX_LINE]), self._ledger, self._specs)
        if not found.matches or found.batch is None or found.package is None:
            return self._explain(text, found, removing=removing)
        place = found.batch, found.package
        return self._remove(place, found.serials) if removing else self._pack(place, found.serials)

    def _pack(self, place: Place, serials: str) -> DeskAnswer:
        batch = self._ledger.batches.get(place[0])
        market = market_of(batch)
        if self._market is not None and market != self._market:
            return desk_answer(PackWord.OTHER_MARKET, other_market_words(market, self._market), place, serials)
        packed = self._ledger.packing.pack(place, self._station, self._setup.carton)
        if isinstance(packed, Refused):
            return desk_answer(REFUSALS[packed.kind], packed.words, place, serials)
        self._packed.add(place)
        if packed.full:
            return self._close(packed, "", place, serials)
        words = _held_in(packed)
        return desk_answer(PackWord.PACKED, words, place, serials)

    def _remove(self, place: Place, serials: str) -> DeskAnswer:
        left = self._ledger.packing.unpack(place)
        if isinstance(left, Refused):
            return desk_answer(REFUSALS[left.kind], left.words, place, serials)
        self._packed.discard(place)
        return desk_answer(PackWord.REMOVED, _held_in(left), place, serials)

    def _take_unit(self, unit: LogisticUnit, *, removing: bool) -> DeskAnswer:
        """A carton's or pallet's label was scanned: the carton is put on the pallet, or taken off."""
        store = self._ledger.packing
        if unit.kind == "pallet" or (self._setup.pallet is None and not removing):
            held = {"unit": unit_on_pallet(unit), "held": unit.held, "size": unit.size}
            closed = phrase("{unit}: {held} of {size}, closed", **held)
            return desk_answer(
                PackWord.OTHER_CODE, closed if unit.closed_at else phrase("{unit}: {held} of {size}, open", **held)
            )
        if removing:
            left = store.take_off_pallet(unit.number)
            if isinstance(left, Refused):
                return desk_answer(REFUSALS[left.kind], left.words)
            return desk_answer(PackWord.OFF_PALLET, phrase("{unit}: {held}", unit=unit.words, held=_held_on(left)))
        assert self._setup.pallet  # noqa: S101 (looked at above)
        put = store.put_on_pallet(unit.number, self._station, self._setup.pallet)
        if isinstance(put, Refused):
            return desk_answer(REFUSALS[put.kind], put.words)
        if put.full:
            return self._close(put, "")
        return desk_answer(PackWord.ON_PALLET, phrase("{unit}: {held}", unit=unit.words, held=_held_on(put)))

    # --- what the operator says ---------------------------------------------------------------------------------------

    def _obey(self, control: Control) -> DeskAnswer:
        if control.act == "remove":
            self._removing = not self._removing
            if self._removing:
                words = phrase("scan the box, or the carton on the pallet; again: nothing")
                return desk_answer(PackWord.SCAN_TO_REMOVE, words)
            return desk_answer(PackWord.REMOVE_ENDED, phrase("boxes are packed again"))
        self._removing = False
        if control.act == "label":
            return self._send_labels()
        kind: UnitKind = "carton" if control.act == "close carton" else "pallet"
        unit = self._ledger.packing.open_at(kind, self._station)
        if unit is None:
            none = phrase("no carton is open here") if kind == "carton" else phrase("no pallet is open here")
            return desk_answer(PackWord.REFUSED, none)
        return self._close(unit, control.reason)

    def close(self, kind: UnitKind, reason: str) -> DeskAnswer:
        """Close the open carton or pallet of this table, full or not."""
        return self._obey(Control("close carton" if kind == "carton" else "close pallet", reason))

    def _close(self, unit: LogisticUnit, reason: str, place: Place | None = None, serials: str = "") -> DeskAnswer:
        """Close a carton or pallet, and with the last carton its pallet; print the labels."""
        try:
            closed = self._closer.close(unit, reason)
        except RefusedError as error:
            problems = f": {'; '.join(error.problems)}" if error.problems else ""
            return desk_answer(PackWord.REFUSED, f"{error.what}{problems}. {error.way_out}", place, serials)
        unit = closed.unit
        held = {"unit": unit.words, "held": unit.held, "size": unit.size, "label": unit.label}
        words: list[str] = [phrase("{unit}: {held} of {size}, label {label}", **held)]
        word = PackWord.CARTON_CLOSED if unit.kind == "carton" else PackWord.PALLET_CLOSED
        pallet = closed.pallet
        if pallet:
            words.append(_held_on(pallet))
        if closed.not_on_pallet:
            words.append(closed.not_on_pallet.words)
            word = PackWord.NOT_ON_PALLET  # the box itself is packed: no refusal of it
        if trouble := self._send(closed.unit):
            return desk_answer(PackWord.LABEL_NOT_SENT, joined(SEMICOLON, [*words, trouble]), place, serials)
        if pallet and pallet.full:
            of_pallet = self._close(pallet, "", place, serials)
            return desk_answer(
                PackWord(of_pallet.word), joined(SEMICOLON, [words[0], of_pallet.detail]), place, serials
            )
        return desk_answer(word, joined(SEMICOLON, words), place, serials)

    def _send(self, unit: LogisticUnit) -> str:
        """Send a label; what is wrong, in words."""
        try:
            self._closer.send(unit)
        except RefusedError:
            raise
        except BssError as error:
            return phrase("{error}. Scan or type `label` to send it again", error=error.what)
        return ""

    def _send_labels(self) -> DeskAnswer:
        """Send all labels that no printer has."""
        if self._setup.send is None:
            words = phrase("labels are files here, in {folder}: start with --send", folder=self._setup.folder)
            return desk_answer(PackWord.REFUSED, words)
        waiting = self._ledger.packing.not_sent(self._station)
        for at, unit in enumerate(waiting):
            if trouble := self._send(unit):
                left = counted("{count:,} label left", "{count:,} labels left", len(waiting) - at)
                words = phrase("{unit}: {trouble}", unit=unit.words, trouble=trouble)
                return desk_answer(PackWord.LABEL_NOT_SENT, joined(SEMICOLON, (words, left)))
        names = joined(COMMA, (unit.words for unit in waiting)) or phrase("none was left")
        return desk_answer(PackWord.LABELS_SENT, names)

    # --- what is no box -----------------------------------------------------------------------------------------------

    def _explain(self, text: str, found: Diagnosis, *, removing: bool) -> DeskAnswer:
        """The answer to a read that is no package's barcode as it was issued. Who was to remove something still is."""
        self._removing = removing
        place = (found.batch, found.package) if found.batch and found.package else None
        if found.kind is DiagnosisKind.SCRAPPED and place:
            return self._remove_gone(place, found, removing=removing)
        if check := check_read(text):
            return DeskAnswer(check.tone, str(check.word), check.detail)
        of_none = found.batch is None and found.cause in OTHER_CAUSES
        if of_none and (other := self._other_code(text)):
            return desk_answer(PackWord.OTHER_CODE, other)
        return desk_answer(PackWord.WRONG_LABEL, found.detail or printable(text, 60), place, found.serials)

    def _remove_gone(self, place: Place, found: Diagnosis, *, removing: bool) -> DeskAnswer:
        """What was scrapped after it was packed is taken out by its label as well."""
        if not removing:
            return desk_answer(PackWord.SCRAPPED, found.detail, place, found.serials)
        self._removing = False
        return self._remove(place, found.serials)

    def _other_code(self, text: str) -> str:
        """What another code of a box is, in words: one that the product expects, or one of our labels."""
        carton = self.carton
        contents = self._ledger.packing.contents(carton) if carton else []
        batch = self._ledger.batches.get(contents[0][0]) if contents else None
        said = WedgeLine(text[:MAX_LINE]).text
        pattern = matching_pattern(self._expected(batch.product), said, None) if batch else None
        if pattern:
            return phrase("{code}, which the product expects: scan our label, too", code=pattern.name)
        code = OwnCodes(self._ledger, batch, self._specs).find(said) if batch else None
        if code:
            return phrase("{code}: not the one to scan. Scan the package's barcode", code=code.words)
        unit = named_unit(self._ledger, said)
        if unit is None:
            return ""
        return phrase("a code with the serial {serial}: scan the package's barcode", serial=unit.serial)


def _held_in(carton: LogisticUnit) -> str:
    return phrase("{held} of {size} in {unit}", held=carton.held, size=carton.size, unit=carton.words)


def _held_on(pallet: LogisticUnit) -> str:
    return phrase("{held} of {size} on {unit}", held=pallet.held, size=pallet.size, unit=pallet.words)


def unit_on_pallet(unit: LogisticUnit) -> str:
    """What a carton or pallet is called, with the pallet that a carton is on."""
    return phrase("{unit}, on pallet {pallet}", unit=unit.words, pallet=unit.pallet) if unit.pallet else unit.words


def market_of(batch: Batch) -> str:
    """The market that a batch's packages are for; empty where none is said."""
    return batch.facts.get(MARKET, "")
