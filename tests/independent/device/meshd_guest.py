"""What runs in a user-mode Linux, as its first process: BlueZ's bluetooth-meshd as a device, unmodified, and our check
as its provisioner. It prints a line of JSON for each check. Its one argument is the daemon.

The daemon needs AF_ALG of the kernel, which the computer that runs the tests may lack. `--io unit:` gives it a socket
in place of a controller; it talks on the session bus then, never connects the socket that it sends to, and drops what
has fewer than 10 bytes.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

sys.path.insert(0, str(Path(__file__).parents[3]))

from bss_mfg.device.beacon import Beacon
from bss_mfg.device.check import Patience, check
from bss_mfg.device.radio import Link, Sighting
from bss_mfg.model import Secret
from tests.helpers.pb_adv import FAILED, PbAdvLink

SAYS = "meshd-guest "
"""How a line for the test begins, among those of the kernel."""
DEVICE = uuid.UUID("70cf7c97-32a3-45b6-9149-4810d2e9cbf4")
KEY = bytes.fromhex("906d73a3c7a7cb3ff730dca68a46b9c1")
OTHER_KEY = KEY[:-1] + bytes([KEY[-1] ^ 1])
LONG_KEY = KEY + bytes(16)

MODULES = "af_alg", "algif_skcipher", "algif_hash", "algif_aead", "ecb", "cmac", "ctr", "ccm"
RUN = Path("/run")
BUS = "unix:path=/run/bus"
PROVISIONING, BEACON = 0x29, 0x2B
"""AD types."""
SHORTEST = 10
_FINIT_MODULE, _PIDFD_GETFD = 313, 438
"""System calls that Python has no name for, on x86-64."""
_POWER_OFF = 0x4321FEDC


def say(**what: object) -> None:
    print(SAYS + json.dumps(what), flush=True)


def prepare(libc: ctypes.CDLL) -> None:
    """File systems and modules; there is no mount and no modprobe here that we could rely on."""
    for kind, where in (("proc", "/proc"), ("tmpfs", "/run")):
        if libc.mount(kind.encode(), where.encode(), kind.encode(), 0, b""):
            raise OSError(ctypes.get_errno(), f"mounting {where}")
    folder = Path("/usr/lib/uml/modules", os.uname().release, "kernel/crypto")
    for name in MODULES:
        module = os.open(folder / f"{name}.ko", os.O_RDONLY)
        if libc.syscall(_FINIT_MODULE, module, b"", 0):
            raise OSError(ctypes.get_errno(), f"loading {name}")
        os.close(module)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.02)


APPLICATION = {
    "/app": {
        "org.bluez.mesh.Application1": {
            "CompanyID": Variant("q", 0x05F1),
            "ProductID": Variant("q", 1),
            "VersionID": Variant("q", 1),
        }
    },
    "/app/agent": {
        "org.bluez.mesh.ProvisionAgent1": {
            "Capabilities": Variant("as", ["static-oob"]),
            "OutOfBandInfo": Variant("as", []),
            "URI": Variant("s", ""),
        }
    },
    "/app/element": {
        "org.bluez.mesh.Element1": {
            "Index": Variant("y", 0),
            "Location": Variant("q", 0),
            "Models": Variant("a(qa{sv})", [[0x1000, {}]]),
            "VendorModels": Variant("a(qqa{sv})", []),
        }
    },
}
"""The objects of a firmware on D-Bus."""


class Firmware:
    """The application that lets the daemon join a network, as a device's firmware would: it holds the Static OOB key,
    and advertises again whenever that came to nothing."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._joining: asyncio.Task[None] | None = None
        self.joined = asyncio.Event()
        self.failures: list[str] = []
        bus.add_message_handler(self._called)

    def _called(self, message: Message) -> Message | None:
        match message.member:
            case "GetManagedObjects":
                return Message.new_method_return(message, "a{oa{sa{sv}}}", [APPLICATION])
            case "PromptStatic":
                return Message.new_method_return(message, "ay", [KEY])
            case "JoinComplete":
                self.joined.set()
                return Message.new_method_return(message)
            case "JoinFailed":
                self.failures.append(message.body[0])
                self.join()
                return Message.new_method_return(message)
            case _:
                return None

    async def call(self, member: str, signature: str = "", body: tuple[object, ...] = (), **where: str) -> Message:
        """A method of the daemon's; its answer may be an error."""
        at = {"path": "/org/bluez/mesh", "interface": "org.bluez.mesh.Network1"} | where
        message = Message(destination="org.bluez.mesh", member=member, signature=signature, body=list(body), **at)
        answer = await self._bus.call(message)
        assert answer is not None
        return answer

    def join(self) -> None:
        self._joining = asyncio.create_task(self._join())

    async def _join(self) -> None:
        """Until the daemon has done with the link before."""
        while (await self.call("Join", "oay", ("/app", DEVICE.bytes))).message_type is MessageType.ERROR:
            await asyncio.sleep(0.1)


