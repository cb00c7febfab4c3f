"""Random specs: what is built of them never contradicts them, and what was changed in one character or one value of
a device always does."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.helpers.amount import sized
from tests.helpers.random_specs import Case, cases
from tests.helpers.sample_properties import hold, numbers


@given(case=cases(most_units=6), drawn=numbers)
@settings(max_examples=sized(full=300, usual=70), deadline=None, suppress_health_check=list(HealthCheck))
def test_samples_agree_with_any_spec_and_changed_ones_never(case: Case, drawn: tuple[int, ...]) -> None:
    hold(case, drawn)
