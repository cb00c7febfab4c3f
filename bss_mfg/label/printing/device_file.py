"""A printer behind a device file: /dev/usb/lp0 and the like, a serial port, or a FIFO that a program of yours reads."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import sys
from pathlib import Path

from bss_mfg.errors import InputError
from bss_mfg.label.printing.sending import GivenUp, error_words


def require_device_files(path: str) -> None:
    """`InputError` on a system without them."""
    if sys.platform == "win32":
        raise InputError(
            "device files are for Linux, macOS and BSD",
            where=path,
            way_out="On Windows send to the spooler: winspool:NAME, with the printer's name in the settings.",
        )


def open_device_file(path: str, poll_s: float) -> DeviceFileChannel:
    """The device, for writing and where it can be for reading. `GivenUp` where it is none, not there or not ours:
    nothing was sent yet."""
    try:
        kind = Path(path).stat().st_mode
        if not stat.S_ISCHR(kind) and not stat.S_ISFIFO(kind):
            raise GivenUp(f"{path} isn't a printer: it is neither a character device nor a FIFO")
        return DeviceFileChannel(_open(path, is_fifo=stat.S_ISFIFO(kind)), poll_s, is_fifo=stat.S_ISFIFO(kind))
    except OSError as error:
        words = "nothing reads it" if error.errno == errno.ENXIO else error_words(error)
        if error.errno in (errno.EACCES, errno.EPERM):
            words += "; on most systems the group lp may write to printers"
        raise GivenUp(f"the printer at {path} can't be opened ({words})") from None


def _open(path: str, *, is_fifo: bool) -> int:
    if sys.platform == "win32":
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    flags = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    if is_fifo:
        return os.open(path, flags | os.O_WRONLY)
    try:
        return os.open(path, flags | os.O_RDWR)
    except PermissionError:
        return os.open(path, flags | os.O_WRONLY)  # one-way


class DeviceFileChannel:
    """An open device (`sending.Channel`)."""

    def __init__(self, descriptor: int, poll_s: float, *, is_fifo: bool) -> None:
        self._descriptor, self._poll_s, self._is_fifo = descriptor, poll_s, is_fifo
        self._two_way = not is_fifo
        if sys.platform != "win32" and os.isatty(descriptor):  # else the line discipline changes bytes
            import tty

            tty.setraw(descriptor)

    def write(self, data: memoryview) -> int:
        """Hand over some of it; `TimeoutError` where nothing is taken."""
        if not select.select([], [self._descriptor], [], self._poll_s)[1]:
            raise TimeoutError
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            raise TimeoutError from None

    def read(self, wait_s: float) -> bytes | None:
        """What the printer says within the time; a device that can't be read says nothing, at once."""
        if not self._two_way:
            return b""
        if not select.select([self._descriptor], [], [], wait_s)[0]:
            return None
        try:
            return os.read(self._descriptor, 4096)
        except BlockingIOError:
            return None
        except OSError:  # open for writing only, or a driver that can't be read
            self._two_way = False
            return b""

    def pending(self) -> int:
        """Bytes that lie in the FIFO or in the serial port's buffer; 0 where the driver does not say."""
        if sys.platform == "win32":
            return 0
        import termios

        if self._is_fifo:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLERR)
            left = self._count(termios.FIONREAD)
            if poll.poll(0):
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
            return left
        return self._count(termios.TIOCOUTQ) if os.isatty(self._descriptor) else 0

    def _count(self, request: int) -> int:
        if sys.platform == "win32":
            return 0
        import fcntl

        try:
            return int.from_bytes(fcntl.ioctl(self._descriptor, request, bytes(4)), sys.byteorder)
        except OSError:
            return 0

    def finish(self) -> None:
        """A device has no end of its own."""

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
