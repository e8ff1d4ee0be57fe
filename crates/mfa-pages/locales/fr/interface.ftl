# Ce que les pages disent, en français. On vouvoie, on dit ce qui se passe et ce qu’il y a à faire.
# Espace insécable avant « : » et dans les guillemets, fine insécable avant « ; », « ! » et « ? ».

# Cadre de toutes les pages.

skip = Aller au contenu
brand-what = Sécurité du compte
logout = Se déconnecter
nav = Rubriques
nav-account = Protection
nav-activity = Activité
nav-admin = Gestion
languages = Langue
foot = Vos secrets sont chiffrés et ne quittent jamais ce service.
back = Retour à mon compte
continue = Continuer
manage = Gérer
copy = Copier
copied = Copié
download = Télécharger
downloaded = Téléchargé
print = Imprimer
wait = Temps restant :
wait-over = c’est le moment de réessayer.
title-error = Erreur : { $title }
moment = { $day } { $month } { $year }, { $time } UTC
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

# Première page.

door-title = Bonjour
door-lead = Connectez-vous pour protéger votre compte.
door-user = Nom d’utilisateur ou adresse e-mail
door-password = Mot de passe
door-enter = Se connecter
door-elsewhere = La connexion se fait sur la page habituelle de votre organisation. Vous reviendrez ici ensuite.
door-go = Aller à la page de connexion
door-nowhere = La connexion se fait dans l’application de votre organisation.
    .hint = Ouvrez-la comme d’habitude : elle vous amènera ici quand il faudra confirmer que c’est bien vous.
promise = Ce que vous pouvez faire ici
promise-line = Trois minutes pour un compte que personne d’autre n’ouvrira.
promise-app = Une application qui donne un code neuf toutes les 30 secondes
promise-codes = Dix codes de secours à garder en lieu sûr
promise-phone = Un téléphone pour prendre le relais
handover-title = Encore une étape
handover-lead = Vous êtes identifié en tant que

# Ce qu’une page fait dire à la suivante.

told-signed-out = Vous êtes déconnecté.
told-session-over = Votre session est terminée. Connectez-vous à nouveau.
told-app-removed = L’application d’authentification a été retirée.
told-phone-ready = Votre téléphone est confirmé.
told-phone-removed = Votre téléphone a été retiré.
told-backup-sms = C’est noté : un SMS prendra le relais si vous n’avez pas votre application.
told-backup-none = C’est noté : aucun SMS ne sera proposé à la connexion.
told-few-codes-left = Il vous reste très peu de codes de secours : créez-en de nouveaux.
told-foreign-codes = Vos codes de secours viennent de l’ancien système : créez-en de nouveaux.
told-no-codes-left = C’était votre dernier code de secours : créez-en de nouveaux.
told-step-up-first = Confirmez d’abord que c’est bien vous.
told-unlocked = Le compte est déverrouillé.
told-reset = Tous les facteurs de ce compte ont été retirés et ses sessions sont terminées.
told-enforced = Ce compte doit désormais avoir un second facteur.
told-not-enforced = Ce compte n’est plus obligé d’avoir un second facteur.

# Premier facteur obligatoire.

start-title = Protégez votre compte
start-lead = Votre organisation demande une seconde preuve à la connexion. Choisissez laquelle : cela prend deux minutes.
start-app = Avec une application
    .hint = Le plus sûr, et sans réseau : l’application affiche un code neuf toutes les 30 secondes.
start-phone = Avec un SMS
    .hint = Un code est envoyé sur votre mobile à chaque connexion.

# Second facteur.

verify-title = Confirmez que c’est vous
verify-again = Encore une fois, est-ce bien vous ?
    .hint = Avant un changement de ce qui protège votre compte, nous le vérifions toujours.
verify-totp = Ouvrez votre application d’authentification et saisissez le code affiché pour ce compte.
verify-step = Code suivant dans
verify-confirm = Confirmer
verify-sms = Nous envoyons un code au { $phone }.
verify-sms-send = Recevoir un code
verify-sms-have = J’ai déjà un code
verify-sms-sent = Un code a été envoyé au { $phone }. Il est valable cinq minutes.
verify-recovery = Saisissez l’un des codes de secours que vous avez gardés. Chacun ne sert qu’une fois.
verify-locked = Trop de codes incorrects : ce compte est verrouillé.
    .forever = Seul un administrateur peut le déverrouiller.
