"""The nouns of the house: pure values and rules, no input or output."""
