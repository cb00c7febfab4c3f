"""The tests of this folder work with a ledger on a PostgreSQL server: the same fixtures as elsewhere, with a workspace
whose ledger is there. Most modules hold the tests of another folder, which so run on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bss_mfg.programming.flasher_key import register_flasher
from tests.helpers.factory import Factory, issue_lamps, make_factory, print_sheets
from tests.helpers.postgres import Server, drop_database
from tests.helpers.postgres import server as running_server
from tests.helpers.raw_port import RawPort
from tests.needs import require


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the tests that come from elsewhere, those stay that open a ledger, and are not of SQLite itself."""
    here = Path(__file__).parent
    left = [
        item
        for item in items
        if here in item.path.parents
        and isinstance(item, pytest.Function)
        and item.function.__module__ != item.module.__name__
        and ("server" not in item.fixturenames or item.get_closest_marker("sqlite"))
    ]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server of this test process."""
    require(["postgresql"])
    with running_server() as running:
        yield running


@pytest.fixture(scope="session")
def new_factory(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Factory]:
    """Makes factories that live as long as the session."""

    def make() -> Factory:
        return make_factory(tmp_path_factory.mktemp("factory") / "w", server.new_database(f"new_{uuid.uuid4().hex}"))

    return make


@pytest.fixture(scope="session")
def empty_factory(new_factory: Callable[[], Factory]) -> Factory:
    return new_factory()


@pytest.fixture(scope="session")
def issued_factory(new_factory: Callable[[], Factory]) -> Factory:
    return issue_lamps(new_factory())


@pytest.fixture(scope="session")
def printed_factory(new_factory: Callable[[], Factory]) -> Factory:
    return print_sheets(new_factory())


@pytest.fixture
def issued(issued_factory: Factory, tmp_path: Path, server: Server) -> Iterator[Factory]:
    """As elsewhere; its database is gone afterwards."""
    copied = issued_factory.copied(tmp_path / "a b" / "w")
    url = copied.workspace.ledger_place.url  # the folder may be renamed
    yield copied
    drop_database(url)


@pytest.fixture
def factory(empty_factory: Factory, tmp_path: Path, server: Server) -> Iterator[Factory]:
    """An empty factory, whose database is gone afterwards."""
    copied = empty_factory.copied(tmp_path / "factory floor")
    url = copied.workspace.ledger_place.url
    yield copied
    drop_database(url)


@pytest.fixture(scope="module")
def filed_factory(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """A workspace with its ledger in a file, in which each table has rows but one."""
    factory = issue_lamps(make_factory(tmp_path_factory.mktemp("filed") / "w"))
    factory.label(template="minimal")
    listed = factory.root / "old.csv"
    listed.write_text("serial,mac\nOLD-1,C47C8D6A1025\nOLD-2,\n")
    reported = factory.root / "flashed.csv"
    reported.write_text("serial,result\nebK300000001,pass\n")
    with factory.ledger() as ledger:
        register_flasher(factory.root, ledger, "flash-1")
    for command in (
        ("scrap", "B1", "ebK300000002", "--reason", "dropped"),
        ("replace", "B1", "ebK300000002", "--reason", "dropped"),
        ("import-issued", "bulb", listed),
        ("ledger", "publish"),
        ("manifest", "make", "B1", "--out", factory.root / "log.txt"),
        ("program", "B1", "--format", "csv", "--out", f"{factory.root}/stick/", "--claim", 2, "--for", "flash-1"),
        ("program", "B1", "--format", "csv", "--out", factory.root / "keys.csv"),
        ("flash", "report", reported),
    ):
        done = factory.cli(*command)
        assert done.code == 0, done.err
    pack_one(factory)
    roll = ("--template", "roll-50x30", "--printer", "zpl-203", "--again")
    assert factory.cli("labels", "B1", *roll, "--queue", "press-2").code == 0
    with RawPort() as port:
        done = factory.cli("press", "--name", "press-2", "--once", "--send", port.address)
    assert done.code == 0, done.err
    return factory


def pack_one(factory: Factory) -> None:
    """One box is read right, and packed into a carton on a pallet."""
    box = f"{factory.payloads()[0]}\n"
    assert factory.cli("scan", "B1", stdin=box).code == 0
    assert factory.cli("pack", "--carton", 1, "--pallet", 1, stdin=box).code == 0


@pytest.fixture
def filed(filed_factory: Factory, tmp_path: Path) -> Factory:
    return filed_factory.copied(tmp_path / "w")


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    name = f"move_{uuid.uuid4().hex}"
    yield server.new_database(name)
    server.drop_database(name)
