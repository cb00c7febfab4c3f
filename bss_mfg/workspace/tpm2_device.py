"""The way to a TPM 2.0: its device, or the socket of one in software. Whole commands go out, whole answers come in."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bss_mfg.core.home_folder import expanded
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, MissingError, NotPermittedError
from bss_mfg.workspace.tpm2_words import OFFICER_OPENS, OFFICER_OPENS_ELSEWHERE

DEVICE_VARIABLE = "BSS_MFG_TPM2"
"""The environment variable that names another TPM than the machine's own."""
DEVICE = Path("/dev/tpmrm0")
"""The machine's TPM behind the kernel's resource manager, which gives each program a TPM of its own, and clears away
what a killed one left."""
_MOST_BYTES = LIMITS[Reader.TPM].size
_PATIENCE = 60.0
"""Seconds in which an answer of a socket begins; those of a device are the kernel's."""


class Channel(Protocol):
    """An open way to a TPM."""

    def exchange(self, command: bytes) -> bytes:
        """The answer to a command; `MissingError` where none comes."""

    def close(self) -> None:
        """Let go of it."""


def device_path() -> Path:
    """The TPM of this machine, or the one that was named."""
    named = os.environ.get(DEVICE_VARIABLE)
    return expanded(named) if named else DEVICE


def open_channel(path: Path) -> Channel:
    """Open a TPM. `MissingError` where there is none, `NotPermittedError` where who works here may not use it."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISCHR(mode):
            return _Pipe(path, *_device(path))
        if stat.S_ISSOCK(mode):
            return _Pipe(path, *_socket(path))
    except PermissionError:
        raise NotPermittedError(
            "you may not use the TPM of this machine",
            where=path,
            way_out="It belongs to the group tss: `sudo usermod -aG tss NAME`, then log in anew.",
        ) from None
    except OSError:
        raise MissingError(
            "this machine has no TPM 2.0 that answers",
            where=path,
            way_out="Switch it on in the machine's firmware (as fTPM, PTT or security device); Linux has it at "
            f"{DEVICE}; {DEVICE_VARIABLE} names another. If it is gone for good: "
            f"{OFFICER_OPENS_ELSEWHERE}.",
        ) from None
    raise InputError("is not a TPM", where=path, way_out=f"{DEVICE_VARIABLE} names a device, as {DEVICE}, or a socket.")


def gone_error(path: Path) -> MissingError:
    """Where a TPM stops to answer."""
    return MissingError(
        "the TPM stopped answering",
        where=path,
        way_out=f"Run the same command again. If it stays so, restart the machine; at last: {OFFICER_OPENS}.",
    )


@dataclass(frozen=True, slots=True)
class _Pipe:
    """A TPM as what sends to it, what receives from it, and what closes it."""

    path: Path
    send: Callable[[bytes], object]
    receive: Callable[[int], bytes]
    shut: Callable[[], None]

    def exchange(self, command: bytes) -> bytes:
        try:
            self.send(command)
            answer = self.receive(_MOST_BYTES)
            while answer and len(answer) < _size(answer) <= _MOST_BYTES:
                more = self.receive(_MOST_BYTES - len(answer))
                if not more:
                    break
                answer += more
        except OSError:
            raise gone_error(self.path) from None
        if len(answer) != _size(answer):
            raise gone_error(self.path)
        return answer

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.shut()


def _size(answer: bytes) -> int:
    """How long an answer says it is; the length of its head, where that is not there yet."""
    return int.from_bytes(answer[2:6], "big") if len(answer) >= 6 else 10


_Ways = tuple[Callable[[bytes], object], Callable[[int], bytes], Callable[[], None]]


def _device(path: Path) -> _Ways:
    number = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    return (lambda data: os.write(number, data)), (lambda most: os.read(number, most)), (lambda: os.close(number))


def _socket(path: Path) -> _Ways:
    if sys.platform == "win32":
        raise OSError("no sockets in folders")
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(_PATIENCE)
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line.sendall, line.recv, line.close
