"""The problems that a reader may meet, in every language but English, in which they are written where they happen.

Title and detail are for the reader. What programs and whoever builds the site go by stays as it is in every language:
`type`, the names of fields, and the messages in `errors`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """What a problem is called, and what helps."""

    title: str
    detail: str


class FieldWords(NamedTuple):
    """What is wrong with a field."""

    missing: str
    unknown: str
    invalid: str


_FRENCH_503 = "Rien n'a été enregistré. Renvoyez la même demande après le délai indiqué par Retry-After."
_ARABIC_503 = "لم يُحفظ شيء. أعد إرسال الطلب نفسه بعد المدة المذكورة في Retry-After."
_SPANISH_503 = "No se ha guardado nada. Repita la misma solicitud tras el plazo indicado en Retry-After."

TEXTS: Mapping[str, Mapping[str, Words]] = {
    "fr": {
        "token-missing": Words("Il manque un jeton de lecteur", "Connectez-vous au site, puis réessayez."),
        "token-expired": Words("Le jeton a expiré", "Demandez au site un nouveau jeton, puis réessayez."),
        "token-early": Words("Le jeton n'est pas encore valable", "L'horloge du site avance peut-être."),
        "token-too-long": Words("Le jeton est valable trop longtemps", "Le site doit émettre des jetons plus courts."),
        "token-audience": Words(
            "Le jeton est destiné à un autre service", "Le site doit en émettre un pour ce service."
        ),
        "token-invalid": Words("Le jeton n'est pas valable", "Reconnectez-vous au site, puis réessayez."),
        "key-missing": Words("Il manque une clé d'API", "Envoyez-la ainsi : 'Authorization: Bearer <clé>'."),
        "key-unknown": Words("La clé d'API est inconnue", "Envoyez-en une autre."),
        "credential-unknown": Words("L'identifiant est inconnu", "Ce n'est ni une clé d'API ni un jeton de lecteur."),
        "credential-unreadable": Words("L'identifiant est illisible", "Envoyez : 'Authorization: Bearer <jeton>'."),
        "forbidden": Words("La clé d'API ne le permet pas", "Utilisez une clé qui en a le droit."),
        "invalid-report": Words("Le signalement n'est pas valable", "{fields}"),
        "idempotency-key-reused": Words(
            "L'Idempotency-Key a déjà servi", "Prenez-en une nouvelle pour chaque demande."
        ),
        "rate-limited": Words("Trop de demandes", "Plus de {quota} en une minute. Réessayez dans {seconds} s."),
        "too-many-unfinished": Words("Trop de demandes inachevées", "Réessayez dans un instant."),
        "inbox-full": Words("Les signalements ne peuvent être reçus pour le moment", _FRENCH_503),
        "data-missing": Words("Les données manquent pour le moment", _FRENCH_503),
        "store-unavailable": Words("Les données sont inaccessibles pour le moment", _FRENCH_503),
        "busy": Words("Trop de demandes à la fois", "Réessayez dans un instant."),
        "unknown-image": Words("L'image est inconnue", "Personne ne l'a signalée et rien n'a été décidé à son sujet."),
        "not-blocked": Words("L'image n'est pas bloquée", "On ne peut faire appel que d'un blocage."),
        "no-statement": Words("Il n'y a pas d'exposé des motifs", "L'image n'est pas bloquée."),
        "appeal-exists": Words("Un appel a déjà été fait", "Un seul appel est entendu contre chaque blocage."),
        "appeal-needs-another": Words(
            "Un autre modérateur doit décider", "Vous avez décidé auparavant ; un autre décide de l'appel."
        ),
        "no-open-appeal": Words(
            "Il n'y a pas d'appel en cours", "Aucun appel contre le blocage de cette image n'attend."
        ),
    },
    "ar": {
        "token-missing": Words("رمز القارئ مفقود", "سجّل الدخول إلى الموقع ثم حاول مرة أخرى."),
        "token-expired": Words("انتهت صلاحية الرمز", "اطلب من الموقع رمزًا جديدًا ثم حاول مرة أخرى."),
        "token-early": Words("الرمز غير صالح بعد", "قد تكون ساعة الموقع متقدمة."),
        "token-too-long": Words("مدة صلاحية الرمز أطول من المسموح", "على الموقع أن يصدر رموزًا أقصر مدة."),
        "token-audience": Words("الرمز مخصص لخدمة أخرى", "على الموقع أن يصدر رمزًا لهذه الخدمة."),
        "token-invalid": Words("الرمز غير صالح", "سجّل الدخول إلى الموقع من جديد ثم حاول مرة أخرى."),
        "key-missing": Words("مفتاح الواجهة البرمجية مفقود", "أرسله هكذا: 'Authorization: Bearer <key>'."),
        "key-unknown": Words("مفتاح الواجهة البرمجية غير معروف", "أرسل مفتاحًا آخر."),
        "credential-unknown": Words("بيانات الاعتماد غير معروفة", "ليست مفتاحًا للواجهة البرمجية ولا رمز قارئ."),
        "credential-unreadable": Words("تتعذر قراءة بيانات الاعتماد", "أرسل: 'Authorization: Bearer <token>'."),
        "forbidden": Words("مفتاح الواجهة البرمجية لا يسمح بذلك", "استخدم مفتاحًا له هذه الصلاحية."),
        "invalid-report": Words("البلاغ غير صالح", "{fields}"),
        "idempotency-key-reused": Words("استُخدم Idempotency-Key من قبل", "استخدم مفتاحًا جديدًا لكل طلب."),
        "rate-limited": Words("الطلبات كثيرة", "أكثر من {quota} في الدقيقة. حاول مرة أخرى بعد {seconds} ث."),
        "too-many-unfinished": Words("الطلبات غير المكتملة كثيرة", "حاول مرة أخرى بعد قليل."),
        "inbox-full": Words("لا يمكن استقبال البلاغات الآن", _ARABIC_503),
        "data-missing": Words("البيانات غير موجودة الآن", _ARABIC_503),
        "store-unavailable": Words("لا يمكن الوصول إلى البيانات الآن", _ARABIC_503),
        "busy": Words("الخدمة مشغولة الآن", "حاول مرة أخرى بعد قليل."),
        "unknown-image": Words("الصورة غير معروفة", "لم يبلّغ عنها أحد ولم يُتخذ قرار بشأنها."),
        "not-blocked": Words("الصورة غير محجوبة", "لا يمكن الاعتراض إلا على الحجب."),
        "no-statement": Words("لا يوجد بيان أسباب", "الصورة غير محجوبة."),
        "appeal-exists": Words("سبق تقديم اعتراض", "يُنظر في اعتراض واحد على كل حجب."),
        "appeal-needs-another": Words("يجب أن يقرر مشرف آخر", "لقد قررت من قبل، ويقرر في الاعتراض مشرف آخر."),
        "no-open-appeal": Words("لا يوجد اعتراض قائم", "لا ينتظر أي اعتراض على حجب هذه الصورة."),
    },
    "es": {
        "token-missing": Words("Falta el token del lector", "Inicie sesión en el sitio y vuelva a intentarlo."),
        "token-expired": Words("El token ha caducado", "Pida al sitio un token nuevo y vuelva a intentarlo."),
        "token-early": Words("El token todavía no es válido", "Quizá el reloj del sitio esté adelantado."),
        "token-too-long": Words(
            "El token es válido durante demasiado tiempo", "El sitio debe emitir tokens más breves."
        ),
        "token-audience": Words("El token es para otro servicio", "El sitio debe emitir uno para este servicio."),
        "token-invalid": Words("El token no es válido", "Vuelva a iniciar sesión en el sitio e inténtelo de nuevo."),
        "key-missing": Words("Falta una clave de API", "Envíela así: 'Authorization: Bearer <clave>'."),
        "key-unknown": Words("La clave de API es desconocida", "Envíe otra."),
        "credential-unknown": Words("La credencial es desconocida", "No es una clave de API ni un token de lector."),
        "credential-unreadable": Words("La credencial no se puede leer", "Envíe: 'Authorization: Bearer <token>'."),
        "forbidden": Words("La clave de API no lo permite", "Use una clave que tenga ese permiso."),
        "invalid-report": Words("La denuncia no es válida", "{fields}"),
        "idempotency-key-reused": Words("La Idempotency-Key ya se ha usado", "Use una nueva para cada solicitud."),
        "rate-limited": Words("Demasiadas solicitudes", "Más de {quota} en un minuto. Reinténtelo en {seconds} s."),
        "too-many-unfinished": Words("Demasiadas solicitudes sin terminar", "Reinténtelo dentro de un momento."),
        "inbox-full": Words("Ahora no se pueden recibir denuncias", _SPANISH_503),
        "data-missing": Words("Los datos no están disponibles ahora", _SPANISH_503),
        "store-unavailable": Words("Ahora no se puede acceder a los datos", _SPANISH_503),
        "busy": Words("Demasiadas solicitudes a la vez", "Reinténtelo dentro de un momento."),
        "unknown-image": Words("La imagen es desconocida", "Nadie la ha denunciado y nada se ha decidido sobre ella."),
        "not-blocked": Words("La imagen no está bloqueada", "Solo se puede recurrir un bloqueo."),
        "no-statement": Words("No hay exposición de motivos", "La imagen no está bloqueada."),
        "appeal-exists": Words("Ya hubo un recurso", "Se atiende un solo recurso contra cada bloqueo."),
        "appeal-needs-another": Words("Debe decidir otro moderador", "Usted decidió antes; del recurso decide otro."),
        "no-open-appeal": Words(
            "No hay ningún recurso abierto", "Ningún recurso contra el bloqueo de esta imagen está pendiente."
        ),
    },
}
_FIELDS: Mapping[str, FieldWords] = {
    "fr": FieldWords("manque", "n'est pas un champ connu", "n'est pas valable ici"),
    "ar": FieldWords("مفقود", "حقل غير معروف", "غير صالح هنا"),
    "es": FieldWords("falta", "no es un campo conocido", "no es válido aquí"),
}
KINDS = frozenset(
    TEXTS["fr"]
)  # the problems that are told in the reader's language; a test sees that all have the same


def words_of(kind: str, language: str, told: Mapping[str, object]) -> Words | None:
    """Return a problem's words in a language, None where only the English ones are there.

    `told`: what the detail says of this one request: `quota` and `seconds` (of `rate-limited`), or `errors`, the fields
    of `invalid-report` with their English messages.
    """
    words = TEXTS.get(language, {}).get(kind)
    if words is None:
        return None
    errors = told.get("errors")
    fields = _fields(errors, language) if isinstance(errors, list) else ""
    return Words(words.title, words.detail.format_map({**told, "fields": fields}))


def _fields(errors: Iterable[Mapping[str, str]], language: str) -> str:
    return "; ".join(f"{one['field']}: {_said(one['message'], _FIELDS[language])}" for one in errors)


def _said(message: str, words: FieldWords) -> str:
    """Return what stands for an English message of marshmallow."""
    if message.startswith("Missing data"):
        return words.missing
    return words.unknown if message.startswith("Unknown field") else words.invalid
