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

# To somebody whose report was decided about (Digital Services Act, Article 16(5)).
REDRESS = {
    "en": "If you think that this decision is wrong, you can complain to the site, free of charge. "
    "You can also turn to a certified body for settling disputes out of court, or to a court "
    "(Digital Services Act, Articles 20 and 21).",
    "fr": "Si vous pensez que cette décision est une erreur, vous pouvez adresser une réclamation au site, "
    "gratuitement. Vous pouvez aussi saisir un organe certifié de règlement extrajudiciaire des litiges, "
    "ou un tribunal (règlement sur les services numériques, articles 20 et 21).",
    "ar": "إن رأيت أن هذا القرار خطأ، يمكنك تقديم شكوى إلى الموقع مجانًا. "
    "ويمكنك أيضًا اللجوء إلى هيئة معتمدة لتسوية المنازعات خارج المحكمة أو إلى محكمة "
    "(قانون الخدمات الرقمية، المادتان 20 و21).",
    "es": "Si cree que esta decisión es un error, puede presentar una reclamación al sitio, gratis. "
    "También puede acudir a un órgano certificado de resolución extrajudicial de litigios o a un tribunal "
    "(Reglamento de Servicios Digitales, artículos 20 y 21).",
}