verify-leave = Annuler et revenir à la connexion
recovery-label = Code de secours
recovery-hint = Seize lettres et chiffres. Majuscules et tirets n’ont pas d’importance.
ways = Autre moyen
way-totp = Application d’authentification
way-sms = Code par SMS
way-recovery = Code de secours
way-off = indisponible pour le moment
code-label = Code à six chiffres
code-missing = Saisissez les six chiffres du code.
code-hint-app = Le code change toutes les 30 secondes.
code-hint-sms = Le SMS arrive en général en moins d’une minute.
resend = Renvoyer un code
resend-in = Renvoyer un code dans
clock-behind = Ce code est bien celui de votre application, mais l’horloge de votre téléphone retarde d’environ { $seconds } secondes. Activez l’heure automatique dans ses réglages, puis saisissez un nouveau code.
clock-ahead = Ce code est bien celui de votre application, mais l’horloge de votre téléphone avance d’environ { $seconds } secondes. Activez l’heure automatique dans ses réglages, puis saisissez un nouveau code.

# Ce qui ne va pas, sur le formulaire.

form-invalid_code = Ce code ne convient pas : il est incorrect, expiré ou déjà utilisé. Prenez le plus récent.
form-invalid_credentials = Identifiants incorrects. Vérifiez le nom d’utilisateur et le mot de passe.
form-rate_limited = Trop de tentatives.
form-sms_budget = Trop de SMS ont été demandés. Choisissez un autre moyen, ou patientez.
form-phone_refused = Nous ne pouvons pas envoyer de SMS à ce numéro. Donnez un autre numéro de mobile.
form-sms_unavailable = Nous ne savons pas si le SMS est parti. S’il arrive, son code est valable.
form-factor_required = Votre organisation exige un second facteur : le dernier ne peut pas être retiré.
form-method_not_available = Ce moyen n’est pas disponible pour votre compte.
form-not_enrolled = Ce moyen n’est pas en place sur votre compte.
form-invalid_field = Une valeur saisie n’est pas valable.
form-no_enrolment_in_progress = Trop de temps ou trop d’essais : recommencez avec un nouveau code QR ou un nouveau numéro.

# Ce qui ne va pas, sur une page à part.

trouble-again = Réessayer
trouble-home = Revenir à la première page
trouble-reference = Référence de l’incident :
trouble-form = Ce formulaire n’est plus valable
    .text = Il a été ouvert avant votre dernière connexion, ou depuis une autre page. Rien n’a été changé : rouvrez la page et recommencez.
trouble-malformed_request = Nous n’avons pas compris cet envoi
    .text = Rien n’a été changé. Rouvrez la page et recommencez.
trouble-invalid_field = Une valeur n’est pas valable
    .text = Rien n’a été changé. Rouvrez la page et recommencez.
trouble-account_locked = Compte verrouillé
    .text = Trop de codes incorrects d’affilée. Le verrou protège votre compte : attendez qu’il s’ouvre, ou demandez à un administrateur.
trouble-account_disabled = Compte désactivé
    .text = Ce compte ne peut pas se connecter. Adressez-vous à un administrateur.
trouble-not_allowed = Accès réservé
    .text = Cette page est réservée aux administrateurs.
trouble-not_found = Cette page n’existe pas
    .text = Il n’y a rien à cette adresse.
trouble-method_not_allowed = Cette page n’existe pas
    .text = Il n’y a rien à cette adresse.
trouble-too_large = Envoi trop volumineux
    .text = Rien n’a été changé. Rouvrez la page et recommencez.
trouble-unsupported_media_type = Nous n’avons pas compris cet envoi
    .text = Rien n’a été changé. Rouvrez la page et recommencez.
trouble-rate_limited = Trop de tentatives
    .text = Patientez un instant avant de recommencer.
trouble-not_enrolled = Aucun second facteur
    .text = Protégez d’abord votre compte avec une application ou un téléphone.
