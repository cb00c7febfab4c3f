"""Sample files: what a guide prints, read strictly, and never a key in a message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bss_mfg.errors import InputError
from bss_mfg.payload.product_keys import load_private_key, new_development_key
from bss_mfg.payload.spec_samples import sample_from_text
from bss_mfg.workspace.spec_samples import read_sample

OOB = "00112233445566778899aabbccddeeff"
PAGE = Path(__file__).parents[3] / "docs" / "formats" / "spec-sample.md"


def test_the_page_s_example_is_read(tmp_path: Path) -> None:
    text = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[0]
    (tmp_path / "one.toml").write_text(text)
    (tmp_path / "guide-test-key.private.pem").write_bytes(new_development_key("p256")[0])
    loaded = read_sample(tmp_path / "one.toml")
    (unit,) = loaded.sample.units
    assert unit.oob is not None and unit.oob.reveal().hex() == OOB
    assert (unit.serial, unit.mac, str(unit.uuid)[:8]) == ("AX00012345", "020000123456", "4eb2a9f1")
    assert loaded.private_key is not None
    assert loaded.sample.product == {"pid": "ebK3"}
    assert OOB not in repr(loaded).replace("-", "").lower()


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('oob = "{0}0"', "unit[1].oob", "hex"),
        ('oob = "{0}00"', "unit[1].oob", "17 bytes"),
        ("oob = 42424242", "unit[1].oob", "text"),
        ('oob = ["{0}"]', "unit[1].oob", "text"),
        ('uuid = "{0}0"', "unit[1].uuid", "UUID"),
        ('mac = "0102"', "unit[1].mac", "hex digits"),
        ('mac = "01:00:00:00:00:01"', "unit[1].mac", "group address"),
        ('serial = "a b"', "unit[1].serial", "serial"),
        ('Pin = "1"', "unit[1].Pin", "column"),
        ("", "unit[1]", "nothing is known"),
    ],
)
def test_a_wrong_value_is_named_by_its_line_and_never_shown(line: str, key: str, words: str) -> None:
    text = f'format = 1\nstring = "A:1;"\n\n[[unit]]\n{line.format(OOB)}\n'
    with pytest.raises(InputError, match=words) as caught:
        sample_from_text(text, "guide.toml")
    assert (caught.value.file, caught.value.key) == ("guide.toml", key)
    assert caught.value.line == (5 if line else 4)
    assert OOB not in str(caught.value) and "42424242" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        'format = 1\nstring = "A:1;"',
        'format = 1\nstring = "A:1;"\nunit = []',
        f'format = 1\nstring = "A:1;"\nunit = ["{OOB}"]',
        f'format = 1\nstring = "A:1;"\n[unit]\noob = "{OOB}"',
        'format = 1\nstring = "A:ü;"\n[[unit]]\nserial = "1"',
        'format = 1\nstring = "A:1;"\nstrong = "x"\n[[unit]]\nserial = "1"',
        f'format = 1\nstring = "A:1;"\n[[unit]]\nuuid = "{OOB}"\n[[unit]]\nuuid = "{OOB.upper()}"',
    ],
)
def test_what_is_no_sample_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        sample_from_text(text, "guide.toml")
    assert OOB not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (r'"ABV:LM02;\nPID:1;"', "a line break stands behind 'ABV:LM02;'"),
        (r'"ABV:LM02;\r\nPID:1;"', "a line break stands behind 'ABV:LM02;'"),
        ('"""\nABV:LM02;"""', None),
        ('"""ABV:LM02;\nPID:1;"""', "a line break stands behind 'ABV:LM02;'"),
        ('"""ABV:LM02;\n"""', "a line break stands behind 'ABV:LM02;'"),
        (r'"\nABV:LM02;"', "a line break stands at its beginning"),
        (r'"ABV:LM02;\tPID:1;"', "a tab stands behind 'ABV:LM02;'"),
        ('"ABV:LM02;\u00a0PID:1;"', "U+00A0 (NO-BREAK SPACE) stands behind 'ABV:LM02;'"),
        ('"' + "A" * 200 + '\u2010;"', "U+2010 (HYPHEN) stands behind '..." + "A" * 20 + "', character 201"),
    ],
)
def test_what_was_pasted_into_a_string_is_named(value: str, words: str | None) -> None:
    text = f'format = 1\nstring = {value}\n[[unit]]\nserial = "1"\n'
    if words is None:  # TOML leaves out a line break right behind the quotes
        assert sample_from_text(text, "guide.toml").string == "ABV:LM02;"
        return
    with pytest.raises(InputError) as caught:
        sample_from_text(text, "guide.toml")
    assert (caught.value.line, caught.value.key) == (2, "string")
    assert words in str(caught.value)
    assert "pattern" not in str(caught.value)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_string_that_is_broken_into_lines_is_told_as_that(quote: str) -> None:
    text = f'format = 1\nstring = {quote}ABV:LM02;\nPID:1;{quote}\n[[unit]]\nserial = "1"\n'
    with pytest.raises(InputError, match="a text in quotes continues in the next line") as caught:
        sample_from_text(text, "guide.toml")
    assert caught.value.line == 2
    assert "one line" in caught.value.way_out


def test_a_private_key_that_is_missing_is_named_where_it_is_asked_for(tmp_path: Path) -> None:
    sample = tmp_path / "one.toml"
    sample.write_text('format = 1\nstring = "A:1;"\nprivate_key = "key.pem"\n[[unit]]\nserial = "1"\n')
    with pytest.raises(InputError, match=r"key\.pem") as caught:
        read_sample(sample)
    assert (caught.value.file, caught.value.line, caught.value.key) == (str(sample), 3, "private_key")


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_the_public_half_of_a_key_is_called_that(form: Encoding) -> None:
    public = load_pem_public_key(new_development_key("p256")[1])
    data = public.public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(InputError, match="is a public key, not a private one") as caught:
        load_private_key(data, "guide.pem")
    assert "the guide's private test key" in caught.value.way_out


def test_a_locked_key_is_called_that() -> None:
    locked = BestAvailableEncryption(b"word")
    key = load_pem_private_key(new_development_key("p256")[0], None)
    with pytest.raises(InputError, match="locked with a passphrase") as caught:
        load_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked), "guide.pem")
    assert "openssl" in caught.value.what


def test_a_private_key_lies_beside_its_sample(tmp_path: Path) -> None:
    sample = tmp_path / "in" / "one.toml"
    sample.parent.mkdir()
    (tmp_path / "key.pem").write_bytes(new_development_key("p256")[0])
    sample.write_text('format = 1\nstring = "A:1;"\nprivate_key = "../key.pem"\n[[unit]]\nserial = "1"\n')
    with pytest.raises(InputError) as caught:
        read_sample(sample)
    assert (caught.value.line, caught.value.key) == (3, "private_key")
