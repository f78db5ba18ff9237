"""What the demo page says of the readers that can be sent: what they are called, who they are, why they count so."""

CREW_TEXTS = {
    "en": {
        "crowd": {
            "title": "A crowd",
            "who": "Each from elsewhere, with accounts of years.",
            "why": "They have nothing in common but the picture, so each of them counts in full.",
        },
        "office": {
            "title": "One office",
            "who": "Accounts of years, all behind one address.",
            "why": "People of one network look alike and add less each: together they count for little more than one.",
        },
        "fresh": {
            "title": "A fresh brigade",
            "who": "Accounts that were made this minute.",
            "why": "An account grows into its weight within {days} days, and one of this minute weighs nothing.",
        },
        "patient": {
            "title": "A patient brigade",
            "who": "Accounts of years that take picture after picture: {archive} of the archive, then this one.",
            "why": "A person helps to block at most {budget} pictures a day. Beyond that, their reports only bring a "
            "picture before a moderator.",
        },
    },
    "fr": {
        "crowd": {
            "title": "Une foule",
            "who": "Chacune d'un autre endroit, avec des comptes de plusieurs années.",
            "why": "Ces personnes n'ont rien en commun que l'image : chacune compte donc entièrement.",
        },
        "office": {
            "title": "Un seul bureau",
            "who": "Des comptes de plusieurs années, tous derrière une même adresse.",
            "why": "Les personnes d'un même réseau se ressemblent et ajoutent chacune moins : ensemble, elles comptent "
            "à peine plus qu'une seule.",
        },
        "fresh": {
            "title": "Une brigade toute neuve",
            "who": "Des comptes créés à cette minute.",
            "why": "Un compte prend tout son poids en {days} jours ; un compte de cette minute ne pèse rien.",
        },
        "patient": {
            "title": "Une brigade patiente",
            "who": "De vieux comptes qui visent une image après l'autre : {archive} des archives, puis celle-ci.",
            "why": "Une personne aide à bloquer {budget} images par jour au plus. Au-delà, ses signalements ne font "
            "que soumettre l'image à la modération.",
        },
    },
    "ar": {
        "crowd": {
            "title": "جمهور",
            "who": "كل واحد من مكان مختلف، وحساباتهم عمرها سنوات.",
            "why": "لا يجمعهم شيء سوى الصورة، لذلك يُحسب كل واحد منهم كاملًا.",
        },
        "office": {
            "title": "مكتب واحد",
            "who": "حسابات عمرها سنوات، كلها خلف عنوان واحد.",
            "why": "من يأتون من شبكة واحدة يتشابهون، فيضيف كل منهم أقل: لا يكاد وزنهم معًا يزيد على شخص واحد.",
        },
        "fresh": {
            "title": "كتيبة جديدة",
            "who": "حسابات أُنشئت في هذه الدقيقة.",
            "why": "يكتمل وزن الحساب خلال أيام عددها {days}، أما حساب عمره دقيقة فلا وزن له.",
        },
        "patient": {
            "title": "كتيبة صبورة",
            "who": "حسابات قديمة تستهدف صورة بعد صورة: {archive} من الأرشيف ثم هذه.",
            "why": "أقصى ما يساعد الشخص على حجبه في اليوم من الصور: {budget}. وبعد ذلك لا تفعل بلاغاته سوى عرض الصورة "
            "على مشرف.",
        },
    },
    "es": {
        "crowd": {
            "title": "Una multitud",
            "who": "Cada uno de un lugar distinto, con cuentas de años.",
            "why": "No tienen nada en común salvo la imagen, así que cada persona cuenta por entero.",
        },
        "office": {
            "title": "Una sola oficina",
            "who": "Cuentas de años, todas detrás de una misma dirección.",
            "why": "Las personas de una misma red se parecen y cada una añade menos: juntas cuentan poco más que "
            "una sola.",
        },
        "fresh": {
            "title": "Una brigada recién creada",
            "who": "Cuentas creadas en este minuto.",
            "why": "Una cuenta alcanza todo su peso en {days} días; una de este minuto no pesa nada.",
        },
        "patient": {
            "title": "Una brigada paciente",
            "who": "Cuentas de años que van imagen tras imagen: {archive} del archivo y después esta.",
            "why": "Una persona ayuda a bloquear como mucho {budget} imágenes al día. Después, sus denuncias solo "
            "llevan la imagen ante la moderación.",
        },
    },
}
