"""The preview page, in a real browser: it redraws by itself, says what is wrong, and runs nothing of a template's."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bss_mfg.core import resources
from bss_mfg.errors import InputError
from bss_mfg.label.examples import made_up_example, product_example, product_files
from bss_mfg.label.preview.server import serve_preview
from bss_mfg.label.preview.watching import ExampleSource, TemplateWatcher
from bss_mfg.label.preview.whole_page import WholePage
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import BUILT_IN, PDF_PRINTER_BY_DPI
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory
from tests.helpers.pace import PATIENCE

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

TEMPLATE = """\
format = 1
title = "Roll, labels of 50 x 30 mm"

[media]
kind = "roll"
label_width = 50
label_height = 30

[sample]
x = 29
y = 22
width = 19
height = 6.4

[[element]]
kind = "data-matrix"
x = 1
y = 1.5
size = 27
x_dimension = [0.25, 0.5]
quiet_zone = 2

[[element]]
kind = "text"
x = 29
y = 3.2
width = 19
text = "{title}"
font = "sans-bold"
size = 7.5
min_size = 4.5

[[element]]
kind = "line"
x = 29
y = 7
x2 = 48
y2 = 7
thickness = 0.25

[[element]]
kind = "text"
x = 29
y = 9
width = 19
text = "Serial number"
size = 5.5

[[element]]
kind = "text"
x = 29
y = 11.8
width = 19
text = "{serial}"
font = "mono"
size = 7
min_size = 3.5

[[element]]
kind = "text"
x = 29
y = 16
width = 19
text = "Batch {batch}"
size = 5.5
min_size = 3.5

[[element]]
kind = "text"
x = 29
y = 19
width = 19
text = "{package}/{packages}, {units} in pack"
size = 5.5
min_size = 3.5
"""
NEW_TEXT = 'text = "Changed number"'
OLD_TEXT = 'text = "Serial number"'


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until `condition` is true, and return its value."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE:g} s: {what}")


@dataclass
class Served:
    """A running `template preview --watch`."""

    process: subprocess.Popen[str]
    address: str
    template: Path
    good: str

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """One request; header names as keywords."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def state(self) -> dict[str, Any]:
        """What the page is told."""
        found: dict[str, Any] = json.loads(self.ask("/state")[1])
        return found

    def save(self, text: str) -> dict[str, Any]:
        """Save the template and wait until it was looked at."""
        before = self.state()["version"]
        if self.template.read_text() == text:
            return self.state()
        self.template.write_text(text)
        until(lambda: self.state()["version"] > before, "the server sees the saved file")
        return self.state()


def own_template(factory: Factory, text: str = TEMPLATE) -> Path:
    """A template of the workspace's own."""
    path = factory.root / "templates" / "my-label.toml"
    path.write_text(text)
    return path


