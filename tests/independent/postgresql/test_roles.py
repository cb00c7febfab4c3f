"""Who may do what with a ledger on a server: held by the database, and told by the commands."""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from bss_mfg.ledger.postgresql_roles import roles_that_may
from bss_mfg.ledger.postgresql_sql import translated
from bss_mfg.ledger.schema import VERSION
from bss_mfg.ledger.schema_tables import tables
from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace.workspace import Workspace
from tests.helpers.factory import Factory, issue_lamps, make_factory
from tests.helpers.postgres import OWNER, Server
from tests.helpers.prints import scan_of
from tests.helpers.statements import marks_as_numbers, statements
from tests.needs import needs

pytestmark = needs("postgresql")

ROLES = ("operator", "qa", "keys")


@dataclass(frozen=True)
class Staffed:
    """A factory whose ledger has roles, and a station for each."""

    factory: Factory
    server: Server
    users: dict[str, str]
    folder: Path

    @property
    def database(self) -> str:
        return self.factory.workspace.ledger_place.url.partition("?")[0].rpartition("/")[2]

    def role(self, role: str) -> str:
        """The database's name of a role."""
        return f"{self.database}_{role}"

    def station(self, *roles: str) -> Factory:
        """A copy of the workspace that works as the user of these roles, with the same key folder."""
        root = self.folder / "-".join(roles)
        if not root.exists():
            shutil.copytree(self.factory.root, root)
            settings = root / "bss-mfg.toml"
            text = settings.read_text().replace(f"{OWNER}@", f"{self.users['-'.join(roles)]}@")
            settings.write_text(f'{text}keys = "{self.factory.root / "keys"}"\n')
        return Factory(Workspace.find(str(root), root, {}))

    def connect(self, role: str) -> psycopg.Connection[tuple[object, ...]]:
        """As a station's user, with SQL alone."""
        connection = self.server.connect(self.database, self.users[role])
        connection.execute("SET search_path = bss_mfg")
        return connection


@pytest.fixture
def staffed(issued: Factory, server: Server, tmp_path: Path) -> Iterator[Staffed]:
    """Roles made by the server's administrator, with the SQL that `ledger grant --show` prints."""
    users = {name: f"u{uuid.uuid4().hex[:12]}" for name in (*ROLES, "operator-keys", "admin", "nobody")}
    for name, user in users.items():
        server.run(f"CREATE ROLE {user} LOGIN")
        for role in name.split("-") if name != "nobody" else ():
            shown = issued.cli("ledger", "grant", role, "--to", user, "--show")
            assert shown.code == 0, shown.err
            with server.connect(database_of(issued), "admin") as administrator:
                administrator.execute(shown.out)  # type: ignore[call-overload]
    yield Staffed(issued, server, users, tmp_path)


def database_of(factory: Factory) -> str:
    return factory.workspace.ledger_place.url.partition("?")[0].rpartition("/")[2]


# --- what the database refuses ----------------------------------------------------------------------------------------

