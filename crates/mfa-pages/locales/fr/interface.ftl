# Les textes des pages web, en français. On vouvoie.
# Espace insécable avant « : » et dans les guillemets, fine insécable avant « ; », « ! » et « ? ».
#
# Termes. Un terme par chose, dans les deux langues ; `crates/mfa-http/src/i18n/tests.rs` vérifie que chacun sert, et qu’aucun autre ne sert.
#
# - second factor / second facteur : la clé d’accès, l’application ou le numéro de téléphone qui protège un compte
# - method / méthode : une façon de vérifier une connexion (clé d’accès, application, SMS ou code de récupération)
# - passkey / clé d’accès
# - security key / clé de sécurité : un appareil que l’on branche ou que l’on approche du téléphone, et qui contient des clés d’accès
# - authenticator app / application d’authentification
# - recovery code / code de récupération
# - SMS backup / secours par SMS : un code par SMS quand l’application n’est pas disponible
# - QR code / QR code
# - set up / configurer : ajouter un second facteur pour la première fois
# - verify / vérifier : contrôler un code, un numéro ou une personne
# - require / exiger
# - remove / retirer
# - generate / générer : créer des codes de récupération
# - log in / se connecter
# - incorrect / incorrect : un code ou un mot de passe refusé
# - attempt / tentative
# - administrator / administrateur
# - account / compte : ce qu’une connexion ouvre ; son titulaire est une personne
# - person / personne : le titulaire d’un compte
# - dashboard / tableau de bord : la première page des administrateurs
# - help / aide
# - session / session : le temps entre une connexion et sa fin
# - locked / verrouillé : aucun code n’est accepté pendant un temps, après trop de codes incorrects
# - cookie / cookie

# Cadre de toutes les pages.

skip = Aller au contenu
brand-what = Sécurité du compte
logout = Se déconnecter
nav = Menu principal
nav-account = Mon compte
nav-activity = Activité
nav-admin = Administration
languages = Langue
help = Aide
help-text = Aide : { $text }
help-need = Besoin d’aide ?
help-get = Obtenir de l’aide
help-nobody = contactez votre administrateur.
    .text = Contactez votre administrateur.
privacy = Confidentialité
back = Retour à mon compte
continue = Continuer
manage = Gérer
copy = Copier
copied = Copié
download = Télécharger
downloaded = Téléchargé
print = Imprimer
wait = Temps restant :
wait-over = 0 s. Vous pouvez réessayer.
title-error = Erreur : { $title }
moment = { $day } { $month } { $year } à { $time } UTC
    .us = { $day } { $month } { $year } à { $time } UTC
day = { $day } { $month } { $year }
    .us = { $day } { $month } { $year }
month-1 = janv.
month-2 = févr.
month-3 = mars
month-4 = avr.
month-5 = mai
month-6 = juin
month-7 = juil.
month-8 = août
month-9 = sept.
month-10 = oct.
month-11 = nov.
month-12 = déc.

session-ending = Votre session prend fin dans moins de deux minutes.
session-over = Votre session a pris fin.
session-stay = Confirmer votre identité pour rester connecté
session-again = Se reconnecter

# Page de connexion.

login-title = Bienvenue
login-lead = Connectez-vous pour gérer la sécurité de votre compte.
login-user = Nom d’utilisateur ou adresse e-mail
login-password = Mot de passe
login-enter = Se connecter
login-elsewhere = Connectez-vous sur la page de connexion de votre organisation. Vous reviendrez ensuite ici.
login-go = Aller à la page de connexion
login-nowhere = Connectez-vous depuis l’application de votre organisation.
    .hint = Ouvrez-la comme d’habitude. Elle vous redirige ici quand votre connexion doit être vérifiée.
benefits = Ce que vous pouvez faire ici
benefits-line = Sécurisez votre compte en trois minutes.
benefits-passkey = Une clé d’accès : votre empreinte, votre visage ou le code de votre appareil suffit
benefits-app = Une application d’authentification qui affiche un nouveau code toutes les 30 secondes
benefits-codes = Dix codes de récupération à conserver en lieu sûr
benefits-phone = Un numéro de téléphone pour le secours par SMS
handover-title = Encore une étape
handover-lead = Vous continuez en tant que

# Messages affichés une fois, sur la page qui suit une action.

