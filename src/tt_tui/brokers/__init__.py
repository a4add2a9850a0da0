"""Connections to brokers, one folder each."""
