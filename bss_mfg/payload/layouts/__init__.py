"""How the credentials of a package are laid out before they are encrypted: as data, written and taken apart again."""
