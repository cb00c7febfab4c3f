"""Phones as scanners: a page on the local network that reads labels with a phone's camera."""
