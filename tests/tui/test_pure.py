"""What the screen computes without a terminal: figures, places, columns, marks, settings."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pytest
from textual.geometry import Region

from tt_tui.commands.help import Names, help_text
from tt_tui.tui import figures
from tt_tui.tui.arrange import arrange
from tt_tui.tui.memory import open_history
from tt_tui.tui.settings import ScreenSettings, frames_per_second, may_flash
from tt_tui.tui.widgets.ink import fit
from tt_tui.tui.widgets.table import Column, choose_columns, joined

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0s"), (0.29, "0.2s"), (1, "1s"), (59.9, "59s"), (60, "1m"), (3_599, "59m"), (3_600, "1h"), (200_000, "2d")],
)
def test_ages(seconds: float, shown: str) -> None:
    assert figures.age(int(seconds * SECOND)) == shown


@pytest.mark.parametrize(
    ("value", "signed", "shown"),
    [
        (None, True, "–"),
        (Decimal("0.001"), True, "0.00"),
        (Decimal("-0.001"), False, "0.00"),
        (Decimal("1234.5"), True, "+1,234.50"),
        (Decimal("-1234.5"), True, "-1,234.50"),
        (Decimal("50000"), False, "50,000.00"),
        (Decimal("NaN"), False, "–"),
    ],
)
def test_money(value: Decimal | None, signed: bool, shown: str) -> None:
    assert figures.money(value, signed=signed) == shown


def test_counts() -> None:
    assert figures.quantity(Decimal("2.00")) == "2"
    assert figures.quantity(Decimal("0.50")) == "0.5"
    assert figures.quantity(None) == "–"
    assert [figures.volume(Decimal(n)) for n in (99_999, 123_456, 1_234_567)] == ["99999", "123k", "1.23M"]
    assert figures.percent(Decimal(-5), Decimal(1000)) == "-0.50%"
    assert figures.percent(Decimal(5), None) == "–"
    assert figures.clock_time(0, UTC) == "–"
    assert figures.clock_time(3_661 * SECOND, UTC) == "01:01:01"


@pytest.mark.parametrize("text", ["ES", "a name that is far too long", "日本語の名前", "tab\there", ""])
@pytest.mark.parametrize("width", [0, 1, 5, 12])
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, right=True)) == width
    assert "\t" not in fit(text, width)


def test_columns_leave_by_rank_and_come_and_go_together() -> None:
    columns = (Column("A", 5), Column("B", 5, rank=2), Column("C", 5, rank=1), Column("D", 5, rank=2))

    assert choose_columns(columns, 23) == [(0, 5), (1, 5), (2, 5), (3, 5)]
    assert choose_columns(columns, 22) == [(0, 5), (2, 5)]
    assert choose_columns(columns, 5) == [(0, 5)]
    assert choose_columns(columns, 0) == [(0, 5)]


def test_one_column_takes_what_is_left() -> None:
    assert choose_columns((Column("A", 5), Column("B", 5, stretch=True)), 30) == [(0, 5), (1, 24)]


def test_dirty_lines_that_are_near_are_one_region() -> None:
    lines = [Region(5, 1, 3, 1), Region(9, 2, 4, 1), Region(0, 4, 2, 1), Region(0, 9, 2, 1)]

    assert joined(lines) == [Region(0, 1, 13, 4), Region(0, 9, 2, 1)]


@pytest.mark.parametrize(("width", "height"), [(120, 24), (200, 44), (121, 25), (300, 90)])
@pytest.mark.parametrize("front", ["watchlist", "alerts", "log", "help"])
def test_places_fill_the_body_without_overlap(width: int, height: int, front: str) -> None:
    cells: set[tuple[int, int]] = set()
    for place in arrange(width, height, front).values():
        assert place.width > 0
        assert place.height > 2
        own = {(x, y) for x in range(place.x, place.x + place.width) for y in range(place.y, place.y + place.height)}
        assert not own & cells
        cells |= own
    assert all(x < width and y < height for x, y in cells)
    assert front in arrange(width, height, front)


@pytest.mark.parametrize(("width", "height"), [(119, 60), (200, 23), (40, 4), (1, 1), (0, 0)])
def test_without_room_only_the_front_one_shows(width: int, height: int) -> None:
    assert list(arrange(width, height, "orders")) == ["orders"]


@pytest.mark.parametrize(
    ("settings", "environ", "rate"),
    [
        (ScreenSettings(), {}, 20),
        (ScreenSettings(), {"SSH_TTY": "/dev/pts/1"}, 10),
        (ScreenSettings(), {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, 10),
        (ScreenSettings(frame_rate=30), {"SSH_TTY": "/dev/pts/1"}, 30),
        (ScreenSettings(frame_rate=0), {}, 1),
        (ScreenSettings(frame_rate=500), {}, 60),
    ],
)
def test_the_frame_rate(settings: ScreenSettings, environ: dict[str, str], rate: int) -> None:
    assert frames_per_second(settings, environ) == rate


def test_nothing_flashes_without_colours_or_where_motion_is_unwanted() -> None:
    assert may_flash(ScreenSettings(), {})
    assert not may_flash(ScreenSettings(), {"NO_COLOR": "1"})
    assert not may_flash(ScreenSettings(flash=False), {})


def test_typed_lines_are_kept_over_a_restart_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    open_history(path).add("BUY 2 ES")
    again = open_history(path)
    again.add("FLAT")

    assert again.up("") == "FLAT"
    assert again.up("") == "BUY 2 ES"
    assert open_history(path).lines == ("BUY 2 ES", "FLAT")
    assert path.stat().st_mode & 0o077 == 0


def test_a_history_that_can_not_be_kept_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = open_history(tmp_path / "file" / "history")
    history.add("FLAT")

    assert history.lines == ("FLAT",)


def test_help_is_there_for_every_function() -> None:
    assert "Watchlist" in help_text("", Names(), 60)
