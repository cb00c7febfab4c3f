"""A headless Chromium for tests, which notes its requests and its console."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.helpers.pace import PATIENCE
from tests.needs import require

if TYPE_CHECKING:
    from selenium.webdriver import Chrome, WebKitGTK


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until `condition` is true, and return its value."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


@contextlib.contextmanager
def chromium(
    profile: Path, *flags: str, size: tuple[int, int] = (1280, 1000), phone: Mapping[str, object] | None = None
) -> Iterator[Chrome]:
    """A browser with more flags, or one that takes itself for a phone (`width`, `height`, `pixelRatio`)."""
    require(("chromium", "chromedriver"))
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking",
        "disable-component-update", "disable-sync", "disable-default-apps", "disable-extensions", "no-first-run",
        "no-default-browser-check", f"window-size={size[0]},{size[1]}", f"user-data-dir={profile}", *flags,
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if phone:
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": dict(phone)})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(PATIENCE)
        driver.set_script_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()


@contextlib.contextmanager
def webkit(folder: Path) -> Iterator[WebKitGTK]:
    """A WebKit, the engine of every browser on an iPhone, on a screen that nobody sees, with a camera that shows a test
    picture. It takes any certificate."""
    require(("WebKitWebDriver",))
    from selenium.webdriver import WebKitGTK
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service

    receives, sends = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(sends), "-screen", "0", "800x1000x24", "-nolisten", "tcp"],
        pass_fds=[sends], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(sends)
    try:
        with os.fdopen(receives) as told:
            display = told.readline().strip()
        options = Options()
        options.binary_location = str(next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))
        for argument in ("automation", "enable-media-stream=true", "enable-mock-capture-devices=true"):
            options.add_argument(f"--{argument}")
        options.set_capability("acceptInsecureCerts", True)
        environment = {
            **os.environ, "DISPLAY": f":{display}", "HOME": str(folder),
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # it can't be made inside of a container
        }  # fmt: skip
        driver = WebKitGTK(options=options, service=Service(shutil.which("WebKitWebDriver") or "", env=environment))
        try:
            driver.set_script_timeout(PATIENCE)
            yield driver
        finally:
            driver.quit()
    finally:
        screen.terminate()
        screen.wait()


def requested(driver: Chrome) -> list[str]:
    """The addresses that pages have asked for since the last call."""
    found: list[Any] = [json.loads(line["message"])["message"] for line in driver.get_log("performance")]
    return [item["params"]["request"]["url"] for item in found if item["method"] == "Network.requestWillBeSent"]