flash-signed-out = Vous êtes déconnecté.
flash-session-over = Votre session a pris fin. Reconnectez-vous : vous retrouverez la page où vous étiez.
flash-lock-ended = Le verrouillage a pris fin. Reconnectez-vous.
flash-log-in-for-pass = Reconnectez-vous : vous reviendrez à « J’ai perdu mon téléphone » pour saisir le code d’accès temporaire.
flash-logged-in-elsewhere = Vous vous êtes déjà connecté dans un autre onglet ou une autre fenêtre.
flash-app-added = Application d’authentification ajoutée.
flash-app-removed = Application d’authentification retirée.
flash-passkey-added = Clé d’accès ajoutée.
flash-authenticator-renamed = Nom modifié.
flash-authenticator-removed = Second facteur retiré.
flash-phone-ready = Numéro de téléphone vérifié.
flash-phone-removed = Numéro de téléphone retiré.
flash-backup-sms = Secours par SMS activé : vous pourrez recevoir un code par SMS si vous n’avez ni clé d’accès ni application sous la main.
flash-backup-none = Secours par SMS désactivé : aucun code par SMS ne sera proposé à la connexion.
flash-few-codes-left = Il vous reste peu de codes de récupération. Générez-en de nouveaux.
flash-foreign-codes = Vos codes de récupération viennent de l’ancien système. Générez-en de nouveaux.
flash-no-codes-left = Vous avez utilisé votre dernier code de récupération. Générez-en de nouveaux.
flash-step-up-first = Confirmez d’abord votre identité.
flash-unlocked = Compte déverrouillé.
flash-reset = Tous les seconds facteurs de ce compte ont été retirés, ses sessions ont été fermées et il a été déverrouillé.
flash-enforced = Un second facteur est désormais exigé pour ce compte.
flash-not-enforced = Un second facteur n’est plus exigé pour ce compte.
flash-passkey-required = Une clé d’accès est désormais exigée pour ce compte.
flash-passkey-not-required = Une clé d’accès n’est plus exigée pour ce compte.

# Configuration d’un second facteur exigé.

start-title = Protégez votre compte
start-lead = Votre organisation exige un second facteur pour se connecter. Choisissez-en un : cela prend environ deux minutes.
    .optional = Un second facteur protège votre compte même si votre mot de passe est volé. Choisissez-en un.
    .passkey = Votre organisation exige une clé d’accès pour se connecter. Ajoutez-en une : cela prend environ une minute.
start-app = Utiliser une application
    .hint = Une application d’authentification affiche un nouveau code toutes les 30 secondes, même hors connexion.
start-phone = Recevoir des codes par SMS
    .hint = Un code est envoyé à votre numéro de mobile à chaque connexion.

# Vérification à la connexion, et avant une modification sensible.

verify-title = Confirmez votre identité
verify-again = Confirmez votre identité pour continuer
    .hint = Votre second facteur est vérifié avant toute modification de la sécurité de votre compte.
verify-totp = Ouvrez votre application d’authentification et saisissez le code affiché pour ce compte.
verify-step = Prochain code dans
verify-confirm = Vérifier
verify-sms = Nous allons envoyer un code au { $phone }.
verify-sms-send = Recevoir un code
verify-sms-have = J’ai déjà un code
verify-sms-sent = Saisissez le code envoyé au { $phone }. Il expire dans 5 minutes.
verify-recovery = Saisissez l’un de vos codes de récupération. Chaque code ne fonctionne qu’une fois.
verify-passkey = Utilisez votre clé d’accès : empreinte, visage, code de l’appareil ou clé de sécurité.
    .only = Votre organisation n’accepte qu’une clé d’accès pour ce compte : un faux site ne peut pas la voler.
verify-locked = Ce compte est verrouillé après trop de codes incorrects.
    .until = Il sera déverrouillé le
    .forever = Seul un administrateur peut le déverrouiller.
    .what = Le verrouillage protège votre compte et prend fin tout seul. Si vous n’avez pas saisi ces codes, quelqu’un connaît peut-être votre mot de passe : changez-le et demandez de l’aide.
    .ask = Demandez de l’aide : un administrateur s’assurera que c’est bien vous, puis déverrouillera le compte.
    .again = Saisir un code
verify-unlocked = Le verrouillage a pris fin.
    .title = Compte déverrouillé
verify-attempts = { $left ->
    [one] Encore un code incorrect et ce compte sera verrouillé.
   *[other] Encore { $left } codes incorrects et ce compte sera verrouillé.
 }
