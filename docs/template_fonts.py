"""Makes templates/fonts/: small parts of Noto fonts, for the templates that come along.

    python docs/template_fonts.py NotoSansArabic-Regular.ttf NotoSansHebrew-Regular.ttf NotoSansJP-Regular.(ttf|woff)

The first two hold all letters of their script; the Japanese one the kana and the characters that labels often show. The
fonts are the Noto project's, under the SIL Open Font License 1.1, which allows parts of them (templates/fonts/OFL.txt).
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).parent.parent / "templates" / "fonts"
LATIN = "".join(map(chr, range(0x20, 0x7F))) + "\u00a0\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026"
ARABIC = "".join(
    map(chr, [0x60C, 0x61B, 0x61F, *range(0x621, 0x653), *range(0x660, 0x66B), 0x200C, 0x200D, 0x200E, 0x200F])
)
HEBREW = "".join(map(chr, [*range(0x5D0, 0x5EB), 0x5BE, 0x5F3, 0x5F4, 0x20AA, 0x200E, 0x200F]))
KANA = "".join(
    map(
        chr,
        [
            *range(0x3041, 0x3097),
            *range(0x30A1, 0x30FF),
            0x3000,
            0x3001,
            0x3002,
            0x300C,
            0x300D,
            0xFF08,
            0xFF09,
            0xFF1A,
        ],
    )
)
KANJI = (
    "一二三四五六七八九十百千万円年月日時分秒個台箱本枚入数量番号名前型式製造品社国産地会場工業部門用途取扱説明書注意"
    "危険警告安全保証期限使用方法電池球灯光白色黒赤青緑黄温度湿気水防火圧力定格周波出力消費電源接続無線通信機器検査済合"
    "格試見本開閉上下左右内外表裏大小中高低長短重軽新旧保管直射避天無割物在庫発送元先住所話担当"
)
PARTS = (
    ("NotoSansArabic-part.ttf", ARABIC),
    ("NotoSansHebrew-part.ttf", HEBREW),
    ("NotoSansJP-part.ttf", KANA + KANJI),
)
"""File, and the characters beside Latin letters that it holds."""


def make_part(source: Path, target: Path, characters: str) -> None:
    """A font with these characters only, and what shapes them."""
    options = subset.Options(layout_features=["*"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True)
    options.hinting = False
    options.recalc_timestamp = False
    options.flavor = None
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters + LATIN)
    subsetter.subset(font)
    font["head"].modified = font["head"].created
    target.parent.mkdir(exist_ok=True)
    subset.save_font(font, str(target), options)


if __name__ == "__main__":
    for source, (name, characters) in zip(map(Path, sys.argv[1:]), PARTS, strict=True):
        make_part(source, TARGET / name, characters)
        print(f"{name}: {(TARGET / name).stat().st_size // 1000} kB")
