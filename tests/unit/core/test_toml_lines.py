"""Each field of a TOML file is found on its own line, however the file is written."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.core.toml_files import parse_toml
from bss_mfg.core.toml_lines import FieldPath, line_numbers


@pytest.mark.parametrize(
    ("text", "location", "line"),
    [
        ('a = """\nsize = 3\n"""\nsize = 4\n', ("size",), 4),
        ("a = '''\n[x]\nsize = 3'''\n[x]\nsize = 4", ("x", "size"), 5),
        ('a = "one\u2028two"\nsize = 4', ("size",), 2),
        ('a = "one\x85two"\r\nsize = 4', ("size",), 2),
        ("point = { x = 1, y = 2 }", ("point", "y"), 1),
        ("list = [\n  { x = 1 },\n  { x = 2 },\n]", ("list", 1, "x"), 3),
        ("list = [\n 1,\n # two\n 2,\n]", ("list", 1), 4),
        ("[[e]]\nk = 1\n[[e]]\nk = 2\n[e.sub]\nk = 3", ("e", 1, "sub", "k"), 6),
        ('"quoted key" = 1\na."b.c".d = 2', ("a", "b.c", "d"), 2),
        ("a = 3.14\nb = 1979-05-27 07:32:00\nc = 1", ("c",), 3),
        ("x = 1\n[a.b]\nk = 1", ("a",), 2),
        ("[[a.b]]\nk = 1\n[[a.c]]", ("a",), 1),
        ('a = """two quotes at the end"""""\nb = 1', ("b",), 2),
        ('a = "\\""\nb = "#"\nc = 1 # [c]\nd = 1', ("d",), 4),
    ],
)
def test_a_field_stands_on_its_line(text: str, location: FieldPath, line: int) -> None:
    tomllib.loads(text)
    assert line_numbers(text)[location] == line


def test_a_field_in_a_text_of_several_lines_is_none() -> None:
    assert ("size",) not in line_numbers('a = """\nsize = 3\n"""\n')


def test_the_nearest_known_field_speaks_for_one_that_is_missing() -> None:
    document = parse_toml('[media]\nsheet = "a4"\n\n[[element]]\nkind = "text"\n', "label.toml")
    assert str(document.locate(("element", 0, "size"))) == "label.toml, line 4, element[1].size"


def test_a_long_line_of_brackets_takes_no_time() -> None:
    text = "a = [" + "[" * 50 + "]" * 50 + "]\n" + "#" + "[ " * 200_000
    begun = time.process_time()
    line_numbers(text)
    first = time.process_time() - begun
    begun = time.process_time()
    line_numbers(text + "\n#" + "[ " * 200_000)
    assert time.process_time() - begun < 10 * first + 1  # linear: the old pattern took a cube of the length


_names = st.text("abc -.", min_size=1, max_size=6)
_scalars = st.sampled_from(["1", "-0.5", "true", "1979-05-27T07:32:00Z", '"x # [y] = 2"', "'[z]'"])
_several_lines = st.sampled_from(['"""\nk = 1\n[t]\n"""', "'''\n[[t]]\nk = 2'''", '"""a\u2028b\n\\\n  c"""'])
_inline = st.recursive(
    _scalars | _several_lines,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[\n" + ",\n".join(items) + "]")
        | st.lists(inner, max_size=2).map(
            lambda items: "{ " + ", ".join(f"k{number} = {item}" for number, item in enumerate(items)) + " }"
        )
    ),
    max_leaves=6,
)


@given(
    st.lists(
        st.tuples(_names, _inline, st.sampled_from(["", "\n", "# k = [1]\n"])), max_size=8, unique_by=lambda f: f[0]
    )
)
def test_every_field_of_a_generated_file_is_found(fields: list[tuple[str, str, str]]) -> None:
    text, expected = "", {}
    for name, value, before in fields:
        text += before
        expected[name] = text.count("\n") + 1
        text += f'"{name}" = {value}\n'
    tomllib.loads(text)
    found = line_numbers(text)
    assert {location[0]: line for location, line in found.items() if len(location) == 1} == expected
