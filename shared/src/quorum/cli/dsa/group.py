"""The commands of `quorum dsa`."""

import click

from quorum.cli.dsa.report import report
from quorum.cli.dsa.statements import statements


@click.group()
def dsa() -> None:
    """Make what the EU's Digital Services Act asks for: statements of reasons, the counts of a year."""


dsa.add_command(statements)
dsa.add_command(report)
