"""The lab with real software: every device a network namespace with FRR, net-snmp, lldpd and OpenSSH, joined
by fibers that cut like fibers. Linux, root (or an ordinary user with `uidmap`). See docs/lab-namespaces.md.
"""
