"""Setting type: font files, shaping, writing directions, line breaks. Knows no label and draws nothing."""
