"""Themes and keymaps as files: the shipped ones are good, bad ones are explained, colours are never needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from tt_tui.commands.registry import ACTIONS
from tt_tui.infra import locations
from tt_tui.tui import theme as themes
from tt_tui.tui.keymap import clashes, read_keymap
from tt_tui.tui.settings import ScreenSettings
from tt_tui.tui.widgets.ink import GROUNDED, INKS, NO_GROUND, ink_style

from .fake_port import FakePort, day_of_trading
from .screen import SETTINGS, open_desk

SHIPPED = locations.shipped("themes")
NAMES = ("amber-on-black", "ansi-16", "dark", "high-contrast", "xterm-256")


def test_all_shipped_themes_are_good_and_say_every_ink() -> None:
    found = themes.load_all(SHIPPED)

    assert tuple(sorted(theme.name for theme in found.themes)) == NAMES
    assert found.problems == ()
    for theme in found.themes:
        assert {f"ink-{name}" for name in INKS} <= theme.variables.keys()


@pytest.mark.parametrize("name", NAMES)
def test_text_can_be_read_on_its_ground(name: str) -> None:
    theme = themes.read(SHIPPED / f"{name}.toml")
    if theme.ansi:
        return
    least = 7 if name == "high-contrast" else 2.4
    for ink in INKS:
        ground = theme.variables[f"ink-{ink}-ground"]
        under = Color.parse(theme.background or "black") if ground == NO_GROUND else Color.parse(ground)
        front = Color.parse(theme.variables[f"ink-{ink}"])
        assert under.get_contrast_text() is not None
        assert contrast(front, under) >= least, ink


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of WCAG 2."""

    def light(color: Color) -> float:
        parts = [value / 255 for value in color.rgb]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_256_colour_theme_uses_slots_of_that_palette_only() -> None:
    cube = (0, 95, 135, 175, 215, 255)
    greys = {8 + 10 * step for step in range(24)}
    theme = themes.read(SHIPPED / "xterm-256.toml")
    colours = [theme.primary, theme.background, theme.surface, theme.panel, theme.foreground]
    colours += [value for value in theme.variables.values() if value != NO_GROUND]
    for value in colours:
        assert value is not None
        red, green, blue = Color.parse(value).rgb
        assert all(part in cube for part in (red, green, blue)) or (red == green == blue and red in greys), value


@pytest.mark.parametrize("name", ["live", "loud", "title", "cursor"])
def test_what_must_show_without_colours_is_reversed(name: str) -> None:
    style = ink_style("#ffffff", "#d00000", INKS[name])

    assert style.reverse
    assert style.color is not None
    assert style.color.triplet is not None
    assert style.color.triplet.hex == "#d00000"
    assert name in GROUNDED


@pytest.mark.parametrize(
    ("color_system", "name"),
    [("standard", "ansi-16"), ("256", "xterm-256"), ("truecolor", "amber-on-black"), (None, "amber-on-black")],
)
def test_the_terminals_colours_choose_the_theme(color_system: str | None, name: str) -> None:
    assert themes.automatic(color_system) == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 'x'\n[colors]\nprimary = 'blueish'", "colors.primary: 'blueish' is no colour"),
        ("name = 'x'\n[colors]\nprimary = '#fff'\n[inks]\nlast = '#fff'", "inks.last is not known"),
        ("name = 'x'\n[colors]\nprimary = '#fff'\n[inks]\ntext = '#fff on no'", "inks.text: 'no' is no colour"),
        ("name = 'x'\n[colors]\n", "colors.primary is missing"),
        ("[colors]\nprimary = '#fff'", "needs a name"),
        ("name = 'x'\ncolours = 1", "'colours' is not known"),
        ("name = 'x'\ndark = 'yes'", "dark is true or false"),
        ("name = 'x'\ncolors = 3", "colors is a table"),
        ("name = 'x'\n[colors]\nprimary = 3", "colors.primary is a colour in quotes"),
        ("name = ", "not TOML"),
    ],
)
def test_a_bad_theme_is_explained(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    found = themes.load_all(tmp_path)

    assert not found.themes
    assert len(found.problems) == 1
    assert "mine.toml" in found.problems[0]
    assert said in found.problems[0]


async def test_the_users_theme_wins_and_a_bad_one_is_told_in_the_log(tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    folder.mkdir()
    own = (SHIPPED / "dark.toml").read_text().replace('text = "#d4d8dd"', 'text = "#123456"')
    (folder / "dark.toml").write_text(own)
    (folder / "broken.toml").write_text("name = 'broken'\n[colors]\nprimary = 'nope'")
    settings = ScreenSettings(theme="dark", config_folder=tmp_path, zone=SETTINGS.zone, frame_rate=1)
    port = FakePort()
    day_of_trading(port)
    async with open_desk(port, settings=settings) as desk:
        assert desk.app.theme == "dark"
        assert desk.app.theme_variables["ink-text"] == "#123456"
        await desk.run("LOG")

        assert "theme broken.toml: colors.primary: 'nope' is no colour" in desk.text


async def test_an_unknown_theme_is_told_and_the_usual_one_used(tmp_path: Path) -> None:
    settings = ScreenSettings(theme="pink", config_folder=tmp_path, zone=SETTINGS.zone, frame_rate=1)
    async with open_desk(settings=settings) as desk:
        assert desk.app.theme == "amber-on-black"
        assert "theme 'pink' is not known" in desk.text


@pytest.mark.parametrize("name", NAMES)
async def test_every_shipped_theme_draws_the_workspace(name: str) -> None:
    settings = ScreenSettings(theme=name, zone=SETTINGS.zone, frame_rate=1)
    async with open_desk(settings=settings) as desk:
        assert desk.app.theme == name
        assert "?? UNKNOWN" in desk.text


# Keys


def test_the_shipped_keymap_is_the_registrys() -> None:
    keymap, problems = read_keymap(locations.shipped("keymaps") / "default.toml")

    assert problems == []
    assert keymap == {action.id: ",".join(action.keys) for action in ACTIONS if action.keys}
    assert list(clashes(keymap)) == []


def test_no_money_key_is_one_that_terminals_confuse() -> None:
    confused = {"ctrl+j", "ctrl+i", "ctrl+m", "ctrl+h", "ctrl+left_square_bracket", "ctrl+s", "ctrl+q", "ctrl+b"}

    assert not confused & {key for action in ACTIONS for key in action.keys}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\n"open.XYZ" = "f5"', "'open.XYZ' is no action"),
        ('[keys]\n"open.POS" = 5', "open.POS takes keys in quotes"),
        ("keys = 3", "write [keys]"),
        ("keys = ", "can't be read"),
    ],
)
def test_a_bad_keymap_is_explained(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "keymap.toml"
    path.write_text(text)
    keymap, problems = read_keymap(path)

    assert keymap == {}
    assert len(problems) == 1
    assert said in problems[0]


async def test_the_users_keymap_moves_a_key_and_a_clash_is_told(tmp_path: Path) -> None:
    (tmp_path / "keymap.toml").write_text('[keys]\n"open.POS" = "f12"\n"open.LOG" = "f3"')
    settings = ScreenSettings(theme="dark", config_folder=tmp_path, zone=SETTINGS.zone, frame_rate=1)
    async with open_desk(settings=settings) as desk:
        await desk.press("f12")
        assert desk.workspace.body.front == "positions"
        await desk.press("f5")
        assert desk.workspace.body.front == "positions"
        assert "F12 POS" in desk.text
        assert "f3 is both" in desk.text
