"""Files are published for all stations: what differs is named, and nothing is issued or drawn with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.label.template.loading import load_template
from bss_mfg.ledger.events import FilesPublished
from bss_mfg.ledger.published_files import MAX_FILE, set_digest
from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace import station_folder
from bss_mfg.workspace.publishing import publish, require_published, workspace_differences
from bss_mfg.workspace.shared_files import FOLDERS, is_shared_path, place_of
from bss_mfg.workspace.station_folder import update_station
from tests.helpers.commands import advised
from tests.helpers.factory import Factory, tree

PUBLISHED = {
    "bss-mfg.toml",
    "products/bulb.pem",
    "products/bulb.toml",
    "products/duo.pem",
    "products/duo.toml",
    "printers/desk.toml",
    "templates/box.toml",
    "templates/art/logo.svg",
}
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'
ELEMENT = '\n[[element]]\nkind = "image"\nfile = "art/logo.svg"\nx = 50\ny = 17.8\nwidth = 4\nheight = 4\n'


@pytest.fixture
def office(issued: Factory) -> Factory:
    """A factory whose files are published: products, a template with artwork, a printer."""
    assert issued.cli("template", "copy", "minimal", "box").code == 0
    (issued.root / "templates" / "art").mkdir()
    (issued.root / "templates" / "art" / "logo.svg").write_text(LOGO)
    template = issued.root / "templates" / "box.toml"
    template.write_text(template.read_text() + ELEMENT)
    assert issued.cli("printer", "add", "desk", "--like", "pdf-300").code == 0
    done = issued.cli("ledger", "publish", "--json")
    assert done.code == 0, done.err
    assert set(done.json["changed"]) == PUBLISHED
    return issued


def edit(factory: Factory, path: str, text: str = "\n# edited\n") -> None:
    """A line more at the end of a file, which may be a new one."""
    file = factory.root / path
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + text)


def kinds(factory: Factory) -> dict[str, str]:
    """The files that `station check` names, with how they differ."""
    done = factory.cli("station", "check", "--json")
    assert done.code == (1 if done.json["differences"] else 0), done.err
    return {one["file"]: one["kind"] for one in done.json["differences"]}


# --- publishing -------------------------------------------------------------------------------------------------------


def test_what_is_published_is_in_the_ledger(office: Factory) -> None:
    with office.ledger() as ledger:
        published = ledger.published.current()
        assert set(published.files) == PUBLISHED
        for path, sha256 in published.files.items():
            if path != "bss-mfg.toml":
                assert ledger.published.content(sha256) == (office.root / path).read_bytes()
        ((event, record),) = ledger.history.records(FilesPublished)
        assert (event.seq, record.files, record.digest) == (published.event, 8, set_digest(published.files))
    assert kinds(office) == {}


def test_publishing_the_same_again_writes_nothing(office: Factory) -> None:
    with office.ledger() as ledger:
        head = ledger.history.head()
    assert office.cli("ledger", "publish").code == 0
    with office.ledger() as ledger:
        assert ledger.history.head() == head


def test_a_look_publishes_nothing(office: Factory) -> None:
    edit(office, "templates/box.toml")
    looked = office.cli("ledger", "publish", "--check", "--json")
    assert (looked.code, looked.json["changed"]) == (1, ["templates/box.toml"])
    assert kinds(office) == {"templates/box.toml": "edited"}
    assert office.cli("ledger", "publish").code == 0
    assert kinds(office) == {}
    assert office.cli("ledger", "publish", "--check").code == 0


def test_what_is_no_longer_there_is_withdrawn_on_purpose_alone(office: Factory) -> None:
    (office.root / "printers" / "desk.toml").unlink()
    refused = office.cli("ledger", "publish")
    assert refused.code == 4
    assert "printers/desk.toml" in refused.err
    (command,) = [one for one in advised(refused) if "--take-back" in one]
    assert office.cli(*command).code == 0
    with office.ledger() as ledger:
        assert set(ledger.published.current().files) == PUBLISHED - {"printers/desk.toml"}


def test_an_older_file_does_not_undo_a_newer_one(office: Factory) -> None:
    """Two offices: the second has not heard of what the first published."""
    old = (office.root / "templates" / "box.toml").read_text()
    edit(office, "templates/box.toml")
    assert office.cli("ledger", "publish").code == 0
    (office.root / "templates" / "box.toml").write_text(old)
    assert kinds(office) == {"templates/box.toml": "old"}
    edit(office, "products/bulb.toml")
    assert office.cli("ledger", "publish").code == 4
    assert office.cli("station", "update", "--set-aside").code == 0
    assert (office.root / "templates" / "box.toml").read_text() != old


def test_who_publishes_meanwhile_is_not_overwritten(office: Factory) -> None:
    edit(office, "templates/box.toml")
    with office.ledger() as first, office.ledger() as second:
        before = first.published.current()
        publish(office.workspace, second, load_template)
        event = FilesPublished(files=0, digest="", changed=())
        with pytest.raises(LedgerError, match="meanwhile"):
            first.published.publish(before, {}, event)
    assert kinds(office) == {}


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(lambda: new_development_key("p256")[0], id="PEM"),
        pytest.param(lambda: b"AGE-SECRET-KEY-1QQPQ", id="age"),
        pytest.param(lambda: b"bss-mfg-vault-key-1:AAAA", id="vault"),
    ],
)
def test_no_private_key_is_published(office: Factory, secret: Callable[[], bytes]) -> None:
    made = secret()
    (office.root / "specs" / "key.sample.toml").write_bytes(b"# " + made.replace(b"\n", b"\n# "))
    refused = office.cli("ledger", "publish")
    assert refused.code == 3
    assert "key.sample.toml" in refused.err
    stored = [bytes(content) for (content,) in office.rows("SELECT content FROM resource")]
    assert len(stored) > 1
    assert not any(made in content or b"PRIVATE KEY" in content for content in stored)


def test_what_no_template_names_stays_at_home(office: Factory) -> None:
    (office.root / "templates" / "art" / "draft.psd").write_bytes(b"draft")
    (office.root / "products" / "notes.txt").write_text("call Bob")
    assert kinds(office) == {}
    assert office.cli("ledger", "publish", "--check").code == 0


@pytest.mark.parametrize("path", ["products/bulb.toml", "templates/box.toml", "templates/art/logo.svg"])
def test_what_is_broken_is_not_published(office: Factory, path: str) -> None:
    edit(office, path, "\n<nonsense")
    assert office.cli("ledger", "publish").code == 3
    assert kinds(office) == {path: "edited"}


def test_a_file_can_be_too_large(office: Factory) -> None:
    edit(office, "verifiers/ours.toml", "# " + MAX_FILE * "x")
    refused = office.cli("ledger", "publish")
    assert refused.code == 3
    assert f"{MAX_FILE:,}" in refused.err


def test_names_that_windows_has_not_are_refused(office: Factory) -> None:
    (office.root / "templates" / "aux.toml").write_text((office.root / "templates" / "box.toml").read_text())
    assert office.cli("ledger", "publish").code == 3
    (office.root / "templates" / "aux.toml").rename(office.root / "templates" / "BOX.toml")
    refused = office.cli("ledger", "publish")
    assert refused.code == 3
    assert "box.toml" in refused.err


# --- before anything is issued or drawn -------------------------------------------------------------------------------

EDITS: dict[str, tuple[Callable[[Factory], object], str]] = {
    "edited": (lambda f: edit(f, "templates/box.toml"), "templates/box.toml"),
    "artwork": (lambda f: (f.root / "templates/art/logo.svg").write_text(LOGO + "\n"), "templates/art/logo.svg"),
    "missing": (lambda f: (f.root / "products/duo.pem").unlink(), "products/duo.pem"),
    "key": (
        lambda f: (f.root / "products/duo.pem").write_bytes(new_development_key("p256")[1]),
        "products/duo.pem",
    ),
    "new": (lambda f: (f.root / "templates/sheet-a4-24.toml").write_text("format = 1"), "templates/sheet-a4-24.toml"),
    "spec": (lambda f: f.workspace.copy_spec("amazon-bss-ob04"), "specs/amazon-bss-ob04.toml"),
    "zone": (lambda f: edit_settings(f, "", "Asia/Tokyo"), "bss-mfg.toml"),
    "default": (lambda f: edit_settings(f, '[print]\ntemplate = "minimal"\n'), "bss-mfg.toml"),
    "sscc": (lambda f: edit(f, "bss-mfg.toml", '\n[packing]\nsscc_prefix = "39506000"\n'), "bss-mfg.toml"),
    "carton label": (lambda f: edit(f, "bss-mfg.toml", '\n[packing]\ntemplate = "minimal"\n'), "bss-mfg.toml"),
    "overdue": (lambda f: edit(f, "bss-mfg.toml", "\n[flash]\noverdue_hours = 48\n"), "bss-mfg.toml"),
}
"""What somebody does to a file, and which one is named."""
ACTS: dict[str, list[str]] = {
    "batch create": ["batch", "create", "bulb", "--units", "2", "--id", "NEW"],
    "labels": ["labels", "B1", "--template", "box"],
    "reprint": ["reprint", "B1", "ebK300000001", "--reason", "torn"],
    "run": ["run", "bulb", "--units", "2", "--id", "RUN"],
    "replace": ["replace", "B1", "ebK300000001", "--reason", "dropped"],
    "manifest": ["manifest", "B1", "--out", "{root}/upload/"],
    "pack": ["pack", "--plain"],
}


def edit_settings(factory: Factory, text: str, zone: str = "") -> None:
    """A table more in the settings, and another time zone."""
    edit(factory, "bss-mfg.toml", text)
    file = factory.root / "bss-mfg.toml"
    file.write_text(file.read_text().replace('station = ""', f'station = ""\ntimezone = "{zone}"'))


@pytest.mark.parametrize("name", EDITS)
def test_a_file_that_differs_is_named(office: Factory, name: str) -> None:
    change, path = EDITS[name]
    change(office)
    with office.ledger() as ledger, pytest.raises(RefusedError, match=re.escape(path)):
        require_published(office.workspace, ledger)
    assert path in kinds(office)


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_issued_or_drawn_with_it(office: Factory, act: str) -> None:
    edit(office, "products/bulb.toml")
    before = tree(office.root)
    words = [word.format(root=office.root) for word in ACTS[act]]
    refused = office.cli(*words)
    assert refused.code == 4, refused.err
    assert "products/bulb.toml (edited)" in refused.err
    left_out = ("ledger.db", "keys.lock")
    after = {name: data for name, data in tree(office.root).items() if not name.startswith(left_out)}
    assert after == {name: data for name, data in before.items() if not name.startswith(left_out)}
    assert office.rows("SELECT count(*) FROM batch") == [(1,)]


def test_where_nothing_is_published_own_files_count(issued: Factory) -> None:
    """The negative control: the same edit, and nobody has published anything."""
    edit(issued, "products/bulb.toml")
    assert issued.cli(*ACTS["batch create"]).code == 0
    assert kinds(issued) == {}


def test_a_printer_of_its_own_is_no_difference(office: Factory) -> None:
    assert office.cli("printer", "add", "own", "--like", "pdf-300").code == 0
    assert kinds(office) == {}
    edit(office, "printers/desk.toml")
    assert kinds(office) == {"printers/desk.toml": "edited"}


# --- updating ---------------------------------------------------------------------------------------------------------


def test_own_files_are_not_lost(office: Factory) -> None:
    mine = (office.root / "templates" / "box.toml").read_text() + "# mine\n"
    (office.root / "templates" / "box.toml").write_text(mine)
    (office.root / "products" / "duo.pem").unlink()
    before = {name: data for name, data in tree(office.root).items() if name.startswith(FOLDERS)}
    refused = office.cli("station", "update")
    assert refused.code == 4
    assert "templates/box.toml" in refused.err
    assert {name: data for name, data in tree(office.root).items() if name.startswith(FOLDERS)} == before
    (command,) = [one for one in advised(refused) if "--set-aside" in one]
    done = office.cli(*command, "--json")
    assert (done.code, done.json) == (
        0,
        {
            "fetched": ["products/duo.pem", "templates/box.toml"],
            "removed": [],
            "set_aside": ["templates/box.toml.own"],
        },
    )
    assert (office.root / "templates" / "box.toml.own").read_text() == mine
    assert kinds(office) == {}


def test_what_was_withdrawn_goes_without_asking(office: Factory) -> None:
    gone = (office.root / "templates" / "box.toml").read_bytes()
    (office.root / "templates" / "box.toml").unlink()
    assert office.cli("ledger", "publish", "--take-back").code == 0
    (office.root / "templates" / "box.toml").write_bytes(gone)
    assert kinds(office) == {"templates/box.toml": "withdrawn"}
    assert office.cli("station", "update", "--json").json["removed"] == ["templates/box.toml"]
    assert not (office.root / "templates" / "box.toml").exists()


def test_settings_are_brought_up_to_date_and_remarks_kept(office: Factory) -> None:
    remarks = (office.root / "bss-mfg.toml").read_text()
    edit_settings(office, '\n[print]\nprinter = "desk"\n', "Asia/Tokyo")
    edited = (office.root / "bss-mfg.toml").read_text()
    assert edited != remarks
    done = office.cli("station", "update", "--set-aside", "--json")
    assert done.json["set_aside"] == ["bss-mfg.toml.own"], done.err
    config = office.workspace.config()
    assert (config.timezone, config.print.printer) == ("", "desk")
    assert config.ledger.url == office.workspace.ledger_place.url
    assert (office.root / "bss-mfg.toml.own").read_text() == edited


def test_all_stations_number_and_label_cartons_alike_each_on_its_own_printer(office: Factory) -> None:
    own = '\n[packing]\nprinter = "desk"\n'
    edit(office, "bss-mfg.toml", own)
    assert kinds(office) == {}
    settings = office.root / "bss-mfg.toml"
    mine = settings.read_text()
    shared = (
        '\n[packing]\nsscc_prefix = "39506000"\ntemplate = "box"\nprinter = "zpl-203"\n[flash]\noverdue_hours = 48\n'
    )
    settings.write_text(mine.replace(own, shared))
    assert office.cli("ledger", "publish").code == 0
    settings.write_text(mine)
    done = office.cli("station", "update", "--set-aside")
    assert done.code == 0, done.err
    config = office.workspace.config()
    assert (config.packing.sscc_prefix, config.packing.template, config.packing.printer) == ("39506000", "box", "desk")
    assert config.flash.overdue_hours == 48
    assert kinds(office) == {}


def test_a_killed_update_goes_on(office: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off before each of its writes, the same command ends it."""
    write = station_folder.write_atomically
    for moment in range(6):
        for path in ("templates/box.toml", "products/bulb.toml"):
            edit(office, path)
        (office.root / "products" / "duo.pem").unlink()
        left = moment

        def cut(*arguments: object, **options: object) -> str:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return write(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(station_folder, "write_atomically", cut)
        with office.ledger() as ledger:
            if moment < 5:
                with pytest.raises(KeyboardInterrupt):
                    update_station(office.workspace, ledger, set_aside=True)
                assert workspace_differences(office.workspace, ledger)
            monkeypatch.setattr(station_folder, "write_atomically", write)
            update_station(office.workspace, ledger, set_aside=True)
            assert workspace_differences(office.workspace, ledger) == []


def test_before_anything_is_published_there_is_nothing_to_fetch(issued: Factory) -> None:
    refused = issued.cli("station", "update")
    assert refused.code == 3
    assert ["ledger", "publish"] in advised(refused)


# --- a ledger that somebody changed by hand ---------------------------------------------------------------------------

HOSTILE = [
    "../outside.toml", "/etc/passwd", "templates/../../outside", "templates/..", "C:/x/y", "templates/C:evil",
    "vault.key", "keys/B1.key", "batches/x.toml", "templates", "templates/", "templates//x", "templates/aux.toml",
    "templates/NUL", "templates/.hidden", "templates/x\\y", "templates/x.", "templates/x ", "templates/a\x07b",
    "templates/x?", f"templates/{'x' * 90}", "bss-mfg.toml/x", "",
]  # fmt: skip
"""Paths that a published file must not have."""


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises((LedgerError, InputError)):
        place_of(tmp_path, path)
    assert not is_shared_path(tmp_path, path)


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "templates").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError):
        place_of(tmp_path / "w", "templates/x.toml")
    assert place_of(tmp_path, "templates/x.toml") == tmp_path / "templates" / "x.toml"


