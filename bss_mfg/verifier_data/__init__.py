"""Grades that a print verifier (ISO/IEC 15426-1, -2) measured: read from its exports, kept, and compared with ours."""
