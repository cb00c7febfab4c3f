"""A time-stamping authority (RFC 3161): the openssl command with a certificate of its own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """
[ca]
basicConstraints = critical, CA:true
[stamps]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
[tsa]
default_tsa = authority
[authority]
serial = serial
crypto_device = builtin
signer_cert = signer.pem
signer_key = signer.key
certs = ca.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class TimeAuthority:
    """An authority in a folder; `certificate` is its root's."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def answer(self, request: Path, out: Path) -> Path:
        """What it answers to a request, as a file."""
        self._run("ts", "-reply", "-config", "config", "-queryfile", str(request), "-out", str(out))
        return out

    def request_of(self, data: bytes, out: Path, *options: str) -> Path:
        """A request of openssl's own."""
        (self.folder / "data").write_bytes(data)
        self._run("ts", "-query", "-data", "data", "-cert", *options, "-out", str(out))
        return out

    def accepts(self, answer: Path, data: bytes) -> bool:
        """Whether openssl verifies an answer over these bytes."""
        (self.folder / "data").write_bytes(data)
        command = ["openssl", "ts", "-verify", "-in", str(answer), "-data", "data", "-CAfile", "ca.pem"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=False).returncode == 0

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, check=True)


def make_time_authority(folder: Path, usage: str = "critical, timeStamping") -> TimeAuthority:
    """A new authority; `usage` is what its signer's certificate says that it may do."""
    folder.mkdir()
    made = TimeAuthority(folder)
    (folder / "config").write_text(_CONFIG.format(usage=usage))
    (folder / "serial").write_text("01\n")
    new_key = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    made._run(*new_key, "-x509", "-days", "30", "-subj", "/CN=Time root", "-keyout", "ca.key", "-out", "ca.pem")
    made._run(*new_key, "-subj", "/CN=Time authority", "-keyout", "signer.key", "-out", "signer.csr")
    made._run(
        "x509", "-req", "-in", "signer.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-days", "30",
        "-extfile", "config", "-extensions", "stamps", "-out", "signer.pem",
    )  # fmt: skip
    return made