trouble-no_enrolment_in_progress = Enregistrement terminé
    .text = Trop de temps ou trop d’essais. Recommencez depuis votre compte.
trouble-method_not_available = Moyen indisponible
    .text = Ce moyen n’est pas disponible pour votre compte. Choisissez-en un autre.
trouble-factor_required = Second facteur obligatoire
    .text = Votre organisation exige un second facteur : le dernier ne peut pas être retiré.
trouble-phone_refused = Numéro refusé
    .text = Nous ne pouvons pas envoyer de SMS à ce numéro.
trouble-sms_unavailable = SMS indisponible
    .text = Nous ne savons pas si le SMS est parti. S’il arrive, son code est valable ; sinon, choisissez un autre moyen.
trouble-internal_error = Une erreur est survenue
    .text = Elle vient de nous, et elle a été consignée. Votre compte est resté tel qu’il était.
trouble-store_unavailable = Le service reprend son souffle
    .text = Il est momentanément indisponible. Votre compte est en sécurité ; réessayez dans un instant.
trouble-clock_skew = L’heure du service n’est pas fiable
    .text = Par prudence, aucun code n’est vérifié pour le moment. Réessayez plus tard.
trouble-overloaded = Beaucoup de monde en même temps
    .text = Le service est très demandé. Réessayez dans un instant.

# Mon compte.

home-title = Protection de mon compte
home-parts = Ce qui protège mon compte
home-count = { $there } sur { $all } en place
home-last = Dernière confirmation :
home-recent = Activité récente
home-all = Tout voir
level-open = Votre compte n’a que son mot de passe
    .text = Quelqu’un qui le devine entre chez vous. Une application d’authentification ferme cette porte en deux minutes.
level-half = Votre compte est protégé
    .text = Il manque encore de quoi entrer le jour où votre téléphone n’est pas là.
level-full = Votre compte est bien protégé
    .text = Tout est en place, y compris pour les jours sans téléphone. Rien à faire.
next-app = Ajouter une application
next-codes = Créer de nouveaux codes de secours
next-phone = Ajouter un téléphone
next-backup = Choisir le relais
state-on = En place
state-low = À compléter
state-off = Pas encore
card-app = Application d’authentification
card-app-since = Depuis le
card-app-none = Un code neuf toutes les 30 secondes, même sans réseau.
card-app-manage = Gérer l’application d’authentification
card-codes = Codes de secours
card-codes-left = { $left ->
    [0] Il n’en reste aucun.
    [one] Il en reste un seul.
   *[other] Il en reste { $left }.
 }
card-codes-none = Ils viennent avec votre premier facteur.
card-codes-manage = Gérer les codes de secours
card-phone = Téléphone
card-phone-none = Un mobile qui peut recevoir des SMS.
card-phone-manage = Gérer le téléphone
card-backup = Relais
card-backup-sms = Un SMS, si l’application n’est pas là.
card-backup-none = Aucun SMS n’est proposé à la connexion.
card-backup-manage = Gérer le relais

# Application.

steps = Étapes
step-app = Application
step-codes = Codes de secours
step-phone = Téléphone
step-backup = Relais
app-title = Application d’authentification
app-on = En place depuis le
app-off = Pas encore d’application.
    .text = Aegis, FreeOTP, Google Authenticator, Microsoft Authenticator, 1Password : toutes conviennent.
app-replace = Changer de téléphone
    .text = Scannez un nouveau code QR avec le nouveau téléphone. L’ancien reste valable jusqu’à ce que le nouveau soit confirmé.
app-replace-start = Scanner un nouveau code
app-remove = Retirer l’application
    .text = Votre compte sera moins bien protégé.
app-remove-start = Retirer l’application…
enrol-title = Ajouter une application
enrol-scan = Scannez ce code
    .text = Dans votre application d’authentification, choisissez d’ajouter un compte, puis visez ce carré.
enrol-qr = Code QR à scanner avec une application d’authentification
enrol-open = Ouvrir dans mon application
enrol-by-hand = Je ne peux pas scanner
    .text = Saisissez cette clé dans l’application :
