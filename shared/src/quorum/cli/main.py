"""`quorum`: finds the commands that the installed packages bring."""

from importlib.metadata import entry_points

import click

from quorum import __version__
from quorum.cli.failures import speak_anywhere

GROUP = "quorum.commands"


class _Installed(click.Group):
    """A group whose commands are entry points, loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(point.name for point in entry_points(group=GROUP))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        for point in entry_points(group=GROUP, name=cmd_name):
            command: click.Command = point.load()
            return command
        return None


HELP = """Quorum blocks an image once enough different people have reported it, and tells every other service.

\b
New here?     quorum run      starts everything on this machine and prints what to try
In production quorum api      the HTTP side            quorum worker   the tallying side
Looking       quorum doctor   what is wrong, in words  quorum tail     events as they happen

Settings are environment variables (QUORUM_REDIS_URL, QUORUM_POLICY, ...): see docs/settings.md.
"""


@click.group(
    cls=_Installed, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="quorum")
def cli() -> None:
    """Take the command's name; the rest is said above."""


def main() -> None:
    """Run the command line, whatever the terminal can show."""
    speak_anywhere()
    cli(prog_name="quorum")  # however it was called


if __name__ == "__main__":
    main()
