"""The security checklist answers each of OpenSSF's criteria once, and names nothing that isn't there."""

from __future__ import annotations

import re

from tests.helpers import ROOT

PAGE = (ROOT / "docs" / "security-checklist.md").read_text("utf-8")
ANSWERS = {"met", "not met", "at the host", "open", "n/a"}
CRITERIA = re.findall(
    r"\w+",
    """
    description_good interact contribution contribution_requirements floss_license floss_license_osi license_location
    documentation_basics documentation_interface sites_https discussion english maintained
    repo_public repo_track repo_interim repo_distributed version_unique version_semver version_tags release_notes
    release_notes_vulns
    report_process report_tracker report_responses enhancement_responses report_archive vulnerability_report_process
    vulnerability_report_private vulnerability_report_response
    build build_common_tools build_floss_tools test test_invocation test_most test_continuous_integration test_policy
    tests_are_added tests_documented_added warnings warnings_fixed warnings_strict
    know_secure_design know_common_errors crypto_published crypto_call crypto_floss crypto_keylength crypto_working
    crypto_weaknesses crypto_pfs crypto_password_storage crypto_random delivery_mitm delivery_unsigned
    vulnerabilities_fixed_60_days vulnerabilities_critical_fixed no_leaked_credentials
    static_analysis static_analysis_common_vulnerabilities static_analysis_fixed static_analysis_often dynamic_analysis
    dynamic_analysis_unsafe dynamic_analysis_enable_assertions dynamic_analysis_fixed
""",
)
"""Those of the badge's level "passing", in its order."""


def rows() -> list[list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")
    ]
    return [row for row in cells if len(row) == 3 and row[1] != "answer" and not row[0].startswith("---")]


def test_each_criterion_of_passing_is_answered_once_and_in_order() -> None:
    assert len(CRITERIA) == 67
    assert [row[0].strip("`") for row in rows() if row[0].startswith("`")] == CRITERIA


def test_an_answer_is_one_of_five_and_has_a_reason() -> None:
    for criterion, answer, reason in rows():
        assert answer in ANSWERS, criterion
        assert reason or answer == "at the host", criterion


def test_files_and_targets_that_it_names_are_there() -> None:
    told = [text for row in rows() for text in re.findall(r"`([^`]+)`", row[2])]
    targets = [text.split()[1] for text in told if text.startswith("make ")]
    paths = [text for text in told if "/" in text or text == "LICENSE"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert len(targets) > 5 and len(paths) > 5
    assert [one for one in targets if not re.search(rf"^{one}:", makefile, re.MULTILINE)] == []
    assert [one for one in paths if not (ROOT / one).exists()] == []
