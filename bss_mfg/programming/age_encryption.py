"""A programming file encrypted to stations' public keys, in the age format (age-encryption.org/v1), as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from queue import Empty, Queue, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from bss_mfg.errors import MissingError
from bss_mfg.workspace.age_key import checked_recipients

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient

BLOCK_BYTES = 1 << 16


def recipients(texts: Sequence[str]) -> list[Recipient]:
    """Public keys of stations, checked. Ask before anything secret is opened."""
    return checked_recipients(texts, "encrypting an export")


def encrypted_to(content: Iterable[bytes], to: Sequence[Recipient]) -> Iterator[bytes]:
    """`content` as an age file that only the recipients open. Memory stays flat: some blocks of 64 KiB.

    pyrage pulls from a reader and pushes into a writer, so it works in a thread of its own; `content` is made in
    the caller's, where the ledger's connection belongs.
    """
    plain: Queue[bytes] = Queue(4)  # bounded, so the thread can never fall behind by more
    cipher: SimpleQueue[bytes] = SimpleQueue()
    worker = _EncryptingThread(plain, cipher, to)
    worker.start()
    try:
        for block in _blocks(content):
            plain.put(block)
            yield from _drain(cipher)
    finally:
        plain.put(b"")
        worker.join()
    if not worker.finished:
        raise MissingError("age could not encrypt the export", way_out="Update pyrage and run the command again.")
    yield from _drain(cipher)


class _EncryptingThread(Thread):
    """The thread in which pyrage works: a reader over `plain` until an empty block, a writer into `cipher`."""

    def __init__(self, plain: Queue[bytes], cipher: SimpleQueue[bytes], to: Sequence[Recipient]) -> None:
        super().__init__(daemon=True)
        self.finished = False
        self._plain, self._cipher, self._to = plain, cipher, to
        self._rest, self._ended = b"", False

    def run(self) -> None:
        import pyrage

        try:
            pyrage.encrypt_io(self, self, list(self._to))
            self.finished = True
        except pyrage.EncryptError:
            pass  # `finished` tells the caller
        finally:
            while not self._ended:  # whatever went wrong, the caller is never left waiting
                self.read(BLOCK_BYTES)

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes; none at the end."""
        if not self._rest and not self._ended:
            self._rest = self._plain.get()
            self._ended = not self._rest
        block, self._rest = self._rest[:limit], self._rest[limit:]
        return block

    def write(self, block: bytes) -> int:
        """Hand a block of the age file over."""
        self._cipher.put(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Nothing is kept back."""


def _blocks(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of about 64 KiB; none is empty."""
    block = bytearray()
    for some in content:
        block += some
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _drain(cipher: SimpleQueue[bytes]) -> Iterator[bytes]:
    try:
        while True:
            yield cipher.get_nowait()
    except Empty:
        return
