"""A simulated Paser on this machine, without root: SNMP agents, echo answers and web pages on loopback."""
