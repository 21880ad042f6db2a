"""Command lines of the lab's devices: SSH servers that answer as the vendors do, from its live state."""
