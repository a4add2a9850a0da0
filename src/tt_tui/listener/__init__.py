"""HTTP in: alerts from TradingView and from signed relays."""
