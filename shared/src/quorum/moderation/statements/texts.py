"""The words of statements of reasons, in every language in which readers are spoken to."""

from collections.abc import Mapping
from dataclasses import dataclass

from quorum.languages import DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of a statement; numbers stand where no language bends a word after them."""

    title: str
    hidden: str
    reported: str
    unreported: str
    automatic: str
    by_moderator: str
    terms: str
    law: str
    explained: str
    appeal: str
    elsewhere: str


_WORDS: Mapping[str, Words] = {
    "en": Words(
        "Why your image is not shown",
        "The image {image} has not been shown since {day}. This holds in: {countries}.",
        "Number of different people who reported the image, by what they said is wrong: {reasons} (in all: {count}).",
        "A moderator looked at the image without any report.",
        "It was blocked automatically, because enough different people had reported it; no person had looked at it.",
        "A moderator looked at it and decided that it stays hidden.",
        "It relies on our rules: {terms}.",
        "It relies on the law: {law}.",
        "What was found wrong with the image: {reasons}.",
        "If you think that this is wrong, you can appeal once, free of charge, through the site. A person decides.",
        "You can also turn to a certified body for settling disputes out of court, or to a court "
        "(Digital Services Act, Articles 20 and 21).",
    ),
    "fr": Words(
        "Pourquoi votre image n'est pas affichée",
        "L'image {image} n'est plus affichée depuis le {day}. Cela vaut dans : {countries}.",
        "Nombre de personnes différentes qui ont signalé l'image, selon le motif : {reasons} (en tout : {count}).",
        "Un modérateur a examiné l'image sans qu'elle ait été signalée.",
        "Elle a été bloquée automatiquement, car assez de personnes différentes l'avaient signalée ; "
        "personne ne l'avait examinée.",
        "Un modérateur l'a examinée et a décidé qu'elle reste masquée.",
        "Cette décision repose sur nos règles : {terms}.",
        "Cette décision repose sur la loi : {law}.",
        "Ce qui est reproché à l'image : {reasons}.",
        "Si vous pensez que c'est une erreur, vous pouvez faire appel une fois, gratuitement, par le site. "
        "Une personne décide.",
        "Vous pouvez aussi saisir un organe certifié de règlement extrajudiciaire des litiges, ou un tribunal "
        "(règlement sur les services numériques, articles 20 et 21).",
    ),
    "ar": Words(
        "لماذا لا تُعرض صورتك",
        "الصورة {image} غير معروضة منذ {day}. يسري ذلك في: {countries}.",
        "عدد الأشخاص المختلفين الذين أبلغوا عن الصورة بحسب السبب: {reasons} (المجموع: {count}).",
        "راجع مشرف الصورة دون أي بلاغ.",
        "حُجبت تلقائيًا لأن عددًا كافيًا من الأشخاص المختلفين أبلغوا عنها، ولم يراجعها أحد قبل ذلك.",
        "راجعها مشرف وقرر أن تبقى محجوبة.",
        "يستند القرار إلى قواعدنا: {terms}.",
        "يستند القرار إلى القانون: {law}.",
        "المآخذ على الصورة: {reasons}.",
        "إن رأيت أن هذا خطأ، يمكنك الاعتراض مرة واحدة مجانًا عبر الموقع. يقرر في الاعتراض شخص.",
        "ويمكنك أيضًا اللجوء إلى هيئة معتمدة لتسوية المنازعات خارج المحكمة أو إلى محكمة "
        "(قانون الخدمات الرقمية، المادتان 20 و21).",
    ),
    "es": Words(
        "Por qué no se muestra su imagen",
        "La imagen {image} no se muestra desde el {day}. Esto rige en: {countries}.",
        "Número de personas distintas que denunciaron la imagen, según el motivo: {reasons} (en total: {count}).",
        "Un moderador examinó la imagen sin que nadie la denunciara.",
        "Se bloqueó automáticamente, porque la habían denunciado suficientes personas distintas; "
        "nadie la había examinado.",
        "Un moderador la examinó y decidió que siga oculta.",
        "La decisión se basa en nuestras normas: {terms}.",
        "La decisión se basa en la ley: {law}.",
        "Lo que se reprocha a la imagen: {reasons}.",
        "Si cree que es un error, puede recurrir una vez, gratis, a través del sitio. Decide una persona.",
        "También puede acudir a un órgano certificado de resolución extrajudicial de litigios o a un tribunal "
        "(Reglamento de Servicios Digitales, artículos 20 y 21).",
    ),
}


def words_in(language: str) -> Words:
    """Return the words of a language, English where there are none."""
    return _WORDS.get(language, _WORDS[DEFAULT_LANGUAGE])
