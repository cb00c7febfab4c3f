"""An office and its stations: folders of their own, the same bytes at each, and what each role may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.workspace.workspace import Workspace
from tests.helpers.commands import Outcome, run_cli
from tests.helpers.factory import Factory
from tests.independent.postgresql.test_roles import Staffed, staffed  # noqa: F401  (a fixture)
from tests.needs import needs

pytestmark = needs("postgresql")

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'
ELEMENT = '\n[[element]]\nkind = "image"\nfile = "art/logo.svg"\nx = 50\ny = 17.8\nwidth = 4\nheight = 4\n'
BOX = "templates/box.toml"


@pytest.fixture
def office(staffed: Staffed) -> Staffed:  # noqa: F811
    """Where a template with artwork is made and published."""
    factory = staffed.factory
    assert factory.cli("template", "copy", "minimal", "box").code == 0
    (factory.root / "templates" / "art").mkdir()
    (factory.root / "templates" / "art" / "logo.svg").write_text(LOGO)
    template = factory.root / BOX
    template.write_text(template.read_text() + ELEMENT)
    assert factory.cli("ledger", "publish").code == 0
    return staffed


def url_of(office: Staffed, role: str) -> str:
    """The ledger as the user of a role."""
    return office.server.url(office.database, office.users[role])


def new_station(office: Staffed, name: str, role: str = "operator") -> Outcome:
    """`station init` as a role's user."""
    return run_cli("station", "init", office.folder / name, "--name", name, "--ledger", url_of(office, role))


def station(office: Staffed, name: str, role: str = "operator") -> Factory:
    """A station that was made so."""
    done = new_station(office, name, role)
    assert done.code == 0, done.err
    root = office.folder / name
    return Factory(Workspace.find(str(root), root, {}))


def test_an_office_and_three_stations_draw_the_same_bytes(office: Staffed) -> None:
    drawn = {}
    for name in ("office", "press-1", "press-2", "press-3"):
        factory = office.factory if name == "office" else station(office, name)
        out = office.folder / f"out-{name}"
        done = factory.cli("labels", "B1", "--template", "box", "--out", out, "--again", "--json")
        assert done.code == 0, done.err
        drawn[name] = [Path(file).read_bytes() for file in done.json["files"]]
    assert len({tuple(files) for files in drawn.values()}) == 1
    assert all(drawn["office"])


def test_a_station_has_what_is_published_and_no_secret(office: Staffed) -> None:
    made = station(office, "press-1")
    files = {path.relative_to(made.root).as_posix() for path in made.root.rglob("*") if path.is_file()}
    shared = {BOX, "templates/art/logo.svg", "products/bulb.toml", "products/bulb.pem", "products/duo.toml"}
    assert files == {"bss-mfg.toml", "products/duo.pem", *shared}
    assert (made.workspace.config().station, made.cli("station", "check").code) == ("press-1", 0)


def test_a_station_that_is_to_have_no_key_has_no_fault(office: Staffed) -> None:
    made = station(office, "press-1")
    found = made.cli("doctor", "--json").json
    assert [one["level"] for one in found if one["name"] == "vault"] == ["ok"]
    settings = made.root / "bss-mfg.toml"
    settings.write_text(f'{settings.read_text()}keys = "{office.factory.root / "keys"}"\n')
    assert "FAULT  vault" in made.cli("doctor").out  # it has the key folder, so it is one that issues


def test_its_name_and_operator_stand_in_the_history(office: Staffed) -> None:
    root = office.folder / "press-4"
    url = url_of(office, "operator")
    assert run_cli("station", "init", root, "--name", "press-4", "--ledger", url, "--operator", "ada").code == 0
    made = Factory(Workspace.find(str(root), root, {}))
    assert made.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    with office.factory.ledger() as ledger:
        event = list(ledger.history.events("B1"))[-1]
    assert (event.data["operator"], event.data["station"]) == ("ada", "press-4")