FORBIDDEN = """
SELECT sealed_key FROM unit
SELECT extra FROM unit
SELECT * FROM unit
SELECT u FROM unit u
SELECT to_json(u) FROM unit u
SELECT count(sealed_key) FROM unit
SELECT number FROM unit WHERE sealed_key > '\\x80'
SELECT number FROM unit ORDER BY sealed_key
SELECT wrapped_key FROM batch
SELECT recovery_key FROM batch
TABLE batch
COPY unit TO STDOUT
COPY unit (sealed_key) TO STDOUT
COPY (SELECT sealed_key FROM unit) TO STDOUT
CREATE TEMP TABLE stolen AS SELECT sealed_key FROM unit
UPDATE unit SET scrapped = 1 WHERE number = 1 RETURNING sealed_key
UPDATE unit SET manifest = length(sealed_key)
UPDATE event SET data = '{}'
UPDATE event SET digest = digest
DELETE FROM event
DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)
TRUNCATE event
TRUNCATE unit CASCADE
INSERT INTO event SELECT * FROM event ON CONFLICT (seq) DO UPDATE SET data = 'x'
WITH gone AS (DELETE FROM event RETURNING seq) SELECT count(*) FROM gone
DO $$ BEGIN DELETE FROM bss_mfg.event; END $$
MERGE INTO event e USING (SELECT 1 AS seq) s ON e.seq = s.seq WHEN MATCHED THEN DELETE
SELECT seq FROM event FOR UPDATE
DO $$ BEGIN LOCK TABLE bss_mfg.event IN ACCESS EXCLUSIVE MODE; END $$
DO $$ BEGIN LOCK TABLE bss_mfg.unit IN SHARE MODE; END $$
DELETE FROM unit
UPDATE unit SET serial = serial || 'x'
UPDATE unit SET uuid = uuid
UPDATE unit SET key_digest = key_digest
UPDATE unit SET sealed_key = NULL
UPDATE unit SET released = 0
DELETE FROM package
UPDATE package SET payload = 'x'
UPDATE package SET digest = digest
DELETE FROM batch
UPDATE batch SET retired_at = 'x'
UPDATE batch SET units = 7
UPDATE batch SET wrapped_key = NULL
UPDATE product SET key_fingerprint = key_fingerprint
DELETE FROM product
DELETE FROM printed
UPDATE printed SET sha256 = sha256
INSERT INTO superseded SELECT batch, number, revision, payload, digest, 0, 0, 0 FROM package
DELETE FROM manifest
DELETE FROM control_log_name
DELETE FROM identifier
UPDATE identifier SET value = value
INSERT INTO imported (product, serial) VALUES (1, 'X')
INSERT INTO claim SELECT batch, number, 1, 'x' FROM unit
UPDATE claim SET flasher = flasher
DELETE FROM claim
UPDATE flasher SET recipient = 'x'
DELETE FROM flasher
DELETE FROM flashed
DELETE FROM flash_file
INSERT INTO resource VALUES (repeat('0', 64), '\\x00')
INSERT INTO published VALUES (1, 'templates/x.toml', repeat('0', 64))
DELETE FROM imported
INSERT INTO release SELECT * FROM release
UPDATE release SET completed_at = 'x'
UPDATE own_key SET wrapped_key = wrapped_key
INSERT INTO about VALUES ('vault_id', 'x') ON CONFLICT (name) DO UPDATE SET value = 'x'
UPDATE about SET value = '0' WHERE name = 'schema_version'
DELETE FROM about
ALTER TABLE event DISABLE TRIGGER event_no_update
ALTER TABLE event DISABLE TRIGGER ALL
ALTER TABLE event ADD COLUMN x text
ALTER TABLE event OWNER TO CURRENT_USER
ALTER TABLE about DISABLE ROW LEVEL SECURITY
ALTER TABLE unit DROP CONSTRAINT unit_uuid_key
DROP TRIGGER event_no_delete ON event
DROP TABLE event
DROP TABLE unit CASCADE
DROP SCHEMA bss_mfg CASCADE
DROP FUNCTION event_no_update() CASCADE
DROP INDEX event_batch
DROP POLICY note ON about
CREATE OR REPLACE FUNCTION bss_mfg.event_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$
CREATE OR REPLACE FUNCTION bss_mfg.hex(value bytea) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$
CREATE FUNCTION bss_mfg.mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$
CREATE TABLE bss_mfg.mine (x int)
CREATE TRIGGER mine BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_no_update()
CREATE RULE mine AS ON INSERT TO event DO INSTEAD NOTHING
CREATE INDEX mine ON event (kind)
CREATE SCHEMA mine
ALTER SCHEMA bss_mfg RENAME TO other
GRANT ALL ON event TO CURRENT_USER
GRANT {keys} TO CURRENT_USER
GRANT {admin} TO CURRENT_USER
SET ROLE {keys}
SET ROLE {admin}
SET ROLE {owner}
SET SESSION AUTHORIZATION {owner}
SET session_replication_role = replica
ALTER ROLE CURRENT_USER SUPERUSER
CREATE ROLE mine
ALTER DATABASE {database} OWNER TO CURRENT_USER
ALTER SYSTEM SET fsync = off
DROP DATABASE {database}
SELECT pg_read_file('PG_VERSION')
COPY event TO PROGRAM 'cat'
COPY event FROM '/etc/passwd'
SELECT lo_import('/etc/passwd')
SELECT pg_switch_wal()
""".strip().splitlines()
"""What an operator who has the database's password may try in SQL alone."""

ALLOWED_IN_PLACE = {"GRANT ALL ON event TO CURRENT_USER"}
"""Statements that PostgreSQL answers with a warning, having done nothing."""


