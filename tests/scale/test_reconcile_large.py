"""Reconciling in parts: no batch is held, whoever works says the same, however a file is written nothing is hidden."""

from __future__ import annotations

import io
import json
import random
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.tables import WHO
from bss_mfg.core.processes import ProcessExecutor, WorkerError
from bss_mfg.errors import InputError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.manifest.json_stream import stream_members
from bss_mfg.programming.readback import ReadbackTask, check_readback, read_readback
from bss_mfg.programming.registry import formats
from bss_mfg.reconcile.batch_records import RecordsHandle
from bss_mfg.reconcile.comparison import MOST_KEPT, new_capped_list
from bss_mfg.reconcile.control_log_tasks import NotOneLogPerLine, log_blocks
from bss_mfg.reconcile.programming_tasks import KeyAccess, RowsTask
from bss_mfg.workspace.workspace import Workspace
from tests.helpers.factory import Factory
from tests.helpers.reconciled import build, reconciled
from tests.helpers.specs import PUKS

UNITS = 2_500
"""Enough for several pieces of each file."""


def told(said: dict[str, Any], kind: str) -> list[str]:
    """The differences of a kind in words."""
    (account,) = [one for one in said["kinds"] if one["kind"] == kind]
    return [f"{one['unit'] or '-'}: {one['what']}" for one in account["differences"]]


def counts(said: dict[str, Any]) -> list[int]:
    return [one["compared"] for one in said["kinds"]]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("large") / "w", UNITS)


@pytest.fixture
def files(line: Path, tmp_path: Path) -> Path:
    """A copy of the batch's folder."""
    return Path(shutil.copytree(line / "batches" / f"units-{UNITS}", tmp_path / "files"))


@pytest.fixture(scope="module")
def two() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2) as executor:
        yield executor


def log_of(files: Path) -> Path:
    (path,) = (files / "upload").glob("*.txt")
    return path


