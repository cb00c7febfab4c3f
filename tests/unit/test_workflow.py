"""The matrix of systems and Pythons (.github/workflows/tests.yml) runs what `make` and `.ci/run` run here."""

from __future__ import annotations

import re
import tomllib

import yaml

from tests.helpers import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
QUICK = [step["run"] for step in WORKFLOW["jobs"]["quick"]["steps"] if "run" in step]


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile, with Python in place of the virtual environment's programs."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found
    pytest = re.search(r"^PYTEST := (.*)$", MAKEFILE, re.MULTILINE)
    small = re.search(r"^SMALL := (.*)$", MAKEFILE, re.MULTILINE)
    assert pytest and small
    text = found[1].replace("$(PYTEST)", pytest[1]).replace("$(SMALL)", small[1]).replace("$(JOBS)", "2")
    return [line.strip().lstrip("@") for line in text.splitlines()]


def test_every_supported_python_is_tried_on_three_systems() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    matrix = WORKFLOW["jobs"]["quick"]["strategy"]["matrix"]
    assert [name.partition("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert project["requires-python"] == f">={matrix['python'][0]}"


def test_its_checks_are_those_of_make_lint() -> None:
    for line in recipe("lint"):
        module, _, options = line.removeprefix("$(BIN)/").partition(" ")
        wanted = f"{module} {options}" if module == "lint-imports" else f"python -m {module} {options}".strip()
        assert wanted in QUICK, wanted


def test_its_tests_are_those_of_make_test_and_its_demo_that_of_make_demo() -> None:
    tests = [line for line in recipe("test") if "pytest" in line]
    assert len(tests) == 1 and tests[0].replace("$(BIN)/pytest", "python -m pytest") in QUICK
    assert [line.removeprefix("$(BIN)/") for line in recipe("demo")] == ["bss-mfg demo"]
    assert "bss-mfg demo" in QUICK


def test_what_ci_runs_is_run_there_too() -> None:
    whole = [step["run"] for step in WORKFLOW["jobs"]["all"]["steps"] if "run" in step]
    assert ".ci/run" in whole
    made = re.findall(r"^make (\S+)", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert {"lint", "demo", "test", "test-rest"} <= set(made)
    assert all(re.search(rf"^{target}:", MAKEFILE, re.MULTILINE) for target in made)


def test_windows_needs_no_make_and_no_shell_of_its_own() -> None:
    assert WORKFLOW["jobs"]["quick"]["defaults"]["run"]["shell"] == "bash"
    assert not [line for line in QUICK if line.startswith("make") or line.startswith(".")]


def test_every_workflow_pins_its_actions_to_commits_and_may_read_alone() -> None:
    files = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
    assert files
    for path in files:
        text, workflow = path.read_text("utf-8"), yaml.safe_load(path.read_text("utf-8"))
        used = re.findall(r"\buses:\s*(.*)", text)
        assert used
        assert [one for one in used if not re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []
        assert workflow["permissions"] == {"contents": "read"}
        for job in workflow["jobs"].values():
            assert "permissions" not in job
            fetched = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
            assert fetched and all(step["with"]["persist-credentials"] is False for step in fetched)
        assert "pull_request_target" not in text  # it would lend rights to a stranger's change
        assert "secrets." not in text
