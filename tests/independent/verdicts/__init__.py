"""Pictures of labels, right and wrong, and what has to be said of them."""
