"""Encryption schemes as data: what a spec says of how a field is sealed, and the engines that do it."""
