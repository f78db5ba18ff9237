"""What a service makes sure of before it starts."""

from quorum.reporters.pepper import check_pepper
from quorum.settings import Settings
from quorum.start.permissions import check_permissions
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.store.layout import check_layout


def check_store(settings: Settings, service: str) -> None:
    """Claim an empty Redis, or make sure that its data was made under these settings and that a service may use it.

    Raises SchemaMismatch, SettingsError, PermissionsMissing, StoreUnavailable.
    """
    client = connect(settings.store, WORKER_TIMEOUT_SECONDS)
    check_permissions(client, settings.namespace, service)
    check_layout(client, settings.namespace, settings.partitions)
    if settings.pepper:
        check_pepper(client, settings.namespace, settings.pepper, settings.pepper_previous)
