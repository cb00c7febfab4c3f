"""A workspace that nobody named, and that is another's, is not worked in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.network_drives import is_network
from bss_mfg.workspace.finding import CONFIG, find_root

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other owners")


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of somebody else: to the user who asks, whose files they are is another's number."""
    (tmp_path / CONFIG).write_text("format = 1\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    tmp_path.chmod(0o755)
    mine = os.stat(tmp_path).st_uid
    if mine == 0:
        for path in (tmp_path, tmp_path / CONFIG):
            os.chown(path, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    return tmp_path


def test_a_workspace_of_another_above_is_refused(others: Path) -> None:
    with pytest.raises(RefusedError) as told:
        find_root(None, others / "deep" / "er", {})
    assert str(others) in told.value.way_out


def test_one_that_was_named_is_taken(others: Path) -> None:
    assert find_root(str(others), others, {}) == others.resolve()
    assert find_root(None, others, {"BSS_MFG_WORKSPACE": str(others)}) == others.resolve()


def test_settings_of_another_in_a_folder_for_all_are_refused(others: Path) -> None:
    """As in /tmp: the folder is root's, the file is whose it likes."""
    if os.geteuid() == 0:
        os.chown(others, 0, 0)
    others.chmod(0o1777)
    with pytest.raises(RefusedError):
        find_root(None, others / "deep", {})


def test_a_group_that_the_user_is_in_shares_its_workspace(others: Path) -> None:
    if os.geteuid() == 0:
        os.chown(others, 12345, os.getegid())
    others.chmod(0o2770)
    assert find_root(None, others / "deep", {}) == others.resolve()
    others.chmod(0o2777)
    with pytest.raises(RefusedError):
        find_root(None, others / "deep", {})


def test_who_became_root_by_sudo_keeps_the_own_workspace(others: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has been another before")
    assert find_root(None, others, {"SUDO_UID": "12345"}) == others.resolve()


@pytest.mark.parametrize(
    "kind",
    ["fuse.glusterfs", "fuse.ceph", "davfs", "vboxsf", "lustre", "fuse.rclone", "fuse.sshfs", "fuse.s3fs",
     "nfs4", "cifs", "9p", "beegfs"],
)  # fmt: skip
def test_network_file_systems_are_known(kind: str) -> None:
    assert is_network(kind)


@pytest.mark.parametrize(
    "kind",
    ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "vfat", "fuse.mergerfs", "fuse.gocryptfs", ""],
)
def test_local_file_systems_are_taken(kind: str) -> None:
    assert not is_network(kind)
