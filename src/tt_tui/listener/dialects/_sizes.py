"""Sizes and their units: contracts only where nothing says otherwise."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain.instruction import Action
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, number, shown, word
from tt_tui.listener.dialects._json import Unreadable, Value
from tt_tui.listener.dialects._words import squash

CONTRACT_KEYS = ("quantity", "qty", "contracts", "ordercontracts", "size", "q")
_OTHER_SIZES = ("lots", "lot", "amount", "volume")
_RISKS = ("risk", "riskpercentage", "riskpercent", "riskpct", "riskamount", "riskdollar", "riskdollars", "riskusd")
_SIZE_TYPES = ("quantitytype", "investmenttype", "currencytype", "sizetype", "qtytype")
_CONTRACT_WORDS = frozenset({"fixedquantity", "fixed", "quantity", "contracts", "contract", "shares", "units"})
_PART_WORDS = frozenset({"percentofposition", "percentageposition", "positionpercent"})
_MAXIMUM = Decimal(1_000_000_000)
_BAR = ("open", "high", "low", "close", "volume")


def read_size(fields: Fields, draft: Draft) -> None:
    """Read the size and its unit: a number is contracts only where nothing says otherwise."""
    kind = fields.first(_SIZE_TYPES, word)
    name, unit = fields.name_of(CONTRACT_KEYS), ""
    size = fields.agreed(CONTRACT_KEYS, _size)
    risk_name, risk = _first_number(fields, _RISKS, zero=False)
    if size is None and risk is None:
        bar = sum(fields.has(key) for key in _BAR) > 1
        name, amount = _first_number(fields, _OTHER_SIZES[: -1 if bar else None])
        size, unit = (None if amount is None else (amount, "")), name
    if kind:
        unit = "" if squash(kind) in _CONTRACT_WORDS else kind
    if risk is not None:
        if size is not None and size[0]:
            draft.warnings.append(f"the quantity is not used: {risk_name} asks for a size by risk")
        size, name, unit = (risk, ""), risk_name, risk_name
    if size is None:
        return
    value = size[0]
    if abs(value) > _MAXIMUM:
        raise Unreadable(f"the quantity {value} is out of range")
    unit = size[1] or unit
    if squash(unit) in _PART_WORDS and draft.verb is not None and draft.verb.action is Action.CLOSE:
        draft.fraction = value / 100
        return
    draft.quantity = Decimal(int(value)) if value == value.to_integral_value() else value
    if unit:
        draft.quantity_type, draft.quantity_field = shown(unit), shown(name)


def _size(name: str, value: Value) -> tuple[Decimal, str] | None:
    """Return a size and its unit, ``percent`` for ``"50%"``."""
    unit = ""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        value, unit = value.rstrip()[:-1], "percent"
    found = number(name, value)
    return None if found is None else (found, unit)


def _first_number(fields: Fields, keys: tuple[str, ...], *, zero: bool = True) -> tuple[str, Decimal | None]:
    """Return the name and value of the first number; without ``zero`` a 0 is absent."""
    for key in keys if fields.has_any(*keys) else ():
        entry = fields.take(key)
        found = number(*entry) if entry else None
        if entry and found is not None and (zero or found):
            return entry[0], found
    return "", None
