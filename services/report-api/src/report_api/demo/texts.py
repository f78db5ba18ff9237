"""What the demo page says, in each language that quorum speaks."""

from typing import Any

LANGUAGES = {"en": "English", "fr": "Français", "ar": "العربية", "es": "Español"}
RIGHT_TO_LEFT = frozenset({"ar"})

STORIES = ("harbour", "market", "summit", "storm", "concert", "garden")

_ENGLISH = {
    "title": "The Daily Quorum",
    "tagline": "All the news that people agree on",
    "demo": "This is a demonstration. Report a picture as five different readers, and it is blocked.",
    "reader": "You are reader",
    "another": "Become another reader",
    "fresh": "Start over with fresh pictures",
    "report": "Report this picture",
    "why": "What is wrong with it?",
    "send": "Send the report",
    "cancel": "Cancel",
    "points": "points",
    "blocked": "Picture blocked",
    "blocked_why": "Several people have reported it.",
    "failed": "That did not work. Please try again.",
    "unavailable": "Reports cannot be taken just now. Please try again in a moment.",
    "language": "Language",
    "reasons": {
        "violence": "Violence",
        "nudity": "Nudity",
        "hate": "Hate",
        "harassment": "Harassment",
        "self_harm": "Self-harm",
        "misinformation": "Misinformation",
        "copyright": "Copyright",
        "spam": "Spam",
        "other": "Something else",
    },
    "stories": {
        "harbour": (
            "The harbour wakes before the town",
            "Fishing boats left the quay at dawn, on the calmest sea of the year.",
        ),
        "market": ("Saturday market breaks its own record", "Three hundred stalls, and not one umbrella was needed."),
        "summit": ("Climbers reach the eastern summit", "The old route is open again after eleven years of repairs."),
        "storm": ("Storm passes north of the city", "Lightning was seen for an hour; the power stayed on."),
        "concert": (
            "An orchestra plays for the night shift",
            "The concert began at four in the morning, and was sold out.",
        ),
        "garden": ("A car park becomes a garden", "Neighbours planted two thousand seedlings in a weekend."),
    },
}

_FRENCH = {
    "title": "Le Quorum du jour",
    "tagline": "Toutes les nouvelles sur lesquelles on s'accorde",
    "demo": "Ceci est une démonstration. Signalez une image en tant que cinq personnes différentes : elle est bloquée.",
    "reader": "Vous êtes la personne",
    "another": "Devenir quelqu'un d'autre",
    "fresh": "Recommencer avec de nouvelles images",
    "report": "Signaler cette image",
    "why": "Quel est le problème ?",
    "send": "Envoyer le signalement",
    "cancel": "Annuler",
    "points": "points",
    "blocked": "Image bloquée",
    "blocked_why": "Plusieurs personnes l'ont signalée.",
    "failed": "Cela n'a pas fonctionné. Veuillez réessayer.",
    "unavailable": "Les signalements ne peuvent pas être reçus pour l'instant. Réessayez dans un moment.",
    "language": "Langue",
    "reasons": {
        "violence": "Violence",
        "nudity": "Nudité",
        "hate": "Haine",
        "harassment": "Harcèlement",
        "self_harm": "Automutilation",
        "misinformation": "Désinformation",
        "copyright": "Droit d'auteur",
        "spam": "Pourriel",
        "other": "Autre chose",
    },
    "stories": {
        "harbour": (
            "Le port se lève avant la ville",
            "Les bateaux ont quitté le quai à l'aube, sur la mer la plus calme de l'année.",
        ),
        "market": ("Record battu au marché du samedi", "Trois cents étals, et pas un seul parapluie."),
        "summit": ("Le sommet de l'Est est atteint", "La voie historique rouvre après onze ans de travaux."),
        "storm": ("L'orage passe au nord de la ville", "Une heure d'éclairs, et aucune coupure de courant."),
        "concert": (
            "Un orchestre pour l'équipe de nuit",
            "Le concert a commencé à quatre heures du matin, à guichets fermés.",
        ),
        "garden": ("Un parking devient jardin", "Les voisins ont planté deux mille semis en un week-end."),
    },
}