verify-leave = Annuler et revenir à la connexion
recovery-label = Code de récupération
recovery-hint = 16 lettres et chiffres. Majuscules, minuscules et tirets sont acceptés.
ways = Essayer une autre méthode
way-passkey = Clé d’accès
passkey-needs-script = Les clés d’accès nécessitent JavaScript, qui est désactivé dans ce navigateur. Choisissez une autre méthode.
    .only = Les clés d’accès nécessitent JavaScript, qui est désactivé dans ce navigateur. Activez-le ou utilisez un autre navigateur.
passkey-use = Utiliser une clé d’accès
passkey-what = Une clé d’accès confirme votre identité avec votre empreinte, votre visage, le code de votre appareil ou une clé de sécurité, et un faux site ne peut pas la voler.
passkey-cancelled = La demande a été annulée ou a pris trop de temps. Réessayez.
passkey-not-used = La demande a été annulée ou a pris trop de temps, ou cet appareil n’a pas de clé d’accès pour ce compte. Réessayez ou choisissez une autre méthode.
    .only = La demande a été annulée ou a pris trop de temps, ou cet appareil n’a pas de clé d’accès pour ce compte. Réessayez ou contactez votre administrateur.
passkey-unsupported = Ce navigateur ne prend pas en charge les clés d’accès. Choisissez une autre méthode ou utilisez une version récente de votre navigateur.
    .only = Ce navigateur ne prend pas en charge les clés d’accès. Utilisez une version récente de votre navigateur ou un autre appareil.
passkey-address = Les navigateurs n’autorisent pas les clés d’accès sur une adresse IP.
    .link = Ouvrir cette page sur localhost
passkey-security = Les clés d’accès ne fonctionnent pas à cette adresse. Ouvrez ce service à son adresse habituelle.
passkey-unsuitable = Cet appareil ne peut pas enregistrer de clé d’accès pour ce service. Utilisez un autre appareil ou une clé de sécurité.
passkey-offline = Le service est injoignable. Vérifiez votre connexion, puis réessayez.
passkey-failed = La clé d’accès n’a pas pu être utilisée. Réessayez ou choisissez une autre méthode.
    .only = La clé d’accès n’a pas pu être utilisée. Réessayez ou contactez votre administrateur.
passkey-off = Les clés d’accès ne sont pas disponibles sur ce service.
passkey-required = Votre organisation exige une clé d’accès pour se connecter. Ajoutez-en une maintenant : vous serez alors connecté.
way-totp = Application d’authentification
way-sms = Code par SMS
way-recovery = Code de récupération
way-off = indisponible pour le moment
code-label = Code à { $digits } chiffres
code-label-any = Code de 6 à 8 chiffres
code-missing = Saisissez les { $digits } chiffres du code.
code-missing-any = Saisissez les 6 à 8 chiffres du code.
code-hint-app = Le code change toutes les 30 secondes.
code-hint-app-any = Le code change régulièrement.
code-hint-sms = Le SMS arrive généralement en moins d’une minute.
resend = Recevoir un nouveau code
resend-in = Recevoir un nouveau code dans
clock-behind = Ce code vient bien de votre application, mais l’horloge de votre téléphone retarde d’environ { $seconds } secondes. Activez la date et l’heure automatiques dans ses réglages, puis saisissez un nouveau code.
clock-ahead = Ce code vient bien de votre application, mais l’horloge de votre téléphone avance d’environ { $seconds } secondes. Activez la date et l’heure automatiques dans ses réglages, puis saisissez un nouveau code.

# Erreurs affichées sur un formulaire.

form-invalid_code = Code incorrect ou expiré. Chaque code ne fonctionne qu’une fois : essayez-en un autre.
form-enrol_code = Code incorrect ou expiré. Prenez le code de l’entrée que vous venez d’ajouter, { $name } ({ $email }), et non celui d’une entrée plus ancienne, et saisissez-le avant qu’il ne change.
form-recovery_code = { $count ->
    [one] Un code de récupération compte 16 lettres et chiffres. Celui-ci n’en a qu’un. Aucune tentative n’a été décomptée.
   *[other] Un code de récupération compte 16 lettres et chiffres. Celui-ci en a { $count }. Aucune tentative n’a été décomptée.
 }
form-access_pass = { $count ->
    [one] Un code d’accès temporaire compte 16 lettres et chiffres. Celui-ci n’en a qu’un. Aucune tentative n’a été décomptée.
   *[other] Un code d’accès temporaire compte 16 lettres et chiffres. Celui-ci en a { $count }. Aucune tentative n’a été décomptée.
 }
