"""`pkcs11:` URIs: read as RFC 7512 says, written in one form, and never with a PIN."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.errors import BssError, InputError
from bss_mfg.workspace.pkcs11_uri import DEFAULT_OBJECT, LONGEST, TokenUri, parse_new_key_uri, parse_uri

SHOWN = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)


@given(
    st.builds(
        TokenUri, SHOWN, SHOWN, st.binary(max_size=20), SHOWN | st.just(""), SHOWN | st.just(""),
        SHOWN | st.just(""), SHOWN | st.just(""),
    )
)  # fmt: skip
def test_what_is_written_is_read(uri: TokenUri) -> None:
    text = str(uri)
    assert parse_uri(text) == uri
    assert ":" not in text.removeprefix("pkcs11:")  # which parts the fields of a vault key's line
    assert text.isascii()
    assert " " not in text


@given(st.text(max_size=60) | st.text("pkcs11:token=;&?%0aZobjectid-", max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    for typed in (text, f"pkcs11:{text}", f"pkcs11:token=a;{text}"):
        try:
            uri = parse_uri(typed)
        except BssError as error:
            assert "RFC 7512" in str(error) or error.way_out, typed
        else:
            assert parse_uri(str(uri)) == uri


def test_examples_of_the_standard() -> None:
    """RFC 7512, section 3, as far as they can name a vault key."""
    typed = "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-k"
    uri = parse_uri(f"{typed};type=secret-key;id=%69%95%3E%5C%F4%BD%EC%91;serial=?module-path=/lib/p.so")
    assert (uri.token, uri.manufacturer) == ("The Software PKCS#11 Softtoken", "Snake Oil, Inc.")
    assert (uri.model, uri.object, uri.serial, uri.module) == ("1.0", "my-k", "", "/lib/p.so")
    assert uri.id == bytes.fromhex("69953e5cf4bdec91")
    assert parse_uri("PKCS11:token=a").object == DEFAULT_OBJECT


def test_an_empty_value_names_nothing() -> None:
    """A vault key file would name another key than the one that was made."""
    uri = parse_uri("pkcs11:token=a;object=;id=;serial=?module-path=")
    assert uri == TokenUri("a") == parse_uri(str(uri))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a pkcs11 URI"),
        ("token=factory", "not a pkcs11 URI"),
        ("https://token=factory", "not a pkcs11 URI"),
        ("pkcs11:", "names no token"),
        ("pkcs11:object=x", "names no token"),
        ("pkcs11:token=", "names no token"),
        ("pkcs11:token=a;token=b", "says twice what its token is"),
        ("pkcs11:token", "not a pkcs11 URI"),
        ("pkcs11:token=a;slot-id=1", "not used here: 'slot-id'"),
        ("pkcs11:token=a?module-name=x", "not used here: 'module-name'"),
        ("pkcs11:token=a;type=private", "other than a secret key"),
        ("pkcs11:token=a b", "percent-encoded"),
        ("pkcs11:token=%zz", "percent-encoded"),
        ("pkcs11:token=%ff", "not UTF-8"),
        ("pkcs11:token=%1b", "can't be shown"),
        ("pkcs11:token=" + "a" * LONGEST, "longer than"),
    ],
)
def test_what_can_t_be_used_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse_uri(text)


@pytest.mark.parametrize("text", ["pkcs11:token=a?pin-value=48151623", "pkcs11:token=a;pin-value=48151623",
                                  "pkcs11:token=a?module-path=/x&pin-source=file:48151623"])  # fmt: skip
def test_a_pin_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match="names a PIN") as caught:
        parse_uri(text)
    assert "48151623" not in str(caught.value) + repr(caught.value)


def test_a_new_key_gets_its_own_id() -> None:
    assert parse_new_key_uri("pkcs11:token=a").token == "a"
    with pytest.raises(InputError, match="names the id"):
        parse_new_key_uri("pkcs11:token=a;id=%01")
