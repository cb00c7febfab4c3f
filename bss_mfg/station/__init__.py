"""The hand-scanner station."""
