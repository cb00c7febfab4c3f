"""Where a ledger is: what is taken for a URL, and what is said where its library is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bss_mfg.errors import InputError, RefusedError, ValueProblem
from bss_mfg.ledger.place import LedgerPlace, checked_url, require_url
from tests.helpers.factory import Factory

SOCKET = "postgresql://factory@/ledger?host=/var/run/postgresql"


@pytest.mark.parametrize("url", ["", "postgresql://factory@db.example.com/ledger", "postgres://db:5433/ledger", SOCKET])
def test_a_url_without_a_password_is_taken(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "ledger.db", "sqlite:///ledger.db", "postgresql:ledger", "postgresql://db", "postgresql://db/",
        "postgresql://factory:pw@db/ledger", "postgresql://factory:@db/ledger", "postgresql://db/ledger?PASSWORD=pw",
        "postgresql://db/ledger?sslpassword=pw",
    ],
)  # fmt: skip
def test_other_urls_are_refused_and_no_password_is_repeated(url: str) -> None:
    with pytest.raises(ValueProblem):
        checked_url(url)
    with pytest.raises(InputError) as refused:
        require_url(url)
    assert "pw" not in str(refused.value)


def test_what_only_libpq_needs_is_not_shown() -> None:
    assert LedgerPlace(Path("w"), SOCKET).words == "postgresql://factory@/ledger"
    assert LedgerPlace(Path("w")).words == str(Path("w") / "ledger.db")


def test_a_ledger_on_a_server_is_no_file() -> None:
    assert LedgerPlace(Path("w")).require_file() == Path("w") / "ledger.db"
    with pytest.raises(RefusedError, match="in a database"):
        LedgerPlace(Path("w"), SOCKET).require_file()


def test_without_its_library_the_extra_is_named() -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\nfrom pathlib import Path\n"
        "from bss_mfg.ledger.server import connect_server\nfrom bss_mfg.ledger.place import LedgerPlace\n"
        f"try: connect_server(LedgerPlace(Path(), {SOCKET!r}))\nexcept Exception as error: print(repr(error), error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "MissingError" in done.stdout
    assert 'pip install "bss-mfg[postgres]"' in done.stdout


def test_a_password_in_the_settings_is_refused_by_line(factory: Factory) -> None:
    settings = factory.root / "bss-mfg.toml"
    settings.write_text(settings.read_text() + '\n[ledger]\nurl = "postgresql://factory:geheim@db/ledger"\n')
    done = factory.cli("batch", "list")
    assert done.code == 3
    assert "line 9" in done.err and "password" in done.err
    assert "geheim" not in done.err
