"""The board and the page for phones in a real browser, in every language: all marked, nothing cut off on a phone."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bss_mfg.board.desk import BoardDesk, BoardSource
from bss_mfg.board.server import BoardServer
from bss_mfg.core.languages import Language, language
from bss_mfg.label.examples import made_up_example
from bss_mfg.label.preview.server import _Server
from bss_mfg.label.preview.watching import ExampleSource, TemplateWatcher
from bss_mfg.label.template.printer import BUILT_IN
from bss_mfg.lan.certificate import station_certificate
from bss_mfg.station.phone.desk import DeskNames, PhoneDesk
from bss_mfg.station.phone.server import PhoneServer
from bss_mfg.station.station import Station
from bss_mfg.workspace.failure_pictures import FailurePictures
from tests.helpers.browser import chromium, until
from tests.helpers.factory import Factory
from tests.helpers.languages import BRACKETS, all_languages, unmarked
from tests.helpers.scans import tampered
from tests.helpers.shift import live_a_shift
from tests.needs import needs
from tests.unit.label.preview.test_preview_languages import FAULTY

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = needs("chromium", "chromedriver")
PHONE = {"width": 390, "height": 844, "pixelRatio": 2}
PICTURES = os.environ.get("BSS_MFG_TEST_PICTURES", "")
"""A folder for pictures of each page, to look at."""
VISIBLE = """
    const named = [...document.querySelectorAll("[title],[aria-label],[alt]")]
      .flatMap((one) => ["title", "aria-label", "alt"].map((name) => one.getAttribute(name))).filter(Boolean);
    return document.body.innerText + "\\n" + named.join("\\n");"""
CUT = """
    return [...document.querySelectorAll("h1,h2,h3,p,b,span,small,button,em")].filter((one) =>
      one.getClientRects().length && one.getBoundingClientRect().right > innerWidth + 1
      && !one.closest(".scroll")).map((one) => one.textContent);"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    profile = tmp_path_factory.mktemp("profile")
    with chromium(profile, "ignore-certificate-errors", "deny-permission-prompts", phone=PHONE) as driver:
        yield driver