def test_an_old_station_is_named_until_it_is_updated(office: Staffed) -> None:
    made = station(office, "press-1")
    template = office.factory.root / BOX
    template.write_text(template.read_text() + "# moved a line\n")
    assert office.factory.cli("ledger", "publish").code == 0
    refused = made.cli("labels", "B1", "--template", "box")
    assert refused.code == 4
    assert f"{BOX} (old)" in refused.err
    assert made.cli("station", "update").code == 0
    assert (made.root / BOX).read_bytes() == template.read_bytes()
    assert made.cli("labels", "B1", "--template", "box").code == 0


@pytest.mark.parametrize("role", ["operator", "qa", "keys"])
def test_any_role_has_a_station_and_none_of_them_publishes(office: Staffed, role: str) -> None:
    made = station(office, f"desk-{role}", role)
    assert made.cli("station", "update").code == 0
    (made.root / BOX).write_text((made.root / BOX).read_text() + "# mine\n")
    refused = made.cli("ledger", "publish")
    assert refused.code == 3
    assert "admin" in refused.err
    with office.factory.ledger() as ledger:
        assert (
            ledger.published.content(ledger.published.current().files[BOX]) == (office.factory.root / BOX).read_bytes()
        )


def test_an_admin_publishes_from_a_station(office: Staffed) -> None:
    made = station(office, "desk", "admin")
    (made.root / BOX).write_text((made.root / BOX).read_text() + "# better\n")
    assert made.cli("ledger", "publish").code == 0
    assert office.factory.cli("labels", "B1", "--template", "box").code == 4
    assert office.factory.cli("station", "update").code == 0


@pytest.mark.parametrize("statement", ["UPDATE {} SET sha256 = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["resource", "published"])
def test_the_database_refuses_to_change_it(office: Staffed, statement: str, table: str) -> None:
    for role in ("operator", "qa", "keys", "admin"):
        with office.connect(role) as connection, pytest.raises(Exception, match=r"denied|stays"):
            connection.execute(statement.format(table))  # type: ignore[call-overload]


def test_another_folder_is_not_taken(office: Staffed) -> None:
    made = station(office, "press-1")
    before = (made.root / "bss-mfg.toml").read_bytes()
    assert new_station(office, "press-1").code == 4
    assert new_station(office, "press-1/inside").code == 4
    assert (made.root / "bss-mfg.toml").read_bytes() == before
    own = office.folder / "full" / "templates"
    own.mkdir(parents=True)
    (own / "box.toml").write_text("format = 1\n")
    refused = new_station(office, "full")
    assert refused.code == 4
    assert (own / "box.toml").read_text() == "format = 1\n"


def test_a_killed_init_goes_on(office: Staffed, monkeypatch: pytest.MonkeyPatch) -> None:
    from bss_mfg.workspace import station_folder

    write, left = station_folder.write_atomically, 3

    def cut(*arguments: object, **options: object) -> str:
        nonlocal left
        if (left := left - 1) < 0:
            raise KeyboardInterrupt
        return write(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(station_folder, "write_atomically", cut)
    assert new_station(office, "press-1").code == 130
    assert not (office.folder / "press-1" / "bss-mfg.toml").exists()
    monkeypatch.undo()
    assert station(office, "press-1").cli("station", "check").code == 0


def test_without_a_server_or_anything_published_there_is_no_station(office: Staffed, issued: Factory) -> None:
    for url, code in (("", 3), ("sqlite:///x", 3), ("postgresql://nobody@/none?host=/nowhere", 6)):
        done = run_cli("station", "init", office.folder / "none", "--name", "none", "--ledger", url)
        assert done.code == code, done.err
    assert not (office.folder / "none").exists()


def test_nothing_published_is_told(issued: Factory, tmp_path: Path) -> None:
    url = issued.workspace.ledger_place.url
    refused = run_cli("station", "init", tmp_path / "early", "--name", "early", "--ledger", url)
    assert refused.code == 3
    assert "ledger publish" in refused.err
    assert not (tmp_path / "early").exists()


def test_a_key_that_was_swapped_is_refused_as_ever(office: Staffed) -> None:
    """A product's key is pinned by its first batch; publishing another doesn't change that."""
    from bss_mfg.payload.product_keys import new_development_key

    (office.factory.root / "products" / "bulb.pem").write_bytes(new_development_key("p256")[1])
    assert office.factory.cli("ledger", "publish").code == 0
    refused = office.factory.cli("batch", "create", "bulb", "--units", "2")
    assert refused.code == 5
    assert "repin" in refused.err


# --- flashers ---------------------------------------------------------------------------------------------------------


def new_flasher(office: Staffed, name: str, role: str = "operator") -> Factory:
    """A station that flashes."""
    root = office.folder / name
    url = url_of(office, role)
    done = run_cli("station", "init", root, "--name", name, "--ledger", url, "--flasher")
    assert done.code == 0, done.err
    return Factory(Workspace.find(str(root), root, {}))


def test_a_flasher_opens_what_the_keys_station_seals_and_nothing_else(office: Staffed) -> None:
    import pyrage

    flasher, keys = new_flasher(office, "flash-1"), office.station("keys")
    assert not (flasher.root / "vault.key").exists()
    assert not (flasher.root / "keys").exists()
    out = office.folder / "stick"
    out.mkdir()
    words = ["program", "B1", "--format", "csv", "--out", f"{out}/", "--claim", "2", "--for", "flash-1"]
    assert flasher.cli(*words).code in (3, 6)  # it has neither the role nor the keys
    done = keys.cli(*words, "--json")
    assert done.code == 0, done.err
    secret = (flasher.root / "flasher.key").read_text().splitlines()[-1]
    sealed = Path(done.json["files"][0]).read_bytes()
    plain = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)])
    assert len(plain.splitlines()) == 3
    assert flasher.cli("flash", "report", "-", stdin="serial,result\nebK300000001,pass\n").code == 0
    (claimed,) = flasher.cli("flash", "list", "--json").json
    assert (claimed["flasher"], claimed["passed"], claimed["unreported"]) == ("flash-1", 1, 1)
    with office.factory.ledger() as ledger:
        stations = [event.data["station"] for event in ledger.history.events() if event.kind.startswith("flash")]
    assert stations == ["flash-1", "flash-1"]


