"""Files that a template names: in any language, with spaces and brackets, in folders; never outside of its folder."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from bss_mfg.label.template.loading import load_template
from bss_mfg.workspace.template_files import copy_template, files_named_by
from tests.helpers.commands import run_cli

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="9" height="9"/></svg>'
MINIMAL = Path(__file__).parents[4] / "templates" / "minimal.toml"
IMAGE = '\n[[element]]\nkind = "image"\nx = 50\ny = 20\nwidth = 3\nheight = 3\nfile = "{}"\n'
NAMES = ["My logo (2).svg", "Größe & Maß [neu].svg", "logos/ein Bild.svg", "ロゴ.svg", "a/b/c'é.svg", "%20+#.svg"]
FONTS = Path(__file__).parents[4] / "bss_mfg" / "label" / "template" / "fonts"


def template_with(folder: Path, named: str, stored: str | None = None) -> Path:
    """A template that names an artwork, stored under this name or another."""
    path = folder / "own.toml"
    text = MINIMAL.read_text("utf-8") + IMAGE.format(named)
    path.write_text(text, "utf-8")
    art = folder / (stored or named)
    art.parent.mkdir(parents=True, exist_ok=True)
    art.write_text(SVG, "utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_artwork_has_the_name_that_it_has(tmp_path: Path, name: str) -> None:
    loaded = load_template(template_with(tmp_path, name))
    assert [art.file for art in loaded.artwork] == [name]


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_an_umlaut_is_found_in_either_form(tmp_path: Path, forms: tuple[str, str]) -> None:
    named, stored = (unicodedata.normalize(form, "Größe/Maß für é.svg") for form in forms)
    assert load_template(template_with(tmp_path, named, stored)).artwork


@pytest.mark.parametrize(
    "name",
    ["../logo.svg", "/etc/logo.svg", "a/../../logo.svg", "C:logo.svg", "a\\\\logo.svg", "", "./logo.svg", "a//b.svg"],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(MINIMAL.read_text("utf-8") + IMAGE.format(name), "utf-8")
    with pytest.raises(InputError, match=r"element\[4\].file"):
        load_template(path)


def test_a_link_in_the_other_form_leads_nowhere_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside.svg"
    outside.write_text(SVG)
    folder = tmp_path / "templates"
    folder.mkdir()
    path = template_with(folder, unicodedata.normalize("NFC", "Größe.svg"), "other.svg")
    (folder / unicodedata.normalize("NFD", "Größe.svg")).symlink_to(outside)
    with pytest.raises(InputError, match="symbolic link"):
        load_template(path)


def test_a_name_in_other_letters_is_asked_after(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        load_template(template_with(tmp_path, "logo.svg", "Logo.SVG"))
    assert "There is 'Logo.SVG': did you mean that?" in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_takes_along_what_is_named(tmp_path: Path, name: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    path = template_with(source, name)
    font = "fonts/Meine Schrift.ttf"
    path.write_text(path.read_text("utf-8").replace("[media]", f'[fonts]\nown = "{font}"\n[media]', 1), "utf-8")
    (source / "fonts").mkdir()
    (source / font).write_bytes((FONTS / "LiberationSans-Regular.ttf").read_bytes())
    copied = copy_template(path, target, "copy")
    assert {file.relative_to(target).as_posix() for file in copied} == {"copy.toml", name, font}
    assert load_template(target / "copy.toml").artwork[0].file == name


def test_files_are_found_wherever_a_template_names_them() -> None:
    data = {
        "fonts": {"a": "a.ttf", "b": ["b.otf", "c.ttc"], "d": {"file": "d.ttf", "instance": "Bold"}},
        "media": {"profile": "press.icc"},
        "element": [{"file": "x.svg"}, {"text": "no.svg"}, {"file": "x.svg"}, 3],
    }
    assert {"a.ttf", "b.otf", "c.ttc", "d.ttf", "press.icc", "x.svg"} <= set(files_named_by(data))
    assert "no.svg" not in files_named_by(data)


def test_templates_and_printers_need_no_workspace(tmp_path: Path) -> None:
    listed = run_cli("template", "list", "--json", cwd=tmp_path)
    assert listed.code == 0
    assert {"minimal", "sheet-a4-24"} <= {item["name"] for item in listed.json}
    printers = run_cli("printer", "list", "--json", cwd=tmp_path)
    assert "zpl-203" in {item["name"] for item in printers.json}
    assert run_cli("printer", "show", "zpl-203", cwd=tmp_path).code == 0
    assert run_cli("printer", "test-page", "zpl-203", cwd=tmp_path).code == 0
    assert run_cli("media", "list", cwd=tmp_path).code == 0
    assert run_cli("template", "preview", "minimal", cwd=tmp_path).code == 0
    assert (tmp_path / "minimal-preview.png").is_file()
    assert run_cli("template", "copy", "retail-letter-10", "mine", cwd=tmp_path).code == 0
    assert (tmp_path / "bulb.svg").is_file()
    assert run_cli("template", "preview", "mine.toml", "--out", "mine.svg", cwd=tmp_path).code == 0


def test_a_product_needs_one(tmp_path: Path) -> None:
    done = run_cli("template", "preview", "minimal", "--product", "bulb", cwd=tmp_path)
    assert done.code == 3
    assert "no workspace here" in done.err
    other = run_cli("--workspace", tmp_path, "template", "list", cwd=tmp_path)
    assert other.code == 3  # the one that was named is no workspace
