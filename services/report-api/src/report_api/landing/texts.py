"""What the page says, in each language that quorum speaks."""

TEXTS = {
    "en": {
        "title": "quorum runs here",
        "language": "Language",
        "what": "An image is blocked once enough different people have reported it: at {threshold} points, from "
        "{people} people or more. Then every other service is told.",
        "ready": "Ready: reports are taken.",
        "waiting": "Not ready: Redis is away. The page of operations says what to do.",
        "click": "Click",
        "demo": "The demonstration",
        "demo_what": "A news page: send a crowd or a brigade to a picture, and watch what becomes of it.",
        "docs": "Documentation of the API",
        "docs_what": "Every call, with examples that can be tried.",
        "metrics": "Metrics",
        "metrics_what": "The numbers, for Prometheus.",
        "paste": "Paste: five readers report an image",
        "shell": "In a second terminal, in the same folder, open a shell that knows this quorum:",
        "after_paste": "The last line shows the one event that went out. To see events as they happen:",
        "own": "A page of your own",
        "own_page": "Paste this into such a shell, too. It makes a page with one picture and a report button, and "
        "serves it.",
        "own_open": "Open the page, and report the picture if you like:",
        "own_block": "Let five more readers report it, from another such shell. Then load the page again: the picture "
        "is hidden.",
        "to_copy": "Copy",
        "copied": "Copied",
        "public": "Report API",
        "public_what": "Readers of a site report images here. An image that enough different people have reported is "
        "blocked.",
    },
    "fr": {
        "title": "quorum fonctionne ici",
        "language": "Langue",
        "what": "Une image est bloquée dès qu'assez de personnes différentes l'ont signalée : à {threshold} points, "
        "venant de {people} personnes ou plus. Tous les autres services l'apprennent alors.",
        "ready": "Prêt : les signalements sont reçus.",
        "waiting": "Pas prêt : Redis est absent. La page d'exploitation dit que faire.",
        "click": "À cliquer",
        "demo": "La démonstration",
        "demo_what": "Une page d'actualités : envoyez une foule ou une brigade vers une image, et voyez ce qu'elle "
        "devient.",
        "docs": "Documentation de l'API",
        "docs_what": "Chaque appel, avec des exemples à essayer.",
        "metrics": "Métriques",
        "metrics_what": "Les chiffres, pour Prometheus.",
        "paste": "À coller : cinq personnes signalent une image",
        "shell": "Dans un second terminal, dans le même dossier, ouvrez un shell qui connaît ce quorum :",
        "after_paste": "La dernière ligne montre le seul événement qui est parti. Pour voir les événements en direct :",
        "own": "Une page à vous",
        "own_page": "Collez aussi ceci dans un tel shell. Une page avec une image et un bouton de signalement est "
        "créée et servie.",
        "own_open": "Ouvrez la page, et signalez l'image si vous voulez :",
        "own_block": "Faites-la signaler par cinq autres personnes, depuis un autre shell. Puis rechargez la page : "
        "l'image est cachée.",
        "to_copy": "Copier",
        "copied": "Copié",
        "public": "API de signalement",
        "public_what": "Le public d'un site signale ici des images. Une image que suffisamment de personnes "
        "différentes ont signalée est bloquée.",
    },
    "ar": {
        "title": "يعمل quorum هنا",
        "language": "اللغة",
        "what": "تُحجب الصورة متى أبلغ عنها عدد كافٍ من أشخاص مختلفين: الحد من النقاط {threshold}، وأقل عدد من "
        "الأشخاص {people}. عندئذ تُبلَّغ كل الخدمات الأخرى.",
        "ready": "جاهز: تُستقبل البلاغات.",
        "waiting": "غير جاهز: لا يمكن الوصول إلى Redis. صفحة التشغيل تقول ما العمل.",
        "click": "للنقر",
        "demo": "العرض التجريبي",
        "demo_what": "صفحة أخبار: أرسل جمهورًا أو كتيبة إلى صورة، وانظر ما يحدث لها.",
        "docs": "توثيق الواجهة",
        "docs_what": "كل نداء مع أمثلة يمكن تجربتها.",
        "metrics": "المقاييس",
        "metrics_what": "الأرقام، من أجل Prometheus.",
        "paste": "للصق: خمسة قراء يبلغون عن صورة",
        "shell": "في نافذة طرفية ثانية، وفي المجلد نفسه، افتح صدفة تعرف هذا الخادم:",
        "after_paste": "يعرض السطر الأخير الحدث الوحيد الذي خرج. ولرؤية الأحداث عند وقوعها:",
        "own": "صفحة من صنعك",
        "own_page": "الصق هذا أيضًا في صدفة كهذه. ينشئ صفحة فيها صورة واحدة وزر إبلاغ، ويعرضها.",
        "own_open": "افتح الصفحة، وأبلغ عن الصورة إن شئت:",
        "own_block": "دع خمسة قراء آخرين يبلغون عنها، من صدفة أخرى. ثم أعد تحميل الصفحة: الصورة مخفية.",
        "to_copy": "انسخ",
        "copied": "نُسخ",
        "public": "واجهة البلاغات",
        "public_what": "هنا يبلغ قراء الموقع عن الصور. الصورة التي يبلغ عنها عدد كافٍ من أشخاص مختلفين تُحجب.",
    },
    "es": {
        "title": "quorum funciona aquí",
        "language": "Idioma",
        "what": "Una imagen se bloquea en cuanto la han denunciado suficientes personas distintas: con {threshold} "
        "puntos, de {people} personas o más. Entonces se avisa a todos los demás servicios.",
        "ready": "Listo: se reciben denuncias.",
        "waiting": "No está listo: Redis no responde. La página de operación dice qué hacer.",
        "click": "Para pulsar",
        "demo": "La demostración",
        "demo_what": "Una página de noticias: envíe una multitud o una brigada a una imagen, y vea qué ocurre con "
        "ella.",
        "docs": "Documentación de la API",
        "docs_what": "Cada llamada, con ejemplos que se pueden probar.",
        "metrics": "Métricas",
        "metrics_what": "Los números, para Prometheus.",
        "paste": "Para pegar: cinco lectores denuncian una imagen",
        "shell": "En una segunda terminal, en la misma carpeta, abra un shell que conoce este quorum:",
        "after_paste": "La última línea muestra el único evento que ha salido. Para ver los eventos en directo:",
        "own": "Una página suya",
        "own_page": "Pegue también esto en un shell así. Crea una página con una imagen y un botón de denuncia, y la "
        "sirve.",
        "own_open": "Abra la página, y denuncie la imagen si quiere:",
        "own_block": "Haga que la denuncien cinco lectores más, desde otro shell. Después recargue la página: la "
        "imagen está oculta.",
        "to_copy": "Copiar",
        "copied": "Copiado",
        "public": "API de denuncias",
        "public_what": "Los lectores de un sitio denuncian aquí imágenes. Una imagen que han denunciado suficientes "
        "personas distintas se bloquea.",
    },
}
