"""The domain, pure: what the network is, what was seen of it, and what follows from that.

Nothing here does I/O or reads a clock. Everything above imports from here; nothing here imports upwards.
"""
