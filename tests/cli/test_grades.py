"""grades: a verifier's export is matched byte for byte, stored once, confirms nothing; ours stand beside theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import GradeMeasured, LabelRead
from tests.helpers.exports import SHORT, Symbol, csv_export, xml_export
from tests.helpers.factory import Factory
from tests.unit.ledger.test_migration import old_workspace


def write(path: Path, text: str, encoding: str = "windows-1252") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def bring(factory: Factory, *files: Path, code: int = 0, batch: str = "B1", mapping: str = "example-csv") -> dict:
    outcome = factory.cli("grades", "import", batch, *files, "--mapping", mapping, "--json")
    assert outcome.code == code, (outcome.out, outcome.err)
    return outcome.json


def stored(factory: Factory, batch: str = "B1") -> list[GradeMeasured]:
    with factory.ledger() as ledger:
        return [record for _, record in ledger.history.records(GradeMeasured, batch)]


@pytest.fixture
def export(issued: Factory, tmp_path: Path) -> Path:
    """All six labels of B1, of which the fourth has a modulation of 1.2."""
    symbols = [Symbol(data, minute=number) for number, data in enumerate(issued.payloads(), 1)]
    symbols[3] = Symbol(symbols[3].data, 1.2, {**dict.fromkeys(SHORT, 3.4), "modulation": 1.2}, 4)
    return write(tmp_path / "export.csv", csv_export(symbols))


def test_every_label_of_the_export_is_stored_once(issued: Factory, export: Path) -> None:
    done = bring(issued, export)
    assert (done["stored"], done["counts"]["stored"], done["fine"], done["mapping_status"]) == (6, 6, True, "assumed")
    records = stored(issued)
    assert [(one.package, one.grade, one.row) for one in records[2:4]] == [(3, 3.4, 4), (4, 1.2, 5)]
    fourth = records[3]
    assert fourth.grades["modulation"] == 1.2 and fourth.formal == "1.2/10/660/45Q"
    assert (fourth.measured_at, fourth.measured_by) == ("2026-11-28T14:04:05Z", "M. Öz")
    assert (fourth.verifier, fourth.file, fourth.mapping) == ("VX-1 4711", "export.csv", "example-csv")
    again = bring(issued, export)
    assert (again["stored"], again["counts"]["known"], again["fine"]) == (0, 6, True)
    assert len(stored(issued)) == 6


def test_the_same_measurement_in_another_file_is_known(issued: Factory, export: Path, tmp_path: Path) -> None:
    bring(issued, export)
    renamed = write(tmp_path / "other.csv", export.read_bytes().decode("windows-1252") + "\r\n")
    assert bring(issued, renamed)["counts"]["known"] == 6
    later = write(tmp_path / "later.csv", csv_export([Symbol(issued.payloads()[0], minute=59)]))
    assert bring(issued, later)["stored"] == 1


def test_nothing_is_issued_or_confirmed_by_it(issued: Factory, export: Path) -> None:
    names = ("product", "batch", "package", "unit", "printed", "superseded")
    tables = [f"SELECT * FROM {name} ORDER BY 1, 2" for name in names]  # noqa: S608 (fixed texts)
    before = [issued.rows(table) for table in tables]
    bring(issued, export)
    assert [issued.rows(table) for table in tables] == before
    assert issued.cli("ledger", "check").code == issued.cli("audit", "verify").code == 0


def test_a_document_in_xml_and_a_mapping_of_the_workspace(issued: Factory, tmp_path: Path) -> None:
    copied = issued.cli("grades", "copy", "example-xml", "--as", "ours")
    assert copied.code == 0 and (issued.root / "verifiers" / "ours.toml").is_file()
    assert issued.cli("grades", "copy", "example-xml", "--as", "ours").code == 4
    listed = {one["name"]: one["origin"] for one in issued.cli("grades", "mappings", "--json").json}
    assert listed["ours"] == "workspace" and listed["example-xml"] == "packaged"
    document = write(tmp_path / "e.xml", xml_export([Symbol(data) for data in issued.payloads()]), "utf-8")
    assert bring(issued, document, mapping="ours")["stored"] == 6
    assert {one.mapping for one in stored(issued)} == {"ours"}
    path = str(issued.root / "verifiers" / "ours.toml")
    assert bring(issued, document, mapping=path)["counts"]["known"] == 6


def test_what_is_no_label_of_the_batch_is_listed(issued: Factory, tmp_path: Path) -> None:
    issued.issue(2, "B2")
    [first, second, third, *_] = issued.payloads()
    assert issued.cli("scrap", "B1", "ebK300000003", "--reason", "torn").code == 0
    assert issued.cli("replace", "B1", "ebK300000003", "--reason", "torn").code == 0
    symbols = [
        Symbol(first), Symbol(first, minute=1), Symbol(first, minute=1), Symbol(issued.payloads("B2")[1]),
        Symbol(third), Symbol(second + "\r"), Symbol("]d1" + second), Symbol(second.lower()), Symbol(second),
    ]  # fmt: skip
    text = csv_export(symbols) + f'29.11.2026;01:00:00;x;y;"{first}";;;{";" * 7}\r\n'
    text += f'29.11.2026;01:00:00;x;y;"";;;{";" * 7}\r\n29.11.2026;01:00:00;x;y;"]d1{first}";-;;{";" * 7}\r\n'
    done = bring(issued, write(tmp_path / "e.csv", text), code=1)
    assert [row["kind"] for row in done["rows"]] == [
        "stored", "duplicate", "duplicate", "other-batch", "superseded", "unknown", "unknown", "unknown", "stored",
        "unknown", "no-data", "not-graded",
    ]  # fmt: skip
    assert [row["new"] for row in done["rows"][:3]] == [True, True, False]
    assert (done["fine"], done["stored"], len(stored(issued))) == (False, 3, 3)
    again = issued.cli("grades", "import", "B1", tmp_path / "e.csv", "--mapping", "example-csv")
    assert again.code == 1 and "WRONG" in again.err and len(stored(issued)) == 3
    assert "package 2 of batch B2" in again.out and "e.csv, row 5]" in again.out


def test_a_value_that_cant_be_read_stops_all_of_it(issued: Factory, export: Path, tmp_path: Path) -> None:
    broken = write(tmp_path / "broken.csv", export.read_text("windows-1252").replace("1,2;", "12;"))
    outcome = issued.cli("grades", "import", "B1", export, broken, "--mapping", "example-csv")
    assert outcome.code == 3 and "broken.csv, row 5, MOD" in outcome.err and "--dry-run" in outcome.err
    assert stored(issued) == []


@pytest.mark.parametrize(("mapping", "code"), [("none", 3), ("../../x", 3), ("x.toml", 3)])
def test_a_mapping_that_is_not_there_is_named(issued: Factory, export: Path, mapping: str, code: int) -> None:
    outcome = issued.cli("grades", "import", "B1", export, "--mapping", mapping)
    assert outcome.code == code and mapping in outcome.err


def test_a_dry_run_shows_what_is_understood_and_stores_nothing(issued: Factory, export: Path) -> None:
    outcome = issued.cli("grades", "import", "B1", export, "--mapping", "example-csv", "--dry-run")
    assert outcome.code == 0 and "would be stored" in outcome.err and "assumed" in outcome.err
    for words in ("export.csv, row 2", "package 1", issued.payloads()[0], "3.4 B", "3.4/10/660/45Q", "unused error"):
        assert words in outcome.out
    assert stored(issued) == []
    head = issued.cli("ledger", "check").out
    bring_dry = issued.cli("grades", "import", "B1", export, "--mapping", "example-csv", "--dry-run", "--json").json
    assert (bring_dry["dry_run"], bring_dry["stored"], len(bring_dry["rows"])) == (True, 6, 6)
    assert issued.cli("ledger", "check").out == head


def test_history_tells_it_by_export_and_by_unit(issued: Factory, export: Path) -> None:
    bring(issued, export)
    lines = [line for line in issued.cli("history", "B1").out.splitlines() if EventKind.GRADE_MEASURED in line]
    assert len(lines) == 1 and "6 reads" in lines[0] and "export.csv" in lines[0]
    own = [event for event in issued.cli("history", "ebK300000004", "--json").json if event["kind"] == "grade measured"]
    assert [(event["package"], event["grade"]) for event in own] == [(4, 1.2)]


def read_by_us(factory: Factory, grades: list[float]) -> None:
    with factory.ledger() as ledger:
        ledger.reads.record(
            "B1",
            [
                LabelRead(
                    verdict="matched", package=package, file="scan.png", page=1, x_mm=1.0, y_mm=1.0, of="print",
                    grade=grade, grades={"modulation": grade, "decode": 4.0}, formal=f"{grade:.1f}/10/660/45",
                )
                for package, grade in enumerate(grades, 1)
            ],
        )  # fmt: skip


def test_ours_stand_beside_theirs(issued: Factory, export: Path, tmp_path: Path) -> None:
    nothing = issued.cli("grades", "compare", "B1")
    assert nothing.code == 0 and "grades import" in nothing.err
    bring(issued, export)
    only = issued.cli("grades", "compare", "B1", "--json")
    assert (only.code, only.json["compared"], only.json["only_theirs"]) == (0, 0, 6)
    read_by_us(issued, [3.6, 3.6, 3.6, 3.6, 3.6])
    reports = [tmp_path / f"r{suffix}" for suffix in (".html", ".pdf", ".csv", ".json")]
    options = [word for report in reports for word in ("--report", report)]
    outcome = issued.cli("grades", "compare", "B1", *options)
    assert outcome.code == 0 and "overall" in outcome.out and "5 labels compared" in outcome.err
    document = json.loads(reports[3].read_text())
    overall, modulation = (
        next(one for one in document["agreement"] if one["parameter"] == name) for name in ("overall", "modulation")
    )
    assert overall["mean_difference"] == pytest.approx((4 * 0.2 + 2.4) / 5) and overall["same_letter"] == 0
    assert overall["labels"] == modulation["labels"] == 5 and document["only_theirs"] == 1
    fourth = document["labels"][3]
    assert (fourth["difference"], fourth["differences"]["modulation"]) == (2.4, 2.4)
    assert fourth["differences"].keys() == {"modulation", "decode"}
    assert "ebK300000004" in reports[0].read_text() and "ebK300000004" in reports[2].read_text()
    assert issued.cli("grades", "compare", "B1", "--report", reports[0]).code == 0  # an older one is replaced
    assert issued.cli("grades", "compare", "B1", "--report", reports[1]).code == 4
    assert issued.cli("grades", "compare", "B1", "--report", tmp_path / "r.txt").code == 3


def test_labels_that_either_calls_below_the_least_grade_are_named(issued: Factory, export: Path) -> None:
    bring(issued, export)
    read_by_us(issued, [3.6, 1.4, 3.6, 3.6])
    outcome = issued.cli("grades", "compare", "B1", "--min-grade", "C")
    assert outcome.code == 1 and "2 labels below the least grade" in outcome.err
    lines = [line for line in outcome.out.splitlines() if line.startswith("BELOW GRADE")]
    assert ["ebK300000002" in lines[0], "[says: we]" in lines[0]] == [True, True]
    assert ["ebK300000004" in lines[1], "[says: the verifier]" in lines[1]] == [True, True]
    product = issued.root / "products" / "bulb.toml"
    product.write_text(product.read_text() + '\nmin_grade = "B"\n')
    below = issued.cli("grades", "compare", "B1", "--json")
    assert (below.code, below.json["below"], below.json["least_grades"]) == (1, 2, {"B1": 2.5})
    assert issued.cli("grades", "compare", "B1", "--min-grade", "1").code == 0


def test_editors_get_the_mappings_schema(issued: Factory) -> None:
    import tomllib

    from jsonschema import Draft202012Validator

    from bss_mfg.verifier_data.mapping import mapping_names, packaged_text

    schema = issued.cli("schema", "verifier-mapping").json
    Draft202012Validator.check_schema(schema)
    for name in mapping_names(None):
        assert list(Draft202012Validator(schema).iter_errors(tomllib.loads(packaged_text(name)))) == []
    wrong = tomllib.loads(packaged_text("example-xml")) | {"overal": {"from": "x"}}
    assert list(Draft202012Validator(schema).iter_errors(wrong))


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_ledger_of_an_earlier_version_takes_them(tmp_path: Path, version: int) -> None:
    """What it knew before stays as it was."""
    factory = old_workspace(tmp_path / "w", version)
    with factory.ledger():
        before = factory.rows("SELECT * FROM package")
    symbols = [Symbol(data) for data in factory.payloads("OLD")]
    done = bring(factory, write(tmp_path / "e.csv", csv_export(symbols)), batch="OLD")
    assert (done["stored"], done["fine"]) == (len(symbols), True)
    assert factory.rows("SELECT * FROM package") == before
    assert factory.cli("grades", "compare", "OLD", "--json").json["only_theirs"] == len(symbols)
    assert factory.cli("ledger", "check").code == 0
