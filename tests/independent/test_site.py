"""The documentation's site: a strict build passes, stops at each fault, and no page asks another host for anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mkdocs.config import load_config
from mkdocs.structure.files import get_files, set_exclusions

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytest.importorskip("material", reason="the site needs: pip install -e '.[docs]'")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly."""
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stdout
    return folder


def build(tree: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "mkdocs.yml", "--site-dir", folder],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the site is built from, to put faults into."""
    tree = tmp_path / "tree"
    for name in ("docs", "benchmarks", "bss_mfg"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "results", "fonts"))
    for path in (*ROOT.glob("*.md"), ROOT / "mkdocs.yml"):
        shutil.copy(path, tree)
    return tree


def test_bytecode_of_its_scripts_is_not_part_of_it(tree: Path) -> None:
    """Python writes it while the site is built; it holds times, and so bundles would differ."""
    (tree / "docs/__pycache__").mkdir()
    (tree / "docs/__pycache__/site_hooks.cpython-311.pyc").write_bytes(b"")
    config = load_config(str(tree / "mkdocs.yml"))
    files = get_files(config)
    set_exclusions(files, config)
    parts = [file.src_uri for file in files if file.inclusion.is_included()]
    assert "install.md" in parts
    assert [name for name in parts if name.endswith((".py", ".pyc"))] == []


FAULTS = {  # what is added to which page -> what the warning names
    ("docs/qa.md", "[x](nowhere.md)"): "'nowhere.md'",
    ("README.md", "[x](docs/nowhere.md)"): "'docs/nowhere.md'",
    ("CONTRIBUTING.md", "[x](docs/qa.md#nothing)"): "'docs/qa.md#nothing'",
    ("docs/qa.md", "[x](/docs/operator.md)"): "'/docs/operator.md'",
    ("docs/qa.md", "[x](formats)"): "'formats'",
    ("docs/api.md", "[x][bss_mfg.Nothing]"): "'bss_mfg.Nothing'",
    ("docs/qa.md", "![x](https://host.example/x.png)"): "https://host.example/x.png",
    ("docs/assets/site.css", "@import 'https://host.example/x.css';"): "https://host.example/x.css",
    ("docs/qa.md", "Text:\n- not an item"): "- not an item",
    ("docs/orphan.md", "A page that is in no menu"): "docs/orphan.md",
}
LOST = "docs/formats/suites.md"  # a page that the menu names


def test_a_strict_build_stops_at_each_fault(tree: Path, tmp_path: Path) -> None:
    """The control. Strict means: one warning is enough; so each fault must have one that names it."""
    for page, text in FAULTS:
        with (tree / page).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{text}\n")
    (tree / LOST).unlink()
    done = build(tree, tmp_path / "site")
    assert done.returncode != 0
    assert [named for named in (*FAULTS.values(), LOST) if named not in done.stdout] == []
    assert len(re.findall("^WARNING", done.stdout, re.MULTILINE)) >= len(FAULTS) + 1


def test_one_warning_is_enough(tree: Path, tmp_path: Path) -> None:
    with (tree / "README.md").open("a", encoding="utf-8") as file:
        file.write("\n[x](docs/nowhere.md)\n")
    done = build(tree, tmp_path / "site")
    assert done.returncode != 0
    assert "Aborted with 1 warnings" in done.stdout


def test_a_member_that_does_not_exist_stops_the_build(tree: Path, tmp_path: Path) -> None:
    with (tree / "docs/api.md").open("a", encoding="utf-8") as file:
        file.write("\n::: bss_mfg.nothing\n")
    done = build(tree, tmp_path / "site")
    assert done.returncode != 0
    assert "bss_mfg.nothing" in done.stdout


def test_every_link_leads_to_a_file(site: Path) -> None:
    """Also what the theme adds: menus, styles, scripts."""
    count = 0
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # its links begin at the root of a server
            continue
        for link in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text("utf-8")):
            if not link.startswith(("http", "data:", "mailto:")):
                assert (page.parent / link).is_file(), f"{page.relative_to(site)}: {link}"
                count += 1
    assert count > 1000


def test_the_api_page_has_what_is_exported_and_nothing_else(site: Path) -> None:
    import bss_mfg

    exported = set(getattr(bss_mfg, "__all__", ["__version__"]))
    assert set(re.findall(r'id="bss_mfg\.(\w+)"', (site / "api.html").read_text("utf-8"))) == exported


def test_search_works_from_a_folder_and_no_other_host_is_asked(site: Path, chrome: Chrome) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    chrome.get_log("performance")
    for page in ("index.html", "cli.html", "api.html", "formats/ledger.html"):
        chrome.get((site / page).as_uri())
    chrome.execute_script("document.querySelector('input.md-search__input').focus()")
    chrome.find_element(By.CSS_SELECTOR, "input.md-search__input").send_keys("quiet zone")
    WebDriverWait(chrome, 20).until(lambda _: chrome.find_elements(By.CSS_SELECTOR, ".md-search-result__link"))
    found = [link.get_attribute("href") for link in chrome.find_elements(By.CSS_SELECTOR, ".md-search-result__link")]
    assert any("/formats/template.html" in str(link) for link in found)
    messages = [json.loads(entry["message"])["message"] for entry in chrome.get_log("performance")]
    asked = [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]
    assert (site / "search" / "search_index.js").as_uri() in {url.partition("?")[0] for url in asked}
    assert [url for url in asked if not url.startswith(("file:", "data:", "chrome:"))] == []
    assert chrome.get_log("browser") == []