enrol-code = Saisissez le code affiché
enrol-confirm = Confirmer
enrol-anew = Recommencer avec un nouveau code QR
removal-title = Retirer l’application ?
removal-lead = Sans elle, votre mot de passe protège moins bien votre compte, et vos autres sessions prennent fin.
removal-code = Code de l’application ou code de secours
removal-hint = Il confirme que c’est bien vous.
removal-do = Retirer l’application

# Codes de secours.

codes-app-ready = C’est fait : votre second facteur est en place.
codes-new-title = Gardez ces codes de secours
codes-new-lead = Si votre téléphone n’est pas là, un de ces codes vous laisse entrer. Ils ne s’affichent qu’une fois.
codes-new-hint = Imprimés dans un tiroir, ou dans un gestionnaire de mots de passe : pas dans le téléphone lui-même. Chaque code ne sert qu’une fois.
codes-file-head = Codes de secours { $name } pour { $email }
codes-kept = Je les ai gardés
codes-kept-phone = Je les ai gardés, continuer
codes-title = Codes de secours
codes-left = { $left ->
    [0] Il n’en reste aucun.
    [one] Il en reste un seul.
   *[other] Il en reste { $left }.
 }
codes-what = Chacun vous laisse entrer une fois, sans téléphone.
codes-used = Utilisé le
codes-unused = Disponible
codes-made = Créés le
codes-renew = Perdus, ou presque tous utilisés ?
    .text = Créez dix nouveaux codes. Les anciens ne serviront plus.
codes-renew-do = Créer de nouveaux codes

# Téléphone.

phone-title = Ajouter un téléphone
phone-change-title = Votre téléphone
phone-lead = Un SMS pourra prendre le relais le jour où votre application n’est pas là.
phone-now = Numéro confirmé :
phone-change = Changer de numéro
    .text = Pour en changer, saisissez le nouveau. L’actuel reste valable jusqu’à ce que le nouveau soit confirmé.
phone-none = Les SMS ne sont pas disponibles dans cette installation.
phone-country = Pays
phone-number = Numéro de mobile
phone-hint = Nous n’y envoyons que des codes. Votre opérateur peut facturer la réception à l’étranger.
phone-send = Recevoir un code
phone-notice = Un SMS peut être détourné par quelqu’un qui vole votre numéro. Il protège mieux qu’un mot de passe seul, et moins bien qu’une application.
phone-confirm-title = Saisissez le code reçu
phone-sent = Un code a été envoyé au { $phone }. Il est valable cinq minutes.
phone-confirm = Confirmer ce numéro
phone-other = Changer de numéro
phone-remove = Retirer ce numéro
    .text = Plus aucun SMS ne pourra prendre le relais.
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

# Relais.

backup-title = Et sans votre application ?
backup-lead = Choisissez ce qui prend le relais quand elle n’est pas à portée de main.
backup-sms = Un code par SMS
    .text = Envoyé au { $phone }, à votre demande.
backup-none = Seulement mes codes de secours
    .text = Aucun SMS n’est proposé à la connexion.
backup-choose = Enregistrer

# Activité.

