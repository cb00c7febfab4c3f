"""The page for phones in a real browser, which films sheets, takes photos, and asks nobody but the station."""

from __future__ import annotations

import base64
import contextlib
import json
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from PIL import Image

from bss_mfg.symbol import data_matrix
from tests.helpers.browser import chromium, requested, until, webkit
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory
from tests.helpers.film import write_film
from tests.helpers.pace import PATIENCE
from tests.helpers.scans import PX, cell, picture, tampered
from tests.needs import needs

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = needs("chromium", "chromedriver")

PHONE = {"width": 390, "height": 844, "pixelRatio": 2}
FRAMES = 200


@dataclass
class Running:
    """A command that serves the page, and what it has said."""

    process: subprocess.Popen[str]
    factory: Factory
    said: str = ""
    links: queue.Queue[str] = field(default_factory=queue.Queue)

    def link(self) -> str:
        """The address with the next token."""
        return self.links.get(timeout=PATIENCE)

    def end(self) -> tuple[int, list[dict[str, Any]]]:
        """Ctrl-C; the exit code, and the answers on stdout."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout
        answers = [json.loads(line) for line in self.process.stdout]
        return self.process.wait(timeout=PATIENCE), answers


@contextlib.contextmanager
def station(factory: Factory, batch: str = "A", port: str = "0") -> Iterator[Running]:
    """`scan --phone` in a process of its own."""
    process = subprocess.Popen(
        factory.command("scan", batch, "--phone", "--address", "127.0.0.1", "--port", port, "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=real_environment(),
    )  # fmt: skip
    running = Running(process, factory)

    def listen() -> None:
        assert process.stderr
        for line in process.stderr:
            running.said += line
            if found := re.search(r"https://\S+#\S+", line):
                running.links.put(found[0])

    threading.Thread(target=listen, daemon=True).start()
    try:
        running.links.put(running.link())  # from now on its certificate is there
        yield running
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def phone(running: Running, folder: Path, film: Path | None = None, trusting: bool = True) -> Iterator[Chrome]:
    """A browser that trusts the station's key and no other, with a film before its camera, or without a camera. Its
    network log is net.json, written when it ends."""
    certificate = load_pem_x509_certificate((running.factory.root / "phone-station.pem").read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(sha256(key).digest()).decode()
    camera = (
        ("use-fake-ui-for-media-stream", "use-fake-device-for-media-stream", f"use-file-for-fake-video-capture={film}")
        if film
        else ("deny-permission-prompts",)
    )
    trusted = (f"ignore-certificate-errors-spki-list={pin}",) if trusting else ()
    log = f"log-net-log={folder / 'net.json'}"
    with chromium(folder / "profile", *trusted, *camera, log, phone=PHONE) as driver:
        yield driver


def asked_by(origin: str, log: Path) -> list[str]:
    """What pages and workers of an origin have asked the network for, by the browser's own log."""
    events = json.loads(log.read_text())["events"]
    asked = [item["params"] for item in events if "url" in item.get("params", {})]
    return [params["url"] for params in asked if params.get("initiator") == origin]


def text(driver: WebDriver, name: str) -> str:
    return str(driver.execute_script("return document.getElementById(arguments[0]).textContent", name))


def state(driver: WebDriver) -> str:
    return str(driver.execute_script("return document.body.dataset.state"))


def begin(driver: WebDriver, link: str) -> None:
    """Open the page and start the camera."""
    driver.get(link)
    until(lambda: state(driver) == "ready", "the page is ready")
    driver.find_element("id", "begin").click()


def frames(driver: Chrome) -> int:
    return int(driver.execute_script("return document.body.dataset.frames || 0"))


def colours(driver: WebDriver) -> set[str]:
    """Which of the marks' colours are in the picture just now."""
    found = driver.execute_script("""
        const canvas = document.getElementById("marks");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const counts = {};
        for (let at = 0; at < data.length; at += 4) {
            const name = `${data[at]},${data[at + 1]},${data[at + 2]}`;
            counts[name] = (counts[name] || 0) + 1;
        }
        const wanted = { "24,180,91": "green", "255,171,46": "amber", "255,59,69": "red" };
        return Object.keys(wanted).filter((name) => counts[name] > 200).map((name) => wanted[name]);
    """)
    return set(found)


