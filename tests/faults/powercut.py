"""A disk that loses what was not synced: from a trace of system calls, every state a power cut could leave behind.

The model is the pessimistic reading of POSIX. Data written to a file is on the disk after fsync of that file, and until
then any of its writes may be missing, or cut at a sector. A name made, removed or moved is on the disk after fsync of
its folder, and until then the folder's changes may be cut off anywhere in their order. Fsync of a file does not keep
its name.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers import strace

CALLS = (
    "openat", "close", "write", "pwrite64", "lseek", "ftruncate", "fsync", "fdatasync", "rename", "link", "unlink",
    "mkdir",
)  # fmt: skip
SECTOR = 512
AT_A_POINT = 40
"""Most states that are taken of one moment."""

State = tuple[int, dict[str, bytes]]
"""How many acts were acknowledged before the cut, and the files that are on the disk after it, by path."""

Write = tuple[int, bytes] | int
"""(offset, data), or the length that a file is cut to."""


@dataclass
class _Inode:
    content: bytes = b""
    pending: list[Write] = field(default_factory=list)

    def with_writes(self, writes: list[Write]) -> bytes:
        data = bytearray(self.content)
        for write in writes:
            if isinstance(write, int):
                del data[write:]
                data.extend(bytes(write - len(data)))
            else:
                at, piece = write
                data.extend(bytes(max(at - len(data), 0)))
                data[at : at + len(piece)] = piece
        return bytes(data)

    @property
    def whole(self) -> bytes:
        return self.with_writes(self.pending)

    def survivors(self, chance: random.Random) -> list[bytes]:
        """What may be left: nothing of the pending writes, all, a beginning, all but one, a torn one, some."""
        writes, count = self.pending, len(self.pending)
        if not writes:
            return [self.content]
        choices = [[], writes, *(writes[:at] for at in {1, count // 2, count - 1})]
        choices += [writes[:at] + writes[at + 1 :] for at in {0, count // 2, count - 1}]
        choices += [[one for one in writes if chance.random() < 0.5] for _ in range(4)]
        last = writes[-1]
        if not isinstance(last, int) and len(last[1]) > SECTOR:
            cut = SECTOR * chance.randrange(1, -(-len(last[1]) // SECTOR))
            choices += [[*writes[:-1], (last[0], last[1][:cut])], [*writes[:-1], (last[0] + cut, last[1][cut:])]]
        return list(dict.fromkeys(self.with_writes(choice) for choice in choices))


Names = dict[str, _Inode]
Change = Callable[[Names], None]


@dataclass
class Disk:
    """The files of a folder while a trace is played: as the program sees them, and as they are on the disk."""

    names: Names
    durable: Names
    pending: dict[str, list[Change]] = field(default_factory=dict)
    handles: dict[int, str | _Inode] = field(default_factory=dict)
    """A folder's path, or a file."""
    positions: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, files: dict[str, bytes]) -> Disk:
        names = {path: _Inode(data) for path, data in files.items()}
        return cls(dict(names), dict(names))

    def _change(self, path: str, change: Change) -> None:
        change(self.names)
        self.pending.setdefault(path.rpartition("/")[0], []).append(change)

    def opened(self, handle: int, path: str, flags: str) -> None:
        if "O_DIRECTORY" in flags or (path not in self.names and "O_CREAT" not in flags):
            self.handles[handle] = path
            return
        if path not in self.names:
            new = _Inode()
            self._change(path, lambda names: names.__setitem__(path, new))
        elif "O_TRUNC" in flags:
            self.names[path].pending.append(0)
        self.handles[handle], self.positions[handle] = self.names[path], 0

    def written(self, handle: int, data: bytes, at: int | None = None) -> None:
        file = self.handles.get(handle)
        if isinstance(file, _Inode):
            offset = self.positions[handle] if at is None else at
            file.pending.append((offset, data))
            if at is None:
                self.positions[handle] = offset + len(data)

    def cut(self, handle: int, length: int) -> None:
        file = self.handles.get(handle)
        if isinstance(file, _Inode):
            file.pending.append(length)

    def synced(self, handle: int) -> None:
        file = self.handles.get(handle)
        if isinstance(file, _Inode):
            file.content, file.pending = file.whole, []
        elif file is not None:
            for change in self.pending.pop(file, []):
                change(self.durable)

    def removed(self, path: str) -> None:
        if path in self.names:
            self._change(path, lambda names: names.pop(path, None) and None)

    def moved(self, path: str, to: str) -> None:
        file = self.names[path]

        def move(names: Names) -> None:
            names.pop(path, None)
            names[to] = file

        self._change(path, move)

    def linked(self, path: str, to: str) -> None:
        file = self.names[path]
        self._change(to, lambda names: names.__setitem__(to, file))

    def after_a_cut(self, chance: random.Random) -> Iterator[dict[str, bytes]]:
        """States of the disk if the power fails now."""
        folders = list(self.pending)
        found = []
        for kept in itertools.product(*(range(len(self.pending[folder]) + 1) for folder in folders)):
            names = dict(self.durable)
            for folder, count in zip(folders, kept, strict=True):
                for change in self.pending[folder][:count]:
                    change(names)
            found.append({path: file.survivors(chance) for path, file in names.items()})
        chance.shuffle(found)
        for number in range(max(len(left) for choices in found for left in [[], *choices.values()]) + 4):
            for choices in found:
                yield {
                    path: left[number] if number < len(left) else chance.choice(left) for path, left in choices.items()
                }