def test_two_processes_say_what_one_says(line: Path, files: Path, two: ProcessExecutor) -> None:
    assert reconciled(line, UNITS, files, two) == reconciled(line, UNITS, files)
    assert counts(reconciled(line, UNITS, files, two)) == [UNITS, 0, UNITS]
    log, keys = log_of(files), files / "keys.csv"
    lines = log.read_text().split("\n")
    draw = random.Random(7)
    for at in draw.sample(range(1, UNITS), 12):
        lines[at] = lines[at].replace("BLE", "BTE").replace('"serialNumber":"0', '"serialNumber":"1', 1)
    for at in draw.sample(range(1, UNITS), 5):
        lines[at] = lines[at][: draw.randrange(20, 200)]
    lines[-3:-3] = [lines[5], lines[UNITS // 2]]
    log.write_text("\n".join(lines))
    rows = keys.read_text().splitlines(keepends=True)
    rows[10], rows[2000] = rows[2000][:13] + rows[10][13:], rows[10][:13] + rows[2000][13:]
    rows[1500] = rows[1500].replace(",", ";")
    del rows[700]
    keys.write_text("".join([*rows, rows[3]]))
    alone_, together = reconciled(line, UNITS, files), reconciled(line, UNITS, files, two)
    assert alone_ == together
    (programming, _, logs) = (one["found"]["differences"] for one in alone_["kinds"])
    assert programming >= 6 and logs >= 18


class Dying(Executor):
    """Whatever it is given, its process dies."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(WorkerError("the process crashed (exit 9)"))
        return future


def test_what_could_not_be_compared_is_never_taken_as_right(line: Path, files: Path) -> None:
    said = reconciled(line, UNITS, files, Dying())
    assert not said["agrees"] and counts(said) == [0, 0, 0]
    assert any("not compared: the process crashed" in what for what in told(said, "programming"))
    assert any("were not compared: the process crashed" in what for what in told(said, "control logs"))


def test_no_key_shows_where_a_part_is_shown() -> None:
    shelf, key = RecordsHandle(Path("ledger.db"), WHO, "B1"), bytes(range(32))
    keys = KeyAccess(shelf, key)
    parts = (
        keys,
        RowsTask(keys, formats()["csv"], b"", b"S1,00,0102030405", 2),
        ReadbackTask(shelf.ledger, WHO, "B1", key, ((2, {"oob_key": "0102030405"}),)),
    )
    for part in parts:
        assert "0102030405" not in repr(part) and repr(key)[2:-1] not in repr(part)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_control_log_written_otherwise_is_read_as_a_whole(line: Path, files: Path, indent: int | None) -> None:
    path = log_of(files)
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value, indent=indent))
    said = reconciled(line, UNITS, files)
    assert counts(said) == [UNITS, 0, UNITS]
    assert [what.partition(":")[0] for what in told(said, "control logs")] == ["-"]  # only that it was altered
    value["controlLogs"][7]["device"]["radios"]["bluetoothMesh"]["deviceUuid"] = "F" * 32
    path.write_text(json.dumps(value, indent=indent))
    serial = value["controlLogs"][7]["device"]["serialNumber"]
    found = told(reconciled(line, UNITS, files), "control logs")
    assert len(found) == 2 and found[1].startswith(f"{serial}: the Device UUID is '{'F' * 32}'")


def test_a_device_that_stands_twice_in_one_line_is_named(line: Path, files: Path) -> None:
    path = log_of(files)
    value = json.loads(path.read_text())
    value["controlLogs"].append(value["controlLogs"][4])
    serial = value["controlLogs"][4]["device"]["serialNumber"]
    path.write_text(json.dumps(value))
    assert f"{serial}: is in line 1 more than once" in told(reconciled(line, UNITS, files), "control logs")


def test_a_missing_or_spare_comma_is_found_where_two_parts_meet(line: Path, files: Path) -> None:
    path = log_of(files)
    whole = path.read_bytes()
    with path.open("rb") as file:
        firsts = [number for number, _ in log_blocks(file)]
    assert len(firsts) > 2
    for number in (2, *firsts[1:], UNITS):
        lines = whole.split(b"\n")
        lines[number - 2] = lines[number - 2].removesuffix(b",") if number > 2 else lines[0] + b","
        path.write_bytes(b"\n".join(lines))
        assert any("is not the JSON" in what for what in told(reconciled(line, UNITS, files), "control logs")), number
    lines = whole.split(b"\n")
    lines[UNITS] += b","
    path.write_bytes(b"\n".join(lines))
    assert any("is not the JSON" in what for what in told(reconciled(line, UNITS, files), "control logs"))


def test_an_encrypted_field_of_another_package_is_named_with_that_package(line: Path, files: Path) -> None:
    path = log_of(files)
    lines = path.read_text().split("\n")
    one, other = (json.loads(lines[at].rstrip(","))["device"] for at in (3, 1900))
    mine, theirs = (log["bluetoothMeshData"]["encryptedCredentials"] for log in (one, other))
    lines[3] = lines[3].replace(mine, theirs)
    path.write_text("\n".join(lines))
    wanted = f"the encrypted field is that of package 1900, {other['serialNumber']}"
    assert f"{one['serialNumber']}: {wanted}" in told(reconciled(line, UNITS, files), "control logs")


HEAD, TAIL = b'{"controlLogs":[\n', b"\n]}\n"


@given(lines=st.lists(st.sampled_from([b"{}", b"{},", b"", b"[1,2],", b"1", b"]}", b'{"a":\n1},', b","]), max_size=6))
@settings(deadline=None)
def test_pieces_are_the_list_of_the_document_or_are_refused(lines: list[bytes]) -> None:
    data = HEAD + b"\n".join(lines) + TAIL
    try:
        pieces = list(log_blocks(io.BytesIO(data)))
    except NotOneLogPerLine:
        return
    try:
        whole = list(stream_members(data, ["controlLogs"], "x", exclusive=True))
    except InputError:
        whole = None
    try:
        cut = [
            (line + at - 1, value) for line, text in pieces for at, value in stream_members(b"[" + text + b"]", [], "x")
        ]
    except InputError:
        cut = None
    assert cut == whole


class Trickle(io.BytesIO):
    """A file that gives a few octets at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(random.Random(self.tell()).randrange(1, 5))


def listed(source: Any) -> tuple[list[Any], str]:
    found: list[Any] = []
    try:
        for one in stream_members(source, ["a"], "x", exclusive=True):
            found.append(one)
    except InputError as error:
        return found, f"{error.where} {error.what}"
    return found, ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(
    values=st.lists(json_values, max_size=5), indent=st.sampled_from([None, 1]), ascii_=st.booleans(),
    change=st.none() | st.tuples(st.integers(0, 300), st.binary(max_size=2)),
)  # fmt: skip
def test_a_streamed_list_is_read_as_one_that_is_held(
    values: list[Any], indent: int | None, ascii_: bool, change: tuple[int, bytes] | None
) -> None:
    data = json.dumps({"a": values}, indent=indent, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    if change:
        at = change[0] % len(data)
        data = data[:at] + change[1] + data[at + 1 :]
    held, streamed = listed(data), listed(Trickle(data))
    if "UTF-8" in held[1]:  # of a held one it is known before the first value
        assert "UTF-8" in streamed[1] or streamed[1]
        return
    assert streamed == held


def test_of_very_many_differences_the_first_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    units = MOST_KEPT + 500
    root = build(tmp_path / "w", units)
    path = root / "batches" / f"units-{units}" / "keys.csv"
    header, *rows = path.read_text().splitlines(keepends=True)
    turned = [row[:12] + other[12:] for row, other in zip(rows, [*rows[1:], rows[0]], strict=True)]
    path.write_text(header + "".join(turned))
    (programming, *_) = reconciled(root, units)["kinds"]
    assert programming["found"]["differences"] == units + 1 and len(programming["differences"]) == MOST_KEPT
    workspace = Workspace.find(str(root), root, {})
    with workspace.open_ledger(WHO) as ledger:
        batch = ledger.batches.get(f"units-{units}")
        found = check_readback(read_readback(path), ledger, batch, workspace.open_vault())
        assert sum(1 for one in found if one.kind == "swapped") == units


def test_first_forgets_and_counts() -> None:
    some, more = new_capped_list(), new_capped_list()
    for number in range(MOST_KEPT + 3):
        some.add(number)
    assert (len(some), some.total, some[-1]) == (MOST_KEPT, MOST_KEPT + 3, MOST_KEPT - 1)
    some.truncate(2, 2)
    more.add(7)
    some.extend(more)
    assert (list(some), some.total) == ([0, 1, 7], 3)


def test_wi_fi_labels_and_keys_are_compared_without_control_logs(factory: Factory, tmp_path: Path) -> None:
    factory.add("plug", spec="amazon-wss-ib01")
    path = tmp_path / "ids.csv"
    spec = factory.workspace.spec("amazon-wss-ib01")
    rows = [f"G3A0PA0180230{n:04},{PUKS[n]},95AD96{n:02}" for n in range(4)]
    path.write_text("\n".join(["serial,puk,pin", *rows]) + "\n")
    identities = read_identities(path, spec.spec.columns)
    with factory.ledger() as ledger:
        vault = factory.workspace.open_vault()
        create_batch(ledger, vault, BatchRequest(factory.workspace.product("plug"), spec, 4, "W1", identities))
    factory.label("W1", "roll-50x30")
    keys = factory.root / "batches" / "W1" / "keys.csv"
    assert factory.cli("program", "W1", "--format", "csv", "--out", keys).code == 0
    done = factory.cli("reconcile", "W1", "--json")
    assert done.code == 0, done.err
    assert [one["compared"] for one in done.json["kinds"]] == [4, 4, 0]
    assert "no control log mapping" in done.json["kinds"][2]["notes"][0]["what"]
    lines = keys.read_text().splitlines(keepends=True)
    keys.write_text("".join([lines[0], *lines[2:]]))
    assert factory.cli("reconcile", "W1").code == 1
