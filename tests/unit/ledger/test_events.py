"""Each kind of event has a record that is stored, byte for byte, as earlier programs stored it."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import event_chain, events, packing_events
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.events import KeyPinned, KeysReleased, LabelRead, ManifestAnswered
from tests.helpers import ROOT
from tests.helpers.factory import Factory

OLD = ROOT / "tests" / "unit" / "ledger" / "old_ledgers"
ACTOR = ("operator", "station", "version")
NOT_RECORDED = {
    EventKind.ACT_APPROVED,
    EventKind.POLICY_SET,
    EventKind.CHECKPOINT_COSIGNED,
    EventKind.CHECKPOINT_TIMESTAMPED,
    EventKind.CHECKPOINT_SIGNED,
    EventKind.CHECKPOINT_WITNESSED,
    EventKind.SITE_KEY_MADE,
    EventKind.QUEUE_ADDED,
    EventKind.QUEUE_CANCELLED,
    EventKind.QUEUE_MOVED,
    EventKind.QUEUE_PRINTED,
    EventKind.QUEUE_SPOILED,
    EventKind.QUEUE_TAKEN,
    EventKind.ROLL_ENDED,
    EventKind.FILES_PUBLISHED,
    EventKind.FLASHER_REGISTERED,
    EventKind.FLASH_REPORTED,
    EventKind.DEVICE_CHECKING,
    EventKind.DEVICE_CHECKED,
    EventKind.KEY_REPINNED,
    EventKind.KEYS_RELEASING,
    EventKind.LABELS_CUT_OFF,
    EventKind.LABELS_TO_SEND_AGAIN,
    EventKind.LABEL_FILE_SUPERSEDED,
    EventKind.LEDGER_ADOPTED,
    EventKind.LEDGER_MIGRATED,
    EventKind.MANIFEST_WITHDRAWN,
    EventKind.ROLE_GRANTED,
    EventKind.SPEC_CONFIRMED,
    EventKind.BATCH_REOPENED,
    EventKind.GRADE_MEASURED,
    EventKind.PICTURE_READ,
    EventKind.PACKAGE_PACKED,
    EventKind.PACKAGE_UNPACKED,
    EventKind.CARTON_CLOSED,
    EventKind.CARTON_REOPENED,
    EventKind.CARTON_ON_PALLET,
    EventKind.CARTON_OFF_PALLET,
    EventKind.PALLET_CLOSED,
    EventKind.PALLET_REOPENED,
    EventKind.PACKING_LABEL_SENT,
}
"""Kinds of which the old ledgers have no event; `WRITTEN` has their texts."""

WRITTEN: list[tuple[EventRecord, str]] = [
    (
        events.KeyRepinned(product="bulb", before="a" * 64, after="b" * 64, reason="new key"),
        f'{{"product":"bulb","from":"{"a" * 64}","to":"{"b" * 64}","reason":"new key"}}',
    ),
    (
        events.BatchReopened(reason="x", request="r", approved_by={"alice": "SHA256:a", "bob": "SHA256:b"}),
        '{"request":"r","approved_by":{"alice":"SHA256:a","bob":"SHA256:b"},"reason":"x"}',
    ),
    (
        events.PolicySet(persons={"alice": "ssh-ed25519 A", "bob": "ssh-ed25519 B"}, two_persons=["reopen"]),
        '{"persons":{"alice":"ssh-ed25519 A","bob":"ssh-ed25519 B"},"two_persons":["reopen"]}',
    ),
    (
        events.ActApproved(act="reopen", text="t", signatures={"alice": "a", "bob": "b"}),
        '{"act":"reopen","text":"t","signatures":{"alice":"a","bob":"b"}}',
    ),
    (
        events.LabelsCutOff(file="f", sha256="s", address="tcp://p:9100", total=9, labels=3, bytes_sent=700),
        '{"file":"f","sha256":"s","to":"tcp://p:9100","of":9,"labels":3,"octets":700}',
    ),
    (
        events.LedgerAdopted(branch="0a1b2c3d", reason="moved", skipped_serials=0),
        '{"branch":"0a1b2c3d","reason":"moved","skipped_serials":0}',
    ),
    (events.LabelsToSendAgain(file="f", sha256="s"), '{"file":"f","sha256":"s"}'),
    (events.LabelFileSuperseded(file="f", sha256="s", count=9), '{"file":"f","sha256":"s","count":9}'),
    (
        events.LabelsQueued(entry=7, press="p2", each="package", labels=9, template="t", digest="d", again=True),
        '{"entry":7,"press":"p2","each":"package","labels":9,"template":"t","digest":"d","again":true}',
    ),
    (
        events.QueueTaken(entry=7, press="p3", before="p2", reason="dark"),
        '{"entry":7,"press":"p3","from":"p2","reason":"dark"}',
    ),
    (events.QueueMoved(entry=7, press="p3", before="p2"), '{"entry":7,"press":"p3","from":"p2"}'),
    (
        events.QueueCancelled(entry=7, press="p3", labels=4, reason="old"),
        '{"entry":7,"press":"p3","labels":4,"reason":"old"}',
    ),
    (
        events.QueuePrinted(entry=7, press="p3", labels=9, printed=True),
        '{"entry":7,"press":"p3","labels":9,"printed":true}',
    ),
    (
        events.LabelsSpoiled(entry=7, press="p3", roll=2, stretch=1, last_good="A4", labels=2),
        '{"entry":7,"press":"p3","roll":2,"stretch":1,"last_good":"A4","labels":2}',
    ),
    (
        events.RollEnded(press="p3", roll=2, labels=998, spoiled=2),
        '{"press":"p3","roll":2,"labels":998,"spoiled":2}',
    ),
    (
        events.FilesPublished(files=2, digest="d" * 64, changed=["specs/x.toml"]),
        f'{{"files":2,"digest":"{"d" * 64}","changed":["specs/x.toml"]}}',
    ),
    (events.FlasherRegistered(name="f", recipient="age1x"), '{"name":"f","recipient":"age1x"}'),
    (
        events.FlashReported(file="f", sha256="s", passed=[[1, 4]], failed=[[6, 6]], details={"6": "no answer"}),
        '{"file":"f","sha256":"s","passed":[[1,4]],"failed":[[6,6]],"details":{"6":"no answer"}}',
    ),
    (events.DeviceChecking(unit=5, reason="antenna"), '{"unit":5,"reason":"antenna"}'),
    (
        events.DeviceChecked(
            unit=5, passed=False, verdict="refused", awaited="random", code=5, remarks=["cmac-too"], not_seen_after=True
        ),
        '{"unit":5,"passed":false,"verdict":"refused","awaited":"random","code":5,"remarks":["cmac-too"],'
        '"not_seen_after":true}',
    ),
    (events.RoleGranted(role="qa", to="press2"), '{"role":"qa","to":"press2"}'),
    (events.LedgerMigrated(before=3, after=4), '{"from":3,"to":4}'),
    (
        ManifestAnswered(file="f", sha256="s", answers={"rejected": 1, "accepted": 2}),
        '{"file":"f","sha256":"s","rejected":1,"accepted":2}',
    ),
    (
        KeysReleased(folder="keys", first="A1", last="A9", format="json", sealed_to=["age1"], reason="", units=9),
        '{"folder":"keys","first":"A1","last":"A9","format":"json","sealed_to":["age1"],"reason":"","units":9}',
    ),
    (
        events.KeysReleasing(
            path="/stick/k.csv", each="batch", folder="stick", numbers=[[1, 4], [6, 6]], units=5, format="csv"
        ),
        '{"path":"/stick/k.csv","each":"batch","folder":"stick","numbers":[[1,4],[6,6]],"units":5,"format":"csv"}',
    ),
    (
        events.FileVerified(file="f", sha256="s", labels=2, second_reader=True),
        '{"file":"f","sha256":"s","labels":2,"second_reader":true}',
    ),
    (events.ManifestMade(file="manifest.jsonl", format="jsonl"), '{"file":"manifest.jsonl","format":"jsonl"}'),
    (
        events.ManifestWithdrawn(serials=["A1", "A2"], reference="case 4711"),
        '{"serials":["A1","A2"],"reference":"case 4711"}',
    ),
    (
        events.SpecConfirmed(spec="mine", digest="d" * 64, document="Guide"),
        f'{{"spec":"mine","digest":"{"d" * 64}","document":"Guide"}}',
    ),
    (events.PackagesReturned(packages=[[1, 3]], count=3), '{"packages":[[1,3]],"count":3}'),
    (packing_events.PackagePacked(package=3, carton=17), '{"package":3,"carton":17}'),
    (packing_events.PackageUnpacked(package=3, carton=17), '{"package":3,"carton":17}'),
    (
        packing_events.CartonClosed(
            packages=[[1, 2], [4, 4]],
            count=3,
            carton=17,
            sscc="395060000000000177",
            reason="last",
            label="f",
            sha256="s",
        ),
        '{"packages":[[1,2],[4,4]],"count":3,"carton":17,"sscc":"395060000000000177","reason":"last","label":"f",'
        '"sha256":"s"}',
    ),
    (
        packing_events.CartonReopened(packages=[[1, 2]], count=2, carton=17, reason="wrong box"),
        '{"packages":[[1,2]],"count":2,"carton":17,"reason":"wrong box"}',
    ),
    (
        packing_events.CartonOnPallet(packages=[[1, 2]], count=2, carton=17, pallet=18),
        '{"packages":[[1,2]],"count":2,"carton":17,"pallet":18}',
    ),
    (
        packing_events.CartonOffPallet(packages=[], count=0, carton=17, pallet=18),
        '{"packages":[],"count":0,"carton":17,"pallet":18}',
    ),
    (
        packing_events.PalletClosed(packages=[[1, 2]], count=2, pallet=18, cartons=1, label="f", sha256="s"),
        '{"packages":[[1,2]],"count":2,"pallet":18,"cartons":1,"label":"f","sha256":"s"}',
    ),
    (
        packing_events.PalletReopened(packages=[[1, 2]], count=2, pallet=18, reason="wrong carton"),
        '{"packages":[[1,2]],"count":2,"pallet":18,"reason":"wrong carton"}',
    ),
    (
        packing_events.PackingLabelSent(number=17, label="f", address="tcp://p:9100"),
        '{"number":17,"label":"f","to":"tcp://p:9100"}',
    ),
    (events.BatchReopened(reason="one more"), '{"reason":"one more"}'),
    (
        events.BatchClosed(printed=4, verified=3, scrapped=1, in_hand=0, unprinted=2, reason="not sold"),
        '{"printed":4,"verified":3,"scrapped":1,"in_hand":0,"unprinted":2,"reason":"not sold"}',
    ),
    (
        events.LabelRead(verdict="matched", package=3, file="a.pdf", page=1, x_mm=1.0, y_mm=2.0, of="print", told=True),
        '{"verdict":"matched","package":3,"file":"a.pdf","page":1,"x_mm":1.0,"y_mm":2.0,"of":"print","told":true}',
    ),
    (
        events.PictureRead(file="a.png", sha256="d" * 64, page=1, pixels="e" * 64, after=41),
        f'{{"file":"a.png","sha256":"{"d" * 64}","page":1,"pixels":"{"e" * 64}","after":41}}',
    ),
    (
        events.GradeMeasured(
            package=3,
            grade="B",
            grades={"modulation": 2.5},
            measured_at="2026-11-28T14:00:05Z",
            file="e.csv",
            sha256="d" * 64,
            row=2,
            mapping="own",
        ),
        '{"package":3,"grade":"B","grades":{"modulation":2.5},"measured_at":"2026-11-28T14:00:05Z","file":"e.csv",'
        f'"sha256":"{"d" * 64}","row":2,"mapping":"own"}}',
    ),
    (events.SiteKeyMade(site_key="a+00000000+AQ=="), '{"key":"a+00000000+AQ=="}'),
    (
        events.CheckpointSigned(size=2, site_key="a+00000000+AQ==", note="a\n2\nAA==\n", subtrees=["ff"], cause="day"),
        r'{"size":2,"key":"a+00000000+AQ==","note":"a\n2\nAA==\n","subtrees":["ff"],"cause":"day"}',
    ),
    (events.CheckpointCosigned(size=2, lines=["x"]), '{"size":2,"lines":["x"]}'),
    (
        events.CheckpointTimestamped(size=2, stamped_at="2026-12-01T08:00:00Z", authority="CN=T", answer="MA=="),
        '{"size":2,"stamped_at":"2026-12-01T08:00:00Z","authority":"CN=T","answer":"MA=="}',
    ),
    (events.CheckpointWitnessed(origin="b", size=3, root="ff"), '{"origin":"b","size":3,"root":"ff"}'),
]


def recorded(version: int) -> list[tuple[str, str]]:
    """(kind, text) of all events of a ledger that an earlier program made."""
    database = sqlite3.connect(":memory:")
    database.executescript((OLD / f"v{version}.sql").read_text())
    found = list(database.execute("SELECT kind, data FROM event ORDER BY seq"))
    database.close()
    return found


@pytest.mark.parametrize("version", range(1, 5))
def test_a_recorded_event_is_written_as_it_was(version: int) -> None:
    for kind, text in recorded(version):
        data = json.loads(text)
        record = events.read_record(kind, data)
        again = {**record.to_data(), **{name: data[name] for name in ACTOR}}
        assert event_chain._JSON.encode(again) == text


def test_every_kind_was_recorded_or_is_written_here() -> None:
    seen = {kind for kind, _ in recorded(4)}
    assert {EventKind(kind) for kind in seen} == set(EventKind) - NOT_RECORDED
    assert {record.kind for record, _ in WRITTEN} >= NOT_RECORDED


@pytest.mark.parametrize(("record", "text"), WRITTEN, ids=[record.kind.value for record, _ in WRITTEN])
def test_a_record_is_written_so(record: EventRecord, text: str) -> None:
    assert event_chain._JSON.encode(record.to_data()) == text
    assert events.read_record(record.kind, json.loads(text)) == record


def test_each_kind_has_one_record() -> None:
    assert set(events.RECORDS) == set(EventKind)
    assert {kind for kind in EventKind if kind.startswith("labels ")} == events.LABELS


def test_a_record_is_frozen_and_whole() -> None:
    record = KeyPinned(product="bulb", fingerprint="f")
    with pytest.raises(AttributeError):
        record.product = "plug"  # type: ignore[misc]
    with pytest.raises(TypeError, match="fingerprint"):
        KeyPinned(product="bulb")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        KeyPinned(product="bulb", fingerprint="f", colour="red")  # type: ignore[call-arg]


def test_what_an_old_event_lacks_has_no_value() -> None:
    record = events.read_record("read", {"verdict": "matched", "unknown": 1})
    assert isinstance(record, LabelRead)
    assert (record.verdict, record.package, record.detail) == ("matched", None, "")


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(LedgerError, match="unknown kind: 'units moved'"):
        events.read_record("units moved", {})


def test_events_are_read_with_their_records(factory: Factory) -> None:
    factory.add()
    factory.issue(2)
    with factory.ledger() as ledger:
        ((event, issued),) = ledger.history.records(events.BatchIssued, "B1")
        assert (event.kind, issued.units, issued.fingerprint) == ("batch issued", 2, event.data["key"])


def test_the_documented_table_is_current() -> None:
    text = (ROOT / "docs" / "formats" / "ledger.md").read_text("utf-8")
    found = re.search(r"<!-- events -->\n(.*)<!-- /events -->", text, re.DOTALL)
    assert found, "the table's marks are gone"
    assert found[1] == events.event_table(), "docs/formats/ledger.md is not current: run `make docs`"
