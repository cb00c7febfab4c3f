"""The device on air: what it advertises, and the proof over Bluetooth Mesh that it knows its Static OOB key."""
