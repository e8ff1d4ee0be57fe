# Textes des réponses de l’API en français. Aucun texte ne révèle quelle partie des identifiants était incorrecte.
# Espace insécable avant « : » et dans les guillemets, fine insécable avant « ; », « ! » et « ? » : un test le vérifie.

# Problèmes : un titre court, et dans `detail` ce que l’appelant peut faire.

problem-malformed-request = Requête mal formée
    .detail = Le corps de la requête doit être un objet JSON en UTF-8, sans clé en double.
problem-body-too-slow = Requête incomplète
    .detail = Le corps de la requête n’est pas arrivé à temps.
problem-token-missing = Jeton absent
    .detail = Cette requête exige un jeton dans l’en-tête Authorization.
problem-token-invalid = Jeton non valide
    .detail = Le jeton n’est pas valide. Reconnectez-vous.
problem-token-expired = Jeton expiré
    .detail = Le jeton a expiré. Reconnectez-vous.
problem-token-spent = Jeton déjà utilisé
    .detail = Le jeton a déjà été utilisé. Reconnectez-vous.
problem-token-revoked = Jeton révoqué
    .detail = Le jeton a été révoqué. Reconnectez-vous.
problem-step-up-required = Vérification récente exigée
    .detail = Vérifiez de nouveau un second facteur, puis renvoyez la requête avec le nouveau jeton.
problem-invalid-code = Code non valide
    .detail = Le code est incorrect, expiré ou déjà utilisé.
problem-invalid-credentials = Identifiants non valides
    .detail = Le nom d’utilisateur ou le mot de passe est incorrect.
problem-account-locked = Compte verrouillé
    .detail = Le compte est verrouillé après trop de codes incorrects.
problem-account-disabled = Compte désactivé
    .detail = Ce compte est désactivé. Contactez un administrateur.
problem-wrong-token-stage = Étape de connexion incorrecte
    .detail = Ce jeton ne peut pas être utilisé à cette étape de la connexion.
problem-not-allowed = Action non autorisée
    .detail = Vous n’êtes pas autorisé à effectuer cette action.
problem-not-found = Introuvable
    .detail = La ressource demandée n’existe pas.
problem-method-not-allowed = Méthode non autorisée
    .detail = Cette adresse n’accepte que les méthodes indiquées dans l’en-tête Allow.
problem-too-large = Requête trop volumineuse
    .detail = Le corps de la requête dépasse 16 Kio.
problem-unsupported-media-type = Format non pris en charge
    .detail = Le Content-Type de la requête doit être application/json.
problem-not-enrolled = Second facteur absent
    .detail = Le second facteur requis n’est pas configuré sur ce compte.
problem-no-enrolment-in-progress = Aucun enrôlement en cours
    .detail = Aucun enrôlement n’est en cours. Commencez-en un nouveau.
problem-no-challenge = Demande expirée
    .detail = La demande de la clé d’accès a expiré. Recommencez.
problem-already-registered = Déjà enregistrée
    .detail = Cette clé d’accès est déjà enregistrée sur ce compte.
problem-too-many-authenticators = Trop de méthodes d’authentification
    .detail = Ce compte a déjà le nombre maximal de clés d’accès ou d’applications d’authentification. Retirez-en une d’abord.
problem-authenticator-required = Application à préciser
    .detail = L’utilisateur a plusieurs applications d’authentification. Envoyez l’`id` de celle à retirer.
problem-method-not-available = Méthode indisponible
    .detail = Cette méthode n’est pas disponible pour ce compte. Choisissez-en une autre.
problem-phone-refused = Numéro de téléphone non accepté
    .detail = Aucun SMS ne peut être envoyé à ce numéro. Utilisez un autre numéro de mobile ou une autre méthode.
problem-phishing-resistant-required = Clé d’accès exigée
    .detail = Votre organisation n’accepte qu’une clé d’accès pour ce compte. Utilisez une clé d’accès.
problem-sms-budget-spent = Trop de SMS
    .detail = Trop de codes ont été demandés par SMS. Attendez avant d’en demander un autre, ou utilisez une autre méthode.
problem-sms-unavailable = Envoi du SMS non confirmé
    .detail = L’envoi du SMS n’a pas pu être confirmé. S’il arrive, son code est valide. Sinon, utilisez une autre méthode.
problem-factor-required = Second facteur exigé
    .detail = Ce compte doit conserver un second facteur : le dernier ne peut pas être retiré.
problem-invalid-field = Champ non valide
    .detail = Au moins un champ de la requête n’est pas valide.
problem-rate-limited = Trop de requêtes
    .detail = Trop de requêtes. Patientez avant de réessayer.
problem-internal-error = Erreur interne
    .detail = Une erreur interne est survenue. Elle a été enregistrée.
problem-store-unavailable = Service indisponible
    .detail = Le service est momentanément indisponible. Réessayez dans un instant.
problem-store-outcome-unknown = Résultat inconnu
    .detail = Le résultat de la requête est inconnu. Le code a peut-être été utilisé : réessayez avec le suivant.
problem-clock-skew = Horloge décalée
    .detail = L’horloge du service n’est pas fiable pour le moment. Réessayez plus tard.
problem-overloaded = Service surchargé
    .detail = Le service est surchargé. Réessayez dans un instant.

# Erreurs d’un champ d’une requête.

field-missing = Ce champ est obligatoire.
field-unknown = Ce champ est inconnu.
field-not-text = Ce champ doit être une chaîne de caractères.
field-nul = Ce champ contient un caractère interdit.
field-not-six-digits = Le code doit comporter 6 chiffres.
field-not-totp-code = Le code doit comporter 6 à 8 chiffres.
field-not-a-code = Saisissez le code d’une application d’authentification (6 à 8 chiffres) ou un code de récupération.
field-not-a-phone-number = Ce numéro de téléphone n’est pas valide. Saisissez-le avec son indicatif (+33…) ou avec son pays.
field-not-a-country = Saisissez un code de pays à deux lettres, comme FR.
field-not-a-credential = Ce n’est pas une réponse de navigateur pour une clé d’accès.
field-not-a-backup-method = Utilisez « sms » ou « none ».
field-unusable = Cette valeur n’est pas utilisable.
field-taken = Cette valeur est déjà utilisée.
field-repeated = Ce champ ne peut être indiqué qu’une fois.
field-not-a-flag = Utilisez true ou false.
field-not-an-address = Saisissez une adresse IP, comme 192.0.2.7 ou 2001:db8::7.
field-not-a-time = Saisissez une date et une heure, comme 2026-11-25T08:00:00Z.
field-not-ids = Envoyez une liste de 1 à { $most } identifiants d’utilisateurs.
field-not-one-of = Cette valeur n’est pas autorisée ici.
field-out-of-range = Saisissez un nombre entier de { $least } à { $most }.
field-period = La période doit finir après son début et durer au plus { $days } jours.
field-too-many-characters = Ce champ doit comporter de 1 à { $most } caractères.
field-too-many-bytes = Ce champ doit comporter de 1 à { $most } octets.

# Méthodes de vérification.

method-passkey = Clé d’accès
method-totp = Application d’authentification
method-sms = Code par SMS
method-recovery = Code de récupération

# Avertissements après l’utilisation d’un code de récupération.

warning-few-codes-left = { $left ->
    [one] Il ne reste qu’un code de récupération. Générez-en de nouveaux.
   *[other] Il ne reste que { $left } codes de récupération. Générez-en de nouveaux.
}
warning-foreign-codes = Vos codes de récupération viennent de l’ancien système. Générez-en de nouveaux.
warning-no-code-left = C’était le dernier code de récupération. Générez-en de nouveaux.