def state_of(factory: Factory) -> list[object]:
    """All rows, who owns the tables, all rights and triggers."""
    found: list[object] = [sorted(map(str, factory.rows(f"SELECT * FROM {table.name}"))) for table in tables()]  # noqa: S608
    found.append(factory.rows("SELECT relname, relowner, relacl::text FROM pg_class ORDER BY oid"))
    found.append(factory.rows("SELECT attrelid, attnum, attacl::text FROM pg_attribute ORDER BY 1, 2"))
    found.append(factory.rows("SELECT tgname, tgenabled FROM pg_trigger ORDER BY oid"))
    found.append(factory.rows("SELECT proname, prosrc, proowner FROM pg_proc ORDER BY oid"))
    found.append(factory.rows("SELECT roleid, member FROM pg_auth_members ORDER BY 1, 2"))
    return found


def attempts(staffed: Staffed, role: str) -> dict[str, str]:
    """What came of each forbidden statement: PostgreSQL's code, or nothing where it was done."""
    names = {name: f'"{staffed.role(name)}"' for name in ("keys", "admin")}
    names |= {"owner": OWNER, "database": f'"{staffed.database}"'}
    outcomes = {}
    with staffed.connect(role) as connection:
        for statement in FORBIDDEN:
            text = statement
            for name, value in names.items():
                text = text.replace(f"{{{name}}}", value)
            try:
                if text.startswith("COPY") and text.endswith("STDOUT"):
                    with connection.cursor().copy(text) as copy:  # type: ignore[call-overload]
                        list(copy)
                else:
                    connection.execute(text)  # type: ignore[call-overload]
                outcomes[statement] = ""
            except psycopg.Error as error:
                outcomes[statement] = error.sqlstate or "?"
    return outcomes


def test_an_operator_is_refused_by_the_database_itself(staffed: Staffed) -> None:
    """As issue 21 asks: at least 40 forbidden statements, straight in SQL."""
    assert len(FORBIDDEN) >= 100
    staffed.factory.cli("batch", "list")
    before = state_of(staffed.factory)
    outcomes = attempts(staffed, "operator")
    done = {statement for statement, code in outcomes.items() if code != "42501"}
    assert done <= ALLOWED_IN_PLACE, {statement: outcomes[statement] for statement in done}
    assert state_of(staffed.factory) == before


def test_without_the_grants_the_same_statements_succeed(staffed: Staffed) -> None:
    """The control: as an admin of the ledger many of them do harm, so it is the grants that refuse them."""
    outcomes = attempts(staffed, "admin")
    assert sum(code == "" for code in outcomes.values()) > 40
    assert outcomes["SELECT sealed_key FROM unit"] == ""


@pytest.mark.parametrize("role", ["qa", "keys"])
def test_nobody_but_an_admin_changes_the_history(staffed: Staffed, role: str) -> None:
    before = state_of(staffed.factory)
    outcomes = attempts(staffed, role)
    for statement, code in outcomes.items():
        if " event" in statement or statement.split()[0] in ("ALTER", "DROP", "CREATE", "TRUNCATE", "LOCK", "SET"):
            own = role == "keys" and statement.startswith(("CREATE TEMP", "SET ROLE {keys}"))
            assert code == "42501" or own or statement in ALLOWED_IN_PLACE, statement
    assert (outcomes["SELECT sealed_key FROM unit"] == "") == (role == "keys")
    assert outcomes["UPDATE about SET value = '0' WHERE name = 'schema_version'"] in ("", "42501")
    assert staffed.factory.rows("SELECT value FROM about WHERE name = 'schema_version'") == [(str(VERSION),)]
    assert before[-5:] == state_of(staffed.factory)[-5:]


def test_who_has_no_role_does_not_get_in(staffed: Staffed) -> None:
    root = staffed.station("nobody")
    refused = root.cli("batch", "list")
    assert (refused.code, " ledger grant" in refused.err) == (3, True), refused.err
    with staffed.connect("nobody") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM bss_mfg.event")


# --- what each role's commands do -------------------------------------------------------------------------------------

Command = tuple[tuple[object, ...], Sequence[str]]


