"""Carries an order out: a run of its batch, or what is left of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bss_mfg.core.processes import open_executor
from bss_mfg.core.progress import Progress
from bss_mfg.errors import InputError
from bss_mfg.integration.orders import Order
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.pipeline.document import outcome_document
from bss_mfg.pipeline.estimate import refuse_full_disk
from bss_mfg.pipeline.pipeline import RunContext, run_pipeline
from bss_mfg.pipeline.plan import RunRequest, open_plan, run_lock
from bss_mfg.pipeline.preparation import begin_run, prepare_run, refuse_conflicts
from bss_mfg.version import __version__
from bss_mfg.workspace.workspace import Workspace

_OF_ONE_RUN = ("issued", "changed")
"""What a run says of itself alone: an order's result is the same however often it was begun."""


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """What orders are carried out with, while a folder is looked through."""

    workspace: Workspace
    ledger: Ledger
    vault: Vault
    jobs: int = 0

    def carry_out(self, order: Order) -> dict[str, Any]:
        """Issue the order's batch, make its labels, read them back and make its control logs, or what of that is not
        done yet; the result for who gave the order. The same number with other contents is refused."""
        workspace, ledger = self.workspace, self.ledger
        product = workspace.product(order.product)
        request = RunRequest(product, order.units, order.order, order.template, order.printer, fields=order.fields)
        opened = open_plan(workspace, ledger, request, __version__)
        prepared = prepare_run(workspace, opened.plan, product)
        refuse_conflicts(workspace, ledger, prepared, opened.begun)
        if not opened.begun:
            refuse_full_disk(workspace.root, prepared)
            prepared = begin_run(workspace, ledger, self.vault, prepared, batch_named=True)
        with run_lock(workspace, prepared.plan), open_executor(self.jobs, order.units) as executor:
            outcome = run_pipeline(RunContext(workspace, ledger, self.vault, prepared, _Silent(), executor))
        if not outcome.right:
            raise InputError(
                "not all labels are right",
                where=f"batch {order.order}",
                way_out=f"`bss-mfg run --resume {order.order}` names them. Print none of them before that is clear.",
            )
        return {name: value for name, value in outcome_document(ledger, outcome).items() if name not in _OF_ONE_RUN}


class _Silent:
    """Who watches orders hears of each when it is done."""

    def begin(self, step: str, total: int) -> Progress:
        """Nobody is told."""
        return lambda done, total: None

    def failed(self, count: int) -> None:
        """Nobody is told."""

    def end(self, done: int, what: str, fresh: int, more: str = "") -> None:
        """Nobody is told."""

    def skip(self, step: str, words: str) -> None:
        """Nobody is told."""