form-access_pass_refused = Ce code d’accès temporaire est incorrect, expiré ou déjà utilisé. Vérifiez-le avec la personne qui vous l’a donné ou demandez-en un nouveau.
form-passkey_refused = Cette clé d’accès n’a pas été acceptée. Réessayez ou choisissez une autre méthode.
form-no_challenge = La demande a pris trop de temps. Réessayez.
form-already_registered = Cet appareil, cette clé de sécurité ou ce gestionnaire de mots de passe a déjà une clé d’accès pour ce compte.
form-too_many_authenticators = Vous avez atteint le nombre maximal de clés d’accès ou d’applications. Retirez-en une d’abord.
form-authenticator_required = Vous avez plusieurs applications. Choisissez celle à retirer dans la liste de votre compte.
form-name_taken = Un autre de vos seconds facteurs porte déjà ce nom.
form-invalid_credentials = Nom d’utilisateur ou mot de passe incorrect.
form-rate_limited = Trop de tentatives.
form-sms_budget = Trop de codes ont été demandés par SMS. Utilisez une autre méthode ou patientez avant le prochain SMS.
form-phone_refused = Nous ne pouvons pas envoyer de SMS à ce numéro. Saisissez un autre numéro de mobile.
form-phone_invalid = Ce numéro de mobile est incomplet ou n’existe pas. { $country } : un numéro de mobile s’écrit { $example }.
form-phone_foreign = Nous n’envoyons pas de SMS aux numéros de ce pays. Pays possibles : { $countries }.
form-phone_landline = C’est un numéro de téléphone fixe, qui ne peut pas recevoir nos SMS. Saisissez un numéro de mobile.
form-phone_service = C’est un numéro spécial ou surtaxé, qui ne peut pas recevoir nos SMS. Saisissez un numéro de mobile.
form-sms_unavailable = L’envoi du SMS n’a pas pu être confirmé. Si vous le recevez, son code est valide.
form-factor_required = Votre organisation exige un second facteur : vous ne pouvez pas retirer le dernier.
form-phishing_resistant_required = Votre organisation n’accepte qu’une clé d’accès pour ce compte.
form-method_not_available = Cette méthode n’est pas disponible pour votre compte.
form-not_enrolled = Cette méthode n’est pas configurée sur votre compte.
form-invalid_field = Une valeur saisie n’est pas valide.
form-no_enrolment_in_progress = La configuration a pris trop de temps ou trop de codes étaient incorrects. Recommencez avec un nouveau QR code ou un nouveau numéro.

# Erreurs affichées sur une page à part.

error-again = Réessayer
error-home = Retour à l’accueil
error-reference = Référence de l’incident :
error-form = Ce formulaire n’est plus valide
    .text = Il a été ouvert avant votre dernière connexion, ou il vient d’une autre page. Rien n’a été modifié. Rouvrez la page et recommencez.
error-cookies = Les cookies sont bloqués
    .text = Votre navigateur n’a renvoyé aucun cookie. Autorisez les cookies pour ce site ou quittez la navigation privée, puis réessayez. Ces pages n’utilisent des cookies que pour vous garder connecté.
error-malformed_request = Requête non valide
    .text = Rien n’a été modifié. Rouvrez la page et recommencez.
error-invalid_field = Valeur non valide
    .text = Rien n’a été modifié. Rouvrez la page et recommencez.
error-account_locked = Compte verrouillé
    .text = Trop de codes incorrects d’affilée. Le verrouillage protège votre compte : attendez qu’il prenne fin ou contactez un administrateur.
error-account_disabled = Compte désactivé
    .text = Ce compte ne permet plus de se connecter. Contactez un administrateur.
error-not_allowed = Accès réservé
    .text = Cette page est réservée aux administrateurs.
error-not_found = Page introuvable
    .text = Il n’y a pas de page à cette adresse.
error-method_not_allowed = Page introuvable
    .text = Il n’y a pas de page à cette adresse.
error-too_large = Requête trop volumineuse
    .text = Rien n’a été modifié. Rouvrez la page et recommencez.
error-unsupported_media_type = Requête non valide
    .text = Rien n’a été modifié. Rouvrez la page et recommencez.
error-rate_limited = Trop de tentatives
    .text = Patientez un instant avant de réessayer.
error-not_enrolled = Aucun second facteur
    .text = Ajoutez d’abord une clé d’accès, une application d’authentification ou un numéro de téléphone à votre compte.
error-no_enrolment_in_progress = Configuration expirée
    .text = La configuration a pris trop de temps ou trop de codes étaient incorrects. Recommencez depuis votre compte.
error-method_not_available = Méthode indisponible
    .text = Cette méthode n’est pas disponible pour votre compte. Choisissez-en une autre.
