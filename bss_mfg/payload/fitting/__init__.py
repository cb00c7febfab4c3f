"""From samples to a spec: how a string is split, what its fields hold, and which scheme and layout explain the rest."""
