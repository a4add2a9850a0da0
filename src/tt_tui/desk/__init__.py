"""The core: journal, state, routing, orders, reconciliation."""
