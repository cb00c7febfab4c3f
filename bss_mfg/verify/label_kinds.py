"""Codes of our own labels of another kind than was asked for, or of another batch: which labels they are on.

A unit's label is no label of a package. Whoever shows one is told what it is, and which command reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bss_mfg.imaging.geometry import overlap_share
from bss_mfg.imaging.placed_codes import PageCode
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.named_units import named_unit
from bss_mfg.model import LabelScope
from bss_mfg.verify.diagnosis import COMPANION_CAUSES
from bss_mfg.verify.label_names import LabelNames
from bss_mfg.verify.label_source import LabelPages
from bss_mfg.verify.page_account import KnownLabel, PageSeen
from bss_mfg.verify.page_findings import PageSymbol

_KINDS: tuple[LabelScope, ...] = ("unit", "carton", "package")
_SAME = 0.2


@dataclass(frozen=True, slots=True)
class LabelKinds:
    """Looks up labels by their codes, of a batch at hand first; `each` is what labels are for that were asked for."""

    ledger: Ledger
    batch_id: str
    each: LabelScope
    pages: LabelPages | None
    """What is on labels; without them only the units that codes name are known."""

    def known(self, texts: Iterable[str]) -> dict[str, KnownLabel]:
        """Of codes' texts those of labels of another kind or batch."""
        found: dict[str, KnownLabel] = {}
        left = dict.fromkeys(texts)
        units = {text: unit for text in left if (unit := named_unit(self.ledger, text, self.batch_id))}
        for text in left:
            if owner := self.ledger.packages.find_by_payload(text):
                found[text] = self._label(*owner, "package")
        batches = dict.fromkeys((self.batch_id, *(unit.batch for unit in units.values())))
        for batch in batches:
            for each in _KINDS:
                self._find(batch, each, [text for text in left if text not in found], found)
        for text, unit in units.items():
            found.setdefault(text, KnownLabel(unit.serial, None, self._elsewhere(unit.batch)))
        asked = (self.each, "")
        return {text: label for text, label in found.items() if (label.each, label.batch) != asked}

    def _find(self, batch: str, each: LabelScope, texts: Sequence[str], found: dict[str, KnownLabel]) -> None:
        """The labels of one kind of a batch that say some texts in their codes."""
        if self.pages is None or not texts:
            return
        files = self.ledger.prints.in_force(batch, each).files
        for label_file in {file.template_digest: file for file in files}.values():
            for text, number in self.pages.find(label_file, texts).items():
                found.setdefault(text, self._label(batch, number, each))

    def _label(self, batch: str, number: int, each: LabelScope) -> KnownLabel:
        names = LabelNames(self.ledger, self.ledger.batches.get(batch), each).of([number])
        return KnownLabel(names.get(number, f"{each} {number}"), each, self._elsewhere(batch))

    def _elsewhere(self, batch: str) -> str:
        return "" if batch == self.batch_id else batch


def with_known_labels(
    kinds: LabelKinds, read: Callable[[], Sequence[PageCode]], symbols: Sequence[PageSymbol], seen: PageSeen
) -> tuple[list[PageSymbol], PageSeen]:
    """The symbols of a page, of foreign ones those that are on other labels of ours as such; and what was seen on the
    page, with these labels where it is not understood. `read` gives all codes of the page."""
    foreign = {at for at, item in enumerate(symbols) if item.diagnosis and item.diagnosis.cause in COMPANION_CAUSES}
    if seen.understood and not foreign:
        return list(symbols), seen
    codes = read()
    known = kinds.known(code.text for code in codes)
    if not known:
        return list(symbols), seen
    named = [
        _named(item, [code for code in codes if code.text in known], known) if at in foreign else item
        for at, item in enumerate(symbols)
    ]
    labels = tuple(dict.fromkeys(known.values()))
    return named, seen if seen.understood else replace(seen, known=labels)


def _named(item: PageSymbol, codes: Sequence[PageCode], known: dict[str, KnownLabel]) -> PageSymbol:
    """A symbol with which label it is on."""
    if item.diagnosis is None:
        return item
    own = next((code for code in codes if overlap_share(code.read.box, item.read.box) > _SAME), None)
    if own is None:
        return item
    label = known[own.text]
    return replace(item, diagnosis=replace(item.diagnosis, detail=label.words, serials=label.name))
