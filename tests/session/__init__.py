"""A recorded session: the same commands played with two versions of the program, and what differs."""
