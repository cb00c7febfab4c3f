"""The board: a page that shows the line and changes nothing, on this computer or, with a token, in its network."""
