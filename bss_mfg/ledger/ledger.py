"""The ledger: what was issued, printed, scanned, exported. Plain records in, plain records out."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.core.files import build_atomically
from bss_mfg.errors import LedgerError
from bss_mfg.ledger.answer_check import check_answers
from bss_mfg.ledger.approval_history import check_approvals
from bss_mfg.ledger.batch_lock import BatchWork, batch_lock
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.bound_check import check_bound, unbound_batches
from bss_mfg.ledger.checkpoints import CheckpointStore
from bss_mfg.ledger.comparing import LedgerComparison, compare
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.control_logs import ControlLogStore
from bss_mfg.ledger.data_key_check import check_data_keys
from bss_mfg.ledger.defect_cause import ledger_error_behind
from bss_mfg.ledger.device_checks import DeviceCheckStore
from bss_mfg.ledger.events import WorkspaceCreated
from bss_mfg.ledger.exports import ExportStore
from bss_mfg.ledger.flash import FlashStore
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.home import Home
from bss_mfg.ledger.identities import IdentityStore
from bss_mfg.ledger.integrity import check_payloads, check_states
from bss_mfg.ledger.key_folder import KeyFolder
from bss_mfg.ledger.migration import migrate
from bss_mfg.ledger.packages import PackageStore
from bss_mfg.ledger.packing import PackingStore
from bss_mfg.ledger.packing_check import check_packing
from bss_mfg.ledger.payload_search import PayloadSearch
from bss_mfg.ledger.pictures import PictureStore
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.policy_note import PolicyNote
from bss_mfg.ledger.print_queue import PrintQueueStore
from bss_mfg.ledger.prints import PrintStore
from bss_mfg.ledger.products import ProductStore
from bss_mfg.ledger.published_files import PublishedFileStore
from bss_mfg.ledger.queue_check import check_queues
from bss_mfg.ledger.reads import ReadStore
from bss_mfg.ledger.release_counts import check_released
from bss_mfg.ledger.releases import ReleaseStore
from bss_mfg.ledger.row_check import check_rows
from bss_mfg.ledger.row_times import StepBack, check_row_times, steps_back
from bss_mfg.ledger.sealed_check import check_sealed
from bss_mfg.ledger.server import connect_server, created_on_server
from bss_mfg.ledger.settings import SettingsStore
from bss_mfg.ledger.sqlite import connect
from bss_mfg.ledger.two_persons import TwoPersonStore
from bss_mfg.ledger.unit_table import TableStore
from bss_mfg.ledger.units import UnitStore
from bss_mfg.model import Actor

if TYPE_CHECKING:
    from bss_mfg.ledger.vault import Vault


class Ledger:
    """An open ledger: its stores. Reading methods return records; writing ones commit before they return, unless a
    transaction is open."""

    def __init__(self, connection: Database, place: LedgerPlace, actor: Actor) -> None:
        self._db = connection
        self.place = place
        self.actor = actor
        self.history = HistoryStore(connection, actor)
        self.settings = SettingsStore(connection)
        self.checkpoints = CheckpointStore(connection, self.history)
        self.home = Home(connection, place)
        self.two_persons = TwoPersonStore(connection, self.history, self.home, PolicyNote(place), actor)
        self.products = ProductStore(connection, self.history, self.home, self.two_persons)
        self.batches = BatchStore(connection, self.history, self.two_persons)
        self.units = UnitStore(connection, self.history, self.batches)
        self.packages = PackageStore(connection, self.history, self.batches, self.units)
        self.packing = PackingStore(connection, self.history, self.batches, self.packages, self.home)
        self.payload_search = PayloadSearch(connection, self.batches)
        self.identities = IdentityStore(connection, self.history)
        self.prints = PrintStore(connection, self.history, self.batches)
        self.print_queue = PrintQueueStore(connection, self.history, self.batches, self.prints, actor)
        self.reads = ReadStore(connection, self.history, self.batches)
        self.pictures = PictureStore(connection, self.history)
        self.exports = ExportStore(connection, self.history, self.batches)
        self.flash = FlashStore(connection, self.history, self.batches)
        self.device_checks = DeviceCheckStore(connection, self.history, self.batches)
        self.releases = ReleaseStore(connection, self.history, self.batches, self.two_persons)
        self.control_logs = ControlLogStore(connection, self.history, self.batches)
        self.published = PublishedFileStore(connection, self.history)
        self.tables = TableStore(connection, self.history, self.batches, self.prints)

    @classmethod
    def create(cls, place: LedgerPlace, actor: Actor, vault: Vault, vault_kind: str) -> None:
        """Make a new ledger, whole or not at all, that remembers the id of its vault key and how that is kept."""

        def fill(ledger: Ledger) -> None:
            ledger_id = str(uuid.uuid4())
            ledger._db.execute("INSERT INTO about VALUES ('ledger_id', ?)", (ledger_id,))
            ledger.home.note()
            if place.url:
                KeyFolder(place.key_folder, ledger_id).prepare()
            ledger.settings.remember_vault(vault.id, vault_kind)
            ledger.history.append(None, WorkspaceCreated(ledger=ledger_id, vault=vault.id))

        def make(new: Path) -> None:
            connection = connect(new, create=True)
            with cls(connection, LedgerPlace.of_file(new), actor) as ledger, ledger.transaction():
                fill(ledger)

        if place.url:
            with created_on_server(place) as connection:
                fill(cls(connection, place, actor))
        else:
            build_atomically(place.file, make)

    @classmethod
    def open(cls, place: LedgerPlace | Path, actor: Actor, *, to_look: bool = False) -> Ledger:
        """Open an existing ledger, by its place or its file; one of an earlier version is brought up to date.
        `TamperedError` where its schema is not ours, so that views could give any rows; only `to_look` it is opened all
        the same."""
        if isinstance(place, Path):
            place = LedgerPlace.of_file(place)
        with contextlib.ExitStack() as unless_it_works:
            connection: Database = connect_server(place) if place.url else connect(place.file)
            unless_it_works.callback(connection.close)
            migrate(connection, actor)
            if not to_look and (wrong := connection.schema_error()):
                raise wrong
            unless_it_works.pop_all()
        return cls(connection, place, actor)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, _kind: object = None, error: BaseException | None = None, _trace: object = None) -> None:
        try:
            if told := ledger_error_behind(error, self._db, self.history):
                raise told from error
        finally:
            self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside are one."""
        return self._db.transaction()

    @contextlib.contextmanager
    def issuing(self) -> Iterator[None]:
        """As `transaction`, in which identities are issued: what was issued is noted beside the ledger then."""
        with self._db.transaction():
            yield
        self.home.note_issued()

    def moment(self) -> AbstractContextManager[None]:
        """All that is read inside is of one moment; for a few short questions, because writers wait."""
        return self._db.moment()

    def locked(self, batch_id: str, work: BatchWork, wait_s: float = 0.0) -> AbstractContextManager[None]:
        """Held while a command does such work on a batch; `LedgerError` where another does, after waiting for as long
        as is usual for such work, and for `wait_s` seconds at least."""
        return batch_lock(self._db, batch_id, work, wait_s)

    def compare(self, other: Ledger, most: int) -> LedgerComparison:
        """How far another ledger has the same history, and what both have issued; at most `most` of that is named."""
        return compare(self._db, other._db, most)

    def copy_to(self, target: Path, pages: int = -1) -> None:
        """Copy everything, as it is at one moment, into a new file; `pages` at once, so that writers wait little."""
        self._db.copy_to(target, pages)

    def check(self) -> int:
        """The database's own check, the hash chain, signed checkpoints, and against what the history says: each batch's
        barcode strings and states, released keys, pinned ones, published files, flashers with their claims and reports,
        cartons and pallets, print queues, when all that was, and what two persons signed; returns the number of
        events."""
        self._db.check_integrity()
        events = self.history.verify()
        if wrong := self._db.values_error():
            raise wrong
        self.checkpoints.check()
        self._compare(lambda: check_bound(self._db, self.history))
        self._compare(lambda: check_sealed(self._db, self.history))
        self._compare(lambda: check_rows(self._db, self.history))
        folder = KeyFolder(self.place.key_folder, self.settings.ledger_id()) if self.place.url else None
        self._compare(lambda: check_data_keys(self._db, self.history, folder))
        for batch in self.batches.all():
            self._compare(lambda: check_payloads(self._db, batch.id))  # noqa: B023  (called at once)
            self._compare(lambda: check_states(self._db, batch.id))  # noqa: B023
        for check in (self.products.check, self.published.check, self.flash.check):
            self._compare(check)
        for table_check in (
            check_released,
            check_packing,
            check_queues,
            check_answers,
            check_row_times,
            check_approvals,
        ):
            self._compare(lambda: table_check(self._db, self.history))  # noqa: B023
        return events

    def schema_error(self) -> LedgerError | None:
        """What is wrong with the schema of a ledger that was opened to look at it."""
        return self._db.schema_error()

    def unbound_batches(self) -> list[str]:
        """The batches that were issued by versions whose events bound less: what the check finds of their units is
        less, too."""
        return unbound_batches(self.history)

    def steps_back(self) -> list[StepBack]:
        """Where the history's time runs backwards, because a station's clock was wrong: nothing is damaged by it."""
        return steps_back(self._db)

    def _compare(self, check: Callable[[], None]) -> None:
        """`LedgerError` where tables are not what the history says. What seems so while others write is looked at once
        more while nobody does."""
        head = self.history.head()
        try:
            check()
        except LedgerError:
            if self._db.in_transaction or self.history.head() == head:
                raise
            with self._db.transaction():
                check()
