"""Feedback files: verdicts by serial, whatever stands in them, by a mapping that is data."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.core.toml_files import parse_toml, validate
from bss_mfg.errors import InputError
from bss_mfg.manifest import feedback
from bss_mfg.manifest.feedback import (
    MAPPING_FILE,
    MAX_REASON,
    CsvShape,
    Feedback,
    FeedbackMapping,
    JsonShape,
    SerialAnswer,
    Words,
    load_feedback_mapping,
    read_feedback,
)  # fmt: skip
from tests.helpers import ROOT
from tests.helpers.factory import Factory

MAPPING = load_feedback_mapping(Path("nowhere"))
PACKAGED = (Path(feedback.__file__).parent / MAPPING_FILE).read_text()
Entry = tuple[str, str, str]


def as_json(entries: list[Entry]) -> bytes:
    names = ("serialNumber", "status", "message")
    return json.dumps({"about": [1], "feedback": [dict(zip(names, entry, strict=True)) for entry in entries]}).encode()


def as_csv(entries: list[Entry]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("serialNumber", "status", "message"), *entries])
    return out.getvalue().encode()


def both(entries: list[Entry]) -> Feedback:
    """What the entries say, as JSON and as CSV alike."""
    one, two = read_feedback(as_json(entries), "f.json", MAPPING), read_feedback(as_csv(entries), "f.csv", MAPPING)
    assert (one.answers, one.entries, one.unreadable) == (two.answers, two.entries, two.unreadable)
    return one


def test_accepted_rejected_repeated_and_contradictory_are_told_apart() -> None:
    found = both([
        ("S1", "ACCEPTED", ""),
        ("S2", "REJECTED", "unknown product id"),
        ("S3", "ACCEPTED", ""), ("S3", "accepted", "again"),
        ("S4", "REJECTED", "first"), ("S4", "FAILED", "second"),
        ("S5", "ACCEPTED", "fine"), ("S5", "REJECTED", "duplicate"),
        ("S6", "REJECTED", "duplicate"), ("S6", "SUCCESS", "fine"), ("S6", "SUCCESS", ""),
        ("S7", "PENDING", "later"),
    ])  # fmt: skip
    assert found.answers == {
        "S1": SerialAnswer("accepted", "", 1),
        "S2": SerialAnswer("rejected", "unknown product id", 1),
        "S3": SerialAnswer("accepted", "again", 2),
        "S4": SerialAnswer("rejected", "first", 2),
        "S5": SerialAnswer("contradictory", "duplicate", 2),
        "S6": SerialAnswer("contradictory", "duplicate", 3),
        "S7": SerialAnswer("unclear", "PENDING: later", 1),
    }
    assert found.entries == 12
    assert dict(found.counts) == {"accepted": 2, "rejected": 2, "contradictory": 2, "unclear": 1, "repeated": 4}
    assert [found.answers[serial].repeated for serial in ("S1", "S3")] == [False, True]


def test_serials_keep_their_zeros_and_long_digits() -> None:
    assert list(both([("000123", "OK", ""), ("12345678901234567890", "OK", "")]).answers) == [
        "000123", "12345678901234567890",
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda s: s == s.strip() != ""),
            st.sampled_from(["ACCEPTED", "rejected"]),
            st.text(st.characters(codec="utf-8"), max_size=20),
        ),
        max_size=8,
    )
)
def test_any_text_comes_through(entries: list[Entry]) -> None:
    found = both(entries)
    for serial, verdict in found.answers.items():
        mine = [entry for entry in entries if entry[0] == serial]
        states = {entry[1].lower() for entry in mine}
        assert verdict.state == (states.pop() if len(states) == 1 else "contradictory")
        assert verdict.times == len(mine)


def test_lengths_are_bounded() -> None:
    found = both([("S1", "REJECTED", "\x1b[2J" * 1000), ("S" * 65, "ACCEPTED", ""), ("S2", "x" * 5000, "y" * 5000)])
    assert len(found.answers["S1"].reason) == MAX_REASON
    assert len(found.answers["S2"].reason) == MAX_REASON
    assert found.unreadable == 1
    assert "65 characters" in found.problems[0]


def test_entries_without_serial_or_verdict_are_counted_and_the_first_named() -> None:
    entries: list[Any] = [
        {"status": "ACCEPTED"}, {"serialNumber": 123, "status": "ACCEPTED"}, {"serialNumber": "S1"}, 7, None,
        {"serialNumber": "\x1b[0m", "status": []}, {"serialNumber": "S2", "status": "OK", "message": ["a", 1]},
    ]  # fmt: skip
    found = read_feedback(json.dumps({"feedback": entries}, indent=1).encode(), "f.json", MAPPING)
    assert (found.entries, found.unreadable) == (7, 6)
    assert found.problems[0] == "line 3: there is no serial"
    assert all(problem.isascii() and problem.isprintable() for problem in found.problems)
    assert found.answers == {"S2": SerialAnswer("accepted", '["a", 1]', 1)}
    short = read_feedback(b"serialNumber,status\nS1\n\nS2,OK\n", "f.csv", MAPPING)
    assert (short.unreadable, list(short.answers)) == (1, ["S2"])
    many = read_feedback(b"serialNumber,status\n" + b",OK\n" * 100, "f.csv", MAPPING)
    assert (many.unreadable, len(many.problems)) == (100, 10)


def test_the_kind_is_told_by_name_then_by_the_first_character() -> None:
    entries = [("S1", "ACCEPTED", "")]
    for name, data in (
        ("F.JSON", as_json(entries)), ("F.CSV", as_csv(entries)), ("f.txt", as_csv(entries)), ("f", as_json(entries)),
        ("f.txt", b"\xef\xbb\xbf\n " + as_json(entries)), ("f.csv", b"\xef\xbb\xbf" + as_csv(entries)),
    ):  # fmt: skip
        if data.startswith(b"\xef\xbb\xbf\n"):
            data = data[:3] + data[4:]
        assert list(read_feedback(data, name, MAPPING).answers) == ["S1"], name


def test_the_shape_is_data() -> None:
    mine = FeedbackMapping.model_validate({
        "format": 1, "name": "mine",
        "json": {"status": "published", "list": "", "serial": "device.id", "verdict": "ok"},
        "csv": {"status": "assumed", "delimiter": ";", "serial": "Serial", "verdict": "Result", "reason": "Why"},
        "words": {"status": "published", "accepted": ["true", "gut"], "rejected": ["false"]},
    })  # fmt: skip
    data = b'[{"device":{"id":"S1"},"ok":true},{"device":{"id":"S2"},"ok":false}]'
    found = read_feedback(data, "f.json", mine)
    assert [verdict.state for verdict in found.answers.values()] == ["accepted", "rejected"]
    rows = b"WHY;Result; serial \nnix;GUT;S1\n"
    assert read_feedback(rows, "f.csv", mine).answers == {"S1": SerialAnswer("accepted", "nix", 1)}
    assert mine.assumed == ("csv",)
    assert MAPPING.assumed == ("json", "csv", "words")


def test_the_workspaces_own_mapping_comes_first_and_is_no_spec(factory: Factory) -> None:
    (factory.root / "specs").mkdir(exist_ok=True)
    (factory.root / "specs" / MAPPING_FILE).write_text(PACKAGED.replace('"ACCEPTED"', '"JA"'))
    assert "JA" in load_feedback_mapping(factory.root / "specs").words.accepted
    assert "amazon-ffs-feedback" not in factory.workspace.spec_names()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"REJECTED"', '"accepted"'), "can't mean accepted and rejected"),
        (('list = "feedback"', 'list = "a..b"'), "line 12, json.list"),
        (('delimiter = ","', 'delimiter = "x"'), "delimiter"),
        (('status = "assumed"\nlist', 'status = "guessed"\nlist'), "json.status"),
        (("[words]", "[word]"), "did you mean 'words'"),
    ],
)
def test_a_wrong_mapping_is_named_by_line_and_field(change: tuple[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        validate(parse_toml(PACKAGED.replace(*change), MAPPING_FILE), FeedbackMapping)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("f.json", b"", "an object with 'feedback' is missing"),
        ("f.json", b"[]", "an object with 'feedback' is missing"),
        ("f.json", b'{"feedback":{}}', "the list 'feedback' is missing"),
        ("f.json", b'{"other":[]}', "there is no 'feedback'"),
        ("f.json", b'{"feedback":[{}', r"a comma or \] is missing"),
        ("f.json", b'{"feedback":[{"serialNumber":"1","serialNumber":"2"}]}', "twice"),
        ("f.json", b'{"feedback":[' + b"[" * 200_000, "nested too deeply"),
        ("f.json", b"\xff\xfe{\0", "not UTF-8"),
        ("f.csv", b"", "'serialNumber' once"),
        ("f.csv", b"serial,status\n", "'serialNumber' once"),
        ("f.csv", b"serialNumber,serialnumber,status\n", "'serialNumber' once"),
        ("f.csv", b'serialNumber,status\nS1,"OK\n', "line 2: .*not the CSV"),
        ("f.csv", b"serialNumber,status\nS1," + b"x" * 200_000, "field larger than"),
        ("f.csv", b"serialNumber,status\n\xff", "line 2: is not UTF-8"),
        ("f.csv", b"serialNumber,status\nS1,PENDING\n", "first says 'PENDING'"),
    ],
)
def test_a_file_of_another_kind_is_an_error(name: str, data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_feedback(data, name, MAPPING)
    assert caught.value.where.startswith(name)


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MAX_ENTRIES", 3)
    with pytest.raises(InputError, match="more than 3 entries"):
        both([("S1", "OK", "")] * 4)


@settings(max_examples=300)
@given(st.sampled_from(["f.json", "f.csv", "f"]), st.binary(max_size=60), st.integers(0, 200), st.integers(0, 200))
def test_damaged_files_never_crash(name: str, junk: bytes, start: int, end: int) -> None:
    entries = [("S1", "ACCEPTED", "x"), ("S2", "REJECTED", "y")]
    whole = as_json(entries) if "json" in name else as_csv(entries)
    for data in (junk, whole[:start] + junk + whole[end:]):
        try:
            read_feedback(data, name, MAPPING)
        except InputError as error:
            assert str(error).isascii()


def test_memory_is_a_line_for_each_serial() -> None:
    """Beside the file and its text: 20,000 entries with the same long reason hold it once."""
    data = as_json([(f"S{n:08}", "REJECTED", "r" * 400) for n in range(20_000)])
    tracemalloc.start()
    found = read_feedback(data, "f.json", MAPPING)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.answers) == 20_000
    assert held < 20_000 * 250
    assert peak < len(data) + held + 2_000_000


def test_every_field_is_documented() -> None:
    text = (ROOT / "docs" / "formats" / "control-log.md").read_text()
    for model in (JsonShape, CsvShape, Words):
        for field in model.model_fields:
            assert f"`{field}`" in text, field
