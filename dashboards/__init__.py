"""Grafana dashboards, written by a small builder, and what Grafana needs to find them."""
