"""The settings of quorum: read from the environment once, each with its kind, default and meaning (`declared`).

A secret may also be given as a file: QUORUM_PEPPER_FILE=/run/secrets/pepper stands for QUORUM_PEPPER.
"""

from quorum.errors import SettingsError
from quorum.settings.declared import Settings
from quorum.settings.reading import read_settings

__all__ = ["Settings", "SettingsError", "read_settings"]
