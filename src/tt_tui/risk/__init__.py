"""Pure rules that stand between a wish to trade and a broker."""
