"""What happens between two commands of a scene, and the printer that takes what they send."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
from pathlib import Path

from tests.helpers.raw_port import HOST_STATUS, READY


def line_of(folder: Path, word: str) -> str:
    """`@FILE:N`: line N of a file."""
    name, _, number = word[1:].partition(":")
    return typed(folder / name).splitlines()[int(number) - 1]


def typed(path: Path) -> str:
    """What a scanner types: a column of a table without its quotes."""
    return path.read_text("utf-8").replace('"', "")


def between(folder: Path, program: Path, words: list[str]) -> None:
    """One step of a scene: what people and accidents do to files. `ValueError` or `OSError` where it can't be done."""
    verb, *rest = words
    paths = [folder / word for word in rest]
    if verb == "copy":
        shutil.copyfile(*paths)
    elif verb == "remove":
        shutil.rmtree(paths[0]) if paths[0].is_dir() else paths[0].unlink()
    elif verb == "folder":
        paths[0].mkdir(parents=True)
    elif verb == "write":
        lines = [line_of(folder, word) if word.startswith("@") else word for word in rest[1:]]
        paths[0].write_text("\n".join(lines) + "\n", "utf-8")
    elif verb == "edit":
        text = paths[0].read_text("utf-8")
        if rest[1] not in text:
            raise ValueError(f"{rest[0]} holds no {rest[1]}")
        paths[0].write_text(text.replace(rest[1], rest[2].replace("\\n", "\n")), "utf-8")
    elif verb == "sql":
        with sqlite3.connect(paths[0]) as database:
            database.executescript(rest[1])
        database.close()
    elif verb == "old-ledger":  # of an earlier version of the program
        old = program / "old_ledgers"
        paths[1].unlink()
        with sqlite3.connect(paths[1]) as database:
            database.executescript((old / f"v{rest[0]}.sql").read_text("utf-8"))
        database.close()
        shutil.copyfile(old / f"v{rest[0]}.key", paths[1].with_name("vault.key"))
    elif verb == "paint":  # FILE X Y WIDTH HEIGHT GREY, in thousandths of the picture
        from PIL import Image

        with Image.open(paths[0]) as picture:
            x, y, width, height, grey = (int(word) for word in rest[1:])
            across, down = picture.width / 1000, picture.height / 1000
            box = (int(x * across), int(y * down), int((x + width) * across), int((y + height) * down))
            painted = picture.convert("L")
        painted.paste(grey, box)
        painted.save(paths[0])
    else:
        raise ValueError(f"no step is called {verb}")


class Printer:
    """A printer's raw port on this machine: takes what is sent, and says that it is ready."""

    def __enter__(self) -> Printer:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self.taken = b""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # closed: the command has ended
                return
            with connection:
                while piece := connection.recv(65_536):
                    self.taken += piece
                    if HOST_STATUS in self.taken:
                        self.taken = self.taken.replace(HOST_STATUS, b"")
                        connection.send(READY)
