"""The app: paints first, then lets the desk start beside it, and puts the workspace over it."""

from __future__ import annotations

import importlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from tt_tui.infra import locations
from tt_tui.infra.clock import SystemClock
from tt_tui.tui import terminal
from tt_tui.tui import theme as themes
from tt_tui.tui.result import ScreenResult
from tt_tui.tui.settings import ScreenSettings, frames_per_second, may_flash
from tt_tui.tui.start_screen import StartScreen

if TYPE_CHECKING:
    from textual.command import Provider

    from tt_tui.desk.port import DeskPort
    from tt_tui.tui.feed import Clock
    from tt_tui.tui.workspace import Workspace

log = logging.getLogger(__name__)

_OUTPUT_THREAD = "textual-output"

PortFactory = Callable[[], "DeskPort"]


def _registry_palette() -> type[Provider]:
    from tt_tui.tui.palette import RegistryCommands

    return RegistryCommands


class WorkstationApp(App[ScreenResult], inherit_bindings=False):
    """The workstation on one terminal.

    Args:
        port_factory: starts the desk, or attaches to one; called in a thread after the first paint.
        settings: what the user set about the screen.
        on_ready: told the port once the workspace stands; for benchmarks and the command that started it.
        clock: the machine's, or a test's.
        environ: the environment that tells SSH, colours and motion.
    """

    TITLE = "tt"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_registry_palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", id="app.leave", show=False, priority=True),
    ]

    class DeskUp(Message):
        """There is a desk."""

        def __init__(self, port: DeskPort) -> None:
            super().__init__()
            self.port = port

    class DeskFailed(Message):
        """There is no desk, and why."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        port_factory: PortFactory,
        settings: ScreenSettings | None = None,
        *,
        on_ready: Callable[[DeskPort], None] | None = None,
        clock: Clock | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__()
        self._port_factory = port_factory
        self._settings = settings or ScreenSettings()
        self._on_ready = on_ready
        self._clock: Clock = clock or SystemClock()
        self._environ = environ
        self._crash: BaseException | None = None
        terminal.allow_interrupts()
        self._was_dropped = False
        self._folders = (locations.shipped("themes"), self._config_folder / "themes")
        self._choose_theme()

    @property
    def _config_folder(self) -> Path:
        return self._settings.config_folder or locations.config_folder()

    # Themes

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return a value for every variable of ours, so that any theme will do."""
        return themes.ink_defaults(self.current_theme.to_color_system().generate())

    def _choose_theme(self) -> None:
        """Register the one theme that the first paint needs; the others wait."""
        wanted = self._settings.theme or themes.automatic(self.console.color_system)
        found = themes.load_one(wanted, *self._folders) or themes.load_one(themes.DEFAULT, *self._folders)
        if found is not None:
            self.register_theme(found)
            self.theme = found.name

    def _register_the_rest(self) -> Iterable[str]:
        found = themes.load_all(*self._folders)
        for one in found.themes:
            self.register_theme(one)
        yield from found.problems
        wanted = self._settings.theme
        if wanted and wanted in self.available_themes:
            self.theme = wanted
        elif wanted:
            names = ", ".join(sorted(theme.name for theme in found.themes))
            yield f"theme {wanted!r} is not known, {self.theme} is used; there are {names}"

    # Start

    def get_default_screen(self) -> Screen[Any]:
        """Return the first frame."""
        return StartScreen()

    def on_mount(self) -> None:
        """Start the desk once something is on screen."""
        self.call_after_refresh(self._start_desk)

    def _start_desk(self) -> None:
        threading.Thread(target=self._bring_up, name="desk start", daemon=True).start()

    def _bring_up(self) -> None:
        """Load what the workspace needs and make the port, off the screen's thread."""
        try:
            importlib.import_module("tt_tui.tui.workspace")
            port = self._port_factory()
        except Exception as error:
            log.exception("the desk did not start")
            self.post_message(self.DeskFailed(str(error) or type(error).__name__))
        else:
            self.post_message(self.DeskUp(port))

    def on_workstation_app_desk_failed(self, message: DeskFailed) -> None:
        """Say why there is no desk."""
        if isinstance(self.screen, StartScreen):
            self.screen.fail(message.text)

    async def on_workstation_app_desk_up(self, message: DeskUp) -> None:
        """Put the workspace over the first frame."""
        typed = self.screen.typed if isinstance(self.screen, StartScreen) else ""
        workspace = self._make_workspace(message.port)
        notes = [*self._register_the_rest(), *self._apply_keymap(workspace)]
        for note in notes:
            workspace.feed.tail.note(self._clock.now(), "warning", note)
        await self.push_screen(workspace)
        workspace.bar.line.put(typed)
        if self._on_ready is not None:
            self._on_ready(message.port)

    def _make_workspace(self, port: DeskPort) -> Workspace:
        from tt_tui.tui.memory import open_history
        from tt_tui.tui.workspace import Workspace

        return Workspace(
            port,
            self._clock,
            self._settings,
            frames_per_second(self._settings, self._environ),
            may_flash=may_flash(self._settings, self._environ),
            history=open_history(self._settings.history_file),
        )

    def _apply_keymap(self, workspace: Workspace) -> Iterable[str]:
        from tt_tui.tui.keymap import FILE, clashes, read_keymap

        shipped, problems = read_keymap(locations.shipped("keymaps") / "default.toml")
        own, own_problems = read_keymap(self._config_folder / FILE)
        keymap = shipped | own
        self.set_keymap(keymap)
        workspace.keys.keymap = keymap
        return (*problems, *own_problems, *clashes(keymap))

    # End

    def action_leave(self) -> None:
        """Quit; the workspace asks where something is open."""
        leave = getattr(self.screen, "leave", None)
        if leave is not None:
            leave()
        elif isinstance(self.screen, StartScreen):
            self.exit(ScreenResult.QUIT)

    def drop(self) -> None:
        """End the screen on a terminal that is gone or no longer read; ``run`` then returns ``KEEP_HEADLESS``.

        Call it from any thread, once the standard descriptors no longer are that terminal.
        """
        self._was_dropped = True
        outputs = [thread for thread in threading.enumerate() if thread.name == _OUTPUT_THREAD]
        terminal.interrupt(outputs)
        if not any(thread.is_alive() for thread in outputs):
            # A hang-up ends Textual's writer with an error; without a reader its full queue would block the loop.
            threading.Thread(target=self._drain_output, name="screen drain", daemon=True).start()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.exit, ScreenResult.KEEP_HEADLESS)

    def _drain_output(self) -> None:
        writer = getattr(self._driver, "_writer_thread", None)
        while writer is not None:
            writer._queue.get()

    def _handle_exception(self, error: Exception) -> None:
        self._crash = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End with a trace that shows no local variable and no secret; Textual's own shows both."""
        from tt_tui.infra.redaction import safe_traceback

        text = safe_traceback(self._crash) if self._crash is not None else "the screen failed"
        log.critical("the screen failed, the desk goes on without it\n%s", text)
        self._return_value = ScreenResult.KEEP_HEADLESS if self._was_dropped else ScreenResult.CRASHED
        self._exit_renderables.append(Text(f"{text}\nThe screen failed; the desk goes on without it."))
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """End as after any other error; what is to be rendered may hold what must not be shown."""
        self._fatal_error()


def run_screen(
    port_factory: PortFactory,
    settings: ScreenSettings | None = None,
    *,
    on_ready: Callable[[DeskPort], None] | None = None,
) -> ScreenResult:
    """Run the workstation on this terminal; return how it ended."""
    chosen = settings or ScreenSettings()
    app = WorkstationApp(port_factory, chosen, on_ready=on_ready)
    return app.run(mouse=chosen.mouse) or ScreenResult.CRASHED
