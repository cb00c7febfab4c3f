"""The font of Chinese PDF reports: of Droid Sans Fallback (Apache 2.0) the characters of the catalogue, and no more.

chinese_font.py /usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf     (apt: fonts-droid-fallback)
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.pofile import read_po
from fontTools import subset
from fontTools.ttLib import TTFont

PACKAGE = Path(__file__).resolve().parents[1] / "bss_mfg"
FONT = PACKAGE / "report" / "fonts" / "DroidSansFallback-subset.ttf"


def characters() -> set[str]:
    """Those of the Chinese catalogue that no Latin font has, and Chinese punctuation."""
    with (PACKAGE / "core" / "catalogues" / "zh_CN.po").open("rb") as file:
        texts = [message.string for message in read_po(file) if message.id]
    joined = "".join(one if isinstance(one, str) else "".join(one) for one in texts)
    return {one for one in joined if one >= "\u2e80"} | set("，。；：！？、（）《》")


if __name__ == "__main__":
    font = TTFont(sys.argv[1], recalcTimestamp=False)
    options = subset.Options(name_IDs=[0, 1, 2, 4, 5, 6, 13, 14], notdef_outline=True, hinting=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(characters())))
    cutter.subset(font)
    FONT.parent.mkdir(exist_ok=True)
    font.save(FONT)
    print(f"{FONT.relative_to(PACKAGE.parent)}: {FONT.stat().st_size:,} bytes")
