"""Quotes and bars: hub, simulated market, replay."""