def start(factory: Factory, text: str = TEMPLATE) -> Served:
    """Start the command as a designer does."""
    template = own_template(factory, text)
    process = subprocess.Popen(
        factory.command("template", "preview", "my-label", "--watch", "--port", "0"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=real_environment(),
        # A test run in a shell's background passes an ignored Ctrl-C on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )  # fmt: skip
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    return Served(process, address, template, TEMPLATE)


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def served(new_factory: Callable[[], Factory]) -> Iterator[Served]:
    """The page of a template that prints."""
    factory = new_factory()
    running = start(factory)
    try:
        assert running.address.startswith("http://127.0.0.1:"), running.address
        yield running
    finally:
        stop(running.process)


@pytest.fixture(autouse=True)
def repaired(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test finds the template as it came."""
    yield
    if "served" in request.fixturenames:
        served: Served = request.getfixturevalue("served")
        if served.process.poll() is None:
            served.save(served.good)


@dataclass
class Page:
    """The page in the browser."""

    chrome: Chrome
    served: Served

    def run(self, script: str, *arguments: object) -> Any:
        return self.chrome.execute_script(script, *arguments)

    def text(self, element: str) -> str:
        """The text of an element, empty if it can't be seen."""
        found: str = self.run(
            "const node = document.getElementById(arguments[0]);"
            "return node.checkVisibility() ? node.innerText : ''", element,
        )  # fmt: skip
        return found

    def shows(self, version: int) -> bool:
        """Whether this version of the state is on the page."""
        return bool(self.run("return document.body.dataset.version === String(arguments[0])", version))

    def save(self, text: str) -> dict[str, Any]:
        """Save the template and wait until the page, left alone, shows it."""
        state = self.served.save(text)
        until(lambda: self.shows(state["version"]), f"the page shows version {state['version']}")
        if not state["error"]:
            until(lambda: self.picture() == state["picture"]["version"], "the page shows the new picture")
        return state

    def picture(self) -> int:
        """The version of the picture that is seen; 0 is none."""
        return int(self.run("return document.getElementById('figure').dataset.version || 0"))

    def pixels(self) -> tuple[int, int]:
        """Natural and shown width of the picture."""
        natural, shown = self.run(
            "const image = document.getElementById('picture');"
            "return [image.complete ? image.naturalWidth : 0, Math.round(image.getBoundingClientRect().width)]"
        )
        return natural, shown

    def shot(self, path: Path, mode: str = "light") -> Path:
        """A screenshot in a colour scheme."""
        scheme = {"features": [{"name": "prefers-color-scheme", "value": mode}]}
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        time.sleep(0.4)  # the change of colours is a soft one
        assert self.chrome.save_screenshot(str(path))
        return path

    def console(self) -> list[str]:
        """What the browser has complained about since the last call."""
        return [item["message"] for item in self.chrome.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture
def page(chrome: Chrome, served: Served) -> Page:
    """The page, loaded, with its picture, and nothing in the logs."""
    chrome.get(served.address)
    found = Page(chrome, served)
    until(lambda: found.picture() > 0, "the first picture")
    for log in ("browser", "performance"):
        chrome.get_log(log)  # type: ignore[no-untyped-call]
    return found


def brightness(path: Path) -> float:
    from PIL import Image, ImageStat

    with Image.open(path) as picture:
        corner = picture.convert("L").crop((0, picture.height - 40, 200, picture.height))
        return ImageStat.Stat(corner).mean[0]


def test_the_label_is_shown(page: Page, tmp_path: Path) -> None:
    natural, shown = page.pixels()
    assert natural > 300
    assert shown > 1100  # of a window of 1280
    assert page.text("title") == "Roll, labels of 50 x 30 mm"
    assert page.text("verdict") == "Prints"
    assert page.text("printer").startswith("pdf-300, 11.81 x 11.81 dots/mm")
    assert page.text("subject") == "product example"
    assert page.text("symbol") == "52 x 52 modules of 0.423 mm"
    assert page.text("saved").startswith("Saved ")
    assert page.text("nothing") == "Nothing was found: this label will print."
    assert page.text("error") == page.text("findings") == page.text("gone") == ""
    light, dark = page.shot(tmp_path / "good-light.png"), page.shot(tmp_path / "good-dark.png", "dark")
    assert brightness(light) > 200
    assert brightness(dark) < 60
    assert page.console() == []


def test_it_redraws_by_itself(page: Page, served: Served) -> None:
    before, picture = page.picture(), served.ask("/preview.svg")[1]
    loaded = page.run("return performance.timeOrigin")
    saved = time.monotonic()
    served.template.write_text(served.good.replace(OLD_TEXT, NEW_TEXT))
    until(lambda: page.picture() > before, "the page redraws")
    took = time.monotonic() - saved
    assert served.ask("/preview.svg")[1] != picture
    assert page.pixels()[0] > 300
    assert page.run("return performance.timeOrigin") == loaded  # redrawn, not loaded again
    assert took < 5, f"{took:.1f} s"  # about one on a free machine


def test_findings_are_listed_as_the_picture_numbers_them(page: Page, served: Served, tmp_path: Path) -> None:
    wide = served.good.replace("size = 7\nmin_size = 3.5", "size = 9").replace("x = 1\ny = 1.5", "x = 0.5\ny = 1.5")
    state = page.save(wide)
    assert page.text("verdict") == "1 will not print, 1 to look at"
    assert page.text("findings-head") == "2 findings"
    items = page.run("return [...document.querySelectorAll('#findings-list li')].map(item => item.innerText)")
    assert [item["severity"] for item in state["findings"]] == ["warning", "error"]
    line = wide.splitlines().index('text = "{serial}"') + 1
    assert f"my-label.toml, line {line}, element[5].text (text)" in items[1]
    assert "22.9 mm wide" in items[1]
    assert "shorten the text" in items[1]
    assert items[0].startswith("1")
    assert page.text("nothing") == ""
    page.shot(tmp_path / "findings-light.png")
    page.shot(tmp_path / "findings-dark.png", "dark")


def test_a_broken_file_is_explained_over_the_last_picture(page: Page, served: Served, tmp_path: Path) -> None:
    before = page.picture()
    broken = served.good.replace(OLD_TEXT, 'text = "Serial number')
    page.save(broken)
    line = broken.splitlines().index('text = "Serial number') + 1
    assert page.text("error-where") == f"my-label.toml, line {line}"
    assert page.text("error-what").startswith("Not valid TOML")
    assert page.text("error-out")
    here = page.run("return document.querySelector('#error-source .here').innerText")
    assert here.startswith(str(line))
    assert here.endswith('text = "Serial number')
    assert page.text("verdict") == "Can't be drawn"
    assert page.text("caption").startswith("The last picture that could be drawn, of ")
    assert page.picture() == before
    assert page.pixels()[0] > 300
    pale = "return getComputedStyle(document.getElementById('frame')).opacity < 1"
    until(lambda: page.run(pale), "the last picture is paler")  # by a transition
    page.shot(tmp_path / "broken-light.png")
    page.shot(tmp_path / "broken-dark.png", "dark")

    page.save(served.good)
    assert page.text("error") == page.text("caption") == ""
    assert page.text("verdict") == "Prints"
    assert page.picture() > before
    assert page.console() == []


def test_several_mistakes_are_listed(page: Page, served: Served) -> None:
    page.save(served.good.replace("size = 5.5", "siez = 5.5").replace("thickness = 0.25", 'colour = "red"'))
    assert "'size'" in page.text("error")
    assert "colour" in page.text("error")
    assert str(served.template.parent) not in page.text("error")
    assert page.text("error-out") == "Correct the file and save it."


def test_a_file_that_is_gone_or_comes_late(page: Page, served: Served) -> None:
    before = served.state()["version"]
    served.template.unlink()
    until(lambda: served.state()["version"] > before, "the server misses the file")
    until(lambda: "Not found" in page.text("error-what"), "the page misses the file")
    served.template.write_text(served.good)
    until(lambda: page.text("verdict") == "Prints", "the page has it back")


def test_artwork_beside_the_template_is_watched(page: Page, served: Served) -> None:
    art = served.template.parent / "logo.svg"
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="{0}" height="{0}"/></svg>'
    image = '\n[[element]]\nkind = "image"\nx = 44\ny = 8\nwidth = 3\nheight = 3\nfile = "logo.svg"\n'
    state = page.save(served.good + image)
    assert "'logo.svg' is not there" in page.text("error-what")
    for size in (9, 4):
        art.write_text(drawing.format(size))
        until(lambda old=state: served.state()["version"] > old["version"], "the artwork is seen")  # type: ignore[misc]
        state = served.state()
        assert state["error"] is None
        until(lambda new=state: page.picture() == new["version"], "the page shows the artwork")  # type: ignore[misc]


HOSTILE = '<script>window.ran=1</script>"><img src=x onerror="window.ran=2"><svg onload=window.ran=3>'


def test_hostile_text_stays_text(page: Page, served: Served, tmp_path: Path) -> None:
    quoted = json.dumps(HOSTILE)
    held = served.good.replace('title = "Roll, labels of 50 x 30 mm"', f"title = {quoted}")
    held = held.replace(OLD_TEXT, f"text = {quoted}")
    state = page.save(held)
    assert page.text("title") == HOSTILE
    assert any("<script>" in item["what"] for item in state["findings"])  # too long for its place, so quoted
    assert "<script>window.ran" in page.text("findings")
    page.shot(tmp_path / "hostile.png")

    page.save(held.replace("format = 1", f"format = {quoted}"))
    assert "<script>" in page.text("error-what")
    page.save(served.good + f"\n[[element]]\n{HOSTILE}")
    assert HOSTILE in page.text("error-source")

    assert page.run("return window.ran === undefined && !document.querySelector('body svg, img:not(#picture)')")
    assert page.run("return document.scripts.length") == 1
    assert page.console() == []

    page.chrome.get(f"{served.address}preview.svg")  # the picture alone
    assert page.run("return document.querySelectorAll('script').length + (window.ran || 0)") == 0


def test_the_policy_stops_what_would_get_in(page: Page) -> None:
    page.run(
        "window.ran = 0; window.refused = [];"
        "document.addEventListener('securitypolicyviolation', event => refused.push(event.effectiveDirective));"
        "const box = document.createElement('div');"
        'box.innerHTML = \'<img src=x onerror="ran=1"><img src="http://192.0.2.1/a.png"><p style="color:red">\';'
        "document.body.append(box);"
        "const script = document.createElement('script'); script.textContent = 'ran=2'; document.body.append(script);"
        "fetch('http://192.0.2.1/').catch(() => 0);"
    )
    wanted = {"script-src-attr", "script-src-elem", "style-src-attr", "img-src", "connect-src"}
    until(lambda: wanted <= set(page.run("return window.refused")), "all are refused")
    assert page.run("return window.ran") == 0


def test_no_request_leaves_this_computer(page: Page, served: Served) -> None:
    page.save(served.good.replace(OLD_TEXT, 'text = "https://example.com/x.png"'))
    page.chrome.get(served.address)
    until(lambda: page.picture() > 0, "the picture")
    asked: set[str] = set()
    for entry in page.chrome.get_log("performance"):  # type: ignore[no-untyped-call]
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.add(message["params"]["request"]["url"])
    routes = {urlsplit(url).path for url in asked if url.startswith(served.address)}
    assert {"/", "/state", "/preview.svg"} <= routes
    local = {url for url in asked if urlsplit(url).netloc == f"127.0.0.1:{served.port}"}
    assert {url for url in asked - local if not url.startswith("data:image/png;")} == set()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "127.0.0.1.evil:{port}"]
)
@pytest.mark.parametrize("path", ["/", "/state", "/preview.svg"])
def test_another_host_name_is_refused(served: Served, host: str, path: str) -> None:
    answer, body = served.ask(path, Host=host.format(port=served.port))
    assert answer.status == 403
    assert b"<" not in body


def test_no_host_or_two_are_refused(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as line:
        line.sendall(b"GET /state HTTP/1.0\r\n\r\n")
        assert line.recv(4096).split(b"\r\n")[0].split()[1] == b"403"
    name = f"127.0.0.1:{served.port}"
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as line:
        line.sendall(f"GET /state HTTP/1.1\r\nHost: {name}\r\nHost: evil.example\r\n\r\n".encode())
        assert line.recv(4096).split(b"\r\n")[0].split()[1] == b"403"


def test_localhost_is_a_name_of_ours(served: Served) -> None:
    assert served.ask("/state", Host=f"LocalHost:{served.port}")[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_only_reading_is_answered(served: Served, method: str) -> None:
    assert served.ask("/state", method)[0].status in (405, 501)


@pytest.mark.parametrize(
    "path",
    ["/templates/", "/my-label.toml", "/../my-label.toml", "/%2e%2e/vault.key", "/state/", "http://x/state"],
)
def test_no_other_path_is_answered(served: Served, path: str) -> None:
    answer, body = served.ask(path, Host=f"127.0.0.1:{served.port}")
    assert (answer.status, body) == (404, b"There is nothing here.\n")


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html"), ("/state", "application/json"), ("/preview.svg?v=1", "image/svg+xml"),
     ("/icon.svg", "image/svg+xml"), ("/none", "text/plain")],
)  # fmt: skip
def test_headers(served: Served, path: str, kind: str) -> None:
    answer, body = served.ask(path)
    assert answer.getheader("Content-Type") == f"{kind}; charset=utf-8"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    rules = answer.getheader("Content-Security-Policy") or ""
    assert rules.startswith("default-src 'none'")
    assert "unsafe" not in rules
    assert "Python" not in (answer.getheader("Server") or "")
    head, nothing = served.ask(path, "HEAD")
    assert (head.status, nothing) == (answer.status, b"")
    assert head.getheader("Content-Length") == str(len(body))


def test_no_other_interface_listens(served: Served) -> None:
    others = {"127.0.0.2", "::1"}
    with contextlib.suppress(OSError):
        others |= {str(item[4][0]) for item in socket.getaddrinfo(socket.gethostname(), None)} - {"127.0.0.1"}
    for address in sorted(others):
        with pytest.raises(OSError), socket.create_connection((address, served.port), timeout=2):
            pass


def test_ctrl_c_ends_it(factory: Factory, chrome: Chrome) -> None:
    """Exit code 130, as documented; the browser says that the page has lost its program."""
    running = start(factory)
    try:
        chrome.get(running.address)
        page = Page(chrome, running)
        until(lambda: page.picture() > 0, "the picture")
        running.process.send_signal(signal.SIGINT)
        out, err = running.process.communicate(timeout=PATIENCE)
        assert running.process.returncode == 130
        assert "Traceback" not in err
        assert out == ""
        until(lambda: "has ended" in page.text("gone"), "the page notices")
        assert page.pixels()[0] > 300
    finally:
        stop(running.process)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", running.port), timeout=2):
        pass


def test_a_template_that_was_never_right_is_served(factory: Factory, chrome: Chrome, tmp_path: Path) -> None:
    running = start(factory, TEMPLATE.replace("format = 1", "format = 2"))
    try:
        chrome.get(running.address)
        page = Page(chrome, running)
        until(lambda: page.text("error-where") == "my-label.toml, line 1, format", "the error")
        assert page.text("title") == "my-label"
        assert page.text("caption") == ""
        assert running.ask("/preview.svg")[0].status == 404
        page.shot(tmp_path / "never-right-light.png")
        page.shot(tmp_path / "never-right-dark.png", "dark")
        running.template.write_text(TEMPLATE)
        until(lambda: page.picture() > 0, "the first picture")
    finally:
        stop(running.process)


def test_a_taken_port_is_refused(factory: Factory) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        own_template(factory)
        done = factory.cli("template", "preview", "my-label", "--watch", "--port", port, timeout=60)
        assert done.code == 3
        assert f"port {port} of this computer can't be opened" in done.err
        assert "--port 0" in done.err


def test_an_interrupt_closes_the_page_and_travels_on(factory: Factory) -> None:
    path = own_template(factory)
    addresses: list[str] = []

    def started(address: str) -> None:
        addresses.append(address)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve_preview(path, PDF_PRINTER_BY_DPI[300], ExampleSource.fixed(made_up_example()), 0, started)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", urlsplit(addresses[0]).port or 0), timeout=2):
        pass


def test_a_defect_ends_nothing(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a drawing library raises is said on the page; an unchanged file is not drawn again."""
    watcher = TemplateWatcher(own_template(factory), PDF_PRINTER_BY_DPI[300], ExampleSource.fixed(made_up_example()))
    with monkeypatch.context() as patched:
        patched.setattr("bss_mfg.label.preview.watching.draw_preview", lambda *_: 1 // 0)
        assert watcher.refresh()
    assert "a defect of bss-mfg (ZeroDivisionError)" in json.loads(watcher.page_state.state_json)["error"]["what"]
    assert not watcher.refresh()


def test_a_taken_port_is_an_input_error(factory: Factory) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(InputError, match="can't be opened"):
            serve_preview(
                own_template(factory), PDF_PRINTER_BY_DPI[300], ExampleSource.fixed(made_up_example()),
                other.getsockname()[1], lambda address: None,
            )  # fmt: skip


@pytest.mark.parametrize("value", ["[" * 3000 + "]" * 3000, "9" * 5000, "[nan, nan]"], ids=["deep", "long", "nan"])
def test_no_file_ends_the_watching(factory: Factory, value: str) -> None:
    good, path = TEMPLATE, own_template(factory)
    watcher = TemplateWatcher(path, PDF_PRINTER_BY_DPI[300], ExampleSource.fixed(made_up_example()))
    for text, broken in ((good, False), (good.replace("[0.25, 0.5]", value), True), (good + "\n", False)):
        path.write_text(text)
        assert watcher.refresh()
        state = json.loads(watcher.page_state.state_json)
        assert bool(state["error"]) == broken
        assert watcher.page_state.picture


def test_the_whole_page_says_what_lies_under_the_pointer(page: Page, served: Served, tmp_path: Path) -> None:
    sheet = 'use = "avery-l7159"'
    roll = 'kind = "roll"\nlabel_width = 50\nlabel_height = 30'
    page.save(served.good.replace(roll, sheet).replace('kind = "data-matrix"', 'kind = "data-matrix"\nname = "code"'))
    page.run("document.getElementById('tab-page').click()")
    until(lambda: page.run("return Boolean(sheet.version) && sheet.version === sheet.wanted"), "the page's picture")
    assert page.run("return sheet.page.labels.length") == 24
    assert page.run("return sheet.page.size.map(Math.round)") == [210, 297]
    page.shot(tmp_path / "page-light.png")
    page.shot(tmp_path / "page-dark.png", "dark")

    page.run("document.getElementById('zoom-label').click()")
    point_at(page, 5.0, 6.0)  # of the first label
    said = page.text("readout")
    assert "Label 1 of 24" in said
    assert "5.00, 6.00 mm" in said
    assert "Element 1: data-matrix \u201ccode\u201d" in said
    line = served.template.read_text().splitlines().index("[[element]]") + 1
    assert f"line {line}" in said
    page.shot(tmp_path / "page-label.png")

    before = page.run("return sheet.zoom")
    page.run("document.getElementById('zoom-in').click()")
    assert page.run("return sheet.zoom") == pytest.approx(1.5 * before)
    page.run("document.getElementById('tab-cases').click()")
    assert page.text("readout") == ""
    assert page.console() == []


def point_at(page: Page, x: float, y: float) -> None:
    """Move the pointer to a point of the first label, in mm."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    left, top, width, height = page.run(
        "const box = document.getElementById('canvas').getBoundingClientRect();"
        "const [x, y] = sheet.page.labels[0];"
        "return [RULER + (x + arguments[0] - sheet.x) * sheet.zoom, RULER + (y + arguments[1] - sheet.y) * sheet.zoom,"
        " box.width, box.height]", x, y,
    )  # fmt: skip
    canvas = page.chrome.find_element(By.ID, "canvas")
    # Whole pixels: the pointer's own place is told back in mm.
    ActionChains(page.chrome, duration=0).move_to_element_with_offset(
        canvas, round(left - width / 2), round(top - height / 2)
    ).perform()
    page.run(
        "const [x, y] = sheet.page.labels[0]; sheet.pointer = [x + arguments[0], y + arguments[1]]; sheet.draw()",
        x, y,
    )  # fmt: skip


def test_the_product_is_followed(factory: Factory) -> None:
    factory.add(title="First title")
    product = factory.root / "products" / "bulb.toml"
    workspace = factory.workspace
    source = ExampleSource(lambda: product_example(workspace, "bulb"), lambda: product_files(workspace, "bulb"))
    watcher = TemplateWatcher(own_template(factory), PDF_PRINTER_BY_DPI[300], source)
    assert watcher.refresh()
    first = watcher.page_state
    good = product.read_text()
    product.write_text(good.replace("First title", "Second title"))
    assert watcher.refresh()
    assert watcher.page_state.picture != first.picture
    assert watcher.whole_page_png() != first.whole_page.png  # type: ignore[union-attr]

    product.write_text(good.replace("First title", "Third title").replace("ebK3", "ebK"))
    assert watcher.refresh()
    problem = json.loads(watcher.page_state.state_json)["error"]
    assert problem["where"].startswith("bulb.toml, line")
    assert [line["text"] for line in problem["source"] if line["here"]] == ['pid = "ebK"']

    (factory.root / "products" / "bulb.pem").write_text("no key")
    product.write_text(good)
    assert watcher.refresh()
    assert "bulb.pem" in json.loads(watcher.page_state.state_json)["error"]["where"]


@pytest.mark.parametrize(("printer", "edge"), [("pdf-300", 6.0), ("zpl-203", 0.0)])
def test_the_whole_page_lies_where_its_picture_shows_it(printer: str, edge: float) -> None:
    """Crop marks and bleed reach over a label of a roll in PDF; a label printer has its dots alone."""
    from io import BytesIO

    from PIL import Image

    loaded = load_template(resources.folder("templates") / "die-cut-60x40.toml")
    page = WholePage.of(loaded, BUILT_IN[printer], made_up_example())
    record = page.record()
    [(left, top)] = record["labels"]
    assert (left, top) == (edge, edge)
    with Image.open(BytesIO(page.png)) as picture:
        width, height = record["size"]
        assert picture.width / picture.height == pytest.approx(width / height, abs=0.01)
        # The band of colour, and the paper right of the texts.
        grey = picture.convert("L")
        scale = picture.width / width
        assert grey.getpixel((round((left + 30) * scale), round((top + 1) * scale))) < 128
        assert grey.getpixel((round((left + 58) * scale), round((top + 15) * scale))) > 128
