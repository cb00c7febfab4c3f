"""Finished control logs into an S3 bucket or a folder: never over something else, resumed where a run broke off,
verified, and recorded in the history.

A file that is there with the same bytes is left alone, one with others stops the run before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import require_safe_name, sha256_of
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.shell_words import shell_word
from bss_mfg.errors import InputError, MissingError, RefusedError
from bss_mfg.ledger.events import ManifestUploaded
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.manifest.sidecar import read_sidecar
from bss_mfg.manifest.upload_targets import PutAnswer, RemoteState, UploadFile, UploadTarget, upload_target


@dataclass(frozen=True, slots=True)
class UploadResult:
    """A file that is at its target: `where` is its address, `size` in bytes; `sent` is false where it was there
    already."""

    path: Path
    where: str
    sha256: str
    size: int
    sent: bool


def find_control_logs(paths: Sequence[Path]) -> dict[Path, str]:
    """Control logs, and all those of folders, each with the batch that its sidecar names; `InputError` where there is
    none."""
    for path in paths:
        if not path.exists():
            raise InputError(
                "there is no such file or folder", where=path, way_out="Name control logs, or a folder with some."
            )
    files = [file for path in paths for file in (sorted(path.glob("C_CONTROL_LOG_*.txt")) if path.is_dir() else [path])]
    if not files:
        raise InputError("no control log is there", where=paths[0], way_out="Name the files, or their folder.")
    return {path: read_sidecar(path).batch for path in files}


def upload_control_logs(
    ledger: Ledger, paths: Sequence[Path], target: str, *, endpoint: str | None = None, progress: Progress = no_progress
) -> Iterator[UploadResult]:
    """Upload control logs, and all those of folders, as `upload`; each that was sent is recorded for its batch.

    `InputError` and `RefusedError` before anything is sent where a file is not the one that its sidecar describes, or
    is of no batch of this ledger.
    """
    batches = find_control_logs(paths)
    for batch_id in sorted(set(batches.values())):
        ledger.batches.get(batch_id)

    def make_again(blocked: Sequence[Path]) -> str:
        """The commands that make these control logs under other names."""
        folders = dict.fromkeys((batches[path], path.parent) for path in blocked)
        commands = [
            f"`bss-mfg manifest make {batch} --out {shell_word(f'{folder}-again/')}`" for batch, folder in folders
        ]
        return "Make them again in another folder, where they get new names: " + ", ".join(commands)

    for done in upload(list(batches), target, endpoint=endpoint, progress=progress, make_again=make_again):
        if done.sent:
            uploaded = ManifestUploaded(file=done.path.name, sha256=done.sha256, address=done.where)
            ledger.exports.record_upload(batches[done.path], uploaded)
        yield done


def _make_again(blocked: Sequence[Path]) -> str:
    return "Make them again in another folder, where they get new names"


def upload(
    files: Sequence[Path],
    target: str,
    *,
    endpoint: str | None = None,
    progress: Progress = no_progress,
    make_again: Callable[[Sequence[Path]], str] = _make_again,
) -> Iterator[UploadResult]:
    """Upload files to `s3://BUCKET/PREFIX` or into an existing folder; yields each once it is there, in order.

    Credentials come from boto3's own chain (environment, ~/.aws, role); `endpoint` is for servers other than Amazon's,
    by default that of `AWS_ENDPOINT_URL`. `RefusedError` before anything is sent where other content is in the way;
    `make_again` says how such files get other names.
    """
    remote = upload_target(target, endpoint)
    listed = [UploadFile(path, sha256_of(path), path.stat().st_size) for path in files]
    names = [require_safe_name(path.name, "name of an uploaded file") for path in files]
    if len({name.casefold() for name in names}) != len(names):
        raise InputError("two of the files have the same name", way_out=f"{make_again(files[-1:])}.")
    states = [remote.state_of(file) for file in listed]
    if blocked := [file.path for file, state in zip(listed, states, strict=True) if state is RemoteState.OTHER]:
        raise _occupied_error([remote.address(path.name) for path in blocked], make_again(blocked))
    for number, (file, state) in enumerate(zip(listed, states, strict=True), 1):
        if state is not RemoteState.SAME:
            _send(remote, file, state, make_again)
        progress(number, len(listed))
        address = remote.address(file.path.name)
        yield UploadResult(file.path, address, file.sha256, file.size, state is not RemoteState.SAME)


def _send(
    remote: UploadTarget, file: UploadFile, before: RemoteState, make_again: Callable[[Sequence[Path]], str]
) -> None:
    answer = remote.put(file, before)
    after = remote.state_of(file)
    if after is RemoteState.SAME or (after is RemoteState.UNKNOWN and answer is PutAnswer.VERIFIED):
        return
    address = remote.address(file.path.name)
    if answer is PutAnswer.TAKEN and after is RemoteState.ABSENT:
        raise MissingError(
            "someone else is sending a file of that name right now",
            where=address,
            way_out="Wait until that is done, then run the same command again.",
        )
    if answer is PutAnswer.TAKEN:
        raise _occupied_error([address], make_again([file.path]))
    raise InputError(
        "can't be read back, and the server's answer holds no checksum"
        if after is RemoteState.UNKNOWN
        else "what is there after the upload is not what was sent",
        where=address,
        way_out="Look at it there, delete it if it is damaged, and run the same command again.",
    )


def _occupied_error(addresses: Sequence[str], make_again: str) -> RefusedError:
    return RefusedError(
        "other content is there already under the same name, or can't be compared",
        problems=addresses[:10],
        way_out=f"Nothing was overwritten. {make_again}; or name another place.",
    )
