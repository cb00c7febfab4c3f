"""A device that nobody here wrote: BlueZ's bluetooth-meshd, unmodified, in a user-mode Linux whose kernel has what it
needs. It offers the CMAC algorithm only."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from bss_mfg.device.pdu import FailureCode
from bss_mfg.device.verdict import Awaited, VerdictKind
from tests.independent.device import meshd_guest
from tests.needs import MESH_DAEMON, needs

pytestmark = [needs("user-mode-linux"), pytest.mark.xdist_group("bluetooth-meshd")]

PATIENCE_S = 300
"""A boot and four checks at the daemon's pace take half a minute."""
STARTED = {"booted": True}

Said = list[dict[str, Any]]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What the guest tells, line by line. Left out where there is no user-mode Linux, as without ptrace."""
    machine = ["uml_dir=" + str(tmp_path_factory.mktemp("uml")), "mem=256M", "con=null", "con0=null,fd:1", "quiet"]
    root = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro"]
    first = [f'init="{sys.executable}"', "--", f'"{meshd_guest.__file__}"', MESH_DAEMON]
    command = ["linux.uml", *machine, *root, *first]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S, check=False)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    told = [json.loads(line.partition(meshd_guest.SAYS)[2]) for line in lines if meshd_guest.SAYS in line]
    if STARTED not in told:
        pytest.skip(f"user-mode Linux doesn't start here: {lines[-1:] or done.stderr[-200:]}")
    assert not any("error" in one for one in told), "\n".join(lines)
    return told


def checked(said: Said, name: str) -> dict[str, Any]:
    (found,) = (one for one in said if one.get("check") == name)
    return found


@pytest.mark.parametrize("name", ["right", "right-again"])
def test_it_proves_the_right_key(said: Said, name: str) -> None:
    """Also after it has refused a wrong one."""
    found = checked(said, name)
    assert (found["verdict"], found["passed"]) == (VerdictKind.PROVEN, True)


def test_it_refuses_a_wrong_key(said: Said) -> None:
    """By itself: its code is in the verdict, and its own name for it came to its firmware."""
    found = checked(said, "wrong")
    assert (found["verdict"], found["passed"]) == (VerdictKind.NOT_THIS_KEY, False)
    assert (found["awaited"], found["code"]) == (Awaited.RANDOM, FailureCode.CONFIRMATION_FAILED)
    assert found["told_firmware"] == "confirmation-failed"


def test_a_key_of_32_bytes_is_not_cut_for_it(said: Said) -> None:
    found = checked(said, "long")
    assert (found["verdict"], found["awaited"]) == (VerdictKind.ONLY_CMAC, Awaited.CAPABILITIES)


def test_it_stays_unprovisioned(said: Said) -> None:
    """It advertised after each check, and keeps no node; a network that it makes itself is one."""
    assert [one["unprovisioned_after"] for one in said if "check" in one] == [True] * 4
    without, control = (one["nodes"] for one in said if "nodes" in one)
    assert without == []
    assert len(control) == 1
