"""A headless Chromium for tests, which notes its requests and its console."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.needs import require

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


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
        driver.set_page_load_timeout(20)
        driver.set_script_timeout(20)
        yield driver
    finally:
        driver.quit()


def requested(driver: Chrome) -> list[str]:
    """The addresses that pages have asked for since the last call."""
    found: list[Any] = [json.loads(line["message"])["message"] for line in driver.get_log("performance")]
    return [item["params"]["request"]["url"] for item in found if item["method"] == "Network.requestWillBeSent"]