error-factor_required = Second facteur exigé
    .text = Votre organisation exige un second facteur : vous ne pouvez pas retirer le dernier.
error-phone_refused = Numéro de téléphone non accepté
    .text = Nous ne pouvons pas envoyer de SMS à ce numéro.
error-phishing_resistant_required = Clé d’accès exigée
    .text = Votre organisation n’accepte qu’une clé d’accès pour ce compte.
error-sms_unavailable = Envoi du SMS non confirmé
    .text = L’envoi du SMS n’a pas pu être confirmé. Si vous le recevez, son code est valide. Sinon, utilisez une autre méthode.
error-internal_error = Une erreur est survenue
    .text = Le problème vient de notre côté et a été enregistré. Réessayez dans un instant.
error-store_unavailable = Service momentanément indisponible
    .text = Réessayez dans un instant. Si vous avez saisi un code, utilisez-en un nouveau.
error-clock_skew = Les codes ne peuvent pas être vérifiés
    .text = L’horloge de ce service n’est pas fiable pour le moment. Réessayez plus tard.
error-overloaded = Le service est très sollicité
    .text = Il y a trop de demandes en ce moment. Réessayez dans un instant.

# Mon compte.

home-title = Sécurité de mon compte
home-parts = Paramètres de sécurité
home-count = { $there } sur { $all } en place
home-last = Dernière vérification :
home-recent = Activité récente
home-all = Tout voir
level-open = Seul un mot de passe protège votre compte
    .text = Toute personne qui le devine ou le vole peut se connecter. Ajouter une clé d’accès ou une application d’authentification prend deux minutes.
level-half = Votre compte est protégé
    .text = Terminez la configuration : une clé d’accès ou une application d’authentification, et des codes de récupération si vous la perdez.
    .sms = Ajoutez une clé d’accès ou une application d’authentification : c’est plus sûr qu’un code par SMS. Vos codes de récupération sont prêts.
    .codes = Générez des codes de récupération : ils vous gardent l’accès à votre compte si vous perdez votre second facteur.
level-passkey = Votre organisation exige une clé d’accès
    .text = Ajoutez-en une maintenant : elle sera nécessaire à votre prochaine connexion.
level-full = Votre compte est bien protégé
    .text = Tout est en place : vous gardez l’accès à votre compte même si vous perdez votre second facteur. Vous n’avez rien à faire.
    .passkey = Vous vous connectez avec une clé d’accès, comme votre organisation l’exige. Vous n’avez rien à faire.
next-app = Ajouter une application
next-codes = Générer de nouveaux codes
state-on = En place
state-low = À renouveler
state-off = À configurer
state-optional = Facultatif
home-locked = D’ici là, tout code est refusé. Si vous n’avez pas saisi les codes incorrects, quelqu’un connaît peut-être votre mot de passe : changez-le.
card-app = Application d’authentification
card-app-since = Ajoutée le
card-app-none = Affiche un nouveau code toutes les 30 secondes, même hors connexion.
card-app-manage = Gérer l’application d’authentification
card-codes = Codes de récupération
card-codes-left = { $left ->
    [0] Aucun code restant.
    [one] 1 code restant.
   *[other] { $left } codes restants.
 }
card-codes-none = Générés quand vous ajoutez votre premier second facteur.
card-codes-manage = Gérer les codes de récupération
card-phone = Téléphone
card-phone-none = Un numéro de mobile qui peut recevoir des SMS.
card-phone-manage = Gérer le téléphone
card-backup = Secours par SMS
card-backup-sms = Un code par SMS si vous n’avez ni clé d’accès ni application sous la main.
card-backup-none = Aucun code par SMS n’est proposé à la connexion.
card-backup-manage = Gérer le secours par SMS

# Seconds facteurs d’un compte.

authenticators = Seconds facteurs
authenticators-none = Aucun pour le moment.
authenticator-manage = Gérer { $name }
authenticator-added = Ajout le
authenticator-used = Dernière utilisation le
authenticator-unused = Aucune utilisation
authenticator-name = Nom
authenticator-rename = Renommer
    .do = Enregistrer le nom
authenticator-remove = Retirer
    .text = Vous ne pourrez plus l’utiliser pour vous connecter. Faites-le en cas de perte.
    .start = Retirer…
authenticator-removal = Retirer « { $name } » ?
    .text = Vous ne pourrez plus l’utiliser pour vous connecter et vos autres sessions seront fermées.
    .last = C’est votre seul second facteur : votre compte n’aura plus qu’un mot de passe et vos codes de récupération disparaîtront.
    .required = Votre organisation exige une clé d’accès : vous ne pouvez pas retirer la dernière.
    .passkey = Effacez ensuite la clé d’accès sur votre appareil ou dans votre gestionnaire de mots de passe.
    .do = Retirer
