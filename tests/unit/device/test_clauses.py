"""The clauses that a report to a customer names are those of Bluetooth Mesh Protocol 1.1."""

from __future__ import annotations

from bss_mfg.device.case_table import CLAUSES

TITLES = {
    "5.4.1.2": "Provisioning Capabilities",
    "5.4.1.3": "Provisioning Start",
    "5.4.1.6": "Provisioning Confirmation",
    "5.4.1.10": "Provisioning Failed",
    "5.4.2": "Provisioning behavior",
    "5.4.2.3": "Exchanging public keys",
    "5.4.2.4": "Authentication",
    "5.4.2.4.1": "AuthValue computation",
    "5.4.4": "Provisioning errors",
    "7.1.2.2.1": "Advertising",
}
"""Read in a copy of the specification's published HTML, section by section. A number that isn't here has yet to be: a
wrong one in a report is worse than none."""


def test_each_clause_was_read_in_the_specification() -> None:
    assert {number for clauses in CLAUSES.values() for number in clauses.split(", ") if number} == set(TITLES)