_ARABIC = {
    "title": "نصاب اليوم",
    "tagline": "الأخبار التي يتفق عليها الناس",
    "demo": "هذا عرض تجريبي. أبلغ عن صورة بصفة خمسة قراء مختلفين فتُحجب.",
    "reader": "أنت القارئ رقم",
    "another": "كن قارئًا آخر",
    "fresh": "ابدأ من جديد بصور جديدة",
    "report": "أبلغ عن هذه الصورة",
    "why": "ما المشكلة فيها؟",
    "send": "أرسل البلاغ",
    "cancel": "إلغاء",
    "points": "نقاط",
    "blocked": "الصورة محجوبة",
    "blocked_why": "أبلغ عنها عدة أشخاص.",
    "failed": "لم تنجح العملية. حاول مرة أخرى من فضلك.",
    "unavailable": "لا يمكن استقبال البلاغات الآن. حاول مرة أخرى بعد قليل.",
    "language": "اللغة",
    "reasons": {
        "violence": "عنف",
        "nudity": "عُري",
        "hate": "كراهية",
        "harassment": "مضايقة",
        "self_harm": "إيذاء النفس",
        "misinformation": "معلومات مضللة",
        "copyright": "حقوق النشر",
        "spam": "رسائل مزعجة",
        "other": "سبب آخر",
    },
    "stories": {
        "harbour": ("الميناء يستيقظ قبل المدينة", "غادرت قوارب الصيد الرصيف عند الفجر في أهدأ بحر هذا العام."),
        "market": ("سوق السبت يحطم رقمه القياسي", "ثلاثمئة كشك، ولم تُفتح مظلة واحدة."),
        "summit": ("متسلقون يبلغون القمة الشرقية", "الطريق القديم مفتوح من جديد بعد أحد عشر عامًا من الترميم."),
        "storm": ("العاصفة تمر شمال المدينة", "ساعة من البرق ولم تنقطع الكهرباء."),
        "concert": ("أوركسترا لعمّال الليل", "بدأت الحفلة في الرابعة صباحًا ونفدت تذاكرها."),
        "garden": ("موقف سيارات يصير حديقة", "زرع الجيران ألفي شتلة في عطلة واحدة."),
    },
}

_SPANISH = {
    "title": "El Quórum Diario",
    "tagline": "Las noticias en las que la gente coincide",
    "demo": "Esto es una demostración. Denuncie una imagen como cinco lectores distintos y quedará bloqueada.",
    "reader": "Usted es el lector",
    "another": "Ser otro lector",
    "fresh": "Empezar de nuevo con otras imágenes",
    "report": "Denunciar esta imagen",
    "why": "¿Cuál es el problema?",
    "send": "Enviar la denuncia",
    "cancel": "Cancelar",
    "points": "puntos",
    "blocked": "Imagen bloqueada",
    "blocked_why": "Varias personas la han denunciado.",
    "failed": "No ha funcionado. Inténtelo de nuevo.",
    "unavailable": "Ahora mismo no se pueden recibir denuncias. Inténtelo dentro de un momento.",
    "language": "Idioma",
    "reasons": {
        "violence": "Violencia",
        "nudity": "Desnudez",
        "hate": "Odio",
        "harassment": "Acoso",
        "self_harm": "Autolesiones",
        "misinformation": "Desinformación",
        "copyright": "Derechos de autor",
        "spam": "Correo basura",
        "other": "Otra cosa",
    },
    "stories": {
        "harbour": (
            "El puerto despierta antes que la ciudad",
            "Los barcos salieron al alba, con la mar más tranquila del año.",
        ),
        "market": ("El mercado del sábado bate su récord", "Trescientos puestos, y ni un solo paraguas."),
        "summit": ("Coronan la cumbre oriental", "La vía histórica se reabre tras once años de obras."),
        "storm": ("La tormenta pasa al norte", "Una hora de relámpagos, y la luz no se fue."),
        "concert": (
            "Una orquesta para el turno de noche",
            "El concierto empezó a las cuatro de la mañana, con lleno total.",
        ),
        "garden": ("Un aparcamiento se vuelve jardín", "Los vecinos plantaron dos mil brotes en un fin de semana."),
    },
}

TEXTS: dict[str, dict[str, Any]] = {"en": _ENGLISH, "fr": _FRENCH, "ar": _ARABIC, "es": _SPANISH}
