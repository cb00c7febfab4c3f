"""Texts of which nothing is drawn, and damaged fonts: drawn as they are, or refused by name, never a defect."""

from __future__ import annotations

import io
import random
from importlib import resources
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from bss_mfg.errors import InputError
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.type.font_file import load_face
from bss_mfg.label.type.shaping import shape

LIBERATION = (resources.files("bss_mfg.label.template") / "fonts" / "LiberationSans-Regular.ttf").read_bytes()


@pytest.mark.parametrize("text", ["\u200f", "\u200b", "\u00ad", "\ufeff", "\U000e0041", "\u202e\u202c"])
def test_what_is_not_drawn_has_no_glyphs_and_no_texts(text: str) -> None:
    run = shape(load_face(LIBERATION), text)
    assert run.cluster_texts() == [] or not "".join(run.cluster_texts()).strip(text)


def without(table: str) -> bytes:
    font, out = TTFont(io.BytesIO(LIBERATION)), io.BytesIO()
    del font[table]
    font.save(out)
    return out.getvalue()


def without_units() -> bytes:
    font, out = TTFont(io.BytesIO(LIBERATION)), io.BytesIO()
    font["head"].unitsPerEm = 0
    font.save(out)
    return out.getvalue()


def garbled(seed: int) -> bytes:
    chance, data = random.Random(seed), bytearray(LIBERATION)
    for _ in range(2000):
        data[chance.randrange(400, len(data))] = chance.randrange(256)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (without("hhea"), "the table hhea is missing"),
        (without("hmtx"), "the table hmtx is missing"),
        (without("loca"), "the table loca is missing"),
        (without("cmap"), "the table cmap is missing"),
        (without_units(), "0 units per em"),
        (LIBERATION[: len(LIBERATION) // 2], "cut off"),
        *((garbled(seed), "") for seed in range(4)),
    ],
)
def test_a_damaged_font_is_refused_by_name(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "own.ttf").write_bytes(data)
    (tmp_path / "t.toml").write_text(
        'format = 1\n[fonts]\nown = "own.ttf"\n[media]\nlabel_width = 50\nlabel_height = 30\n'
        '[[element]]\nkind = "data-matrix"\nx = 1\ny = 1\nsize = 28\n'
        '[[element]]\nkind = "text"\nx = 31\ny = 2\nwidth = 17\ntext = "Hh"\nfont = "own"\n'
    )
    with pytest.raises(InputError) as refused:
        load_template(tmp_path / "t.toml")
    assert "own.ttf" in refused.value.what
    assert words in refused.value.what
