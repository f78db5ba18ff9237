"""What the demo page says, in each language; its stories are in `stories`, its crews in `crew_texts`."""

TEXTS = {
    "en": {
        "title": "The Daily Quorum",
        "panel": "About this demonstration",
        "tagline": "All the news that people agree on",
        "demo": "A demonstration. Send readers to a picture, or report one yourself with its button, and see what "
        "becomes of it: it is blocked once enough different people have reported it.",
        "reader": "You are reader",
        "another": "Become another reader",
        "fresh": "Start over with fresh pictures",
        "choose": "Send readers here",
        "send": "Send readers to:",
        "members": "Readers: {members}.",
        "points": "{score} of {threshold} points",
        "people": "Different people: {people}",
        "archive": "Archive: {blocked} blocked, {held} held",
        "event": "The event that other services get",
        "no_event": "None so far: nothing has been decided.",
        "failed": "The readers could not be sent. Please try again in a moment.",
        "stale": "No news from the server just now; this page keeps asking.",
        "language": "Language",
        "script": "This page needs JavaScript.",
    },
    "fr": {
        "title": "Le Quorum du jour",
        "panel": "À propos de cette démonstration",
        "tagline": "Toutes les nouvelles sur lesquelles on s'accorde",
        "demo": "Une démonstration. Envoyez des personnes vers une image, ou signalez-en une vous-même avec son "
        "bouton, et voyez ce qu'elle devient : elle est bloquée dès qu'assez de personnes différentes l'ont signalée.",
        "reader": "Vous êtes la personne",
        "another": "Devenir quelqu'un d'autre",
        "fresh": "Recommencer avec de nouvelles images",
        "choose": "Envoyer des personnes ici",
        "send": "Envoyer des personnes vers :",
        "members": "Personnes : {members}.",
        "points": "{score} sur {threshold} points",
        "people": "Personnes différentes : {people}",
        "archive": "Archives : {blocked} bloquées, {held} retenues",
        "event": "L'événement que reçoivent les autres services",
        "no_event": "Aucun pour l'instant : rien n'a été décidé.",
        "failed": "L'envoi n'a pas abouti. Réessayez dans un moment.",
        "stale": "Aucune nouvelle du serveur pour l'instant ; cette page continue de demander.",
        "language": "Langue",
        "script": "Cette page a besoin de JavaScript.",
    },
    "ar": {
        "title": "نصاب اليوم",
        "panel": "عن هذا العرض",
        "tagline": "الأخبار التي يتفق عليها الناس",
        "demo": "هذا عرض تجريبي. أرسل قراءً إلى صورة، أو أبلغ عن صورة بنفسك بزرها، وانظر ما يحدث لها: تُحجب الصورة "
        "متى أبلغ عنها عدد كافٍ من أشخاص مختلفين.",
        "reader": "أنت القارئ رقم",
        "another": "كن قارئًا آخر",
        "fresh": "ابدأ من جديد بصور جديدة",
        "choose": "أرسل القراء إلى هنا",
        "send": "أرسل قراءً إلى:",
        "members": "عدد القراء: {members}.",
        "points": "النقاط: {score} من {threshold}",
        "people": "الأشخاص المختلفون: {people}",
        "archive": "الأرشيف: المحجوب {blocked}، المعلّق {held}",
        "event": "الحدث الذي تتلقاه الخدمات الأخرى",
        "no_event": "لا شيء حتى الآن: لم يُتخذ أي قرار.",
        "failed": "تعذّر إرسال القراء. حاول مرة أخرى بعد قليل.",
        "stale": "لا أخبار من الخادم الآن، وستواصل هذه الصفحة السؤال.",
        "language": "اللغة",
        "script": "تحتاج هذه الصفحة إلى جافاسكربت.",
    },
    "es": {
        "title": "El Quórum Diario",
        "panel": "Sobre esta demostración",
        "tagline": "Las noticias en las que la gente coincide",
        "demo": "Una demostración. Envíe lectores a una imagen, o denuncie una usted mismo con su botón, y vea qué "
        "ocurre: se bloquea en cuanto la han denunciado suficientes personas distintas.",
        "reader": "Usted es el lector",
        "another": "Ser otro lector",
        "fresh": "Empezar de nuevo con otras imágenes",
        "choose": "Enviar lectores aquí",
        "send": "Enviar lectores a:",
        "members": "Lectores: {members}.",
        "points": "{score} de {threshold} puntos",
        "people": "Personas distintas: {people}",
        "archive": "Archivo: {blocked} bloqueadas, {held} retenidas",
        "event": "El evento que reciben los demás servicios",
        "no_event": "Ninguno por ahora: no se ha decidido nada.",
        "failed": "No se ha podido enviar a los lectores. Inténtelo dentro de un momento.",
        "stale": "Sin noticias del servidor por ahora; esta página sigue preguntando.",
        "language": "Idioma",
        "script": "Esta página necesita JavaScript.",
    },
}