def commands(folder: Path) -> list[Command]:
    """Commands in an order in which each is right, with the roles that may run them; docs/stations.md says the same."""
    every = (*ROLES, "operator-keys")
    issuing, releasing = ("operator", "operator-keys"), ("keys", "operator-keys")
    return [
        (("batch", "list"), every),
        (("batch", "show", "B1"), every),
        (("history", "B1"), every),
        (("table", "B1", "--format", "csv", "--out", folder / "{}-table.csv"), every),
        (("audit", "verify"), every),
        (("ledger", "check"), every),
        (("verify", "B1", folder / "B1.png"), every),
        (("ship", "B1", "ebK300000001", "--for", "pallet 1"), issuing),
        (("manifest", "status", "B1"), every),
        (("trends", "B1"), every),
        (("sample", "B1"), every),
        (("scan", "B1", "--plain"), every),
        (("reconcile", "B1", "--folder", folder / "labels"), releasing),
        (("run", "bulb", "--units", 2, "--id", "RUN"), issuing),
        (("batch", "create", "bulb", "--units", 2, "--id", "NEW"), issuing),
        (("labels", "B1", "--again", "--out", folder / "{}"), issuing),
        (("labels", "B1", "--again", "--queue", "press-2"), issuing),
        (("queue", "list"), every),
        (("queue", "rolls"), every),
        (("reprint", "B1", "ebK300000003", "--reason", "torn"), issuing),
        (("manifest", "make", "B1", "--out", folder / "{}.txt"), issuing),
        (("scrap", "B1", "ebK300000002", "--reason", "dropped"), issuing),
        (("replace", "B1", "ebK300000005", "--reason", "dropped"), ("operator-keys",)),
        (("program", "B1", "--format", "csv", "--out", folder / "{}.csv"), releasing),
        (("vault", "recipient", "--remove"), releasing),
        (("retire", "LATER", "--acknowledged", "letter"), releasing),
        (("close", "LATER", "--unprinted", 2, "--reason", "x", "--in-hand", 0), issuing),
        (("batch", "reopen", "DONE", "--reason", "x"), issuing),
        (("product", "repin", "duo", "--reason", "new"), ()),
        (("import-issued", "bulb", folder / "old.csv"), ()),
    ]


@pytest.fixture
def prepared(staffed: Staffed) -> Staffed:
    """With a scan of B1, a scrapped unit to be replaced, and a batch that may be retired."""
    factory, folder = staffed.factory, staffed.folder
    factory.issue(2, "LATER")
    factory.issue(2, "PAIR", "duo")
    factory.issue(1, "DONE")
    factory.workspace.add_development_key("next", *new_development_key("p256"))
    (folder / "old.csv").write_text("serial\nOLD-1\n")
    for command in (
        ("labels", "B1", "--out", folder / "labels"),
        ("scrap", "B1", "ebK300000005", "--reason", "dropped"),
        ("close", "DONE", "--unprinted", 1, "--reason", "x", "--in-hand", 0),
        ("manifest", "make", "LATER", "--out", folder / "later.txt"),
        ("program", "LATER", "--format", "csv", "--out", folder / "later.csv"),
    ):
        done = factory.cli(*command)
        assert done.code == 0, (command, done.err)
    shutil.copy(factory.root / "dev-keys" / "next.public.pem", factory.root / "products" / "duo.pem")
    (printed,) = (folder / "labels").glob("*.pdf")
    scan_of(printed, folder / "B1.png")
    return staffed


@pytest.mark.parametrize("who", [*ROLES, "operator-keys"])
def test_each_role_runs_its_commands_and_no_others(prepared: Staffed, who: str) -> None:
    station = prepared.station(*who.split("-"))
    wrong = []
    for command, allowed in commands(prepared.folder):
        before = prepared.factory.rows("SELECT count(*) FROM event")
        done = station.cli(*(str(one).replace("{}", who) for one in command))
        if who in allowed:
            if done.code not in (0, 1):
                wrong.append((command, done.code, done.err))
        elif done.code != 3 or "ledger grant" not in done.err:
            wrong.append((command, done.code, done.err))
        elif prepared.factory.rows("SELECT count(*) FROM event") != before:
            wrong.append((command, "something was recorded", done.err))
    assert wrong == [], "\n".join(map(str, wrong))
    assert prepared.factory.cli("ledger", "check").code == 0


