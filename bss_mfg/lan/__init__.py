"""Pages that this computer serves on the local network: address, certificate, server, what every answer carries."""
