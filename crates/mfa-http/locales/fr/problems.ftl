# Ce que l’API dit aux lecteurs, en français. Sobre : aucun texte ne dit quelle partie d’un identifiant était fausse.
# Espace insécable avant « : » et dans les guillemets, fine insécable avant « ; », « ! » et « ? » : un test y veille.

# Problèmes : en quelques mots ce qui ne va pas, et ce que le lecteur peut y faire.

problem-malformed-request = Requête mal formée
    .detail = Le corps de la requête doit être un objet JSON en UTF-8, sans clé répétée.
problem-body-too-slow = Requête incomplète
    .detail = Le corps de la requête n’est pas arrivé à temps.
problem-token-missing = Jeton absent
    .detail = Cet appel demande un jeton dans l’en-tête Authorization.
problem-token-invalid = Jeton non valable
    .detail = Le jeton n’est pas valable. Reconnectez-vous.
problem-token-expired = Jeton expiré
    .detail = Le jeton a expiré. Reconnectez-vous.
problem-token-spent = Jeton déjà utilisé
    .detail = Le jeton a déjà servi. Reconnectez-vous.
problem-token-revoked = Jeton révoqué
    .detail = Le jeton a été révoqué. Reconnectez-vous.
problem-step-up-required = Vérification récente exigée
    .detail = Présentez à nouveau un second facteur, puis recommencez avec le nouveau jeton.
problem-invalid-code = Code refusé
    .detail = Le code est incorrect, expiré ou déjà utilisé.
problem-invalid-credentials = Identifiants refusés
    .detail = Les identifiants sont incorrects.
problem-account-locked = Compte verrouillé
    .detail = Trop de codes incorrects : le compte est verrouillé pour le moment.
problem-account-disabled = Compte désactivé
    .detail = Ce compte est désactivé. Adressez-vous à un administrateur.
problem-wrong-token-stage = Jeton d’une autre étape
    .detail = Ce jeton ne convient pas à cette étape de la connexion.
problem-not-allowed = Action non autorisée
    .detail = Cette action n’est pas autorisée.
problem-not-found = Introuvable
    .detail = Il n’y a rien à cette adresse.
problem-method-not-allowed = Méthode non admise
    .detail = Cette adresse n’admet que les méthodes de l’en-tête Allow.
problem-too-large = Requête trop grande
    .detail = Le corps de la requête dépasse 16 Kio.
problem-unsupported-media-type = Format non pris en charge
    .detail = Le corps de la requête doit être annoncé comme application/json.
problem-not-enrolled = Aucune application enregistrée
    .detail = Ce compte n’a pas d’application d’authentification.
problem-no-enrolment-in-progress = Aucun enregistrement en cours
    .detail = Commencez ou recommencez l’enregistrement de l’application.
problem-method-not-available = Méthode non disponible
    .detail = Cette méthode n’est pas disponible pour ce compte. Choisissez-en une autre.
problem-phone-refused = Numéro refusé
    .detail = Aucun SMS ne peut être envoyé à ce numéro. Donnez un autre numéro de mobile, ou choisissez une autre méthode.
problem-sms-budget-spent = Trop de SMS
    .detail = Trop de SMS ont été demandés. Attendez avant d’en demander un autre, ou choisissez une autre méthode.
problem-sms-unavailable = SMS non confirmé
    .detail = L’envoi du SMS n’a pas été confirmé. S’il arrive, son code est valable ; sinon, choisissez une autre méthode.
problem-factor-required = Facteur obligatoire
    .detail = Ce compte doit garder un second facteur : le dernier ne peut pas être retiré.
problem-invalid-field = Champ non valable
    .detail = Un champ de la requête n’est pas valable.
problem-rate-limited = Trop de tentatives
    .detail = Trop de tentatives. Patientez avant de recommencer.
problem-internal-error = Erreur interne
    .detail = Une erreur interne est survenue. Elle a été consignée.
problem-store-unavailable = Service indisponible
    .detail = Le service est momentanément indisponible. Réessayez dans un instant.
problem-store-outcome-unknown = Service indisponible
    .detail = L’issue de l’appel n’est pas connue : ce code est peut-être consommé, utilisez le prochain.
problem-clock-skew = Horloge décalée
    .detail = L’horloge du service n’est pas fiable pour le moment. Réessayez plus tard.
problem-overloaded = Service surchargé
    .detail = Le service est surchargé. Réessayez dans un instant.

# Ce qui ne va pas dans un champ d’une requête.

field-missing = Ce champ est obligatoire.
field-unknown = Ce champ n’est pas connu.
field-not-text = Ce champ doit être une chaîne de caractères.
field-nul = Ce champ contient un caractère interdit.
field-not-six-digits = Le code est formé de six chiffres.
field-not-a-code = Donnez un code à six chiffres ou un code de secours.
field-not-a-phone-number = Ce n’est pas un numéro de téléphone : donnez-le avec son indicatif (+33…), ou avec son pays.
field-not-a-country = Donnez un code de pays à deux lettres, comme FR.
field-not-a-backup-method = Donnez « sms » ou « none ».
field-unusable = Cette valeur n’est pas utilisable.
field-taken = Cette valeur est déjà prise.
field-repeated = Ce champ ne peut être donné qu’une fois.
field-not-a-flag = Donnez true ou false.
field-not-a-time = Donnez une date et une heure comme 2026-11-25T08:00:00Z.
field-not-one-of = Cette valeur n’est pas admise ici.
field-out-of-range = Donnez un nombre entier de { $least } à { $most }.
field-period = La période doit finir après son début et durer { $days } jours au plus.
field-too-many-characters = Ce champ compte de 1 à { $most } caractères.
field-too-many-bytes = Ce champ compte de 1 à { $most } octets.

# Les méthodes du second facteur.

method-totp = Application d’authentification
method-sms = Code par SMS
method-recovery = Code de secours

# Avertissements après l’emploi d’un code de secours.

warning-few-codes-left = { $left ->
    [one] Il ne reste qu’un code de secours : générez-en de nouveaux.
   *[other] Il ne reste que { $left } codes de secours : générez-en de nouveaux.
}
warning-foreign-codes = Vos codes de secours viennent de l’ancien système : générez-en de nouveaux.
warning-no-code-left = C’était le dernier code de secours : générez-en de nouveaux.
