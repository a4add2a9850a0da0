"""A live list drawn line by line: only rows in view are built, only what changed is painted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tt_tui.tui.widgets.ink import GROUNDED, Cell, Cells, Inked, fit

_GAP = 1
_MARK = 1
_NUMBER = 4
_WHEEL = 3


@dataclass(frozen=True, slots=True)
class Column:
    """One column; the higher its rank, the sooner it makes room for others."""

    title: str
    width: int
    """In cells; the least width of the one that stretches."""
    right: bool = False
    rank: int = 0
    stretch: bool = False


def choose_columns(columns: Sequence[Column], width: int) -> list[tuple[int, int]]:
    """Return index and width of the columns that have room, in order; one of them takes what is left.

    Columns of one rank come and go together; the lowest rank always stays.
    """
    chosen: list[int] = []
    used = -_GAP
    for rank in sorted({column.rank for column in columns}):
        more = [index for index, column in enumerate(columns) if column.rank == rank]
        needed = sum(columns[index].width + _GAP for index in more)
        if not chosen or used + needed <= width:
            chosen += more
            used += needed
    spare = max(0, width - used)
    return [(i, columns[i].width + (spare if columns[i].stretch else 0)) for i in sorted(chosen)]


def joined(regions: Iterable[Region]) -> list[Region]:
    """Return regions of single lines, from top to bottom, with near ones made one.

    Each region costs the compositor a pass of its own, which is more than a line between them that has not changed.
    """
    found: list[Region] = []
    for region in regions:
        if found and found[-1].bottom >= region.y - 1:
            found[-1] = found[-1].union(region)
        else:
            found.append(region)
    return found


class Table(Inked, can_focus=True):
    """Rows by key, newest state pulled through a function for the rows in view only."""

    DEFAULT_CSS = """
    Table { height: 1fr; width: 1fr; }
    """

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, table: Table, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> Table:
            """Return the table."""
            return self.table

    def __init__(self, columns: Sequence[Column], *, numbered: bool = False, follows_end: bool = False) -> None:
        super().__init__()
        self._follows_end = follows_end
        self._columns = tuple(columns)
        self._numbered = numbered
        self._chosen: list[tuple[int, int]] = []
        self._laid_out = -1
        self._header = self._blank = Strip([])
        self._keys: tuple[str, ...] = ()
        self._build: Callable[[str], Cells] = _nothing
        self._cells: dict[str, Cells] = {}
        self._strips: dict[tuple[str, int, bool], Strip] = {}
        self._cursor = 0
        self._top = 0
        self._empty_text = ""

    # What is shown

    def show(self, keys: Sequence[str], build: Callable[[str], Cells]) -> None:
        """Show these rows; ``build`` is asked for the cells of rows in view, now and when others scroll in."""
        new = tuple(keys)
        self._build = build
        self._lay_out()
        if new != self._keys:
            self._replace_keys(new)
            return
        changed = (self._refreshed(line, key) for line, key in enumerate(self._in_view()))
        regions = joined(region for region in changed if region is not None)
        if regions:
            self.refresh(*regions)

    def say_when_empty(self, text: str) -> None:
        """Say this where there is no row."""
        if text != self._empty_text:
            self._empty_text = text
            if not self._keys:
                self.refresh()

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of all rows, in order."""
        return self._keys

    @property
    def keys_in_view(self) -> tuple[str, ...]:
        """Return the keys of the rows that can be seen."""
        return self._in_view()

    @property
    def selected(self) -> str:
        """Return the key under the cursor, empty where there is no row."""
        return self._keys[self._cursor] if self._cursor < len(self._keys) else ""

    @property
    def range_text(self) -> str:
        """Return ``3-20 of 200`` where not all rows can be seen, else nothing."""
        seen = len(self._in_view())
        last = self._top + seen
        return "" if seen >= len(self._keys) else f"{self._top + 1}–{last} of {len(self._keys)}"

    def row_text(self, key: str) -> str:
        """Return a row as plain text, for the clipboard."""
        return "\t".join(text for text, _ in self._build(key)) if key in self._keys else ""

    def select(self, key: str) -> None:
        """Put the cursor on a row."""
        if key in self._keys:
            self.move_to(self._keys.index(key))

    def move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.move_to(self._cursor + by)

    def move_to(self, index: int) -> None:
        """Put the cursor on the row of that index, or the nearest there is."""
        index = min(max(index, 0), max(0, len(self._keys) - 1))
        if index != self._cursor:
            self._cursor = index
            self.post_message(self.Moved(self, self.selected))
        self._keep_in_view()
        self.refresh()

    @property
    def page(self) -> int:
        """Return how many rows fit into the view."""
        return max(1, self.size.height - 1)

    # How it is drawn

    def render_line(self, y: int) -> Strip:
        """Draw the header or one row."""
        if y == 0 or self._laid_out < 0:
            self._lay_out()
        if y == 0:
            return self._header
        index = self._top + y - 1
        if not self._keys and y == 1 and self._empty_text:
            return self.strip(((f"  {self._empty_text}", "dim"),), self._laid_out)
        if index >= len(self._keys):
            return self._blank
        key = self._keys[index]
        at_cursor = index == self._cursor and self.has_focus
        number = index + 1 if self._numbered else 0
        found = self._strips.get((key, number, at_cursor))
        if found is None:
            found = self._strips[key, number, at_cursor] = self._row(self._row_cells(key), number, at_cursor)
        return found

    def notify_style_update(self) -> None:
        """Draw anew under another theme."""
        self._strips.clear()
        self._laid_out = -1
        super().notify_style_update()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._keep_in_view()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by the wheel, the cursor stays on its row."""
        event.stop()
        self._scroll(self._top + _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by the wheel, the cursor stays on its row."""
        event.stop()
        self._scroll(self._top - _WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked."""
        if event.y > 0:
            self.move_to(self._top + event.y - 1)

    def _row_cells(self, key: str) -> Cells:
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = self._build(key)
        return cells

    def _draw_header(self, width: int) -> Strip:
        parts: list[Cell] = [(" " * self._indent, "head")]
        for order, (index, size) in enumerate(self._chosen):
            column = self._columns[index]
            parts.append((" " * _GAP if order else "", "head"))
            parts.append((fit(column.title, size, right=column.right), "head"))
        return self.strip(parts, width, "head")

    def _row(self, cells: Cells, number: int, at_cursor: bool) -> Strip:
        """Draw a row in as few segments as its inks allow: each one costs bytes and time."""
        lead = "›" if at_cursor else " "
        lead += f"{number:>{_NUMBER - 1}} " if self._numbered else ""
        run, run_ink = lead, "cursor" if at_cursor else "dim"
        segments: list[Segment] = []
        used = self._indent
        for order, (index, size) in enumerate(self._chosen):
            text, name = cells[index]
            ink = "cursor" if at_cursor else name
            body = fit(text, size, right=self._columns[index].right)
            gap = " " * _GAP if order else ""
            used += size + len(gap)
            if ink == run_ink:
                run += gap + body
                continue
            if ink in GROUNDED and run_ink in GROUNDED:
                segments += (Segment(run, self.ink(run_ink)), Segment(gap, self.ink("text")))
                run = body
            elif ink in GROUNDED:
                segments.append(Segment(run + gap, self.ink(run_ink)))
                run = body
            else:
                segments.append(Segment(run, self.ink(run_ink)))
                run = gap + body
            run_ink = ink
        width = self._laid_out
        rest = " " * max(0, width - used)
        if run_ink in GROUNDED and not at_cursor:
            segments += (Segment(run, self.ink(run_ink)), Segment(rest, self.ink("text")))
        else:
            segments.append(Segment(run + rest, self.ink(run_ink)))
        return Strip(segments, used + len(rest)).crop(0, width)

    # What has changed

    @property
    def _indent(self) -> int:
        return _MARK + (_NUMBER if self._numbered else 0)

    def _in_view(self) -> tuple[str, ...]:
        height = self.size.height
        return self._keys[self._top : self._top + height - 1] if height > 1 else ()

    def _refreshed(self, line: int, key: str) -> Region | None:
        """Build a row in view again and return the part of it that is to be painted."""
        old, new = self._cells.get(key), self._build(key)
        if old == new:
            return None
        self._cells[key] = new
        number = self._top + line + 1 if self._numbered else 0
        for at_cursor in (False, True):
            self._strips.pop((key, number, at_cursor), None)
        if old is None:
            return Region(0, line + 1, self._laid_out, 1)
        x, start, end = self._indent, -1, 0
        for column, width in self._chosen:
            if old[column] != new[column]:
                start = x if start < 0 else start
                end = x + width
            x += width + _GAP
        return None if start < 0 else Region(start, line + 1, end - start, 1)

    def _replace_keys(self, new: tuple[str, ...]) -> None:
        selected, row_in_view = self.selected, self._cursor - self._top
        follows_top = self._top == 0 and not self.has_focus
        at_end = self._cursor >= len(self._keys) - 1
        self._keys = new
        self._forget_rows()
        if self._follows_end and (at_end or not self.has_focus):
            self._cursor = max(0, len(new) - 1)
        elif selected in new and not follows_top:
            self._cursor = new.index(selected)
            self._top = max(0, self._cursor - row_in_view)
        else:
            self._cursor = min(self._cursor, max(0, len(new) - 1))
        self._keep_in_view()
        if self.selected != selected:
            self.post_message(self.Moved(self, self.selected))
        self.refresh()

    def _forget_rows(self) -> None:
        self._cells.clear()
        self._strips.clear()

    def _scroll(self, top: int) -> None:
        top = min(max(0, top), max(0, len(self._keys) - self.page))
        if top != self._top:
            self._top = top
            self._forget_rows()
            self.refresh()

    def _keep_in_view(self) -> None:
        page = self.page
        self._scroll(min(max(self._top, self._cursor - page + 1), self._cursor))

    def _lay_out(self) -> None:
        width = self.size.width
        if width == self._laid_out:
            return
        self._laid_out = width
        self._chosen = choose_columns(self._columns, max(0, width - self._indent))
        self._strips.clear()
        # A frame asks for every line of a widget, also for those that have not changed.
        self._header = self._draw_header(width)
        self._blank = self.strip((), width)


def _nothing(key: str) -> Cells:
    return ()
