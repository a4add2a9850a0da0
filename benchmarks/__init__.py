"""Benchmarks: each prints a table, the bar and the floor of the machine; none is a test."""