_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def trace(act: Callable[[], None], log: Path) -> None:
    """Do something in a forked child under strace, which writes down every call that changes files."""
    options = ["-o", str(log), "-xx", "-s", "10000000", "-e", f"trace={','.join(CALLS)}"]
    assert strace.attach(strace.fork(act), options) == 0


def states(log: Path, files: dict[str, bytes], acknowledgements: str) -> Iterator[State]:
    """All different states that a power cut at any moment of a trace could leave; `files` is what was there before.

    An act counts as acknowledged once a line was written to the file `acknowledgements`.
    """
    root = str(Path(acknowledgements).parent)
    disk, chance, seen, done = Disk.of(files), random.Random(7), set[int](), 0
    for line in log.read_text().splitlines():
        found = _LINE.match(line)
        if not found or found[3].startswith("-"):
            continue
        call, arguments, result = found[1], found[2], int(found[3])
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
        numbers = [int(value) for value in re.findall(r"(?:^|, )(-?\d+)(?=,|$)", _TEXT.sub("", arguments))]
        paths = [text.decode() for text in texts] if call in ("openat", "rename", "link", "unlink") else []
        if paths and not all(path == root or path.startswith(f"{root}/") for path in paths):
            continue
        if call == "openat" and paths[0] == acknowledgements:
            disk.handles[result] = "acknowledgements"
            continue
        if call == "write" and disk.handles.get(numbers[0]) == "acknowledgements":
            done += 1
        elif call == "openat":
            disk.opened(result, paths[0], arguments)
        elif call == "close":
            disk.handles.pop(numbers[0], None)
        elif call == "write":
            disk.written(numbers[0], texts[0][:result])
        elif call == "pwrite64":
            disk.written(numbers[0], texts[0][:result], numbers[-1])
        elif call == "lseek":
            disk.positions[numbers[0]] = result
        elif call == "ftruncate":
            disk.cut(numbers[0], numbers[1])
        elif call in ("fsync", "fdatasync"):
            disk.synced(numbers[0])
        elif call == "rename":
            disk.moved(paths[0], paths[1])
        elif call == "link":
            disk.linked(paths[0], paths[1])
        elif call == "unlink":
            disk.removed(paths[0])
        for state in itertools.islice(disk.after_a_cut(chance), AT_A_POINT):
            name = hash((done, *sorted(state.items())))
            if name not in seen:
                seen.add(name)
                yield done, state
