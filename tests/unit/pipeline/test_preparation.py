"""A run is prepared: each thing that the plan names is loaded once, and ids that are taken are passed over."""

from __future__ import annotations

from collections import Counter

import pytest

from bss_mfg.errors import InputError
from bss_mfg.issuing.numbering import free_batch_id
from bss_mfg.pipeline.plan import PLAN_FILE, RunRequest, new_plan, open_plan, read_begun_plan, write_plan
from bss_mfg.pipeline.preparation import prepare_run
from bss_mfg.workspace.template_files import copy_template
from tests.helpers.factory import Factory


def test_each_file_is_read_once(factory: Factory, caplog: pytest.LogCaptureFixture) -> None:
    factory.add(spec="mine", template="labels")
    text = factory.workspace.spec("amazon-bss-ob04").text.replace('name = "amazon-bss-ob04"', 'name = "mine"')
    (factory.root / "specs" / "mine.toml").write_text(text)
    workspace = factory.workspace
    copy_template(workspace.template_file("sheet-a4-24"), workspace.templates_folder, "labels")
    with factory.ledger() as ledger, caplog.at_level("INFO", "bss_mfg"):
        product = factory.workspace.product("bulb")
        opened = open_plan(factory.workspace, ledger, RunRequest(product, 24), "1")
        prepared = prepare_run(factory.workspace, opened.plan, product)
    read = Counter(record.args[0].name for record in caplog.records if record.msg.startswith("reading"))  # type: ignore[index, union-attr]
    assert {name: read[name] for name in ("bulb.toml", "bulb.pem", "mine.toml", "labels.toml")} == {
        "bulb.toml": 1, "bulb.pem": 1, "mine.toml": 1, "labels.toml": 1,
    }  # fmt: skip
    assert (opened.plan.batch, opened.begun) == ("bulb-0001", False)
    assert prepared.template.name == "labels" and prepared.spec.spec.name == "mine"
    assert prepared.batch_request.units == 24


def test_an_id_that_is_issued_or_planned_is_passed_over(factory: Factory) -> None:
    factory.add()
    factory.issue(1, "bulb-0001")
    product = factory.workspace.product("bulb")
    with factory.ledger() as ledger:
        plan = new_plan(factory.workspace, ledger, RunRequest(product, 24), "1")
        assert plan.batch == "bulb-0002"
        written = write_plan(factory.workspace, ledger, plan, batch_named=False)
        again = write_plan(factory.workspace, ledger, plan, batch_named=False)  # another run took the id meanwhile
        assert (written.batch, again.batch) == ("bulb-0002", "bulb-0003")
        assert free_batch_id(ledger, "bulb") == "bulb-0002"  # planned runs are no concern of the ledger
        assert free_batch_id(ledger, "bulb", first=7) == "bulb-0007"
        assert free_batch_id(ledger, "bulb", used_ids=lambda name: name < "bulb-0005") == "bulb-0005"
    assert read_begun_plan(factory.workspace, "bulb-0003").plan == again
    assert (factory.workspace.batch_folder("bulb-0003") / PLAN_FILE).exists()
    with pytest.raises(InputError, match="no run of batch 'B9'"):
        read_begun_plan(factory.workspace, "B9")
