"""bss-mfg: credentials, labels, verification and manifests for Amazon Bluetooth Simple Setup."""

__version__ = "0.1.0"
