"""A warning where control logs of a trial are made or sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bss_mfg.cli.common import say

if TYPE_CHECKING:
    from bss_mfg.model import Batch
    from bss_mfg.workspace.workspace import Workspace


def say_trials(workspace: Workspace, batches: Iterable[Batch]) -> None:
    """Name each batch whose key only stands in for Amazon's."""
    from bss_mfg.workspace.stand_in_keys import is_trial_batch

    for batch in batches:
        if is_trial_batch(batch, workspace):
            say(
                f"TRIAL: {batch.id} is sealed to a test key, which Amazon can't read. Upload none of its control logs "
                "to Amazon, and ship none of its units."
            )
