"""A policy of two persons as a file that people write; it counts once it was set in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from bss_mfg.core.models import FileModel
from bss_mfg.core.toml_files import load_toml, validate
from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.ledger.policies import Policy


class PolicyFile(FileModel):
    """Who may sign, and which acts two of them have to sign."""

    two_persons: Annotated[tuple[str, ...], Field(description="The acts that two persons have to sign; may be empty.")]
    persons: Annotated[dict[str, str], Field(description="Each person's public SSH key, as in its .pub file, by name.")]


def load_policy(path: Path) -> Policy:
    """The policy that a file says; `InputError` where it is none."""
    document = load_toml(path, "policy")
    said = validate(document, PolicyFile)
    try:
        return Policy.of(said.persons, said.two_persons)
    except ValueProblem as error:
        raise InputError(
            str(error), where=path, way_out="Nothing was changed. docs/two-persons.md shows such a file."
        ) from None


def policy_text(policy: Policy) -> str:
    """A policy as such a file."""
    acts = ", ".join(f'"{act}"' for act in sorted(policy.acts))
    persons = "\n".join(f'"{name}" = "{line}"' for name, line in policy.lines.items())
    return f"two_persons = [{acts}]\n\n[persons]\n{persons}\n"