def wrong_sheet(factory: Factory) -> np.ndarray:
    """Label 4 again in place 8, batch B's sixth in place 11, 14 covered; 17 with a line end in its symbol, 20 mirrored,
    23 never issued."""
    page = np.asarray(tampered(factory)).copy()
    seventeenth, stranger = factory.payloads("A")[16], factory.payloads("A")[22].replace("ebK3", "ebK4")
    for number, content in ((17, seventeenth + "\r\n"), (23, stranger)):
        rows, columns = cell(number)
        drawn = picture(data_matrix(content.encode()))
        side = int(27 * PX)
        page[rows, columns] = 255
        scaled = np.asarray(Image.fromarray(drawn).resize((side, side), Image.Resampling.LANCZOS))
        page[rows.start + 20 : rows.start + 20 + side, columns.start + 20 : columns.start + 20 + side] = scaled
    page[cell(20)] = page[cell(20)][:, ::-1]
    return page


@pytest.fixture(scope="module")
def filmed(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of the sheet with wrong labels."""
    return write_film(wrong_sheet(printed), tmp_path_factory.mktemp("film") / "sheet.mjpeg", FRAMES)


def watch_film(driver: Chrome, origin: str) -> None:
    """Until every label was answered, and then along the whole sheet once more: nothing counts twice."""
    marked: set[str] = set()

    def all_seen() -> bool:
        marked.update(colours(driver))
        return text(driver, "verified") == "18" and text(driver, "reads") == "23"

    while not all_seen():  # a busy machine sees few frames of the film: as long as reads come, they are waited for
        reads = text(driver, "reads")
        until(lambda reads=reads: all_seen() or text(driver, "reads") != reads, f"more than {reads} of 23 reads")
    seen = frames(driver)
    until(lambda: frames(driver) > seen + FRAMES // 2, "the film again")
    until(lambda: marked.update(colours(driver)) or {"green", "red"} <= marked, "right and wrong ones are marked")
    assert text(driver, "reads") == "23"
    asked = [url for url in requested(driver) if not url.startswith(("chrome", "data:"))]
    assert asked
    assert [url for url in asked if not url.startswith(f"{origin}/")] == []
    assert driver.execute_script("return location.href") == f"{origin}/", "the token is gone"
    assert [line["message"] for line in driver.get_log("browser") if line["level"] == "SEVERE"] == []


def test_a_filmed_sheet_every_label_once_and_wrong_ones_marked(printed: Factory, filmed: Path, tmp_path: Path) -> None:
    factory = printed.copied(tmp_path / "w")
    with station(factory) as running:
        link = running.link()
        origin = link.partition("/#")[0]
        with phone(running, tmp_path, filmed) as driver:
            begin(driver, link)
            watch_film(driver, origin)
        code, answers = running.end()
    assert code == 1
    words = [(item["word"], item["serials"]) for item in answers]
    right = {f"ebK3{number:08}" for number in range(1, 25)} - {f"ebK3{number:08}" for number in (8, 11, 14, 17, 20, 23)}
    assert sorted(serial for word, serial in words if word == "OK") == sorted(right)
    assert sorted(word for word, _ in words if word != "OK") == [
        "ALREADY", "OTHER LABEL", "WRONG LABEL", "WRONG LABEL", "WRONG LABEL"
    ]  # fmt: skip
    details = " | ".join(item["detail"] for item in answers)
    for why in ("belongs to batch B, package 6", "encodes more than the string", "mirrored", "carries the Device UUID"):
        assert why in details
    asked = asked_by(origin, tmp_path / "net.json")
    assert f"{origin}/zxing_reader.wasm" in asked, "the log has what the worker asks, too"
    assert [url for url in asked if not url.startswith(f"{origin}/")] == []
    recorded = factory.rows("SELECT count(*) FROM event WHERE kind = 'read' AND batch = 'A'")
    assert recorded == [(23,)]


def test_photos_where_the_camera_is_refused(printed: Factory, tmp_path: Path) -> None:
    factory = printed.copied(tmp_path / "w")
    Image.fromarray(wrong_sheet(printed)).convert("RGB").save(tmp_path / "photo.jpg", quality=90)
    Image.new("L", (800, 600), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.jpg").write_text("no picture")
    with station(factory) as running, phone(running, tmp_path) as driver:
        begin(driver, running.link())
        until(lambda: "Take photos instead" in text(driver, "hint"), "the way out")
        take = driver.find_element("id", "take")
        for name, says in (
            ("text.jpg", "can't be opened"), ("blank.png", "No symbol"), ("photo.jpg", "23 symbols"),
        ):  # fmt: skip
            take.send_keys(str(tmp_path / name))
            until(lambda says=says: says in text(driver, "explained"), says)
            if name == "photo.jpg":
                until(lambda: colours(driver) == {"green", "amber", "red"}, "all marks")
            if state(driver) == "photo":
                driver.find_element("id", "picture").click()
                until(lambda: state(driver) == "ready", "back")
        assert (text(driver, "verified"), text(driver, "reads")) == ("18", "23")
        take.send_keys(str(tmp_path / "photo.jpg"))
        until(lambda: state(driver) == "photo" and "23 symbols" in text(driver, "explained"), "the same photo again")
        assert text(driver, "reads") == "23"
        assert running.end()[0] == 1


@needs("WebKitWebDriver")
def test_the_page_works_in_the_engine_of_iphones(printed: Factory, tmp_path: Path) -> None:
    """Camera, reader, cookie and photos in WebKit."""
    factory = printed.copied(tmp_path / "w")
    Image.fromarray(wrong_sheet(printed)).convert("RGB").save(tmp_path / "photo.jpg", quality=90)
    with station(factory) as running, webkit(tmp_path) as driver:
        begin(driver, running.link())
        until(lambda: state(driver) == "live", "the camera's test picture")
        until(lambda: driver.execute_script("return document.body.dataset.frames > 3"), "pictures are read")
        driver.find_element("id", "take").send_keys(str(tmp_path / "photo.jpg"))
        until(lambda: "23 symbols" in text(driver, "explained"), "the photo")
        until(lambda: {"green", "red"} <= colours(driver), "its marks")
        assert (text(driver, "verified"), text(driver, "reads")) == ("18", "23")
        driver.find_element("id", "picture").click()
        until(lambda: state(driver) == "live", "back to the camera")
        running.end()


def test_a_link_is_good_for_one_phone_and_another_gets_the_next(printed: Factory, tmp_path: Path) -> None:
    factory = printed.copied(tmp_path / "w")
    Image.fromarray(wrong_sheet(printed)).save(tmp_path / "photo.png")
    with station(factory) as running:
        first, second = tmp_path / "1", tmp_path / "2"
        first.mkdir()
        second.mkdir()
        link = running.link()
        with phone(running, first) as one, phone(running, second) as other:
            one.get(link)
            until(lambda: state(one) == "ready", "the first phone is in")
            one.refresh()
            until(lambda: state(one) == "ready", "it stays in")
            other.get(link)
            until(lambda: state(other) == "out", "the second phone with the same link is not")
            assert "used already" in text(other, "hint")
            other.get("about:blank")
            other.get(running.link())
            until(lambda: state(other) == "ready", "the second phone is in")
            one.find_element("id", "take").send_keys(str(tmp_path / "photo.png"))
            until(lambda: text(other, "verified") == "18", "each shows the total of both")
        running.end()


def test_what_the_station_did_not_hear_is_sent_when_it_is_back(printed: Factory, tmp_path: Path) -> None:
    """The network between them is cut by stopping the station's process, and comes back."""
    factory = printed.copied(tmp_path / "w")
    Image.fromarray(wrong_sheet(printed)).save(tmp_path / "photo.png")
    with station(factory) as running, phone(running, tmp_path) as driver:
        driver.get(running.link())
        until(lambda: state(driver) == "ready", "the phone is in")
        driver.execute_cdp_cmd("Network.enable", {})
        gone = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", gone)
        driver.find_element("id", "take").send_keys(str(tmp_path / "photo.png"))
        until(lambda: driver.find_element("id", "offline").is_displayed(), "it says that nothing is recorded")
        assert factory.rows("SELECT count(*) FROM event WHERE kind = 'read' AND batch = 'A'") == [(0,)]
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", {**gone, "offline": False})
        until(lambda: text(driver, "reads") == "23", "all is sent")
        until(lambda: not driver.find_element("id", "offline").is_displayed(), "it says no more")
        running.end()


def test_a_browser_that_does_not_trust_the_certificate_shows_no_page(printed: Factory, tmp_path: Path) -> None:
    from selenium.common.exceptions import WebDriverException

    factory = printed.copied(tmp_path / "w")
    with station(factory) as running:
        link = running.link()
        with phone(running, tmp_path, trusting=False) as driver:
            with contextlib.suppress(WebDriverException):
                driver.get(link)
            until(lambda: "ERR_CERT_AUTHORITY_INVALID" in driver.page_source, "the browser's warning")
            assert driver.execute_script("return document.body.dataset.state") is None
        assert running.end()[0] == 0


def test_a_label_that_is_scrapped_while_it_is_filmed_turns_red(printed: Factory, tmp_path: Path) -> None:
    factory = printed.copied(tmp_path / "w")
    Image.fromarray(wrong_sheet(printed)).save(tmp_path / "photo.png")
    with station(factory) as running, phone(running, tmp_path) as driver:
        driver.get(running.link())
        until(lambda: state(driver) == "ready", "the phone is in")
        take = driver.find_element("id", "take")
        take.send_keys(str(tmp_path / "photo.png"))
        until(lambda: text(driver, "verified") == "18", "all are read")
        assert factory.cli("scrap", "A", "ebK300000001", "--reason", "dropped").code == 0
        time.sleep(2.1)  # a label that was away for two seconds is asked for again
        take.send_keys(str(tmp_path / "photo.png"))
        until(lambda: text(driver, "reads") == "24", "one more read")
        newest = driver.find_element("css selector", "#answers li").text
        assert "SCRAPPED" in newest and "ebK300000001" in newest
        _, answers = running.end()
    assert [item["word"] for item in answers if item["serials"] == "ebK300000001"] == ["OK", "SCRAPPED"]


COUNTING = """
    const [pictures, boxes, done] = arguments;
    const { Labels } = await import("/labels.js");
    const told = [];
    window.fetch = async (path, request) => {
        const { reads } = JSON.parse(request.body);
        told.push(...reads.map((read) => [atob(read.content), read.sightings]));
        const answers = reads.map(() => ({ tone: "good", word: "OK", detail: "", serials: "" }));
        return { ok: true, status: 200, json: async () => ({ answers }) };
    };
    const labels = new Labels(() => {}, () => {});
    labels.boxes = boxes;
    for (const [now, seen, still] of pictures) {
        labels.see(seen.map(([text, x]) => ({
            bytes: [...text].map((letter) => letter.charCodeAt(0)), symbology: "]d1", mirrored: false, inverted: false,
            corners: [{ x, y: 0 }, { x: x + 10, y: 0 }, { x: x + 10, y: 10 }, { x, y: 10 }],
        })), now, still);
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    done(told);
"""


@pytest.mark.parametrize(
    ("pictures", "boxes", "told"),
    [
        pytest.param(
            [[0, [["A", 0]]], [100, [["A", 5]]], [1500, [["A", 0]]]], False, [["A", 1]], id="passed over twice"
        ),
        pytest.param([[0, [["A", 0]]], [9000, [["A", 0]]]], False, [["A", 1], ["A", 1]], id="asked for again"),
        pytest.param([[0, [["A", 0]]], [1900, [["A", 0]]]], True, [["A", 1]], id="one box, lost for a moment"),
        pytest.param([[0, [["A", 0]]], [2100, [["A", 0]]]], True, [["A", 1], ["A", 2]], id="two boxes, one label"),
        pytest.param([[0, [["A", 0], ["A", 50]]]], False, [["A", 1]], id="twice in one picture only"),
        pytest.param(
            [[0, [["A", 0], ["A", 50]]], [50, [["A", 0], ["A", 50]]]],
            False,
            [["A", 1], ["A", 2]],
            id="twice on a sheet",
        ),
        pytest.param([[0, [["A", 0], ["A", 50]], True]], False, [["A", 2]], id="twice in a photo"),
        pytest.param([[0, [["A", 0], ["A", 4]], True]], False, [["A", 1]], id="one symbol found twice"),
        pytest.param([[0, [["A", 0], ["B", 50]]], [50, [["B", 0]]]], False, [["A", 1], ["B", 1]], id="two labels"),
    ],
)
def test_what_counts_as_one_label(
    entered: Chrome, pictures: list[object], boxes: bool, told: list[list[object]]
) -> None:
    script = f"(async () => {{ {COUNTING.replace('arguments', 'given')} }})()"
    found = entered.execute_async_script(f"const given = arguments; {script}", pictures, boxes)
    assert found == told


@pytest.fixture(scope="module")
def entered(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """The page, in a browser that is in."""
    folder = tmp_path_factory.mktemp("entered")
    with station(printed.copied(folder / "w")) as running, phone(running, folder) as driver:
        driver.get(running.link())
        until(lambda: state(driver) == "ready", "the phone is in")
        yield driver
        running.end()
