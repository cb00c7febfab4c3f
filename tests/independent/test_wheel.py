"""The wheel alone gives a working bss-mfg."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

from tests.helpers import ROOT


def test_the_wheel_alone_works(tmp_path: Path) -> None:
    """Built, installed without this source tree, run elsewhere. Dependencies are lent by this environment."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT], check=True, capture_output=True
    )
    wheel = next(tmp_path.glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "bss_mfg/templates/sheet-a4-24.toml",
        "bss_mfg/sample_batches/mesh-bulb/identities.csv",
        "bss_mfg/payload/specs/amazon-bss-ob04.toml",
        "bss_mfg/payload/specs/amazon-bss-ob04.control-log.schema.json",
        "bss_mfg/manifest/amazon-ffs-feedback.toml",
        "bss_mfg/label/template/fonts/LiberationSans-Regular.ttf",
        "bss_mfg/station/phone/page/index.html",
        "bss_mfg/station/phone/page/zxing_reader.wasm",
        "bss_mfg/station/phone/page/LICENSE-zxing-wasm.txt",
        "bss_mfg/verifier_data/mappings/example-csv.toml",
        "bss_mfg/report/templates/comparison.html.jinja",
        "bss_mfg/py.typed",
    ):
        assert needed in names
    assert not [name for name in names if name.startswith(("tests", "docs", "benchmarks"))]
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", wheel], check=True)
    site = Path(subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip())  # fmt: skip
    lent = sysconfig.get_path("purelib")
    # Appended behind the venv's own folder; the editable install of the source tree in it is not followed.
    (site / "lent.pth").write_text(f"import sys; sys.path.append({lent!r})\n")
    where = subprocess.run(
        [python, "-c", "import bss_mfg; print(bss_mfg.__file__)"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    ).stdout  # fmt: skip
    assert str(home) in where
    done = subprocess.run([home / "bin" / "bss-mfg", "demo"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "bss-mfg-demo" / "batches" / "mesh-bulb-0001" / "verification.html").exists()
