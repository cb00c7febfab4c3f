"""spec fit: from samples of a guide to the spec that explains them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import json_option, print_json, say, shown_path
from bss_mfg.cli.parameters import WholeNumber

if TYPE_CHECKING:
    from bss_mfg.payload.fitting.known import Known
    from bss_mfg.payload.spec import Spec


_NO_NAME = "fitted"


@click.command(epilog="Example: bss-mfg spec fit samples/guide-*.toml --private-key test-key.pem --out specs/mine.toml")
@click.argument("samples", nargs=-1, required=True, metavar="SAMPLE...", type=click.Path(path_type=Path))
@click.option(
    "--private-key",
    metavar="KEY.pem",
    type=click.Path(path_type=Path),
    help="The guide's test key, for samples that name none of their own (private_key).",
)
@click.option(
    "--info",
    "words",
    multiple=True,
    metavar="TEXT|hex:DIGITS",
    help="A context (info, SharedInfo, label, salt, P1, P2) or IV that the guide prints; may be given more than once.",
)
@click.option(
    "--max-units",
    type=WholeNumber(1, 64),
    help="Most units that a package will have; 1: readings that differ only with several are one.",
)
@click.option("--name", default=_NO_NAME, metavar="NAME", help="The spec's name (default: that of --out, or fitted).")
@click.option("--usual", is_flag=True, help="Search only what is usual: SHA-1 and SHA-256, no cut tags or rare orders.")
@click.option("--expect", is_flag=True, help="Exit 1 unless exactly one explanation fits.")
@click.option(
    "--out",
    metavar="SPEC.toml",
    type=click.Path(path_type=Path),
    help="Write the likeliest explanation as a spec; never overwrites.",
)
@json_option
@click.pass_context
def fit(
    ctx: click.Context, samples: tuple[Path, ...], private_key: Path | None, words: tuple[str, ...],
    max_units: int | None, name: str, usual: bool, expect: bool, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Find the spec that explains the samples of a guide.

    Splits the strings, recognises the units' values, and searches schemes and layouts for what opens the rest. Says
    every explanation that fits, and what another sample should vary to tell them apart. Without a private key it says
    what lengths and forms exclude. No key is printed.

    How far it is is told on stderr, and when nothing usual opens a field. Ctrl-C ends it, and says how near it came.

    Exit codes: 0 explained; 1 nothing explains the samples, or with --expect several do; 130 stopped.
    """
    from bss_mfg.cli.spec_fit_progress import watched_fit
    from bss_mfg.cli.spec_fit_report import print_report
    from bss_mfg.core.files import already_exists_error, write_atomically
    from bss_mfg.payload.fitting.fit import FitRequest
    from bss_mfg.payload.fitting.report_data import report_document
    from bss_mfg.payload.fitting.spec_text import spec_text

    if out and out.exists():
        raise already_exists_error(out)
    name = _checked_name(name, out)
    known = _samples(samples, private_key)
    report = watched_fit(FitRequest(known, tuple(map(_piece, words)), max_units, name, not usual))
    if as_json:
        print_json(report_document(report))
    else:
        print_report(report, keyed=any(sample.key for sample in known), several=len(known) > 1)
    if out and report.specs:
        listed, others = _listable(report.specs[0], out, samples)
        write_atomically(out, [spec_text(listed).encode()])
        given = "".join(f" --sample {shown_path(path)}" for path in others)
        say(f"Spec: {shown_path(out)}. Prove it: `bss-mfg spec check {shown_path(out)}{given}`.")
        if others:
            say(
                f"NOTE: {', '.join(path.name for path in others)}: not listed in the spec, which lists samples beside "
                "it or below only. To sign for what they prove, move them there with their private key, and name them "
                "in the spec: [samples] files = [...]."
            )
    if not report.specs or (expect and report.explanations != 1):
        ctx.exit(1)


def _checked_name(name: str, out: Path | None) -> str:
    """The spec's name: that of its file, where there is one."""
    import re

    if out and name == _NO_NAME:
        name = out.stem
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise click.UsageError(f"{name[:70]!a} can't be a spec's name: small letters, digits and -. Give --name.")
    if out and out.stem != name:
        raise click.UsageError(
            f"A spec and its file have one name: say --out {shown_path(out.with_name(f'{name}.toml'))}, or leave out "
            "--name."
        )
    return name


def _piece(word: str) -> str:
    """A context as a spec writes it."""
    if not word.startswith("hex:"):
        return "text:" + word.removeprefix("text:")
    try:
        return "hex:" + bytes.fromhex(word[4:]).hex()
    except ValueError:
        raise click.UsageError(f"--info {word[:40]!a} should have hex digits behind hex:.") from None


def _samples(paths: tuple[Path, ...], private_key: Path | None) -> tuple[Known, ...]:
    from bss_mfg.payload.fitting.known import known_sample
    from bss_mfg.workspace.spec_samples import read_private_key, read_sample

    key = read_private_key(private_key) if private_key else None
    loaded = [read_sample(path, shown_path(path)) for path in paths]
    return tuple(known_sample(one.sample, one.private_key or key) for one in loaded)


def _listable(spec: Spec, out: Path, paths: tuple[Path, ...]) -> tuple[Spec, list[Path]]:
    """The spec with the samples that lie where one beside `out` can name them, and the other samples."""
    files: list[str] = []
    others = []
    for path in paths:
        try:
            name = path.resolve().relative_to(out.resolve().parent).as_posix()
            spec = type(spec).model_validate({**spec.model_dump(), "samples": {"files": [*files, name]}})
        except ValueError:  # in another folder, or with a name that no spec can list
            others.append(path)
        else:
            files.append(name)
    return spec, others
