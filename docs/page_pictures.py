"""Makes docs/pictures/page-NAME.png and report.png: pages of the program in a headless Chromium."""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pictures_made import BEGIN, opened, repeatable
from PIL import Image
from report_page import report_page
from terminal import Terminal
from terminal_stories import product

from tests.helpers.browser import chromium, until
from tests.helpers.factory import make_factory
from tests.helpers.shift import live_a_shift

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

MACHINE_BOUND = ((r"\b\d\d:\d\d:\d\d\b", "09:00:00"), (r"/\S*/line/", "/srv/line/"))
"""What a page shows of this machine, and what is written for it."""
SHOWN_TEXTS = """
const [pattern, shown] = arguments;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect();
  const style = getComputedStyle(node.parentElement);
  if (!node.textContent.trim() || !box.width || style.visibility === "hidden") continue;
  node.textContent = node.textContent.replace(new RegExp(pattern, "g"), shown);
  found.push(node.textContent.trim().replace(/\\s+/g, " "));
}
return found.join("\\n");
"""
"""The texts that are shown, a line each; also those below the window, as fonts differ in height."""


def report(place: Path, shoot: Shoot) -> None:
    """The report of four spoiled scans."""
    with repeatable("report"):
        page = report_page(place)
    with chromium(place / "profile", "hide-scrollbars", size=(1180, 1280)) as driver:
        driver.get(page.as_uri())
        shoot(driver)


def board(place: Path, shoot: Shoot) -> None:
    """The board, in the middle of a shift."""
    with repeatable("board"):
        factory = make_factory(place / "Plant 7")
        live_a_shift(factory, BEGIN, place)
    terminal = Terminal(factory.root)
    with (
        terminal.open("bss-mfg board --port 0", moment=BEGIN) as program,
        chromium(place / "profile", "hide-scrollbars", size=(1400, 1180)) as driver,
    ):
        link = address_in(program.until(r"http://[^\s]+\s"))
        still = "Date.prototype.toLocaleTimeString = () => '09:00'"
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": still})
        driver.get(link)
        until(lambda: driver.execute_script("return document.body.dataset.state") == "live", "the numbers are there")
        until(lambda: driver.execute_script("return [...document.images].every((one) => one.complete)"), "pictures")
        until(lambda: driver.execute_script("return document.body.innerText.includes('09:00')"), "the clock")
        shoot(driver)


def preview(place: Path, shoot: Shoot) -> None:
    """The preview of a template in which a text is too wide."""
    terminal = Terminal(place)
    product(terminal)
    terminal.quiet("bss-mfg template copy roll-50x30 my-label")
    path = terminal.folder / "templates" / "my-label.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('text = "Serial number"', 'text = "The serial number of this unit"', 1), "utf-8")
    command = "bss-mfg template preview my-label --product bulb --watch --port 0"
    with terminal.open(command) as program, chromium(place / "profile", "hide-scrollbars", size=(1180, 900)) as driver:
        driver.get(address_in(program.until(r"http://[^\s]+\s")))
        until(lambda: driver.execute_script("return document.images.length || document.querySelector('svg')"), "drawn")
        for word in ("Saved", "1 finding", "will not print"):
            until(lambda word=word: word in driver.execute_script("return document.body.innerText"), word)
        shoot(driver)


def address_in(text: str) -> str:
    """The last address in a text."""
    return re.findall(r"https?://\S+", text)[-1].rstrip(".")


Shoot = Callable[["Chrome"], None]
PICTURES: dict[str, Callable[[Path, Shoot], None]] = {
    "report.png": report, "page-board.png": board, "page-preview.png": preview,
}  # fmt: skip

if __name__ == "__main__" and (gallery := opened(sys.argv[1:], PICTURES)):
    if shutil.which("chromium") is None:
        print("no chromium here: pictures of pages stay as they are")
        sys.exit()

    def shoot(driver: Chrome) -> None:
        """Show a page's picture, with its words."""
        driver.execute_script("document.activeElement && document.activeElement.blur()")
        for pattern, shown in MACHINE_BOUND:
            words = str(driver.execute_script(SHOWN_TEXTS, pattern, shown))
        picture = Image.open(io.BytesIO(driver.get_screenshot_as_png()))
        gallery.image(name, picture, colours=32, words=words)

    for name, make in PICTURES.items():
        if gallery.wants(name):
            with tempfile.TemporaryDirectory() as place:
                make(Path(place), shoot)
    gallery.close()
