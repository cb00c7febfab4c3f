"""What the tests share: factories, commands, pictures, system calls."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The source tree."""
