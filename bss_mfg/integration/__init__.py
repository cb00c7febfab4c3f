"""What other systems of a factory have of it: the history as events that go on, orders that come in."""
