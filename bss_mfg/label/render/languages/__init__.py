"""Printer languages that take a label as a picture: each a small module over the same composed 1-bit page."""
