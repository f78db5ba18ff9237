"""The stories of the demo page, each about one of the pictures drawn for it in `static/pictures`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """A story; `picture` says what there is to see, for those who do not see it."""

    headline: str
    lead: str
    picture: str


STORIES = {
    "en": {
        "harbour": Story(
            "The harbour wakes before the town",
            "Fishing boats left the quay at dawn, on the calmest sea of the year.",
            "Two sailing boats on calm water, under a low orange sun.",
        ),
        "market": Story(
            "Saturday market breaks its own record",
            "Three hundred stalls, and not one umbrella was needed.",
            "Stalls with red and white awnings, full of fruit, in a sunny square.",
        ),
        "summit": Story(
            "Climbers reach the eastern summit",
            "The old route is open again after eleven years of repairs.",
            "Two climbers near a snowy peak with a red flag on it.",
        ),
        "storm": Story(
            "Storm passes north of the city",
            "Lightning was seen for an hour; the power stayed on.",
            "Lightning over the dark roofs of a city, with some windows lit.",
        ),
        "concert": Story(
            "An orchestra plays for the night shift",
            "The concert began at four in the morning, and was sold out.",
            "A conductor between two cellos on a stage with red curtains.",
        ),
        "garden": Story(
            "A car park becomes a garden",
            "Neighbours planted two thousand seedlings in a weekend.",
            "A woman beside beds of seedlings, and a tree in front of houses.",
        ),
    },
    "fr": {
        "harbour": Story(
            "Le port se lève avant la ville",
            "Les bateaux ont quitté le quai à l'aube, sur la mer la plus calme de l'année.",
            "Deux voiliers sur une eau calme, sous un soleil orange et bas.",
        ),
        "market": Story(
            "Record battu au marché du samedi",
            "Trois cents étals, et pas un seul parapluie.",
            "Des étals de fruits aux auvents rouges et blancs, sur une place ensoleillée.",
        ),
        "summit": Story(
            "Le sommet de l'Est est atteint",
            "La voie historique rouvre après onze ans de travaux.",
            "Deux alpinistes près d'une cime enneigée où flotte un drapeau rouge.",
        ),
        "storm": Story(
            "L'orage passe au nord de la ville",
            "Une heure d'éclairs, et aucune coupure de courant.",
            "Des éclairs au-dessus des toits sombres d'une ville aux quelques fenêtres éclairées.",
        ),
        "concert": Story(
            "Un orchestre pour l'équipe de nuit",
            "Le concert a commencé à quatre heures du matin, à guichets fermés.",
            "Un chef d'orchestre entre deux violoncelles, sur une scène aux rideaux rouges.",
        ),
        "garden": Story(
            "Un parking devient jardin",
            "Les voisins ont planté deux mille semis en un week-end.",
            "Une femme près de carrés de semis, et un arbre devant des maisons.",
        ),
    },
    "ar": {
        "harbour": Story(
            "الميناء يستيقظ قبل المدينة",
            "غادرت قوارب الصيد الرصيف عند الفجر في أهدأ بحر هذا العام.",
            "مركبان شراعيان على ماء هادئ تحت شمس برتقالية منخفضة.",
        ),
        "market": Story(
            "سوق السبت يحطم رقمه القياسي",
            "ثلاثمئة كشك، ولم تُفتح مظلة واحدة.",
            "أكشاك فاكهة بمظلات حمراء وبيضاء في ساحة مشمسة.",
        ),
        "summit": Story(
            "متسلقون يبلغون القمة الشرقية",
            "الطريق القديم مفتوح من جديد بعد أحد عشر عامًا من الترميم.",
            "متسلقان قرب قمة ثلجية يعلوها علم أحمر.",
        ),
        "storm": Story(
            "العاصفة تمر شمال المدينة",
            "ساعة من البرق ولم تنقطع الكهرباء.",
            "برق فوق أسطح مدينة مظلمة وبعض نوافذها مضاء.",
        ),
        "concert": Story(
            "أوركسترا لعمّال الليل",
            "بدأت الحفلة في الرابعة صباحًا ونفدت تذاكرها.",
            "قائد أوركسترا بين آلتي تشيلو على مسرح بستائر حمراء.",
        ),
        "garden": Story(
            "موقف سيارات يصير حديقة",
            "زرع الجيران ألفي شتلة في عطلة واحدة.",
            "امرأة بجانب أحواض الشتلات، وشجرة أمام البيوت.",
        ),
    },
    "es": {
        "harbour": Story(
            "El puerto despierta antes que la ciudad",
            "Los barcos salieron al alba, con la mar más tranquila del año.",
            "Dos veleros en aguas tranquilas, bajo un sol naranja y bajo.",
        ),
        "market": Story(
            "El mercado del sábado bate su récord",
            "Trescientos puestos, y ni un solo paraguas.",
            "Puestos de fruta con toldos rojos y blancos en una plaza soleada.",
        ),
        "summit": Story(
            "Coronan la cumbre oriental",
            "La vía histórica se reabre tras once años de obras.",
            "Dos escaladores cerca de una cima nevada con una bandera roja.",
        ),
        "storm": Story(
            "La tormenta pasa al norte",
            "Una hora de relámpagos, y la luz no se fue.",
            "Relámpagos sobre los tejados oscuros de una ciudad con algunas ventanas encendidas.",
        ),
        "concert": Story(
            "Una orquesta para el turno de noche",
            "El concierto empezó a las cuatro de la mañana, con lleno total.",
            "Un director entre dos violonchelos, en un escenario con cortinas rojas.",
        ),
        "garden": Story(
            "Un aparcamiento se vuelve jardín",
            "Los vecinos plantaron dos mil brotes en un fin de semana.",
            "Una mujer junto a bancales de brotes, y un árbol delante de unas casas.",
        ),
    },
}
