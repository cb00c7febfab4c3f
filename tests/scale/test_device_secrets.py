"""Keys that went to checks on air: none is left in the log, in what is shown, in a capture of the radio, or in the
memory of the process that checked, after the last check and before its end."""

from __future__ import annotations

import mmap
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bss_mfg.device.provisionee import Fault
from bss_mfg.device.unit_keys import open_unit_key
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory
from tests.helpers.simulated_devices import on_air, provisionee

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process in /proc")

CHECKER = """
import ctypes, sys
from bss_mfg.cli.main import main
from bss_mfg.device import check

workspace, radio, dump, units, kept = sys.argv[1:]
prove = check.prove


async def prove_and_dump(*arguments):
    verdict = await prove(*arguments)
    write_memory("ab")
    return verdict


def write_memory(mode):
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # dumpable again: the command hides its memory from others, and from us
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory, open(dump, mode) as file:
        for line in maps.readlines():
            where, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(one, 16) for one in where.split("-"))
                for at in range(begin, end, 1 << 20):
                    memory.seek(at)
                    file.write(memory.read(min(1 << 20, end - at)))


check.prove = prove_and_dump
if kept:
    kept = bytes.fromhex(kept)
for unit in units.split(","):
    sys.argv[1:] = ["--debug", "--workspace", workspace, "device", "check", "B1", unit, "--radio", radio, "--json"]
    try:
        main()
    except SystemExit as ended:
        print(unit, ended.code, file=sys.stderr)
write_memory("ab")
"""
"""Checks units one after the other, as a command does each, and then writes its own memory down."""

FAULTS = (None, None, Fault.OTHER_KEY, Fault.UNCHECKED_TRIMMED_KEY, Fault.ENDS_LINK)
"""Of the devices of the units from 1 on: the unchecked one is compared with each way to get a key wrong."""


def forms(key: bytes) -> Iterator[bytes]:
    """A key as it could be left: whole, its end where the memory was used again, reversed, as digits."""
    digits = key.hex()
    yield from (key, key[-12:], key[::-1], digits.encode(), digits[-24:].encode(), digits.upper().encode())


def left(keys: dict[str, bytes], data: bytes | mmap.mmap) -> set[str]:
    """Whose keys are there."""
    return {name for name, key in keys.items() if any(data.find(form) >= 0 for form in forms(key))}


@pytest.mark.parametrize("oob_bytes", [16, 32])
def test_no_key_is_left(factory: Factory, tmp_path: Path, oob_bytes: int) -> None:
    factory.add(oob_bytes=oob_bytes)
    factory.issue(len(FAULTS))
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger) as vault:
        found = ledger.units.find("B1", "number", range(1, len(FAULTS) + 1))
        units, shown = {unit.number: unit.serial for unit in found}, found[0].uuid
        keys = {units[number]: open_unit_key(ledger, vault, "B1", number).reveal() for number in units}
    devices = [provisionee(factory, number, fault) for number, fault in enumerate(FAULTS, 1)]
    dump, capture = tmp_path / "memory", tmp_path / "btsnoop"

    def check(checked: Iterable[str], kept: bytes = b"") -> tuple[bytes, set[str]]:
        """What the commands said, and whose keys were in memory after each exchange and at the end."""
        dump.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", CHECKER, factory.root, radio, dump, ",".join(checked), kept.hex()],
            env=real_environment({"BUMBLE_SNOOPER": f"btsnoop:file:{capture}"}),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        with dump.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
            return done.stdout + done.stderr, left(keys, memory)

    with on_air(*devices) as radio:
        said, remembered = check(units.values())
        assert said.count(b"PROVEN") == FAULTS.count(None)
        assert remembered == set()
        assert left(keys, said) == set()
        captured = capture.read_bytes()
        assert uuid.UUID(shown).bytes in captured  # a control: what is advertised is there
        assert left(keys, captured) == set()
        files = [path for path in factory.root.rglob("*") if path.is_file() and path.name != "vault.key"]
        assert not any(left(keys, path.read_bytes()) for path in files)
        assert check([units[1]], keys[units[1]])[1] == {units[1]}  # a control: a key that is kept is found
