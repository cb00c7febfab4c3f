"""What lies beside a ledger of its two-person policy: it tells an older copy in its place, which doesn't know it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from bss_mfg.core.files import read_bytes, write_atomically
from bss_mfg.errors import BssError, InputError, ValueProblem
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.policies import Policy

_log = logging.getLogger(__name__)
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class NotedPolicy:
    """A policy that was in force here, with number and digest (hex) of its event."""

    policy: Policy
    event: int
    digest: str


class PolicyNote:
    """The file in which it stands."""

    def __init__(self, place: LedgerPlace) -> None:
        self._file = place.folder / f"{place.name}.policy"

    def read(self) -> NotedPolicy | None:
        """What was noted; None where nothing was. `InputError` where it can't be read."""
        if not self._file.exists():
            return None
        try:
            said = json.loads(read_bytes(self._file, "note of the policy", _MOST_BYTES))
            policy = Policy.of(dict(said["persons"]), list(said["two_persons"]))
            return NotedPolicy(policy, int(said["event"]), str(said["digest"]))
        except (ValueProblem, ValueError, ArithmeticError, KeyError, TypeError, AttributeError, RecursionError):
            raise InputError(
                "does not say which policy of two persons was in force",
                where=self._file,
                way_out="Something other than bss-mfg changed it. Put it back from a backup of the workspace.",
            ) from None

    def write(self, noted: NotedPolicy) -> None:
        """Note it. Where that can't be written, the one before stays: the ledger has what counts."""
        said = {
            "event": noted.event,
            "digest": noted.digest,
            "persons": noted.policy.lines,
            "two_persons": sorted(noted.policy.acts),
        }
        try:
            write_atomically(self._file, [(json.dumps(said, indent=1) + "\n").encode()], replace=True)
        except BssError as error:
            _log.info("the policy was not noted: %s", error)
