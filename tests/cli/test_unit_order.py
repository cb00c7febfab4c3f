"""Batches whose strings list units in another order than they were issued: inspected and reconciled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.payload.spec import packaged_spec
from tests.helpers.factory import Factory, make_factory

ORDERS = ("reversed", "serial-descending", "uuid", "uuid-descending", "oob")


@pytest.fixture(params=ORDERS)
def ordered(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Factory]:
    factory = make_factory(tmp_path / "w")
    text = packaged_spec("amazon-bss-ob04").text.replace('name = "amazon-bss-ob04"', 'name = "sorted"', 1)
    (factory.root / "specs" / "sorted.toml").write_text(
        text.replace("\n[[field]]", f'\nunit_order = "{request.param}"\n\n[[field]]', 1)
    )
    factory.add(units_per_package=3, spec="sorted")
    factory.issue(6)
    return request.param, factory


def test_a_batch_in_another_order_is_inspected_and_reconciled(ordered: tuple[str, Factory]) -> None:
    order, factory = ordered
    payload = factory.payloads()[0]
    done = factory.cli("inspect", payload, "--private-key", factory.private_key, "--json")
    assert done.code == 0, done.err
    uuids = [one["uuid"] for one in done.json[0]["units"]]
    issued = [row[0] for row in factory.rows("SELECT hex(uuid) FROM unit WHERE package = 1 ORDER BY number")]
    wanted = {"uuid": sorted(issued), "uuid-descending": sorted(issued)[::-1], "oob": uuids}.get(order, issued[::-1])
    assert uuids == wanted
    assert sorted(uuids) == sorted(issued)
    factory.label("B1")
    folder = factory.root / "batches" / "B1"
    assert factory.cli("program", "B1", "--format", "csv", "--out", folder / "keys.csv").code == 0
    assert factory.cli("manifest", "make", "B1", "--out", f"{folder / 'upload'}/").code == 0
    done = factory.cli("reconcile", "B1", "--private-key", factory.private_key)
    assert done.code == 0, done.out


def test_a_batch_in_an_order_that_its_spec_does_not_say_differs(tmp_path: Path) -> None:
    """The control: the same strings under a spec that says another order."""
    factory = make_factory(tmp_path / "w")
    factory.add(units_per_package=3)
    factory.issue(3)
    with factory.database(unguarded=True) as database:
        database.execute(
            "UPDATE batch SET spec_text = replace(spec_text, 'name = ', 'unit_order = \"reversed\"\nname = ')"
        )
    factory.label("B1")
    done = factory.cli("reconcile", "B1", "--private-key", factory.private_key, "--json")
    assert done.code == 1
    said = [one["what"] for kind in done.json["kinds"] for one in kind["differences"]]
    assert any("Device UUIDs in its barcode string are not" in one for one in said)
