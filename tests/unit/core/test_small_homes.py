"""The small things that every room uses: ranges, bits, lists cut short, words, progress, boxes."""

from __future__ import annotations

import json
import pickle
import random
from itertools import count, islice, pairwise

import pytest

from bss_mfg.core.bits import REVERSED_BITS, reversed_crc16
from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.ranges import RangeBuilder, consecutive_ranges
from bss_mfg.core.text import count_words, first_problems, listing, starts_formula
from bss_mfg.model import Rect


@pytest.mark.parametrize(
    ("numbers", "ranges"),
    [
        ([], []),
        ([0], [range(0, 1)]),
        ([5, 6, 7, 9], [range(5, 8), range(9, 10)]),
        ([3, 2, 1], [range(3, 4), range(2, 3), range(1, 2)]),
        ([4, 4, 5], [range(4, 5), range(4, 6)]),
        (range(2, 9), [range(2, 9)]),
        (range(3, 3), []),
        (range(1, 6, 2), [range(1, 2), range(3, 4), range(5, 6)]),
        ([-2, -1, 0, 1], [range(-2, 2)]),
    ],
)
def test_consecutive_ranges(numbers: list[int], ranges: list[range]) -> None:
    assert list(consecutive_ranges(numbers)) == ranges
    assert list(consecutive_ranges(iter(numbers))) == ranges


def test_ranges_hold_the_numbers_in_their_order() -> None:
    draw = random.Random(7)
    for _ in range(200):
        numbers = [draw.randrange(6) for _ in range(draw.randrange(20))]
        found = list(consecutive_ranges(numbers))
        assert [number for one in found for number in one] == numbers
        assert all(before.stop != after.start for before, after in pairwise(found))


def test_ranges_stream_and_a_range_costs_nothing() -> None:
    evens = consecutive_ranges(count(0, 2))
    assert list(islice(evens, 3)) == [range(0, 1), range(2, 3), range(4, 5)]
    assert next(consecutive_ranges(range(1, 10**15))) == range(1, 10**15)


def test_a_range_builder_passes_over_a_repeated_number() -> None:
    builder = RangeBuilder()
    assert builder.ranges == ()
    for number in (0, 1, 1, 2, 5, 5, 3):
        builder.add(number)
    assert builder.ranges == (range(0, 3), range(5, 6), range(3, 4))


def test_bits_are_reversed() -> None:
    assert [REVERSED_BITS[value] for value in (0, 1, 2, 0x80, 0xF0, 0xFF)] == [0, 0x80, 0x40, 1, 0x0F, 0xFF]
    assert bytes(range(256)).translate(REVERSED_BITS).translate(REVERSED_BITS) == bytes(range(256))


def test_crcs_have_the_check_values_of_their_catalogue() -> None:
    """Of "123456789": https://reveng.sourceforge.io/crc-catalogue/16.htm."""
    assert reversed_crc16(b"123456789", 0) == 0x2189  # CRC-16/KERMIT
    assert reversed_crc16(b"123456789", 0xFFFF) ^ 0xFFFF == 0x906E  # CRC-16/IBM-SDLC, X-25


def test_a_capped_list_keeps_the_first_and_counts_all() -> None:
    kept = CappedList(3, "ab")
    kept.add("c")
    kept.add("d")
    assert (list(kept), kept.total, kept.omitted, len(kept), kept[0], kept[1:]) == (
        ["a", "b", "c"],
        4,
        1,
        3,
        "a",
        ["b", "c"],
    )
    kept.truncate(1, 2)
    assert (list(kept), kept.total, kept.omitted) == (["a"], 2, 1)
    kept.extend(CappedList(9, "xyz"))
    assert (list(kept), kept.total, kept.omitted) == (["a", "x", "y"], 5, 2)
    kept.extend(CappedList(0, "pq"))
    assert (list(kept), kept.total) == (["a", "x", "y"], 7)


def test_a_rect_is_a_tuple_that_knows_its_other_edges() -> None:
    box = Rect(1.0, 2.0, 3.0, 4.0)
    assert (box.right, box.bottom) == (4.0, 6.0)
    assert box == (1.0, 2.0, 3.0, 4.0)
    assert json.dumps({"box": box}) == '{"box": [1.0, 2.0, 3.0, 4.0]}'
    assert pickle.loads(pickle.dumps(box)) == box  # noqa: S301


def test_rects_inside_and_over_each_other() -> None:
    outer = Rect(0, 0, 10, 10)
    assert Rect(0, 0, 10, 10).is_inside(outer)
    assert not Rect(1, 1, 9.5, 1).is_inside(outer)
    assert Rect(1, 1, 9.5, 1).is_inside(outer, tolerance=0.5)
    assert not Rect(-0.1, 0, 1, 1).is_inside(outer)
    assert Rect(9, 9, 5, 5).overlaps(outer) and outer.overlaps(Rect(9, 9, 5, 5))
    assert not Rect(10, 0, 5, 5).overlaps(outer)
    assert not Rect(9.5, 0, 5, 5).overlaps(outer, tolerance=0.6)


def test_numbers_of_things_in_words() -> None:
    assert [count_words(number, "unit") for number in (0, 1, 2, 12_345)] == [
        "0 units",
        "1 unit",
        "2 units",
        "12,345 units",
    ]
    assert [count_words(number, "batch", "batches") for number in (1, 2)] == ["1 batch", "2 batches"]


def test_lists_are_cut_short() -> None:
    names = list("abcde")
    assert listing(names) == "a, b, c, d, e"
    assert listing(names, 2) == "a, b and 3 more"
    assert listing(names, 5) == "a, b, c, d, e"
    assert listing(names[:2], total=2_000) == "a, b and 1,998 more"
    assert listing([]) == ""
    assert first_problems(names, 3) == ["a", "b", "c", "and 2 more"]
    assert first_problems(names, 5) == names
    assert first_problems(names[:3], 3, "rows", total=9) == ["a", "b", "c", "and 6 more rows"]


def test_what_a_spreadsheet_would_run() -> None:
    assert all(starts_formula(text) for text in ("=1", "+1", "-1", "@x", "\tx", "\rx", "\nx"))
    assert not any(starts_formula(text) for text in ("", "1=1", "x", "'=1", " =1"))