def test_only_an_admin_migrates(staffed: Staffed) -> None:
    """A ledger of an earlier version, opened by a station's user: nothing changes, nobody is made an admin."""
    with staffed.server.connect(staffed.database, "admin") as administrator:
        administrator.execute("UPDATE bss_mfg.about SET value = '4' WHERE name = 'schema_version'")
    before = state_of(staffed.factory)
    for role in ROLES:
        refused = staffed.station(role).cli("batch", "list")
        assert (refused.code, "earlier version" in refused.err) == (3, True), refused.err
        assert " ledger grant`" in refused.err
        assert "grant admin" not in refused.err
    assert state_of(staffed.factory) == before


def test_rights_of_an_earlier_version_are_renewed_and_not_widened(staffed: Staffed) -> None:
    """A table that came with a newer version, which no role may read yet."""
    with staffed.server.connect(staffed.database, "admin") as administrator:
        for role in ROLES:
            administrator.execute(f"REVOKE ALL ON bss_mfg.queued FROM {staffed.role(role)}")  # type: ignore[call-overload]
    refused = staffed.station("qa").cli("queue", "list")
    assert (refused.code, "renews" in refused.err) == (3, True), refused.err
    assert " ledger grant`" in refused.err
    assert "--to" not in refused.err
    renewed = staffed.factory.cli("ledger", "grant", "--show")
    with staffed.server.connect(staffed.database, "admin") as administrator:
        administrator.execute(renewed.out)  # type: ignore[call-overload]
    assert staffed.station("qa").cli("queue", "list").code == 0


def test_what_a_statement_takes_is_told_as_the_database_holds_it(staffed: Staffed) -> None:
    """Each statement of the stores, prepared and explained as each role: refused exactly where the error would name
    another role."""
    found = [one.sql for one in statements()[0] if re.match(r"\s*(INSERT INTO|UPDATE|DELETE FROM|SELECT)", one.sql)]
    found = [one for one in found if "temp." not in one and " field" not in one and "last_event" not in one]
    found = [one for one in found if "INTO about VALUES ('" not in one]  # of a row, which only its writing shows
    wrong, judged = [], 0
    for role in ROLES:
        with staffed.connect(role) as connection:
            for sql in found:
                text = re.sub(r"\$\d+", "NULL", marks_as_numbers(translated(sql)))
                try:
                    connection.execute(f"EXPLAIN {text}")  # type: ignore[call-overload]
                    refused = False
                except psycopg.errors.InsufficientPrivilege:
                    refused = True
                except psycopg.Error:
                    continue  # what can't be explained with nothing for its values
                judged += 1
                if refused == (role in roles_that_may(sql)):
                    wrong.append((role, refused, sql))
    assert wrong == []
    assert judged > 400, judged


def test_a_role_that_tries_no_keys_finds_no_fault_in_the_vault(staffed: Staffed) -> None:
    """And does not take the key in place for a damaged one, which `vault recover` would move away."""
    station = staffed.station("operator")
    shutil.copy(station.workspace.vault_file, staffed.folder / "copy.key")
    status = station.cli("vault", "status", "--json")
    assert (status.code, status.json["trouble"], status.json["keys_opened"]) == (0, "", None)
    assert "FAULT  vault" not in station.cli("doctor").out
    before = state_of(staffed.factory)
    refused = station.cli("vault", "recover", staffed.folder / "copy.key")
    assert (refused.code, "is intact" in refused.err) == (4, True), refused.err
    assert state_of(staffed.factory) == before
    assert not list(station.root.glob("vault.key.*"))


@pytest.mark.parametrize(
    ("name", "codes"),
    [("recipient", {"keys": ""}), ("home", {}), ("first_serial", {}), ("ledger_id", {}), ("schema_version", {})],
)
def test_what_the_ledger_notes_of_itself_is_an_admin_s(staffed: Staffed, name: str, codes: dict[str, str]) -> None:
    sql = "INSERT INTO about VALUES ('NAME', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    sql = sql.replace("NAME", name)
    for role in ROLES:
        with staffed.connect(role) as connection:
            try:
                connection.execute(translated(sql), ("x",))  # type: ignore[call-overload]
                code = ""
            except psycopg.Error as error:
                code = error.sqlstate or "?"
        assert code == codes.get(role, "42501"), role
        assert (role in roles_that_may(sql)) == (not code)


