"""What a reader is told, in their language."""

DEFAULT_LANGUAGE = "en"
LANGUAGES = {"en": "English", "fr": "Français", "ar": "العربية", "es": "Español"}  # as their speakers call them
RIGHT_TO_LEFT = frozenset({"ar"})

THANK_YOU = {
    "en": "Thank you for reporting! This image will be blocked automatically once several people have reported it.",
    "fr": "Merci d'avoir signalé ! Cette image sera automatiquement bloquée après qu'elle soit signalée par plusieurs "
    "personnes.",
    "ar": "شكرًا على الإبلاغ! ستُحجب هذه الصورة تلقائيًا بعد أن يبلّغ عنها عدة أشخاص.",
    "es": "¡Gracias por informar! Esta imagen se bloqueará automáticamente cuando varias personas la hayan denunciado.",
}