@pytest.mark.parametrize("role", ["operator", "qa", "keys"])
def test_each_role_reports_and_only_keys_claims(office: Staffed, role: str) -> None:
    new_flasher(office, "flash-1")
    keys = office.station("keys")
    (office.folder / "stick").mkdir()
    words = ["program", "B1", "--format", "csv", "--out", f"{office.folder}/stick/", "--for", "flash-1"]
    assert keys.cli(*words, "--claim", "2").code == 0
    made = office.station(role)
    assert made.cli("flash", "report", "-", stdin="serial,result\nebK300000001,fail\n").code == 0
    assert made.cli("flash", "report", "-", stdin="serial,result\nebK300000001,pass\n").code == 0
    assert made.cli(*words, "--claim", "2").code == (0 if role == "keys" else 3)


def test_a_killed_flasher_init_keeps_its_key(office: Staffed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered, and cut off before its settings: typed again, it is the same flasher with the same key."""
    from bss_mfg.workspace import station_folder

    write = station_folder.write_atomically

    def cut(path: Path, *arguments: object, **options: object) -> str:
        if path.name == "bss-mfg.toml":
            raise KeyboardInterrupt
        return write(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(station_folder, "write_atomically", cut)
    root = office.folder / "flash-1"
    words = ["station", "init", root, "--name", "flash-1", "--ledger", url_of(office, "operator"), "--flasher"]
    assert run_cli(*words).code == 130
    key = (root / "flasher.key").read_text()
    monkeypatch.undo()
    assert run_cli(*words).code == 0
    assert (root / "flasher.key").read_text() == key
    with office.factory.ledger() as ledger:
        assert ledger.flash.recipient("flash-1") in key
