"""What two persons have to sign, and who they are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.core.text import count_words, listing
from bss_mfg.errors import ValueProblem
from bss_mfg.transparency.ssh_signatures import SshKey

TWO_PERSONS = 2
_MOST_PERSONS = 50
_NAME = re.compile(r"[\w.@-]{1,40}")


class Act(StrEnum):
    """What a policy can let two persons sign."""

    KEYS_RELEASE = "keys release"
    RETIRE = "retire"
    REPIN = "repin"
    SPEC_CONFIRM = "spec confirm"
    REOPEN = "reopen"


POLICY_SET = "policy set"
"""The act that changes a policy: two persons always have to sign it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Persons by their names, each with a key; the acts that two of them have to sign."""

    persons: Mapping[str, SshKey]
    acts: frozenset[str]

    @classmethod
    def of(cls, persons: Mapping[str, str], acts: Sequence[str]) -> Policy:
        """A policy as it is written; `ValueProblem` where two persons could not sign by it, or one could be two."""
        if not TWO_PERSONS <= len(persons) <= _MOST_PERSONS:
            raise ValueProblem(
                f"names {count_words(len(persons), 'person')}: two have to sign, of at most {_MOST_PERSONS}"
            )
        if unknown := sorted(set(acts) - set(Act)):
            raise ValueProblem(f"{unknown[0][:40]!a} isn't one of the acts that can be signed: {listing(list(Act))}")
        keys: dict[str, SshKey] = {}
        for name, line in persons.items():
            if not _NAME.fullmatch(name):
                raise ValueProblem(f"{name[:60]!a} isn't a name: letters, digits, `.`, `-`, `_` and `@`, at most 40")
            if twin := next((other for other in keys if other.casefold() == name.casefold()), None):
                raise ValueProblem(f"{name} and {twin} are one name")
            try:
                key = SshKey.parse(line)
            except ValueProblem as error:
                raise ValueProblem(f"the key of {name} {error}") from None
            if twin := next((other for other, theirs in keys.items() if theirs.blob == key.blob), None):
                raise ValueProblem(f"{name} and {twin} have one key: one of them could sign for both")
            keys[name] = key
        return cls(keys, frozenset(acts))

    def demands(self, act: str) -> bool:
        """Whether two persons have to sign an act."""
        return act in self.acts or act == POLICY_SET

    def person_of(self, key: SshKey) -> str | None:
        """Whose key it is."""
        return next((name for name, theirs in self.persons.items() if theirs.blob == key.blob), None)

    @property
    def lines(self) -> dict[str, str]:
        """Each person's key as it is written, by name in order."""
        return {name: str(key) for name, key in sorted(self.persons.items())}

    @property
    def digest(self) -> str:
        """By which requests name it: SHA-256 of what it says."""
        said = json.dumps([self.lines, sorted(self.acts)], separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()
