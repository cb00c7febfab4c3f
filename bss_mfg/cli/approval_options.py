"""The options of commands that two persons may have to sign: what is to be signed, and what they signed."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from bss_mfg.cli.common import Command, say, shown_path
from bss_mfg.core.shell_words import shell_word

if TYPE_CHECKING:
    from bss_mfg.ledger.approvals import Consent


@dataclass(frozen=True, slots=True)
class ApprovalOptions:
    """Where a request is to be written; or one that was signed, with the files of the signatures."""

    request: Path | None
    approved: Path | None
    signatures: tuple[Path, ...]

    @property
    def is_given(self) -> bool:
        """Whether any of them is given."""
        return bool(self.request or self.approved or self.signatures)

    @contextmanager
    def consent(self) -> Iterator[Consent]:
        """What comes with the act that is done inside. Where a request is wanted, it is written in its place, and the
        command ends."""
        from bss_mfg.core.files import read_bytes, write_atomically
        from bss_mfg.core.untrusted import LIMITS, Reader
        from bss_mfg.ledger.approvals import Approval, ApprovalNeededError, Asking

        if self.request:
            try:
                yield Asking()
            except ApprovalNeededError as error:
                write_atomically(self.request, [error.request.encode()])
                file = shell_word(str(self.request))
                say(f"Nothing was done. Two persons read {shown_path(self.request)}, and each signs it with a key:")
                say(f"  ssh-keygen -Y sign -n bss-mfg -f KEY < {file} > {file}.NAME.sig")
                say(
                    f"Then the same command with --approved {file} --signature {file}.NAME.sig --signature "
                    f"{file}.OTHER.sig, within a day."
                )
                raise click.exceptions.Exit(0) from None
        elif self.approved:
            yield Approval(
                read_bytes(self.approved, "signed request", LIMITS[Reader.REQUEST].size),
                tuple(read_bytes(path, "signature", LIMITS[Reader.SIGNATURE].size) for path in self.signatures),
            )
        else:
            yield None


def approval_options(function: Command) -> Command:
    """`--request`, `--approved` and `--signature`; the command gets them as `approval`."""

    @click.option(
        "--request",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Only write what two persons have to sign first, into FILE.",
    )
    @click.option(
        "--approved",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The request that two persons signed; with --signature.",
    )
    @click.option(
        "--signature",
        "signatures",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A signature of it (`ssh-keygen -Y sign`); once for each person.",
    )
    @functools.wraps(function)
    def command(
        *arguments: Any, request: Path | None, approved: Path | None, signatures: tuple[Path, ...], **options: Any
    ) -> Any:
        if request and (approved or signatures):
            raise click.UsageError("--request asks for signatures, --approved brings them: give one.")
        if bool(approved) != bool(signatures):
            raise click.UsageError("--approved FILE and --signature FILE belong together.")
        return function(*arguments, approval=ApprovalOptions(request, approved, signatures), **options)

    return cast(Command, command)
