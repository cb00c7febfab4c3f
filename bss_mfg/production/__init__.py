"""What the line makes: how far each batch is, what each station did in which hour, what failed and what waits for whom.

All of it is read from history and tables; nothing is written, and no secret is read.
"""
