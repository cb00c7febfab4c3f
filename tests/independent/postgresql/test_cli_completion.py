from tests.cli.test_completion import (  # noqa: F401
    test_names_are_offered_where_they_can_be_typed,
    test_of_many_serials_only_how_they_go_on_is_offered,
    test_what_waits_for_presses_and_what_was_packed_is_offered,
)
