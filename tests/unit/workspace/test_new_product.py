"""A product is checked whole before its file is written: what would stop its first batch is refused now."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bss_mfg.errors import InputError
from bss_mfg.model import Secret
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.workspace.actor import current_actor
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.vault_key_storage import ask_passphrase_file
from tests.helpers.factory import Factory


def product(**fields: Any) -> Product:
    return Product.model_validate(
        {"format": 1, "pid": "ebK3", "upc": "841667145075", "public_key": "bulb.pem", **fields}
    )


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({}, "rsa", "needs a P-256 key"),
        ({"spec": "nothing"}, "p256", "there is no spec named 'nothing'"),
        ({"template": "nothing"}, "p256", "there is no template 'nothing'"),
        ({"units_per_package": 64}, "p256", "a Data Matrix holds at most"),
    ],
)
def test_what_would_stop_the_first_batch_is_refused(
    factory: Factory, fields: dict[str, Any], kind: str, says: str
) -> None:
    key = load_public_key(new_development_key(kind)[1], "key.pem")
    with pytest.raises(InputError, match=says):
        factory.workspace.check_new_product(product(**fields), key, "key.pem")


@pytest.mark.parametrize("mark", ["\n", "\t", "\x00", "\x7f", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("field", ["title", "fields", "batch_fields"])
def test_a_text_with_a_control_character_or_a_line_break_is_refused_by_name(field: str, mark: str) -> None:
    text = f"Mesh{mark}Bulb"
    with pytest.raises(ValidationError, match=r"control character or a line break") as refused:
        product(**{field: text if field == "title" else {"lot": text}})
    assert refused.value.errors()[0]["loc"][0] == field


def test_a_title_in_any_script_is_fine() -> None:
    for title in ("日本", "मेश बल्ब", "soft\u00adhyphen", "na\u200dme"):
        assert product(title=title).title == title


def test_a_good_product_passes_and_nothing_is_written(factory: Factory) -> None:
    key = load_public_key(new_development_key("p256")[1], "key.pem")
    factory.workspace.check_new_product(product(), key, "key.pem")
    assert factory.workspace.product_names() == []


def test_the_actor_is_who_is_named_else_who_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (current_actor("ada", "line 3").operator, current_actor("ada", "line 3").station) == ("ada", "line 3")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "grace")
    assert current_actor().operator == "grace"
    assert current_actor().station


def test_a_passphrase_comes_from_the_file_that_is_named(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    file = factory.root / "passphrase"
    file.write_bytes(b"five random words\r\n")
    monkeypatch.setenv("BSS_MFG_PASSPHRASE_FILE", str(file))
    assert ask_passphrase_file("the vault key", False) == Secret(b"five random words")
