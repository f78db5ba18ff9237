"""What the page of operators finds wrong, without a browser and without anybody signed in."""

from console.operations.findings import findings
from console.operations.state import State, read_state
from console.web.outages import finding_of
from console.web.services import Services, wire
from quorum.errors import StoreUnavailable
from quorum.settings import Settings


def state_now(settings: Settings) -> State:
    """Return what the page judges, of a console that has just started."""
    return read_state(wire(settings))


def found_now(settings: Settings) -> set[str]:
    """Return the names of what is wrong, as a console says that has just started."""
    return found_by(wire(settings))


def found_by(parts: Services) -> set[str]:
    """Return the names of what is wrong, as a console says that runs."""
    try:
        return {one.name for one in findings(read_state(parts))}
    except StoreUnavailable as error:
        return {finding_of(error).name}