def test_an_owner_who_may_make_roles_grants_them_himself(server: Server, tmp_path: Path) -> None:
    """From nothing to a station: as docs/stations.md says. What the admin does afterwards belongs to all admins."""
    name = f"line-{uuid.uuid4().hex[:8]}"
    owner, user = f"boss_{uuid.uuid4().hex[:8]}", f"press {uuid.uuid4().hex[:8]}"
    server.run(f"CREATE ROLE {owner} LOGIN CREATEROLE", f'CREATE ROLE "{user}" LOGIN')
    server.run(f'CREATE DATABASE "{name}" OWNER {owner} TEMPLATE template0')
    factory = issue_lamps(make_factory(tmp_path / "w", server.url(name, owner)))
    for _ in range(2):  # again changes nothing
        granted = factory.cli("ledger", "grant", "operator", "--to", user)
        assert (granted.code, granted.err.startswith("OK")) == (0, True), granted.err
    assert factory.rows("SELECT count(*) FROM event WHERE kind = 'role granted'") == [(2,)]
    renewed = factory.cli("ledger", "grant")
    assert renewed.code == 0, renewed.err
    with server.connect(name, "admin") as administrator:
        owners = administrator.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class "
            "WHERE relnamespace = 'bss_mfg'::regnamespace AND relkind = 'r'"
        ).fetchall()
    assert owners == [(f"{name}_admin",)]
    own = factory.cli("ledger", "grant", "qa", "--to", owner)
    assert (own.code, "is an admin of the ledger" in own.err) == (0, True)
    listed = tmp_path / "old.csv"
    listed.write_text("serial\nOLD-1\n")
    imported = factory.cli("import-issued", "bulb", listed)
    assert imported.code == 0, imported.err
    with server.connect(name, "admin") as administrator:
        made = administrator.execute(
            "SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE proname = 'unit_not_imported'"
        ).fetchall()
    assert made == [(f"{name}_admin",)]
    with server.connect(name, quote(user)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM bss_mfg.event")
    assert factory.cli("batch", "create", "bulb", "--units", 1).code == 0


def test_who_may_not_grant_is_told_what_to_do(issued: Factory, server: Server, tmp_path: Path) -> None:
    """The way out, as it is typed: the SQL that is shown, run by the server's administrator."""
    user = f"u{uuid.uuid4().hex[:12]}"
    unknown = issued.cli("ledger", "grant", "operator", "--to", user)
    assert (unknown.code, f"createuser --pwprompt {user}" in unknown.err) == (3, True), unknown.err
    server.run(f"CREATE ROLE {user} LOGIN")
    refused = issued.cli("ledger", "grant", "operator", "--to", user)
    assert (refused.code, f"ledger grant operator --to {user} --show" in refused.err) == (3, True), refused.err
    shown = issued.cli("ledger", "grant", "operator", "--to", user, "--show")
    database = database_of(issued)
    psql = [
        "psql",
        "--no-psqlrc",
        "--quiet",
        "-v",
        "ON_ERROR_STOP=1",
        "--username",
        "admin",
        "--host",
        str(server.folder),
    ]
    for _ in range(2):
        done = subprocess.run([*psql, database], input=shown.out, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    assert issued.cli("batch", "list").code == 0
    assert issued.cli("ledger", "grant", "operator").code == 2


@pytest.mark.parametrize(
    "undue",
    [
        "GRANT DELETE ON bss_mfg.event TO {user}",
        "GRANT UPDATE ON bss_mfg.unit TO PUBLIC",
        "GRANT UPDATE (data) ON bss_mfg.event TO {user}",
        "GRANT TRIGGER ON bss_mfg.package TO {user}",
        "GRANT SELECT ON bss_mfg.unit TO {user}",
    ],
)
def test_a_right_that_is_no_role_s_is_found(staffed: Staffed, undue: str) -> None:
    assert staffed.factory.cli("ledger", "check").code == 0
    with staffed.server.connect(staffed.database, "admin") as administrator:
        administrator.execute(undue.replace("{user}", staffed.users["qa"]))  # type: ignore[call-overload]
    found = staffed.factory.cli("ledger", "check")
    assert (found.code, "REVOKE" in found.err) == (5, True), found.err


def test_a_ledger_in_a_file_has_no_roles(tmp_path: Path) -> None:
    refused = make_factory(tmp_path / "w").cli("ledger", "grant", "operator", "--to", "x")
    assert (refused.code, "ledger move" in refused.err) == (4, True), refused.err
