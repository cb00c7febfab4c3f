"""Who may do what with a ledger on a server: roles of the database, and the grants that the database holds them to.

The tables are owned by the role `admin`. A station's user has one or more of the others, none of which owns anything:
triggers, tables and rights are out of its reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bss_mfg.errors import InputError
from bss_mfg.ledger.connection import SECRET_COLUMNS
from bss_mfg.ledger.postgresql_schema import NAME
from bss_mfg.ledger.postgresql_sql import reads_secrets
from bss_mfg.ledger.schema_tables import Table, tables

Role = Literal["operator", "qa", "keys", "admin"]
ADMIN: Role = "admin"
_MOST_BYTES = 63
"""PostgreSQL cuts a longer name off."""
_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role may do besides reading what is not sealed. Columns that it may change, by table."""

    inserts: frozenset[str]
    updates: Mapping[str, frozenset[str]]
    deletes: frozenset[str] = frozenset()
    secrets: frozenset[str] = field(default=frozenset())
    """Tables whose sealed columns it reads."""


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _columns(**updates: str) -> dict[str, frozenset[str]]:
    return {table: _names(names) for table, names in updates.items()}


RIGHTS: Mapping[Role, Rights] = {
    "operator": Rights(
        _names(
            "product batch package unit identifier own_key template printed queued stretch manifest control_log_name "
            "event flasher flashed flash_file logistic_unit",
        ),
        _columns(
            product="next_serial",
            batch="closed_at",
            package="prints file_verified print_verified shipped carton",
            logistic_unit="station closed_at pallet label sent",
            unit="scrapped manifest answer answer_reason withdrawn",
            printed="superseded_at",
            flashed="passed event",
            queued="press taken_at outcome ended_at",
            stretch="roll good spoiled printed why roll_ended",
        ),
        secrets=_names("own_key"),  # names of files in the key folder
    ),
    "qa": Rights(
        _names("event flashed flash_file"),
        _columns(package="file_verified print_verified", flashed="passed event"),
    ),
    "keys": Rights(
        _names("release claim superseded own_key about event flasher flashed flash_file"),
        _columns(
            batch="wrapped_key recovery_key retired_at",
            own_key="wrapped_key recovery_key",
            unit="sealed_key extra released",
            release="written completed_at",
            claim="release flasher",
            flashed="passed event",
            package="payload digest revision prints file_verified print_verified",
            about="value",
        ),
        _names("about"),
        frozenset(table for table, _ in SECRET_COLUMNS),
    ),
}
"""Replacing a unit takes `operator` and `keys` together: it issues one, and opens the others of its package."""

UNDUE = f"""
SELECT DISTINCT format('%s on %s', lower(privilege_type), relname), CASE grantee WHEN 0 THEN 'PUBLIC'
    ELSE grantee::regrole::text END
FROM (
    SELECT relname, NULL AS attname, relowner, (aclexplode(relacl)).* FROM pg_class
    WHERE relnamespace = '{NAME}'::regnamespace AND relkind = 'r'
    UNION ALL SELECT relname, attname, relowner, (aclexplode(attacl)).*
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = '{NAME}'::regnamespace
) r
WHERE grantee <> relowner AND (
    privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE') AND (relname, privilege_type) <> ('about', 'DELETE')
    OR privilege_type = 'UPDATE' AND (attname IS NULL OR relname = 'event')
    OR relname = 'unit' AND privilege_type = 'SELECT' AND (attname IS NULL OR attname IN ('sealed_key', 'extra'))
        AND pg_get_userbyid(grantee) <> regexp_replace(pg_get_userbyid(relowner), '_{ADMIN}$', '_keys')
)
"""  # noqa: S608 (fixed texts)
"""Rights that no role has, and who was given them: by a hand other than ours."""

_NOTED_BY_KEYS = ("vault_id", "vault_kind", "recipient")
"""Rows of `about` that the role `keys` may change."""


@dataclass(frozen=True, slots=True)
class RoleNames:
    """The names of a ledger's roles: those of a server's roles are shared by all its databases."""

    prefix: str

    @classmethod
    def of(cls, database: str, owner: str) -> RoleNames:
        """By the owner of the ledger's tables, where that is its admin role; else by the database."""
        own = owner.removesuffix(f"_{ADMIN}")
        names = cls(own if own != owner else database)
        if not _PLAIN.fullmatch(names.prefix) or len(names["operator"].encode()) > _MOST_BYTES:
            raise InputError(
                f"no roles can be named after {names.prefix!r}",
                way_out="Rename the database: letters, digits, `_` and `-`, at most 54.",
            )
        return names

    def __getitem__(self, role: Role) -> str:
        return f"{self.prefix}_{role}"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and the user of the database who gets it."""

    role: Role
    user: str


def grants_script(names: RoleNames, grant: Grant | None = None) -> str:
    """What makes a ledger's roles, or renews their rights, and gives one of them to a user; a transaction's content.
    It may be run by the ledger's owner with CREATEROLE, or by an administrator of the server."""
    return "\n".join([*_roles(names), *_ownership(names), *_rights(names), *_given(names, grant)])