@pytest.fixture(scope="module")
def lived(new_factory: object, tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """A shift that ends now."""
    factory: Factory = new_factory()  # type: ignore[operator]
    live_a_shift(factory, datetime.now(UTC), tmp_path_factory.mktemp("line"))
    return factory


def holds(driver: Chrome, speak: Language, name: str) -> None:
    """Nothing is wider than a phone, and the page says its language."""
    if PICTURES:
        driver.save_screenshot(str(Path(PICTURES) / f"{name}-{speak.code}.png"))
    assert driver.execute_script("return document.documentElement.lang") == speak.page_code
    assert driver.execute_script("return document.documentElement.scrollWidth") == PHONE["width"], (speak.code, name)
    assert not driver.execute_script(CUT), (speak.code, name)


@contextlib.contextmanager
def board(factory: Factory, speak: Language) -> Iterator[str]:
    source = BoardSource(
        factory.ledger, True, FailurePictures.of(factory.root), factory.workspace.zone, "Plant", 8, speak
    )
    with BoardServer("127.0.0.1", 0, None, None, language=speak) as server:
        BoardDesk(source, server.publication).look()
        yield server.page_address
        server.publication.end()


def test_the_board_speaks_every_language(lived: Factory, browser: Chrome) -> None:
    line = json.loads(lived.cli("board", "--json").out)
    names = [
        *(one["station"] for one in line["stations"]), *(one["station"] for one in line["waiting"]),
        *(one[name] for one in line["batches"] for name in ("batch", "title", "product")),
        *(one["reason"] for one in line["scrap_reasons"]), *(one["batch"] or "" for one in line["waiting"]),
        *(one["file"] or "" for one in line["failures"]), *(one["station"] for one in line["failures"]),
    ]  # fmt: skip
    for speak in (BRACKETS, *all_languages()):
        with board(lived, speak) as link:
            browser.get(link)
            until(lambda: browser.execute_script("return document.body.dataset.state") == "live", "numbers")
            holds(browser, speak, "board")
            shown = browser.execute_script(VISIBLE)
            if speak is BRACKETS:
                data = [one for one in {*names, "Plant", "bss-mfg"} if one]
                assert not unmarked(without_data(shown), data), shown
            else:
                assert speak("What waits for whom").casefold() in shown.casefold()


def without_data(text: str) -> str:
    return re.sub(r"ebK\w+|[^\s⟦]+\.png|[^\s⟦]+\.pdf|\b[A-Z]\d{4,}\w*", " ", text)


@contextlib.contextmanager
def phone(factory: Factory, speak: Language, folder: Path) -> Iterator[str]:
    """The page, with a desk in the thread that owns the ledger."""
    folder.mkdir()
    certificate = station_certificate(folder, "127.0.0.1", datetime.now(UTC))
    ended = threading.Event()

    def work() -> None:
        with factory.ledger() as ledger:
            station = Station(ledger, ledger.batches.get("A"))
            desk = PhoneDesk(server, station, DeskNames("A", "bench", "tester"), speak)

            def told(*_: object) -> None:
                if ended.is_set():
                    raise KeyboardInterrupt

            desk._find_missing()
            while not ended.is_set():
                if (request := server.next_request(0.1)) and request.answered.set_running_or_notify_cancel():
                    desk._answer(request, told)

    with PhoneServer("127.0.0.1", 0, certificate, speak) as server:
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield server.page_address
        finally:
            ended.set()
            thread.join()


def test_the_page_for_phones_speaks_every_language(printed: Factory, browser: Chrome, tmp_path: Path) -> None:
    Image.fromarray(np.asarray(tampered(printed))).convert("RGB").save(tmp_path / "photo.jpg", quality=90)
    for number, speak in enumerate((BRACKETS, *(language(one.code) for one in all_languages()))):
        factory = printed.copied(tmp_path / f"w{number}")
        with phone(factory, speak, tmp_path / f"c{number}") as link:
            browser.get(link)
            until(lambda: browser.execute_script("return document.body.dataset.state") == "ready", "the page is ready")
            browser.find_element("id", "begin").click()
            ways_out = {
                speak("The camera was refused. Take photos instead: Photo."),
                speak("There is no camera that can be used. Take photos instead: Photo."),
            }
            until(lambda wanted=ways_out: browser.find_element("id", "hint").text in wanted, "the way out")
            browser.find_element("id", "take").send_keys(str(tmp_path / "photo.jpg"))
            until(lambda: "2" in browser.find_element("id", "explained").text, "the photo was read")
            holds(browser, speak, "phone")
            shown = browser.execute_script(VISIBLE)
            if speak is BRACKETS:
                assert not unmarked(without_data(shown), ["bss-mfg", "bench", "tester"]), shown
            browser.get("about:blank")


@contextlib.contextmanager
def preview(template: Path, printer: str, speak: Language) -> Iterator[tuple[str, TemplateWatcher]]:
    watcher = TemplateWatcher(template, BUILT_IN[printer], ExampleSource.fixed(made_up_example()), speak)
    watcher.refresh()
    with _Server(watcher, 0, speak) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", watcher
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("printer", ["pdf-300", "zpl-203"])
def test_the_preview_speaks_every_language(browser: Chrome, tmp_path: Path, printer: str) -> None:
    template = tmp_path / "faulty.toml"
    for speak in (BRACKETS, *all_languages()):
        template.write_text(FAULTY, "utf-8")
        with preview(template, printer, speak) as (link, watcher):
            browser.get(link)
            until(lambda: browser.execute_script("return document.body.dataset.version"), "the preview")
            until(lambda: browser.find_element("id", "picture").get_attribute("src"), "the picture")
            holds(browser, speak, f"preview-{printer}")
            shown = [browser.execute_script(VISIBLE)]
            browser.find_element("id", "tab-page").click()
            until(lambda: browser.find_element("id", "readout").text, "the whole page")
            holds(browser, speak, f"preview-page-{printer}")
            shown.append(browser.execute_script(VISIBLE))
            if speak is BRACKETS:
                said = re.sub(r"\S*\.toml|element\[\d+\](?:\.\w+)?|\(x\)", " ", "\n".join(shown))
                names = ["Faulty", str(tmp_path), "sample", "text", "data-matrix", "gs1-128", "itf-14", "box"]
                assert not unmarked(said, names), said
            else:
                assert speak("Longest case") in (watcher.page_state.picture or b"").decode()
                assert speak("Move one of them.") in shown[0]
            template.write_text("format = 1\n", "utf-8")
            watcher.refresh()
            until(lambda: browser.find_element("id", "error-out").text, "what is wrong with the file")
            assert browser.find_element("id", "error-out").text == speak("Correct the file and save it.")
            browser.get("about:blank")