def test_nothing_is_written_by_a_hostile_path(office: Factory) -> None:
    with office.database(unguarded=True) as database:
        database.execute("UPDATE published SET path = '../evil.toml' WHERE path = 'templates/box.toml'")
    assert office.cli("station", "update", "--set-aside").code == 5
    assert not (office.root.parent / "evil.toml").exists()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE published SET path = 'templates/boy.toml' WHERE path = 'templates/box.toml'",
        "DELETE FROM published WHERE path = 'templates/box.toml'",
        "DELETE FROM published",
        "UPDATE resource SET content = '\\x00' WHERE sha256 = "
        "(SELECT sha256 FROM published WHERE path = 'templates/box.toml')",
    ],
)
def test_the_check_finds_what_was_changed(office: Factory, change: str) -> None:
    assert office.cli("ledger", "check").code == 0
    with office.database(unguarded=True) as database:
        database.execute(change.replace("'\\x00'", "X'00'") if not office.workspace.ledger_place.url else change)
    assert office.cli("ledger", "check").code == 5


@pytest.mark.parametrize("table", ["resource", "published"])
def test_nobody_changes_what_was_published(office: Factory, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET sha256 = sha256"):  # noqa: S608
        with office.database() as database, pytest.raises(Exception, match="stays"):
            database.execute(statement)