class UnitRadio:
    """The other end of the daemon's socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._ears: list[Callable[[int, bytes], None]] = []
        asyncio.get_running_loop().add_reader(end, self._hear)

    def _hear(self) -> None:
        data = self._end.recv(64)
        for ear in list(self._ears):
            ear(data[0], data[1:])

    def _advertise(self, data: bytes) -> None:
        """With a length before it, which the daemon asks to be no zero."""
        advertisement = bytes([1 + len(data), PROVISIONING]) + data
        self._end.send(advertisement.ljust(SHORTEST, b"\0"))

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        done = asyncio.Event()

        def hear(kind: int, data: bytes) -> None:
            beacon = Beacon.from_mesh_beacon(data) if kind == BEACON else None
            if beacon and see(Sighting("meshd", beacon)):
                done.set()

        self._ears.append(hear)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await done.wait()
        self._ears.remove(hear)

    @asynccontextmanager
    async def connect(self, sighting: Sighting, seconds: float) -> AsyncIterator[Link]:
        link = PbAdvLink(self._advertise, int.from_bytes(os.urandom(4), "big") | 1)

        def hear(kind: int, data: bytes) -> None:
            if kind == PROVISIONING:
                link.heard(data)

        self._ears.append(hear)
        async with asyncio.timeout(seconds):
            await link.open(sighting.beacon.uuid)
        try:
            yield link
        finally:
            link.close(FAILED)
            self._ears.remove(hear)


def other_end(libc: ctypes.CDLL, daemon: int) -> socket.socket:
    """A socket that is connected to the daemon's, and the daemon's to it."""
    wait_for(RUN / "mesh")
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.bind(str(RUN / "station"))
    ours.connect(str(RUN / "mesh"))
    process = os.pidfd_open(daemon)
    for entry in Path(f"/proc/{daemon}/fd").iterdir():
        number = libc.syscall(_PIDFD_GETFD, process, int(entry.name), 0)
        with suppress(OSError), socket.socket(fileno=number) as theirs:
            if theirs.getsockname() == str(RUN / "mesh"):
                theirs.connect(str(RUN / "station"))
                return ours
    raise RuntimeError("the daemon has no such socket")


async def checks(libc: ctypes.CDLL, daemon: int) -> None:
    bus = await MessageBus(BUS, BusType.SESSION).connect()
    firmware = Firmware(bus)
    radio = UnitRadio(other_end(libc, daemon))
    firmware.join()
    for name, key in (("right", KEY), ("wrong", OTHER_KEY), ("right-again", KEY), ("long", LONG_KEY)):
        found = await check(radio, DEVICE, lambda key=key: Secret(key), Patience(15, 15, 15))
        assert found.verdict is not None
        say(
            check=name,
            passed=found.passed,
            verdict=found.verdict.kind,
            awaited=found.verdict.awaited,
            code=found.verdict.code,
            unprovisioned_after=found.unprovisioned_after,
            told_firmware=firmware.failures[-1],
        )
    await firmware.call("Cancel")  # until then it keeps a node that is to join
    say(nodes=nodes())
    await firmware.call("CreateNetwork", "oay", ("/app", uuid.uuid4().bytes))
    await firmware.joined.wait()
    say(nodes=nodes())  # a control: this is where a node would be


def nodes() -> list[str]:
    """What the daemon keeps of networks that it is in."""
    return sorted(path.name for path in (RUN / "storage").iterdir())


def main() -> None:
    libc: Any = ctypes.CDLL(None, use_errno=True)
    prepare(libc)
    (RUN / "storage").mkdir()
    environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": BUS, "PATH": "/usr/bin:/bin"}
    log = (RUN / "log").open("wb")
    subprocess.Popen(["dbus-daemon", "--session", "--nofork", f"--address={BUS}"], env=environment, stderr=log)
    wait_for(RUN / "bus")
    command = [sys.argv[1], "--nodetach", "--debug", "--io", f"unit:{RUN}/mesh", "--storage", str(RUN / "storage")]
    daemon = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    say(booted=True)
    try:
        asyncio.run(checks(libc, daemon.pid))
    except BaseException as error:
        print((RUN / "log").read_text("utf-8", "replace")[-4000:])
        say(error=repr(error))
        raise


if __name__ == "__main__":
    try:
        main()
    finally:
        sys.stdout.flush()
        ctypes.CDLL(None).reboot(_POWER_OFF)
