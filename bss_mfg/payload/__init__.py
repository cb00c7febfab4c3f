"""The barcode string: what it is made of (spec), how it is built, encrypted and taken apart again."""
