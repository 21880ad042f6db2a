"""The whole system on real software, measured from outside."""