authenticator-keep = Ne pas retirer
passkey-title = Ajouter une clé d’accès
passkey-add = Ajouter une clé d’accès
passkey-name = Clé d’accès { $number }
passkey-name-hint = Par exemple, le nom de l’appareil.
passkey-synced = Clé d’accès synchronisée entre vos appareils
passkey-cloned = Cette clé d’accès a peut-être été copiée. Retirez-la et ajoutez-en une nouvelle.

# Application d’authentification.

steps = Étapes de la configuration
step-factor = Second facteur
step-codes = Codes de récupération
step-backup = Secours par SMS (facultatif)
app-title = Application d’authentification
app-on = Ajoutée le
app-off = Aucune application pour le moment.
    .text = Toutes les applications d’authentification conviennent : Aegis, FreeOTP, Google Authenticator, Microsoft Authenticator, 1Password…
app-add = Ajouter une autre application
    .text = Par exemple sur une tablette. L’application actuelle continue de fonctionner et vos codes de récupération restent les mêmes.
    .several = Par exemple sur une tablette. Vos applications actuelles continuent de fonctionner et vos codes de récupération restent les mêmes.
app-add-start = Ajouter une autre application…
app-add-next = Continuer
app-name = Application d’authentification { $number }
app-replace = Changer de téléphone
    .text = Scannez un nouveau QR code avec le nouveau téléphone. L’application actuelle fonctionne jusqu’à ce que la nouvelle soit vérifiée.
app-replace-all =
    .text = Scannez un nouveau QR code avec le nouveau téléphone. Il remplace toutes vos applications actuelles, qui fonctionnent jusqu’à sa vérification.
app-replace-start = Scanner un nouveau QR code
app-remove = Retirer l’application
    .text = Votre compte sera moins bien protégé.
app-remove-start = Retirer l’application…
app-remove-one = Vous avez plusieurs applications. Choisissez celle à retirer sur la page de votre compte.
app-remove-list = Aller à mon compte
enrol-title = Ajouter une application d’authentification
enrol-scan = Ajoutez ce compte à votre application
    .text = Dans votre application d’authentification, choisissez d’ajouter un compte, puis scannez ce QR code.
enrol-qr = QR code à scanner avec une application d’authentification
enrol-open = Ouvrir dans mon application
    .text = Si votre application est sur un autre téléphone, scannez le QR code avec celui-ci.
enrol-by-hand = Je ne peux pas scanner le QR code
    .text = Saisissez cette clé dans l’application :
enrol-code = Saisissez le code affiché dans l’application
enrol-confirm = Vérifier
enrol-anew = Recommencer avec un nouveau QR code
removal-title = Retirer l’application d’authentification ?
removal-lead = Votre compte sera moins bien protégé et vos autres sessions seront fermées.
removal-code = Code de l’application ou code de récupération
removal-hint = Il sert à confirmer votre identité.
removal-do = Retirer l’application

# Codes de récupération.

codes-app-ready = Votre second facteur est en place.
codes-new-title = Enregistrez vos codes de récupération
codes-new-lead = Si vous n’avez pas votre second facteur sous la main, connectez-vous avec l’un de ces codes. Ils ne s’affichent qu’une fois.
    .passkey = Tant que votre organisation exige une clé d’accès, ces codes ne suffisent pas pour vous connecter. Conservez-les : ils serviront si elle accepte d’autres méthodes. Ils ne s’affichent qu’une fois.
codes-new-hint = Imprimez-les ou enregistrez-les dans un gestionnaire de mots de passe, mais pas sur votre téléphone. Chaque code ne fonctionne qu’une fois.
codes-unsaved = Vous n’avez pas confirmé avoir enregistré vos nouveaux codes de récupération.
    .show = Les afficher à nouveau
codes-file-head = Codes de récupération { $name } pour { $email }, générés le { $date }
codes-kept = J’ai enregistré mes codes
codes-kept-phone = Codes enregistrés, continuer
codes-title = Codes de récupération
codes-left = { $left ->
    [0] Aucun code restant.
    [one] 1 code restant.
   *[other] { $left } codes restants.
 }
codes-what = Chaque code permet de se connecter une fois, à la place du second facteur.
    .passkey = Tant que votre organisation exige une clé d’accès, ces codes ne suffisent pas pour vous connecter.