activity-title = Activité de mon compte
activity-lead = Tout ce qui touche à la protection de votre compte. Quelque chose vous surprend ? Changez votre mot de passe et prévenez un administrateur.
activity-none = Rien pour l’instant.
activity-ended = { $what } : { $how }
activity-by-admin = par un administrateur
older = Plus anciens
agent-unknown = navigateur inconnu
outcome-success = réussi
outcome-failure = échec
outcome-refused = refusé
event-login = Connexion par mot de passe
event-totp_enroll_start = Ajout d’une application commencé
event-totp_enroll = Application ajoutée
event-totp_verify = Code de l’application
event-otp_replay = Code de l’application déjà utilisé
event-totp_disable = Retrait de l’application
event-recovery_use = Code de secours
event-recovery_regenerate = Nouveaux codes de secours
event-sms_send = Envoi d’un code par SMS
event-sms_verify = Code par SMS
event-phone_set = Code envoyé à un nouveau numéro
event-phone_verify = Confirmation d’un numéro
event-phone_remove = Numéro retiré
event-backup_set = Relais choisi
event-account_locked = Compte verrouillé
event-locked_call = Essai sur un compte verrouillé
event-guessing_suspected = Nombreux codes incorrects
event-token_revoked = Déconnexion
event-token_refused = Session refusée
event-rate_limited = Trop de tentatives
event-crypt_decrypt_fail = Secret illisible
event-admin_user_create = Compte créé
event-admin_unlock = Compte déverrouillé
event-admin_reset = Facteurs retirés
event-admin_enforce = Obligation de second facteur modifiée
event-admin_token = Jeton émis par un administrateur
event-admin_recovery_regenerate = Codes de secours recréés
event-admin_erase = Données effacées
event-admin_migrate = Schéma modifié
event-admin_revoke_all = Toutes les sessions terminées
event-admin_list = Liste des comptes consultée
event-admin_show = Compte consulté
event-admin_events = Événements consultés
event-admin_stats = Statistiques consultées
event-failures_rising = Hausse des échecs sur l’ensemble des comptes
event-admin_audit_verify = Journal d’audit vérifié
event-admin_audit_export = Journal d’audit exporté
event-admin_keys_rotate = Clés de chiffrement renouvelées
event-admin_import = Facteurs importés
event-admin_export = Facteurs exportés
event-admin_refused = Accès d’administration refusé

# Administration.

admin-title = Gestion des comptes
admin-back = Retour au tableau de bord
admin-search = Nom ou adresse e-mail
admin-find = Chercher
admin-users = Comptes
admin-nobody = Personne de ce nom.
admin-more = Suite
admin-period = Période
admin-days = { $days ->
    [one] 24 heures
   *[other] { $days } jours
 }
admin-events = Derniers événements
admin-acts = Agir
admin-done = Terminé
admin-codes-title = Nouveaux codes de secours
admin-codes-lead = Ils ne s’affichent qu’une fois. Remettez-les à leur propriétaire en main propre, ou par un moyen sûr.
chip-locked = verrouillé
chip-disabled = désactivé
chip-app = application
chip-no-app = sans application
chip-enforced = obligatoire
chip-superuser = administrateur
yes = oui
no = non
fact-user = Nom d’utilisateur
fact-locked = Verrouillé
fact-locked-for-good = jusqu’à l’intervention d’un administrateur
fact-failures = Codes incorrects d’affilée
fact-last = Dernière confirmation
act-reason = Motif (facultatif)
act-unlock = Déverrouiller
    .text = Met fin au verrou et oublie les codes incorrects.
    .do = Déverrouiller
act-codes = Recréer les codes de secours
    .text = Dix nouveaux codes, montrés une fois. Les anciens ne servent plus.
    .do = Recréer les codes
act-codes-ask = Recréer les codes de secours de ce compte ?
act-enforce = Exiger un second facteur
    .text = À sa prochaine connexion, cette personne devra en ajouter un.
    .do = Exiger
act-release = Ne plus exiger de second facteur
    .text = Cette personne pourra retirer le dernier.
    .do = Ne plus exiger
act-reset = Retirer tous les facteurs
    .text = Application, téléphone et codes de secours disparaissent, toutes les sessions prennent fin.
    .do = Tout retirer
act-reset-ask = Retirer tous les facteurs de ce compte ? Seul son mot de passe le protégera.
figure-users = Comptes
figure-protected = avec second facteur
figure-app = avec application
figure-sms = avec SMS
figure-enforced = obligatoires
figure-locked = verrouillés
figure-codes = presque sans code
plot-when = Quand
plot-table = Les mêmes chiffres en tableau
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
column-where = Adresse
column-who = Par qui, pourquoi
admin-user-gone = n° { $id }, supprimé
actor-shell = { $name }, ligne de commande
column-country = Pays, fournisseur
column-share = Part
column-sent = envoyés
column-delivered = remis
column-failed = échoués
column-used = utilisés

# Le petit téléphone du développeur.

pocket = Téléphone d’essai
pocket-note = Développement : aucun SMS ne part, ils arrivent ici.
pocket-use = Utiliser ce code
pocket-empty = Aucun message pour l’instant