# The verdict in a sentence, by the state of the picture; `quiet` is open, and reported by nobody.
STATES = {
    "en": {
        "quiet": "Nobody has reported this picture.",
        "open": "Open: it stays, for it has not enough points.",
        "blocked": "Blocked: enough different people agree. It is hidden from everybody, and one event has gone out.",
        "held": "Held: it waits for a moderator, and readers are asked before they see it.",
        "cleared": "Cleared: a moderator has looked at it, and it stays.",
    },
    "fr": {
        "quiet": "Personne n'a signalé cette image.",
        "open": "Ouverte : elle reste, car elle n'a pas assez de points.",
        "blocked": "Bloquée : assez de personnes différentes sont d'accord. Elle est cachée à tout le monde, et un "
        "seul événement est parti.",
        "held": "Retenue : elle attend la modération, et n'est montrée qu'à qui le demande.",
        "cleared": "Approuvée : la modération l'a examinée, et elle reste.",
    },
    "ar": {
        "quiet": "لم يبلغ أحد عن هذه الصورة.",
        "open": "مفتوحة: تبقى الصورة لأن نقاطها لا تكفي.",
        "blocked": "محجوبة: اتفق عدد كافٍ من أشخاص مختلفين. أُخفيت عن الجميع، وخرج حدث واحد.",
        "held": "معلّقة: تنتظر مشرفًا، ولا تُعرض إلا لمن يطلبها.",
        "cleared": "مقبولة: نظر فيها مشرف، وهي باقية.",
    },
    "es": {
        "quiet": "Nadie ha denunciado esta imagen.",
        "open": "Abierta: se queda, pues no tiene puntos suficientes.",
        "blocked": "Bloqueada: suficientes personas distintas coinciden. Está oculta para todos, y ha salido un solo "
        "evento.",
        "held": "Retenida: espera a la moderación, y solo se muestra a quien lo pide.",
        "cleared": "Aprobada: la moderación la ha revisado, y se queda.",
    },
}

# Why a picture is held rather than blocked.
CAUSES = {
    "en": {
        "budget": "Those who reported it have helped to block as many pictures as they may in a day.",
        "shields": "So many pictures were blocked lately that the bar is higher for a while.",
        "protected": "The policy never blocks it without a moderator.",
        "warned": "Those who reported it were warned for unfounded reports.",
    },
    "fr": {
        "budget": "Les personnes qui l'ont signalée ont déjà aidé à bloquer autant d'images que permis en un jour.",
        "shields": "Tant d'images ont été bloquées récemment que le seuil est plus haut pour un temps.",
        "protected": "Les règles ne la bloquent jamais sans la modération.",
        "warned": "Les personnes qui l'ont signalée ont été averties pour des signalements infondés.",
    },
    "ar": {
        "budget": "من أبلغوا عنها ساعدوا اليوم على حجب أقصى ما يُسمح لهم به من الصور.",
        "shields": "حُجبت صور كثيرة مؤخرًا، فرُفع الحد لبعض الوقت.",
        "protected": "القواعد لا تحجبها أبدًا دون مشرف.",
        "warned": "من أبلغوا عنها نُبّهوا بسبب بلاغات لا أساس لها.",
    },
    "es": {
        "budget": "Quienes la denunciaron ya han ayudado a bloquear tantas imágenes como pueden en un día.",
        "shields": "Se han bloqueado tantas imágenes últimamente que el umbral es más alto por un tiempo.",
        "protected": "Las reglas nunca la bloquean sin la moderación.",
        "warned": "Quienes la denunciaron fueron advertidos por denuncias infundadas.",
    },
}
