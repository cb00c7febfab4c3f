"""OOB information by the names that the specification gives its bits."""

from __future__ import annotations

import pytest

from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.oob_information import OOB_NAMES, OobInformation, oob_information, oob_names
from tests.helpers.factory import Factory


def test_every_bit_has_a_name_and_back() -> None:
    assert set(OOB_NAMES.values()) == set(OobInformation)
    for bits in (0, 1, 0x0820, 0xF9FF):
        assert oob_information(oob_names(OobInformation(bits))) == bits
    assert oob_names(OobInformation(1 << 9 | 1 << 15)) == ("On device", "bit 9")


def test_names_are_taken_in_any_case() -> None:
    assert oob_information(["ON BOX", "electronic/uri"]) == OobInformation.ON_BOX | OobInformation.URI
    with pytest.raises(ValueProblem, match="On box"):
        oob_information(["on the box"])


def test_a_product_says_it_or_nothing(factory: Factory) -> None:
    factory.add()
    assert factory.workspace.expected_oob("bulb") is None
    assert factory.workspace.expected_oob("no such product") is None
    file = factory.root / "products" / "bulb.toml"
    text = file.read_text()
    for said, expected in (("[]", OobInformation.NONE), ('["Inside box"]', OobInformation.INSIDE_BOX)):
        file.write_text(f"oob_information = {said}\n{text}")
        assert factory.workspace.expected_oob("bulb") == expected
    file.write_text(f'oob_information = ["Box"]\n{text}')
    with pytest.raises(InputError, match="Inside box"):
        factory.workspace.expected_oob("bulb")
