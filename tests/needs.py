"""What the tests need beyond Python packages. A test says it with `@needs("strace")`, and is left out where that is
missing; where everything must run (`make test-all`, CI: BSS_MFG_TEST_ALL=1), missing is an error.

`python -m tests.needs [FOLDER ...]` says what is missing here, how it is installed, and which tests of those folders it
leaves out; `--install` installs it (`make setup`).
"""

from __future__ import annotations

import argparse
import ctypes.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bss_mfg.imaging.text_ocr import data_folder
from tests.helpers import ROOT
from tests.helpers.mocked_bluez import SYSTEM_PYTHON
from tests.helpers.postgres import programs
from tests.helpers.tokens import SOFTHSM

EVERYTHING = os.environ.get("BSS_MFG_TEST_ALL") == "1"
"""Whether a missing tool is an error."""
RENDERER = ROOT / "tests" / "independent" / "zpl"
SEALERS = ROOT / "tests" / "independent" / "schemes"


def libdmtx_loads() -> bool:
    """Whether pylibdmtx finds its library."""
    try:
        import pylibdmtx.pylibdmtx  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def strace_works() -> bool:
    """Whether strace is there and may trace."""
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return tried.returncode == 0


def faketime_library() -> Path | None:
    """The library that `faketime` preloads."""
    folders = (Path("/usr/lib"), Path("/usr/local/lib"))
    return next((path for folder in folders for path in folder.glob("**/libfaketime.so.1")), None)


PREFLIGHT = ("preflight", "pdfbox2", "xmpbox", "fontbox2", "commons-logging", "javax.activation", "jaxb-api")
"""The Java archives that PDFBox's validator of PDF/A needs, as Debian installs them."""


def preflight_path() -> str:
    """The class path of PDFBox's validator of PDF/A."""
    return ":".join(f"/usr/share/java/{name}.jar" for name in PREFLIGHT)


def preflight_runs() -> bool:
    """Whether Java and all archives of PDFBox's validator are there."""
    return shutil.which("java") is not None and all(Path(path).is_file() for path in preflight_path().split(":"))


def node_has(folder: Path, package: str) -> bool:
    """Whether Node.js is there and has a package of npm in a folder."""
    return shutil.which("node") is not None and (folder / "node_modules" / package).is_dir()


MESH_DAEMON = "/usr/libexec/bluetooth/bluetooth-meshd"
"""BlueZ's mesh daemon, as Debian installs it."""
GO_SOURCES = Path("/usr/share/gocode")
"""Go's libraries, as Debian installs them."""
BOUNCY_CASTLE = "/usr/share/java/bcprov.jar"
"""Bouncy Castle, as Debian installs it."""


def dbusmock_imports() -> bool:
    """Whether Debian's Python has python-dbusmock, and there is a message bus."""
    asked = [SYSTEM_PYTHON, "-c", "import dbusmock"]
    there = all(map(shutil.which, (SYSTEM_PYTHON, "dbus-daemon")))
    return there and subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode == 0


@dataclass(frozen=True)
class Tool:
    """A program or library: its Debian packages, and how it is found if not by its name on the path."""

    name: str
    packages: str
    purpose: str
    found: Callable[[], bool] | None = None
    fixture: str = ""
    """The fixture that needs it, for tests that do not say so themselves."""
    npm: Path | None = None
    """The folder whose package.json names it, for what npm installs."""

    @property
    def missing(self) -> bool:
        return not self.found() if self.found else shutil.which(self.name) is None

    @property
    def install(self) -> str:
        """The command that installs it."""
        packages = self.debian_packages
        if self.npm is None:
            return f"sudo apt-get install {' '.join(packages)}"
        npm = f"npm install --prefix {self.npm.relative_to(ROOT)}"
        return f"sudo apt-get install {' '.join(packages)}; {npm}" if packages else npm

    @property
    def debian_packages(self) -> list[str]:
        """What apt-get installs for it. Debian's npm conflicts with one from elsewhere, so it is not installed then."""
        if self.npm:
            return [] if shutil.which("npm") else ["nodejs", "npm", "ca-certificates"]
        return self.packages.split()


