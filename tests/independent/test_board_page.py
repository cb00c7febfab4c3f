"""The board in a real browser: on a phone and on a wall, live, with pictures, and asking nobody but its server."""

from __future__ import annotations

import base64
import contextlib
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from tests.helpers.browser import chromium, requested, until
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory, make_factory
from tests.helpers.shift import acting, live_a_shift, scan, serials
from tests.needs import needs

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = needs("chromium", "chromedriver")

PHONE = {"width": 390, "height": 844, "pixelRatio": 2}


@contextlib.contextmanager
def board(factory: Factory, *options: str) -> Iterator[str]:
    """`board` in a process of its own; its link."""
    process = subprocess.Popen(
        factory.command("board", "--port", "0", *options),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=real_environment(),
    )  # fmt: skip
    try:
        assert process.stderr
        yield next(found[0] for line in process.stderr if (found := re.search(r"https?://\S+", line)))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """A shift that ends now, whose spoiled labels `verify` has seen."""
    folder = tmp_path_factory.mktemp("line")
    factory = make_factory(folder / "Plant 7")
    live_a_shift(factory, datetime.now(UTC), folder)
    return factory


def opened(driver: Chrome, link: str) -> None:
    driver.get(link)
    until(lambda: state(driver) == "live", "the numbers are there")


def state(driver: Chrome) -> str:
    return str(driver.execute_script("return document.body.dataset.state"))


def text(driver: Chrome, selector: str) -> str:
    return str(driver.execute_script("return document.querySelector(arguments[0]).textContent", selector))


def complaints(driver: Chrome) -> list[Any]:
    return [line for line in driver.get_log("browser") if line["level"] in ("WARNING", "SEVERE")]


def test_on_a_phone_nothing_is_cut_off_and_nobody_else_is_asked(lived: Factory, tmp_path: Path) -> None:
    with board(lived) as link, chromium(tmp_path / "profile", phone=PHONE) as driver:
        opened(driver, link)
        assert text(driver, "#title") == "Plant 7"
        assert driver.execute_script("return document.documentElement.scrollWidth") == PHONE["width"]
        running = driver.execute_script("""
            const cell = document.querySelector("#hours .running").getBoundingClientRect();
            const frame = document.querySelector(".scroll").getBoundingClientRect();
            return cell.left >= frame.left && cell.right <= frame.right + 1""")
        assert running, "the hour that runs is in view"
        pictures = until(
            lambda: driver.execute_script("""
            return [...document.images].filter((one) => one.complete).map((one) => one.naturalWidth)"""),
            "pictures",
        )
        assert len(pictures) == 2 and min(pictures) > 50
        origin = link.rstrip("/")
        asked = [address for address in requested(driver) if not address.startswith(("data:", "chrome:"))]
        assert [address for address in asked if not address.startswith(f"{origin}/")] == []
        assert complaints(driver) == []


def test_on_a_wall_all_of_it_is_in_view(lived: Factory, tmp_path: Path) -> None:
    with board(lived) as link, chromium(tmp_path / "profile", size=(1920, 1080)) as driver:
        opened(driver, f"{link}#wall")
        height, visible = driver.execute_script("return [document.documentElement.scrollHeight, innerHeight]")
        assert height <= visible
        cut_off = driver.execute_script("""
            const cut = [];
            for (const part of document.querySelectorAll(".part")) {
              const frame = part.getBoundingClientRect();
              for (const item of part.querySelectorAll(".batch, .desk li, .reason, .failure, #hours tr")) {
                const box = item.getBoundingClientRect();
                const cut_off = box.bottom > frame.bottom + 1 || frame.bottom > innerHeight;
                if (box.height && cut_off) cut.push(item.textContent);
              }
            }
            return cut""")
        assert cut_off == []
        assert (
            float(
                driver.execute_script("return parseFloat(getComputedStyle(document.querySelector('.tile b')).fontSize)")
            )
            > 40
        )
        driver.find_element("id", "wall").click()
        assert not driver.current_url.endswith("#wall"), "a bookmark keeps how it is shown"


def test_a_read_is_on_the_page_soon_and_the_page_is_not_loaded_again(lived: Factory, tmp_path: Path) -> None:
    here = lived.copied(tmp_path / "w")
    with board(here) as link, chromium(tmp_path / "profile", size=(1400, 1000)) as driver:
        opened(driver, link)
        driver.execute_script("window.mark = 1")
        head = int(driver.execute_script("return Number(document.body.dataset.head)"))
        scan(here, "scan-9", "DUO-03", datetime.now(UTC), range(1, 13))
        with acting(here, "scan-9", datetime.now(UTC)) as ledger:
            ledger.units.scrap("DUO-03", serials(here, "DUO-03", [20])[:1], "<b>wet</b>")
        until(lambda: int(driver.execute_script("return Number(document.body.dataset.head)")) == head + 13, "the news")
        assert "scan-9" in text(driver, "#hours")
        assert "<b>wet</b>" in text(driver, "#scrap"), "as text"
        assert driver.execute_script("return document.querySelectorAll('#scrap b b, #scrap span b').length") == 0
        assert driver.execute_script("return window.mark") == 1
        here.workspace.ledger_file.rename(here.root / "elsewhere.db")
        until(lambda: "can't be read" in text(driver, "#alert"), "trouble is told")
        (here.root / "elsewhere.db").rename(here.workspace.ledger_file)
        until(lambda: driver.execute_script("return document.getElementById('alert').hidden"), "it is over")
        assert complaints(driver) == []


def test_in_the_network_the_link_lets_in_and_stays_nowhere(lived: Factory, tmp_path: Path) -> None:
    here = lived.copied(tmp_path / "w")
    with board(here, "--lan", "--address", "127.0.0.1") as link:
        certificate = load_pem_x509_certificate((here.root / "phone-station.pem").read_bytes())
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        pin = base64.b64encode(sha256(key).digest()).decode()
        flag = f"ignore-certificate-errors-spki-list={pin}"
        with chromium(tmp_path / "profile", flag, phone=PHONE) as driver:
            page = link.partition("#")[0]
            driver.get(page)
            until(lambda: state(driver) == "out", "a browser without the token is not let in")
            assert "BULB" not in driver.page_source
            driver.get("about:blank")
            opened(driver, link)
            assert driver.current_url == page, "the token is not in the address any more"
            assert driver.execute_script("return document.cookie") == ""
            driver.get("about:blank")
            opened(driver, page)