codes-used = Utilisé le
codes-unused = Disponible
codes-made = Générés le
codes-renew = Codes perdus ou presque tous utilisés ?
    .text = Générez dix nouveaux codes. Les anciens ne fonctionneront plus.
codes-renew-do = Générer de nouveaux codes
codes-renewal = Générer de nouveaux codes de récupération ?
    .text = Vos codes actuels, imprimés ou enregistrés, cesseront aussitôt de fonctionner. Les dix nouveaux codes ne s’affichent qu’une fois.
    .do = Générer dix nouveaux codes
    .keep = Garder mes codes actuels

# Téléphone.

phone-title = Ajouter un téléphone
phone-change-title = Votre téléphone
phone-lead = Recevez un code par SMS si vous n’avez ni clé d’accès ni application sous la main.
    .factor = Un code sera envoyé à ce numéro à chaque connexion.
phone-back = Choisir un autre second facteur
phone-name = Téléphone { $number }
phone-now = Numéro vérifié :
phone-skip = Pas maintenant : aller à mon compte
phone-change = Changer de numéro
    .text = Pour en changer, saisissez le nouveau numéro. L’actuel reste utilisé jusqu’à ce que le nouveau soit vérifié.
phone-none = Ce service n’envoie pas de SMS.
phone-country = Pays
phone-number = Numéro de mobile
phone-hint = Il sert uniquement à vous envoyer des codes. Votre opérateur peut facturer les SMS reçus à l’étranger.
phone-send = Recevoir un code
phone-notice = Un SMS peut être intercepté si votre numéro est détourné. C’est plus sûr qu’un mot de passe seul, mais moins sûr qu’une application d’authentification.
phone-confirm-title = Saisissez le code reçu
phone-sent = Un code a été envoyé au { $phone }. Il expire dans 5 minutes.
phone-confirm = Vérifier ce numéro
phone-other = Changer de numéro
phone-remove = Retirer ce numéro
    .text = Vous ne pourrez plus recevoir de code par SMS.
phone-remove-do = Retirer ce numéro
phone-remove-ask = Retirer ce numéro de votre compte ?
country-FR = France (+33)
country-BE = Belgique (+32)
country-CH = Suisse (+41)
country-LU = Luxembourg (+352)
country-MC = Monaco (+377)
country-DE = Allemagne (+49)
country-ES = Espagne (+34)
country-IT = Italie (+39)
country-PT = Portugal (+351)
country-NL = Pays-Bas (+31)
country-GB = Royaume-Uni (+44)
country-IE = Irlande (+353)
country-US = États-Unis (+1)
country-CA = Canada (+1)

# Secours par SMS.

backup-title = Secours par SMS
backup-lead = Choisissez comment vous connecter si vous n’avez ni clé d’accès ni application sous la main.
backup-sms = Code par SMS
    .text = Envoyé au { $phone } à votre demande.
backup-none = Codes de récupération uniquement
    .text = Aucun code par SMS n’est proposé à la connexion.
backup-choose = Enregistrer

# Activité.

activity-title = Activité du compte
activity-lead = Les événements de sécurité de votre compte. Si l’un d’eux vous semble suspect, changez votre mot de passe et contactez un administrateur.
activity-none = Aucun événement.
activity-ended = { $what } : { $how }
activity-by-admin = par un administrateur
older = Événements plus anciens
agent-unknown = navigateur inconnu
outcome-success = réussi
outcome-failure = échoué
outcome-refused = refusé
event-login = Connexion par mot de passe
event-totp_enroll_start = Ajout d’une application d’authentification commencé
event-totp_enroll = Ajout d’une application d’authentification
event-totp_verify = Code de l’application
event-otp_replay = Code de l’application déjà utilisé
event-totp_disable = Retrait de l’application d’authentification
event-passkey_register = Ajout d’une clé d’accès
event-passkey_verify = Clé d’accès
event-passkey_clone_suspected = Clé d’accès peut-être copiée
event-passkey_backup_changed = Synchronisation d’une clé d’accès activée ou désactivée
event-authenticator_rename = Second facteur renommé
event-authenticator_remove = Second facteur retiré
event-recovery_use = Code de récupération
event-recovery_regenerate = Nouveaux codes de récupération
event-sms_send = Envoi d’un code par SMS
event-sms_verify = Code par SMS
event-phone_set = Envoi d’un code à un nouveau numéro
event-phone_verify = Vérification du numéro de téléphone
event-phone_remove = Numéro de téléphone retiré
event-backup_set = Secours par SMS modifié
event-account_locked = Compte verrouillé
event-account_unlocked = Compte déverrouillé par un code de récupération correct
event-locked_call = Tentative sur un compte verrouillé
event-guessing_suspected = Nombreux codes incorrects
event-foreign_change = Facteur modifié hors de ce service
event-token_revoked = Déconnexion (jeton révoqué)
event-token_refused = Session non valide
event-rate_limited = Trop de tentatives
event-crypt_decrypt_fail = Secret impossible à déchiffrer
event-admin_user_create = Compte créé
event-admin_unlock = Compte déverrouillé
event-admin_reset = Tous les seconds facteurs retirés
event-admin_authenticator_rename = Second facteur renommé par un administrateur
event-admin_authenticator_remove = Second facteur retiré par un administrateur
event-admin_enforce = Exigence d’un second facteur activée ou désactivée
event-required =
    .factor = Second facteur désormais exigé
    .passkey = Clé d’accès désormais exigée
