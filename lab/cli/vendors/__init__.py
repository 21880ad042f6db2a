"""What each vendor's command line prints of a device: one module a vendor, `TEXTS` by the line as typed."""
