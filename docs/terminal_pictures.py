"""Makes docs/pictures/screen-NAME.svg: terminals with real commands in them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pictures_made import opened
from terminal import Terminal
from terminal_stories import STORIES, Story
from terminal_svg import Still, svg, words

PICTURES = {f"screen-{name}.svg": story for name, story in STORIES.items()}


def picture(story: Story) -> str:
    """The picture, from the program as it is."""
    with tempfile.TemporaryDirectory() as place:
        terminal = Terminal(Path(place), story.columns, story.rows)
        story.play(terminal)
        lines = terminal.lines()
    said = "\n".join(words(line) for line in lines)
    return svg(Still(story.title, said, lines, story.columns))


if __name__ == "__main__" and (gallery := opened(sys.argv[1:], PICTURES)):
    for name, story in PICTURES.items():
        if gallery.wants(name):
            gallery.text(name, picture(story))
    gallery.close()
