"""Every reader of something from outside, tried with files that were made wrong (`make fuzz`)."""
