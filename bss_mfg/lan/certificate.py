"""The station's TLS certificate: self-signed, made once, kept with its key in one private file of the workspace."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.core.files import make_folder, read_bytes, write_atomically
from bss_mfg.core.untrusted import guarded
from bss_mfg.errors import ValueProblem

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

FILE = "phone-station.pem"
_DAYS = 397
"""How long a certificate holds: browsers refuse longer ones."""
_RENEW_DAYS = 30
_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class StationCertificate:
    """The file with certificate and key, as `ssl` loads it, the SHA-256 of the certificate in hex, as browsers show it,
    and the address that it is for."""

    file: Path
    fingerprint: str
    address: str

    @property
    def shown_fingerprint(self) -> str:
        """The fingerprint in pairs: AB:CD:..."""
        digits = self.fingerprint.upper()
        return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def station_certificate(folder: Path, address: str, now: dt.datetime) -> StationCertificate:
    """The certificate for an address of this computer, and a new one where there is none that holds for 30 days."""
    path = folder / FILE
    # In a workspace of a group the file may be another member's: who can't read it makes one of their own.
    known = _load(path, address, now) if path.is_file() and os.access(path, os.R_OK) else None
    if known is None:
        known = _make(path, address, now)
    return StationCertificate(path, _sha256(known), address)


def _load(path: Path, address: str, now: dt.datetime) -> Certificate | None:
    """The certificate of the file; None where there is none in it that is good, or no key that fits."""
    from cryptography.x509 import load_pem_x509_certificate

    data = read_bytes(path, "certificate of the phone station", _LIMIT)
    try:
        with guarded(ValueProblem):
            certificate = load_pem_x509_certificate(data)
            if not _is_good(certificate, address, now):
                return None
            _use(path)
            return certificate
    except ValueProblem:
        return None


def _use(path: Path) -> None:
    """Load certificate and key as the page's server does, which reads PEM in its own way; `ValueProblem` where it
    can't, or is asked for a passphrase."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(path, password=lambda: b"")
    except ssl.SSLError:  # an OSError by its type alone
        raise ValueProblem("can't be used") from None


def _is_good(certificate: Certificate, address: str, now: dt.datetime) -> bool:
    from cryptography.x509 import IPAddress, SubjectAlternativeName

    until = certificate.not_valid_after_utc - dt.timedelta(days=_RENEW_DAYS)
    if not certificate.not_valid_before_utc <= now <= until:
        return False
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    return ipaddress.ip_address(address) in names.get_values_for_type(IPAddress)


def _make(path: Path, address: str, now: dt.datetime) -> Certificate:
    """Make key (P-256) and certificate, and put them in place of what was there."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bss-mfg phone station")])
    usage = [ExtendedKeyUsageOID.SERVER_AUTH]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # a phone's clock may be slow
        .not_valid_after(now + dt.timedelta(days=_DAYS - 1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    make_folder(path.parent)
    write_atomically(path, [text, certificate.public_bytes(Encoding.PEM)], replace=True, private=True)
    return certificate


def _sha256(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA256()).hex()