event-released =
    .factor = Fin de l’exigence d’un second facteur
    .passkey = Fin de l’exigence d’une clé d’accès
event-admin_password = Mot de passe défini par un administrateur
event-admin_superuser = Droits d’administration accordés ou retirés
event-admin_token = Jeton émis par un administrateur
event-admin_recovery_regenerate = Codes de récupération générés par un administrateur
event-admin_erase = Données effacées
event-actor_erase = Données d’un administrateur effacées
event-admin_migrate = Migration de la base de données
event-admin_revoke_all = Toutes les sessions fermées
event-admin_list = Liste des comptes consultée
event-admin_show = Compte consulté
event-admin_events = Événements consultés
event-admin_stats = Statistiques consultées
event-failures_rising = Hausse des échecs sur l’ensemble des comptes
event-admin_audit_verify = Journal d’audit vérifié
event-admin_audit_export = Journal d’audit exporté
event-admin_keys_rotate = Rotation des clés de chiffrement
event-admin_import = Seconds facteurs importés
event-admin_export = Seconds facteurs exportés
event-admin_refused = Accès administrateur

# Administration.

admin-title = Tableau de bord
admin-back = Retour au tableau de bord
admin-search = Nom ou adresse e-mail
admin-find = Rechercher
admin-users = Comptes
admin-nobody = Aucun compte trouvé.
admin-more = Page suivante
admin-period = Période
admin-days = { $days ->
    [one] 24 heures
   *[other] { $days } jours
 }
admin-events = Événements de sécurité
admin-acts = Actions
admin-done = Terminé
admin-codes-title = Nouveaux codes de récupération
admin-codes-lead = Ils ne s’affichent qu’une fois. Remettez-les au titulaire du compte en main propre ou par un canal sûr.
chip-locked = verrouillé
chip-disabled = désactivé
chip-app = application
chip-enforced = second facteur exigé
chip-superuser = administrateur
yes = oui
no = non
fact-user = Nom d’utilisateur
fact-locked = Verrouillé
fact-locked-for-good = jusqu’au déverrouillage par un administrateur
fact-failures = Codes incorrects d’affilée
fact-passkey-only = Clé d’accès exigée
fact-last = Dernière vérification
figure-users = Comptes
figure-protected = Avec second facteur
figure-app = Avec application
figure-sms = Avec SMS
figure-enforced = Second facteur exigé
figure-locked = Verrouillés
figure-codes = Peu de codes de récupération
plot-when = Date
plot-zone = Heures en UTC
plot-table = Afficher sous forme de tableau
plot-day = { $day } { $month }
plot-checks = Vérifications
plot-success = réussies
plot-failure = échouées
plot-locks = Verrouillages
plot-lock = comptes verrouillés
plot-sms = SMS par pays et fournisseur
plot-sms-none = Aucun SMS sur cette période.
column-user = Compte
column-what = Événement
column-where = Adresse IP
column-who = Auteur, motif
admin-user-gone = Compte { $id } (supprimé)
actor-shell = { $name }, ligne de commande
actor-first-start = premier démarrage du service
event-note-demo = compte de démonstration de la base intégrée
column-country = Pays, fournisseur
column-share = Part
column-sent = envoyés
column-delivered = remis
column-failed = échoués
column-used = utilisés

# Aperçu des SMS, en développement uniquement.

sms-preview = Aperçu des SMS
sms-preview-note = Développement uniquement : les SMS ne sont pas envoyés, ils s’affichent ici.
sms-preview-use = Utiliser ce code
sms-preview-empty = Aucun message pour le moment
