"""TLS as it is in a factory: a server with a certificate by an authority that this test made, and who is not let in."""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bss_mfg.errors import InputError
from tests.helpers.commands import run_cli
from tests.helpers.postgres import Server, free_port
from tests.helpers.postgres import server as running_server
from tests.independent.postgresql.test_server import refusal
from tests.needs import needs

pytestmark = needs("postgresql")
_DAY = datetime.timedelta(days=1)


class Authority:
    """It signs certificates."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))

    def server(self, host: str, valid_days: int = 2) -> tuple[bytes, bytes]:
        """A server's certificate and its private key, PEM; expired with a negative number of days."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._signed(subject, key, names, valid_days)
        return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType, valid_days: int = 2
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - 9 * _DAY).not_valid_after(now + valid_days * _DAY)
        return made.add_extension(extension, critical=False).sign(self._key, hashes.SHA256())


@dataclass(frozen=True)
class Secured:
    """A server that takes nobody over the network without TLS, the authority that signed it, and its certificate
    file."""

    server: Server
    authority: Authority
    folder: Path

    def url(self, host: str = "localhost", **more: str) -> str:
        given = {"sslrootcert": str(self.folder / "ca.crt"), "hostaddr": "127.0.0.1", **more}
        query = "&".join(f"{name}={value}" for name, value in given.items() if value)
        return f"postgresql://factory@{host}:{self.server.port}/line?{query}"

    def certify(self, certificate: bytes, key: bytes) -> None:
        """Another certificate from now on."""
        data = self.server.folder / "data"
        owner = data.stat()
        for name, content in (("server.crt", certificate), ("server.key", key)):
            (data / name).write_bytes(content)
            os.chown(data / name, owner.st_uid, owner.st_gid)
            (data / name).chmod(0o600)
        self.server.run("ALTER SYSTEM SET ssl = on")
        self.server.control("-m", "fast", "restart")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder, authority = tmp_path_factory.mktemp("tls"), Authority("factory CA")
    (folder / "ca.crt").write_bytes(authority.pem)
    with running_server(("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"), free_port()) as server:
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
        made = Secured(server, authority, folder)
        made.certify(*authority.server("localhost"))
        server.new_database("line")
        yield made


@pytest.fixture
def secured(running: Secured) -> Secured:
    """With a right certificate, which another test may have changed."""
    return running


def test_a_line_works_by_a_verified_name(secured: Secured, tmp_path: Path) -> None:
    made = run_cli("init", tmp_path / "w", "--ledger", secured.url())
    assert made.code == 0, made.err
    assert run_cli("--workspace", tmp_path / "w", "ledger", "check").code == 0
    with secured.server.connect("line", "admin") as admin:
        admin.execute("DROP SCHEMA bss_mfg CASCADE")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"host": "db.example.com"}, "does not match host name"),
        ({"sslrootcert": "{folder}/other.crt"}, "certificate verify failed"),
        ({"sslrootcert": "{folder}/nowhere.crt"}, "root certificate file"),
        ({"sslmode": "disable"}, "no encryption"),
    ],
)
def test_who_is_not_trusted_is_told_why(secured: Secured, tmp_path: Path, changed: dict[str, str], says: str) -> None:
    """Another name than the certificate's, an authority that did not sign it, none at all, and no TLS."""
    (secured.folder / "other.crt").write_bytes(Authority("another CA").pem)
    given = {name: value.format(folder=secured.folder) for name, value in changed.items()}
    refused = refusal(secured.url(**given), tmp_path)
    assert isinstance(refused, InputError), refused
    assert says in refused.what
    assert "sslrootcert" in refused.way_out


def test_an_expired_certificate_is_no_proof(secured: Secured, tmp_path: Path) -> None:
    secured.certify(*secured.authority.server("localhost", valid_days=-1))
    try:
        refused = refusal(secured.url(), tmp_path)
        assert isinstance(refused, InputError), refused
        assert "certificate" in refused.what
    finally:
        secured.certify(*secured.authority.server("localhost"))


def test_a_server_that_offers_none_is_refused(server: Server, secured: Secured, tmp_path: Path) -> None:
    """And the default place of the authority's certificate is the one that the page names."""
    secured.server.run("ALTER SYSTEM SET ssl = off")
    secured.server.control("-m", "fast", "restart")
    try:
        refused = refusal(secured.url(), tmp_path)
        assert isinstance(refused, InputError), refused
        assert "does not support SSL" in refused.what
    finally:
        secured.certify(*secured.authority.server("localhost"))


def test_the_authority_is_found_where_the_page_says(
    secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`~/.postgresql/root.crt`, of the account's home: so it is asked in a process of its own where HOME is another."""
    missing = refusal(secured.url(sslrootcert=str(tmp_path / ".postgresql" / "root.crt")), tmp_path)
    assert "~/.postgresql/root.crt" in missing.way_out
    (tmp_path / ".postgresql").mkdir()
    shutil.copy(secured.folder / "ca.crt", tmp_path / ".postgresql" / "root.crt")
    found = refusal(secured.url(sslrootcert=str(tmp_path / ".postgresql" / "root.crt")), tmp_path)
    assert "holds no ledger" in found.what
