"""Parsers for the alert forms traders already have."""
