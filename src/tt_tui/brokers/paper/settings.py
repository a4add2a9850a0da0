"""What the user sets of the paper venue."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tt_tui.domain.instrument import Instrument

_ZERO = Decimal(0)


class PaperSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Costs and limits of the matching engine; the defaults cost nothing."""

    slippage_ticks: int = 0
    """Ticks that a market or triggered stop order pays beyond the touch."""
    commission: Decimal = _ZERO
    """Account currency for each contract and side."""
    commission_by_root: dict[str, Decimal] = {}
    """Commission of single roots, in place of the general one."""
    margin: dict[str, Decimal] = {}
    """Account currency that one contract of a root binds; a root that is absent binds none."""
    max_quantity: Decimal = Decimal(1_000_000)
    """Largest quantity of one order; within it all money stays exact in 28 digits."""
    refuse_repeated_ids: bool = True
    """Refuse an order id that the account has used before, for ever, as ProjectX does."""
    history: int = 10_000
    """Finished orders that the engine keeps in memory; the store keeps all."""

    def fee(self, instrument: Instrument, quantity: Decimal) -> Decimal:
        """Return the commission of one fill."""
        return self.commission_by_root.get(instrument.root, self.commission) * quantity

    def margin_of(self, instrument: Instrument) -> Decimal:
        """Return what one contract binds."""
        return self.margin.get(instrument.root, _ZERO)
