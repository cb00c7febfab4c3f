"""A plan and its rows become the bytes of a label file: PDF, ZPL, dots."""