SCRIPT_FONTS = (
    "NotoNastaliqUrdu-Regular.ttf", "VL-PGothic-Regular.ttf", "NimbusSans-Regular.otf", "DejaVuSans.ttf",
)  # fmt: skip
"""One font of each package of fonts that tests draw with."""
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("libdmtx", "libdmtx0b", "the second reader", libdmtx_loads),
        Tool("dmtxread", "dmtx-utils", "reads labels"),
        Tool("chromium", "chromium", "a browser for reports and previews", fixture="chrome"),
        Tool("chromedriver", "chromium-driver", "drives the browser", fixture="chrome"),
        Tool("WebKitWebDriver", "webkit2gtk-driver xvfb", "a browser with the engine of iPhones",
             lambda: bool(shutil.which("WebKitWebDriver") and shutil.which("Xvfb"))),
        Tool("git", "git", "holds what a release is made of"),
        Tool("ssh-keygen", "openssh-client", "signs with SSH keys, and verifies"),
        Tool("pdftoppm", "poppler-utils", "draws PDF"),
        Tool("rsvg-convert", "librsvg2-bin", "draws SVG"),
        Tool("qpdf", "qpdf", "checks PDF"),
        Tool("pdffonts", "poppler-utils", "lists the fonts of PDF"),
        Tool("pdfbox-preflight", "default-jre-headless libpdfbox2-java libactivation-java libjaxb-api-java",
             "validates PDF/A", preflight_runs),
        Tool("bouncy-castle", "default-jdk-headless libbcprov-java", "seals and opens",
             lambda: bool(shutil.which("javac")) and Path(BOUNCY_CASTLE).is_file()),
        Tool("bouncy-castle-cms", "default-jdk-headless libbcprov-java libbcpkix-java", "seals and opens CMS",
             lambda: bool(shutil.which("javac")) and Path(BOUNCY_CASTLE.replace("bcprov", "bcpkix")).is_file()),
        Tool("crypto++", "g++ libcrypto++-dev", "seals and opens",
             lambda: bool(shutil.which("g++")) and Path("/usr/include/cryptopp/eccrypto.h").is_file()),
        Tool("node", "nodejs", "seals and opens"),
        Tool("gs", "ghostscript", "draws PDF"),
        Tool("zpl-renderer-js", "", "draws ZPL", lambda: node_has(RENDERER, "zpl-renderer-js"), npm=RENDERER),
        Tool("jose", "", "seals and opens JWE", lambda: node_has(SEALERS, "jose"), npm=SEALERS),
        Tool("hpke-js", "", "seals and opens HPKE", lambda: all(
            node_has(SEALERS, f"@hpke/{name}") for name in ("core", "chacha20poly1305")), npm=SEALERS),
        Tool("rastertolabel", "cups-core-drivers cups-ppdc", "writes EPL2 and CPCL",
             lambda: shutil.which("ppdc") is not None and Path("/usr/lib/cups/filter/rastertolabel").is_file()),
        Tool("rastertoptch", "printer-driver-ptouch", "writes Brother raster for tape",
             lambda: Path("/usr/lib/cups/filter/rastertoptch").is_file()),
        Tool("gutenprint", "printer-driver-gutenprint", "writes DPL",
             lambda: Path("/usr/lib/cups/driver/gutenprint.5.3").is_file()),
        Tool("openssl", "openssl", "opens what bss-mfg encrypts"),
        Tool("age", "age", "opens what bss-mfg encrypts"),
        Tool("cc", "gcc libc6-dev", "compiles C headers"),
        Tool("soffice", "libreoffice-calc", "opens tables"),
        Tool("strace", "strace", "kills commands at system calls, and lets those fail", strace_works),
        Tool("ippeveprinter", "cups-ipp-utils dbus", "a virtual printer that speaks IPP",
             lambda: bool(shutil.which("ippeveprinter") and shutil.which("dbus-run-session"))),
        Tool("cupsd", "cups-daemon cups-client cups-core-drivers", "a print queue",
             lambda: Path("/usr/sbin/cupsd").exists() and Path("/usr/sbin/lpadmin").exists()),
        Tool("tesseract", "tesseract-ocr-eng", "names wrong texts", lambda: data_folder() is not None),
        Tool("hb-view", "libharfbuzz-bin", "draws shaped text"),
        Tool("pango-view", "pango1.0-tools", "draws paragraphs in both directions"),
        Tool("fonts", "fonts-noto-core fonts-vlgothic fonts-urw-base35 fonts-dejavu-core", "fonts of many scripts",
             lambda: all(any(Path("/usr/share/fonts").rglob(name)) for name in SCRIPT_FONTS)),
        Tool("unicode-data", "unicode-data", "Unicode's own tests",
             lambda: Path("/usr/share/unicode/BidiCharacterTest.txt").exists()),
        Tool("libxkbcommon", "libxkbcommon0 xkb-data libx11-data", "types on the keyboards of all countries",
             lambda: ctypes.util.find_library("xkbcommon") is not None
             and Path("/usr/share/X11/xkb/rules/evdev.xml").is_file()),
        Tool("libhangul", "libhangul1 libhangul-data", "types Hangul",
             lambda: ctypes.util.find_library("hangul") is not None),
        Tool("postgresql", "postgresql", "a database server for the ledger", lambda: programs() is not None),
        Tool("mosquitto", "mosquitto mosquitto-clients", "an MQTT broker", lambda: bool(
            shutil.which("mosquitto_sub")
            and (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").is_file()))),
        Tool("bash", "bash", "completes what is typed"),
        Tool("zsh", "zsh", "completes what is typed"),
        Tool("fish", "fish", "completes what is typed"),
        Tool("unshare", "coreutils util-linux", "a machine without Python and network",
             lambda: bool(shutil.which("unshare") and shutil.which("chroot"))),
        Tool("strip", "binutils", "makes bundles"),
        Tool("dpkg", "dpkg", "makes Debian packages"),
        Tool("lintian", "lintian man-db", "checks Debian packages"),
        Tool("user-mode-linux", "user-mode-linux bluez-meshd dbus", "a kernel for BlueZ's mesh daemon",
             lambda: all(map(shutil.which, ("linux.uml", "dbus-daemon"))) and Path(MESH_DAEMON).is_file()),
        Tool("python-dbusmock", "python3-dbusmock dbus", "BlueZ without Bluetooth", dbusmock_imports),
        Tool("go-note", "golang-go golang-golang-x-mod-dev", "verifies notes and proofs of logs",
             lambda: bool(shutil.which("go")) and (GO_SOURCES / "src/golang.org/x/mod/sumdb/note").is_dir()),
        Tool("faketime", "faketime", "sets clocks wrong", lambda: faketime_library() is not None),
        Tool("softhsm2", "softhsm2", "a PKCS#11 token in software",
             lambda: bool(shutil.which("softhsm2-util")) and SOFTHSM.is_file()),
        Tool("swtpm", "swtpm tpm2-tools", "a TPM 2.0 in software",
             lambda: bool(shutil.which("swtpm") and shutil.which("tpm2_clear"))),
    )
}  # fmt: skip


def needs(*tools: str) -> pytest.MarkDecorator:
    """Marks tests that can't run without these tools."""
    assert set(tools) <= set(TOOLS), tools
    return pytest.mark.needs(*tools)


def require(tools: Iterable[str]) -> None:
    """Skip the test that runs if a tool is missing, with the way out; fail it where everything must run."""
    if missing := [TOOLS[name] for name in tools if TOOLS[name].missing]:
        reason = "; ".join(f"{tool.name} is missing, install it: {tool.install}" for tool in missing)
        if EVERYTHING:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def users(tool: Tool, folders: Sequence[Path]) -> list[str]:
    """The test files that need a tool."""
    said = rf"needs\([^)]*\"{re.escape(tool.name)}\"" + (rf"|\b{tool.fixture}: " if tool.fixture else "")
    paths = sorted({path for folder in folders for path in folder.rglob("test_*.py")})
    return [str(path.relative_to(ROOT)) for path in paths if re.search(said, path.read_text("utf-8"))]


def main() -> int:
    """Say what is missing, or install it."""
    parser = argparse.ArgumentParser(prog="python -m tests.needs", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folder", nargs="*", type=Path, default=[ROOT / "tests"], help="folders of tests")
    parser.add_argument("--install", action="store_true", help="install it with apt-get and npm, with sudo if needed")
    options = parser.parse_args()
    if options.install:
        install([tool for tool in TOOLS.values() if tool.missing])
        # A process that was there before may remember where a program was not yet: another one looks whether all came.
        look = [sys.executable, "-m", "tests.needs", *(str(folder.resolve()) for folder in options.folder)]
        return subprocess.run(look, cwd=ROOT, env=os.environ | {"BSS_MFG_TEST_ALL": "1"}, check=False).returncode
    files = {tool: users(tool, [folder.resolve() for folder in options.folder]) for tool in TOOLS.values()}
    missing = [tool for tool in TOOLS.values() if files[tool] and tool.missing]
    for tool in missing:
        print(f"{tool.name} is missing ({tool.purpose}). Install it: {tool.install}")
        print(*(f"  left out: what needs it in {path}" for path in files[tool]), sep="\n")
    if missing and not EVERYTHING:
        print("`make setup` installs all of it.")
    return 6 if missing and EVERYTHING else 0


def install(missing: Sequence[Tool]) -> None:
    """With apt-get, through sudo where this user is not root; the renderer of ZPL with npm."""
    if not missing:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    packages = sorted({package for tool in missing for package in tool.debian_packages})
    if packages and shutil.which("apt-get") is None:
        print(f"There is no apt-get here. Install the equivalents of: {' '.join(packages)}", file=sys.stderr)
        return
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    steps = [["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]] if packages else []
    for command in steps:
        print("+", *sudo, "apt-get", *command, flush=True)
        if subprocess.run([*sudo, *environment, "apt-get", *command], stdout=subprocess.DEVNULL).returncode:
            return
    for folder in dict.fromkeys(tool.npm for tool in TOOLS.values() if tool.npm and tool.missing):
        npm = ["npm", "install", "--prefix", str(folder), "--no-package-lock", "--no-audit", "--no-fund"]
        print("+", *npm, flush=True)
        subprocess.run([*npm, "--loglevel", "error"], check=False)


if __name__ == "__main__":
    sys.exit(main())
