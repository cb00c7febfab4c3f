"""Sample files as a guide would print them, for a spec of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bss_mfg.model import Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.payload.spec import Spec
from tests.helpers.random_specs import new_unit

FACTS = {"pid": "ebK3", "upc": "841667145075"}
PRIVATE, PUBLIC = new_development_key("p256")


def write_sample(path: Path, spec: Spec, count: int = 1, oob: int = 16, *, with_key: bool = True) -> Sequence[Unit]:
    """A sample file of so many units, and beside it the private key; the units in it."""
    units = [new_unit(number, oob) for number in range(1, count + 1)]
    text = PayloadBuilder(spec, FACTS, load_public_key(PUBLIC, "test")).build(units)
    lines = ["format = 1", f'string = "{text}"']
    path.parent.mkdir(exist_ok=True)
    (path.parent / "test-key.pem").write_bytes(PRIVATE)
    lines += ['private_key = "test-key.pem"'] if with_key else []
    lines += ["[product]", *(f'{name} = "{value}"' for name, value in FACTS.items())]
    for unit in units:
        assert unit.key is not None
        lines += ["[[unit]]", f'uuid = "{unit.uuid}"', f'oob = "{unit.key.reveal().hex()}"']
    path.write_text("\n".join(lines) + "\n")
    return units
