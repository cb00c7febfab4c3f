"""Records that others can check: the site's key, its checkpoints, and what a batch's record proves."""