def roles_that_may(sql: str) -> list[Role]:
    """The roles that may run a statement of the stores; `admin` where none of the others may."""
    needed = [role for role, rights in RIGHTS.items() if _may(rights, sql)]
    return needed or [ADMIN]


_READS = re.compile(r"\s*(SELECT|WITH)\b")
_WRITES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) (\w+)(?:\s+SET\s+(.*?)\bWHERE\b)?", re.DOTALL)


def _may(rights: Rights, sql: str) -> bool:
    sealed = {table for table, _ in SECRET_COLUMNS if re.search(rf"\b{table}\b", sql)}
    if reads_secrets(sql) and not sealed <= rights.secrets:
        return False
    if (found := _WRITES.match(sql)) is None:
        return _READS.match(sql) is not None
    verb, table, changes = found.groups()
    if table == "about" and not set(re.findall(r"'(\w+)'", sql)) <= set(_NOTED_BY_KEYS):
        return False
    if verb == "INSERT INTO":
        return table in rights.inserts
    if verb == "DELETE FROM":
        return table in rights.deletes
    changed = set(re.findall(r"(?:^|,)\s*(\w+) = ", changes or ""))
    return changed <= rights.updates.get(table, frozenset())


def _roles(names: RoleNames) -> Iterator[str]:
    for role in (ADMIN, *RIGHTS):
        name = names[role]
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = {_text(name)}) "  # noqa: S608 (own names)
            f"THEN CREATE ROLE {_name(name)} NOLOGIN; END IF; END $$;"
        )


def _ownership(names: RoleNames) -> Iterator[str]:
    """The ledger, whoever made it, belongs to its admins."""
    admin, quoted = names[ADMIN], _name(names[ADMIN])
    yield f"""DO $$ DECLARE made_by name; one text; BEGIN
    SELECT pg_get_userbyid(nspowner) INTO made_by FROM pg_namespace WHERE nspname = {_text(NAME)};
    IF made_by = {_text(admin)} THEN RETURN; END IF;
    EXECUTE format('GRANT {quoted} TO %I', made_by);
    EXECUTE format('GRANT CREATE ON DATABASE %I TO {quoted}', current_database());
    ALTER SCHEMA {NAME} OWNER TO {quoted};
    FOR one IN SELECT 'TABLE ' || oid::regclass FROM pg_class
        WHERE relnamespace = {_text(NAME)}::regnamespace AND relkind = 'r'
        UNION ALL SELECT 'FUNCTION ' || oid::regprocedure FROM pg_proc
        WHERE pronamespace = {_text(NAME)}::regnamespace
    LOOP EXECUTE format('ALTER %s OWNER TO {quoted}', one); END LOOP;
END $$;"""  # noqa: S608 (own names)


def _rights(names: RoleNames) -> Iterator[str]:
    everyone = ", ".join(_name(names[role]) for role in RIGHTS)
    yield f"REVOKE ALL ON SCHEMA {NAME} FROM PUBLIC, {everyone};"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {NAME} FROM PUBLIC, {everyone};"
    yield f"GRANT USAGE ON SCHEMA {NAME} TO {everyone};"
    yield f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {NAME} TO {everyone};"
    for role, rights in RIGHTS.items():
        for table in tables():
            may = ", ".join(_of_table(rights, table))
            yield f"GRANT {may} ON {NAME}.{table.name} TO {_name(names[role])};"
    noted = ", ".join(map(_text, _NOTED_BY_KEYS))
    yield f"ALTER TABLE {NAME}.about ENABLE ROW LEVEL SECURITY;"
    yield f"DROP POLICY IF EXISTS read ON {NAME}.about;"
    yield f"CREATE POLICY read ON {NAME}.about FOR SELECT USING (true);"
    yield f"DROP POLICY IF EXISTS note ON {NAME}.about;"
    yield (
        f"CREATE POLICY note ON {NAME}.about TO {_name(names['keys'])} "
        f"USING (name IN ({noted})) WITH CHECK (name IN ({noted}));"
    )


def _of_table(rights: Rights, table: Table) -> Iterator[str]:
    sealed = {column for secret, column in SECRET_COLUMNS if secret == table.name}
    if sealed and table.name not in rights.secrets:
        yield f"SELECT ({', '.join(one for one in table.columns if one not in sealed)})"
    else:
        yield "SELECT"
    if table.name in rights.inserts:
        yield "INSERT"
    if changed := rights.updates.get(table.name):
        yield f"UPDATE ({', '.join(one for one in table.columns if one in changed)})"
    if table.name in rights.deletes:
        yield "DELETE"


def _given(names: RoleNames, grant: Grant | None) -> Iterator[str]:
    if grant:
        yield f"GRANT {_name(names[grant.role])} TO {_name(grant.user)};"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
