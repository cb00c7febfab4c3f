"""Mosquitto on loopback, and a wire to it that is cut."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Broker:
    """Where it listens."""

    port: int


@contextmanager
def mosquitto(folder: Path, *settings: str) -> Iterator[Broker]:
    """A broker, ended at the end."""
    port = free_port()
    user = ["user root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    lines = [f"listener {port} 127.0.0.1", *(settings or ("allow_anonymous true",)), *user]
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    program = next(path for path in ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "mosquitto") if _is(path))
    with (folder / "mosquitto.log").open("wb") as log:
        running = subprocess.Popen([program, "-c", folder / "mosquitto.conf"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end and running.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        assert running.poll() is None, (folder / "mosquitto.log").read_text()
        yield Broker(port)
    finally:
        running.terminate()
        running.wait(30)


def _is(path: str) -> bool:
    return "/" not in path or Path(path).is_file()


def free_port() -> int:
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def cut_wire(target: int, cuts: Iterator[int | None]) -> Iterator[int]:
    """A port that leads to another one. Each connection is cut after so many packets from there (None: never)."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port, ended = int(server.getsockname()[1]), threading.Event()

        def lead(near: socket.socket, far: socket.socket, packets: int | None) -> None:
            """From the far end to the near one."""
            with suppress(OSError):
                while (data := far.recv(65_536)) and not ended.is_set():
                    if packets is not None and (packets := packets - 1) < 0:
                        break
                    near.sendall(data)
            for one in (near, far):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

        def accept() -> None:
            with suppress(OSError):
                while not ended.is_set():
                    near, _ = server.accept()
                    far = socket.create_connection(("127.0.0.1", target))
                    for one, other, packets in ((near, far, next(cuts)), (far, near, None)):
                        threading.Thread(target=lead, args=(one, other, packets), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield port
        finally:
            ended.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


@contextmanager
def scripted_broker(answers: Iterator[tuple[int, bytes]]) -> Iterator[int]:
    """A broker that lets each connection in or not (the reason code of CONNACK, MQTT 5.0, 3.2.2.2), and answers its
    first message with these bytes; then it closes. The port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            with suppress(OSError, EOFError, StopIteration):
                while True:
                    with server.accept()[0] as client:
                        code, answer = next(answers)
                        _read_packet(client)
                        client.sendall(bytes([0x20, 3, 0, code, 0]))
                        if code == 0:
                            _read_packet(client)
                            client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield int(server.getsockname()[1])
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def _read_packet(client: socket.socket) -> bytes:
    """One packet: a byte, the length of the rest in groups of seven bits (MQTT 5.0, 1.5.5), the rest."""
    with client.makefile("rb", buffering=0) as stream:
        first, length, shift = _exactly(stream, 1), 0, 0
        while True:
            (group,) = _exactly(stream, 1)
            length |= (group & 127) << shift
            shift += 7
            if group < 128:
                return first + _exactly(stream, length)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    found = b""
    while len(found) < count:
        some = stream.read(count - len(found))
        if not some:
            raise EOFError
        found += some
    return found
