"""`start`: first labels by questions or options; nothing hidden, nothing half-made, nothing real with a test key."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.cli import first_batch
from tests.helpers.commands import Outcome, advised_in, command_line, real_environment, run_cli
from tests.helpers.factory import Factory
from tests.helpers.terminal import Terminal

ALL = {
    "--folder": "the plant", "--product": "bulb", "--title": "Mesh Bulb", "--pid": "ebK3", "--code": "841667145075",
    "--printer": "pdf-203", "--template": "minimal", "--units": "2",
}  # fmt: skip
TYPED = ["the plant", "bulb", "Mesh Bulb", "ebK3", "8-41667-14507-5", "test", "pdf-203", "minimal", "2"]
"""The same, as answers."""


def options(*left_out: str, **instead: str) -> list[str]:
    said = {**ALL, **{f"--{name}": value for name, value in instead.items()}}
    return [part for name, value in said.items() if name not in left_out for part in (name, value)]


def started(folder: Path, *words: str, stdin: str = "") -> Outcome:
    return run_cli("start", *words, cwd=folder, stdin=stdin)


def commands_shown(text: str) -> list[list[str]]:
    """The commands of the plan, as words behind `bss-mfg`."""
    return [shlex.split(line)[1:] for line in re.findall(r"^  (bss-mfg .*)$", text, re.MULTILINE)]


def batch_of(folder: Path, batch: str = "bulb-trial") -> dict[str, object]:
    record: dict[str, object] = run_cli("--workspace", folder, "batch", "show", batch, "--json").json
    return record


def test_options_alone_make_a_sheet_that_is_read_back(tmp_path: Path) -> None:
    done = started(tmp_path, *options(), "--test-key")
    assert done.code == 0, done.err
    assert (tmp_path / done.out.splitlines()[-1]).is_file()
    record = batch_of(tmp_path / "the plant")
    assert record["file_verified"] == 2 and record["stage"] == "development"
    assert "TRIAL" in done.err and done.err.rstrip().splitlines()[-1].startswith("OK: bulb-trial")
    again = started(tmp_path, *options(), "--test-key")
    assert again.code == 0, again.err
    assert len(run_cli("--workspace", tmp_path / "the plant", "batch", "list", "--json").json) == 1


def test_the_commands_that_it_shows_do_the_same_when_they_are_typed(tmp_path: Path) -> None:
    plan = started(tmp_path, *options(), "--test-key", "--plan")
    assert plan.code == 0 and list(tmp_path.iterdir()) == []
    shown = commands_shown(plan.err)
    assert [words[0] if words[0] != "--workspace" else words[2] for words in shown] == [
        "init",
        "dev-key",
        "product",
        "run",
    ]
    for words in shown:
        assert run_cli(*words, cwd=tmp_path).code == 0
    assert batch_of(tmp_path / "the plant")["file_verified"] == 2
    assert [words[2] for words in commands_shown(started(tmp_path, *options(), "--plan").err)] == ["run"]


@pytest.mark.parametrize("made", range(1, 4))
def test_what_was_interrupted_goes_on_and_nothing_is_made_twice(tmp_path: Path, made: int) -> None:
    for words in commands_shown(started(tmp_path, *options(), "--test-key", "--plan").err)[:made]:
        assert run_cli(*words, cwd=tmp_path).code == 0
    done = started(tmp_path, *options(), "--test-key")
    assert done.code == 0, done.err
    assert batch_of(tmp_path / "the plant")["units"] == 2
    assert len(list((tmp_path / "the plant" / "dev-keys").glob("*.private.pem"))) == 1


@pytest.mark.parametrize("leaves", [(), ("ledger.db",), ("ledger.db", "vault.key.new-0123456789abcdef")])
def test_what_an_interrupted_init_left_is_gone_on_with(tmp_path: Path, leaves: tuple[str, ...]) -> None:
    for folder in ("products", "templates", "dev-keys"):
        (tmp_path / "the plant" / folder).mkdir(parents=True)
    for name in ("keys.lock", *leaves):
        (tmp_path / "the plant" / name).touch()
    assert started(tmp_path, *options(), "--test-key").code == 0


def test_a_folder_with_somebodys_templates_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "the plant" / "templates").mkdir(parents=True)
    (tmp_path / "the plant" / "templates" / "mine.toml").touch()
    assert started(tmp_path, *options(), "--test-key").code == 3


def test_another_batch_of_the_same_name_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    assert started(tmp_path, *options(), "--test-key").code == 0
    refused = started(tmp_path, *options(units="3"), "--test-key")
    assert refused.code == 4 and not commands_shown(refused.err)
    (words,) = advised_in(refused.err)
    assert started(tmp_path, *words[1:]).code == 0
    assert batch_of(tmp_path / "the plant", words[-1])["units"] == 3


def test_an_error_says_last_how_to_continue(tmp_path: Path) -> None:
    assert run_cli("init", "the plant", cwd=tmp_path).code == 0
    key = tmp_path / "the plant" / "vault.key"
    key.rename(tmp_path / "mislaid")
    refused = started(tmp_path, *options(), "--test-key")
    assert refused.code not in (0, 1, 2)
    words = advised_in(refused.err.splitlines()[-1])[-1]
    (tmp_path / "mislaid").rename(key)
    assert words[0] == "start" and started(tmp_path, *words[1:]).code == 0


def test_the_same_command_goes_on_however_its_code_is_typed(tmp_path: Path) -> None:
    words = [*options(code="8-41667-14507-5"), "--test-key", "--plan"]
    for command in commands_shown(started(tmp_path, *words).err)[:3]:
        assert run_cli(*command, cwd=tmp_path).code == 0
    assert [command[2] for command in commands_shown(started(tmp_path, *words).err)] == ["run"]
    assert started(tmp_path, *options(code="04012345123456"), "--plan").code == 3


def test_of_packages_with_several_units_the_labels_are_counted(factory: Factory) -> None:
    factory.add(units_per_package=2, oob_bytes=16)
    done = factory.cli("start", *options(folder=str(factory.root), units="4"))
    assert done.code == 0, done.err
    assert done.err.rstrip().splitlines()[-1].startswith("OK: bulb-trial: 2 labels")


def test_half_a_test_key_is_no_test_key(tmp_path: Path) -> None:
    for words in commands_shown(started(tmp_path, *options(), "--test-key", "--plan").err)[:2]:
        assert run_cli(*words, cwd=tmp_path).code == 0
    (tmp_path / "the plant/dev-keys/amazon-test.public.pem").unlink()
    assert started(tmp_path, *options(), "--test-key").code == 0


def test_without_a_terminal_all_missing_options_are_named(tmp_path: Path) -> None:
    assert all(f"{name}" in started(tmp_path).err for name in (*ALL, "--public-key", "--test-key"))
    done = started(tmp_path, *options("--pid", "--code", "--units"))
    assert done.code == 2
    assert all(name in done.err for name in ("--pid", "--code", "--units", "--public-key"))
    assert "--title" not in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"pid": "eb"}, 3), ({"code": "841667145076"}, 3), ({"code": "12"}, 3), ({"product": "a b"}, 3),
        ({"printer": "none"}, 3), ({"template": "none"}, 3), ({"template": "traveller-a4"}, 3),
        ({"folder": "."}, 3), ({"folder": "no/where"}, 3), ({"id": "a/b"}, 3), ({"units": "0"}, 2),
        ({"title": "x" * 100}, 3), ({"public-key": "none.pem"}, 2), ({"title": " "}, 3), ({"title": "灯"}, 3),
        ({"title": "W" * 80}, 3), ({"printer": "zpl-203", "template": "sheet-a4-24"}, 3),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_told_before_anything_is_made(tmp_path: Path, wrong: dict[str, str], code: int) -> None:
    (tmp_path / "mine").write_text("x")
    assert started(tmp_path, *options(**wrong), "--test-key").code == code
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_another_product_of_that_name_is_left_alone(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    there = {"folder": str(factory.root)}
    assert factory.cli("start", *options(**there, pid="oTh3")).code == 4
    key = factory.root / "dev-keys" / "amazon.public.pem"
    assert factory.cli("start", *options(**there), "--public-key", key, "--plan").code == 0
    settings = factory.root / "products" / "bulb.toml"
    settings.write_text(settings.read_text() + 'stage = "production"\n')
    assert factory.cli("start", *options(**there)).code in (3, 4)
    assert factory.cli("batch", "list", "--json").json == []


def test_a_key_whose_private_half_is_known_makes_a_trial(factory: Factory, tmp_path: Path) -> None:
    """Whether it is called so or not: a key for development is marked, any other is found beside its half."""
    key = factory.root / "dev-keys" / "amazon.public.pem"
    done = started(tmp_path, *options(), "--public-key", str(key), "--plan")
    assert done.code == 0 and "TRIAL" in done.err and "bulb-trial" in done.err


def test_with_amazons_key_it_is_no_trial_and_still_a_sample(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "amazon.pem").write_bytes(
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    done = started(tmp_path, *options(), "--public-key", "amazon.pem")
    assert done.code == 0, done.err
    assert "TRIAL" not in done.err and "SAMPLE" in done.err
    assert batch_of(tmp_path / "the plant", "bulb-first")["stage"] == "development"


def test_a_label_printers_file_is_not_said_to_be_read_back(tmp_path: Path) -> None:
    done = started(tmp_path, *options(printer="zpl-203", template="roll-50x30"), "--test-key")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].endswith(".zpl")
    assert "read back right" not in done.err.rstrip().splitlines()[-1]
    assert batch_of(tmp_path / "the plant")["file_verified"] == 0


@pytest.mark.parametrize("answered", range(len(TYPED) + 1))
def test_interrupted_at_any_question_it_makes_nothing_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answered: int
) -> None:
    monkeypatch.setattr(first_batch, "_at_terminal", lambda: True)
    ended = started(tmp_path, stdin="".join(f"{line}\n" for line in TYPED[:answered]))
    assert ended.code == 130, ended.err
    assert list(tmp_path.iterdir()) == []
    (line,) = re.findall(r"`bss-mfg (start.*)`", ended.err)
    rest = "".join(f"{one}\n" for one in TYPED[answered:])
    plan = started(tmp_path, *shlex.split(line)[1:], "--plan", stdin=rest)
    assert plan.code == 0, plan.err
    assert commands_shown(plan.err) == commands_shown(started(tmp_path, *options(), "--test-key", "--plan").err)


def test_it_is_typed_at_a_terminal(tmp_path: Path) -> None:
    """With answers that are wrong first, numbers out of lists, and what is in brackets."""
    with Terminal(
        command_line("start"), tmp_path, real_environment({"DISPLAY": "", "WAYLAND_DISPLAY": ""})
    ) as terminal:
        for question, *answers in (
            (r"Folder .*: ", ""), (r"Short name.*: ", "bulb"), (r"for people.*: ", ""),
            (r"product id.*: ", "eb", "ebK3"), (r"UPC or EAN.*: ", "841667145075"), (r"public key.*: ", ""),
            (r"Printer.*: ", "1"), (r"Labels.*: ", "4"), (r"Units.*: ", "none", "2"), (r"Make this.*: ", "y"),
        ):  # fmt: skip
            for answer in answers:
                terminal.until(question)
                terminal.type(f"{answer}\n")
        assert terminal.ended() == 0, terminal.shown
    assert "TRIAL" in terminal.shown
    assert batch_of(tmp_path / "factory")["file_verified"] == 2


def test_answers_are_taken_as_they_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks are Enter; a path may stand in quotes; a number beyond the list is no name; a title that the labels can't
    show is asked for again, and so is a template."""
    monkeypatch.setattr(first_batch, "_at_terminal", lambda: True)
    answers = ["'the plant'", " ", "bulb", " ", "ebK3", "841667145075", "TEST", "99", "0", " ", "99", "4", " ", "y"]
    done = started(tmp_path, stdin="".join(f"{line}\n" for line in answers))
    assert done.code == 0, done.err
    assert batch_of(tmp_path / "the plant")["file_verified"] == 10
    answers = ["lamp", "灯", "ebK4", "841667145075", "test", "1", "4", "Lamp", "2", "n"]
    done = started(tmp_path, "--folder", "the plant", stdin="".join(f"{line}\n" for line in answers))
    assert done.code == 130
    (line,) = re.findall(r"`bss-mfg (start.*)`", done.err)
    assert "Lamp" in shlex.split(line)


def test_ctrl_c_at_a_terminal_makes_nothing(tmp_path: Path) -> None:
    with Terminal(command_line("start"), tmp_path, real_environment()) as terminal:
        terminal.until(r"Folder .*: ")
        terminal.type("plant\n")
        terminal.until(r"Short name.*: ")
        assert terminal.interrupted() == 130, terminal.shown
    assert "bss-mfg start --folder plant" in terminal.shown
    assert list(tmp_path.iterdir()) == []
