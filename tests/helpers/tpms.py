"""TPMs in software (swtpm), each in a folder and on a socket of its own, begun and ended by the test; and a listener
between a command and its TPM, that fails, answers otherwise, or writes down what goes by."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.pace import PATIENCE

COMMANDS = {
    0x131: "CreatePrimary", 0x153: "Create", 0x157: "Load", 0x15E: "Unseal", 0x165: "FlushContext",
    0x173: "ReadPublic", 0x176: "StartAuthSession", 0x17A: "GetCapability",
}  # fmt: skip


@dataclass
class SoftTpm:
    """A running swtpm. Its socket's path is short, as sockets' have to be."""

    folder: Path
    sockets: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> Path:
        return self.sockets / "tpm"

    @property
    def env(self) -> dict[str, str]:
        """The environment of who uses it."""
        return {"BSS_MFG_TPM2": str(self.path)}

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}", "--flags", "startup-clear",
             "--server", f"type=unixio,path={self.path}", "--ctrl", f"type=unixio,path={self.path}.ctrl"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        given_up = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, "swtpm ended"
            assert time.monotonic() < given_up, "swtpm doesn't answer"
            time.sleep(0.01)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None
        for path in self.sockets.glob("tpm*"):
            path.unlink()

    def restart(self) -> None:
        """As the machine is: what was loaded is gone."""
        self.stop()
        self.start()

    def flush(self) -> None:
        """What killed programs left in it, as the kernel's resource manager does."""
        for kind in ("--transient-object", "--loaded-session", "--saved-session"):
            self.tools("tpm2_flushcontext", kind)

    def tools(self, *command: str) -> str:
        """One of tpm2-tools, which shares no code with bss-mfg."""
        done = subprocess.run(
            command, env={**os.environ, "TPM2TOOLS_TCTI": f"swtpm:path={self.path}"}, check=True, capture_output=True,
            cwd=self.folder,
        )  # fmt: skip
        return done.stdout.decode()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE)
            line.connect(str(self.path))
            line.sendall(struct.pack(">HIIH", 0x8001, 12, 0x17B, 8))
            return line.recv(4096)[6:10] == bytes(4)
        return False


@contextlib.contextmanager
def running_tpm(folder: Path) -> Iterator[SoftTpm]:
    """A TPM whose state is in a folder."""
    with tempfile.TemporaryDirectory(prefix="tpm-") as sockets:
        tpm = SoftTpm(folder, Path(sockets))
        tpm.start()
        try:
            yield tpm
        finally:
            tpm.stop()


@dataclass
class Listener:
    """Stands between a command and its TPM: `act` gets the number and name of each command, and what to pass on; it
    answers with what to pass on instead, or None to hang up."""

    tpm: SoftTpm
    act: Callable[[int, str, bytes], bytes | None] = lambda number, name, sent: sent
    answer: Callable[[str, bytes], bytes] = lambda name, said: said
    seen: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.tpm.sockets / "between"

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.seen]

    @contextlib.contextmanager
    def listening(self) -> Iterator[dict[str, str]]:
        """The environment of who speaks to it."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.path))
            server.listen()
            worker = threading.Thread(target=self._serve, args=(server,), daemon=True)
            worker.start()
            try:
                yield {"BSS_MFG_TPM2": str(self.path)}
            finally:
                server.shutdown(socket.SHUT_RDWR)
                worker.join()
                self.path.unlink()

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            hung_up = False
            with line, socket.socket(socket.AF_UNIX) as tpm:
                tpm.settimeout(PATIENCE)
                tpm.connect(str(self.tpm.path))
                while sent := line.recv(4096):
                    name = COMMANDS.get(int.from_bytes(sent[6:10], "big"), "other")
                    passed = self.act(len(self.seen) + 1, name, sent)
                    if passed is None:
                        self.seen.append((name, sent, b""))
                        hung_up = True
                        break
                    if passed[:2] == b"\x80\x01" and len(passed) == 10 and passed is not sent:
                        said = passed  # an answer of its own
                    else:
                        tpm.sendall(passed)
                        said = self.answer(name, tpm.recv(4096))
                    self.seen.append((name, sent, said))
                    line.sendall(said)
                    if len(said) < 10 or len(said) != int.from_bytes(said[2:6], "big"):
                        break  # nobody waits for the rest
            if hung_up:
                self.tpm.flush()


def refusal(code: int) -> bytes:
    """A TPM's answer that refuses."""
    return struct.pack(">HII", 0x8001, 10, code)
