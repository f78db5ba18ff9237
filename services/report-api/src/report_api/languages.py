"""The languages of the pages, by the names that their speakers use."""

LANGUAGES = {"en": "English", "fr": "Français", "ar": "العربية", "es": "Español"}
RIGHT_TO_LEFT = frozenset({"ar"})
