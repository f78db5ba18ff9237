"""What the page of operators finds wrong, without a browser and without anybody signed in."""

from console.operations.findings import findings
from console.operations.state import State, read_state
from console.web.outages import finding_of
from console.web.services import wire
from quorum.errors import StoreUnavailable
from quorum.settings import Settings


def state_now(settings: Settings) -> State:
    """Return what the page judges."""
    return read_state(wire(settings))


def found_now(settings: Settings) -> set[str]:
    """Return the names of what is wrong."""
    try:
        return {one.name for one in findings(state_now(settings))}
    except StoreUnavailable as error:
        return {finding_of(error).name}
