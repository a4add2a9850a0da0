"""No text makes the command line raise or trade by chance, and every sentence reads back as what it said."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.commands.context import PAPER, resolved
from tt_tui.commands.completion import complete
from tt_tui.commands.echo import echo
from tt_tui.commands.entries import CLAUSES
from tt_tui.commands.grammar import parse
from tt_tui.commands.parsed import Mistake, Trade
from tt_tui.commands.registry import FUNCTION_BY_MNEMONIC, VERB_BY_WORD
from tt_tui.commands.wording import format_sentence
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance, OrderType, TimeInForce

WORDS = (
    *VERB_BY_WORD,
    *FUNCTION_BY_MNEMONIC,
    *CLAUSES,
    *(
        "ES",
        "ESZ6",
        "EZ",
        "$ES",
        "US",
        "ZN",
        "AAPL",
        "ALL",
        "HALF",
        "50%",
        "2",
        "0",
        "20t",
        "5020",
        "5020.1",
        "110'16.5",
    ),
    *("paper-1", "live-1", "main", "void", "STAY", "ADD", "DEL", "FLATTEN", "ORD-1", "@", "@5020", "1,000", "ſ", "２"),
)
lines = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=12).map(" ".join)


@given(st.text(max_size=80) | lines)
def test_no_text_raises(text: str) -> None:
    found = parse(text, PAPER)

    echo(found, PAPER)
    complete(text, len(text) // 2, PAPER)
    complete(text, len(text), PAPER)
    if isinstance(found, Mistake):
        assert found.text
        assert 0 <= found.start <= found.end <= len(text)


@given(lines)
def test_a_trade_is_whole_and_on_known_accounts(text: str) -> None:
    found = parse(text, PAPER)
    if not isinstance(found, Trade):
        return

    wish = found.instruction
    assert set(found.accounts) <= set(PAPER.accounts)
    assert found.accounts or wish.order_id
    assert found.asks >= bool(set(found.accounts) & PAPER.live_accounts)
    assert wish.quantity is None or wish.quantity >= 1
    if wish.action.opens and wish.action is not Action.REVERSE:
        assert wish.quantity is not None
        assert wish.order_type is not None
    assert format_sentence(wish)


ROOTS = ("ES", "NQ", "ZN", "ZB", "6J", "CL", "GC", "M2K")
ticks = st.integers(1, 999_999).map(lambda count: Distance(kind="ticks", value=Decimal(count)))
scopes = st.sampled_from([((name,), "") for name in PAPER.accounts] + [(PAPER.groups[g], g) for g in ("main", "real")])


@st.composite
def entries(draw: st.DrawFn) -> Instruction:
    model = resolved(draw(st.sampled_from(ROOTS)))
    assert model is not None
    prices = st.integers(-5_000, 2_000_000).map(lambda count: count * model.tick_size)
    distances = ticks | prices.map(lambda price: Distance(kind="price", value=price))
    limit, stop = draw(st.none() | prices), draw(st.none() | prices)
    bracket = Bracket(
        stop=draw(st.none() | distances),
        target=draw(st.none() | distances),
        trail=draw(st.none() | ticks),
        break_even=draw(st.none() | ticks),
    )
    kinds = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }
    accounts, group = draw(scopes)
    return Instruction(
        action=draw(st.sampled_from([Action.BUY, Action.SELL])),
        symbol=model.symbol,
        quantity=Decimal(draw(st.integers(1, 999_999))),
        order_type=kinds[limit is not None, stop is not None],
        limit_price=limit,
        stop_price=stop,
        time_in_force=draw(st.none() | st.sampled_from(TimeInForce)),
        bracket=None if bracket == Bracket() else bracket,
        accounts=accounts,
        account_group=group,
    )


@st.composite
def others(draw: st.DrawFn) -> Instruction:
    action = draw(
        st.sampled_from([Action.CLOSE, Action.REVERSE, Action.CANCEL, Action.FLATTEN, Action.BREAK_EVEN, Action.TRAIL])
    )
    may_be_empty = action in (Action.CANCEL, Action.FLATTEN)
    symbols = ["ESZ6", "6EH7", "AAPL", "BRK.B", "F", "NYSE:ES", "AAPL  261218C00200000"]
    part = draw(st.none() | st.integers(1, 99).map(lambda percent: Decimal(percent) / 100))
    closes = action is Action.CLOSE
    size = draw(st.none() | st.integers(1, 999_999).map(Decimal)) if closes and part is None else None
    accounts, group = draw(scopes)
    return Instruction(
        action=action,
        symbol=draw(st.sampled_from([*symbols, ""] if may_be_empty else symbols)),
        fraction=part if closes else None,
        side_closed=draw(st.sampled_from(["", "long", "short"])) if closes and part is not None else "",
        quantity=size,
        trail=draw(ticks) if action is Action.TRAIL else None,
        accounts=accounts,
        account_group=group,
    )


@given(entries() | others())
def test_a_sentence_reads_back_as_the_same_instruction(instruction: Instruction) -> None:
    found = parse(format_sentence(instruction), PAPER)

    assert isinstance(found, Trade), found
    assert found.instruction == instruction
