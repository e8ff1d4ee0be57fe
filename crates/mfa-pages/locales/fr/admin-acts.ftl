# Actions des administrateurs sur un compte. La valeur nomme l’action, .go est le lien vers sa page, .title nomme la personne.

act-reason = Motif
    .hint = Conservé dans le journal d’audit : par exemple un numéro de ticket, et comment vous avez vérifié qui appelait.
    .missing = Indiquez un motif.
act-cancel = Annuler
act-back = Retour à { $name }
act-unlock = Déverrouiller
    .go = Déverrouiller…
    .title = Déverrouiller le compte de { $name } ?
    .text = Met fin au verrouillage et remet à zéro le nombre de codes incorrects. Les seconds facteurs restent en place.
    .do = Déverrouiller
act-codes = Générer de nouveaux codes de récupération
    .go = Générer de nouveaux codes…
    .title = Générer de nouveaux codes de récupération pour { $name } ?
    .text = Dix nouveaux codes, affichés une seule fois. Les anciens ne fonctionnent plus.
    .do = Générer de nouveaux codes
act-remove = Retirer un second facteur
    .go = Retirer…
    .link = Retirer…
    .of = Retirer « { $factor } »
    .title = Retirer « { $factor } » de { $name } ?
    .text = Ce second facteur ne fonctionnera plus, et toutes les sessions de cette personne seront fermées. Les codes de récupération disparaissent avec le dernier.
    .do = Retirer
act-enforce = Exiger un second facteur
    .go = Exiger…
    .title = Exiger un second facteur de { $name } ?
    .text = Cette personne devra en ajouter un à sa prochaine connexion, si elle n’en a pas.
    .do = Exiger
act-release = Ne plus exiger de second facteur
    .go = Ne plus exiger…
    .title = Ne plus exiger de second facteur de { $name } ?
    .text = Cette personne pourra retirer son dernier second facteur.
    .do = Ne plus exiger
act-passkey = Exiger une clé d’accès
    .go = Exiger une clé d’accès…
    .title = Exiger une clé d’accès de { $name } ?
    .text = Cette personne ne pourra se connecter qu’avec une clé d’accès, et non plus avec une application, un SMS ou un code de récupération.
    .none = Cette personne n’a pas encore de clé d’accès. À sa prochaine connexion, elle utilisera un autre second facteur, puis devra ajouter une clé d’accès.
    .first = Cette personne n’a pas encore de second facteur. Elle devra ajouter une clé d’accès à sa prochaine connexion.
    .setting = Les paramètres du service exigent déjà une clé d’accès de cette personne.
    .do = Exiger une clé d’accès
act-passkey-release = Ne plus exiger de clé d’accès
    .go = Ne plus exiger de clé d’accès…
    .title = Ne plus exiger de clé d’accès de { $name } ?
    .text = Cette personne pourra de nouveau se connecter avec n’importe quel second facteur, sauf si les paramètres du service exigent une clé d’accès.
    .do = Ne plus exiger de clé d’accès
act-reset = Retirer tous les seconds facteurs
    .go = Tout retirer…
    .title = Retirer tous les seconds facteurs de { $name } ?
    .text = Retire les clés d’accès, l’application, le téléphone et les codes de récupération, ferme toutes les sessions et déverrouille le compte.
    .warning = Tant qu’aucun second facteur n’est ajouté, seul le mot de passe protège ce compte.
    .do = Tout retirer
act-sessions = Fermer toutes les sessions
    .go = Fermer toutes les sessions…
    .title = Fermer toutes les sessions de { $name } ?
    .text = Cette personne devra se reconnecter sur tous ses appareils. Les connexions en cours sont également interrompues. Certaines applications connectées peuvent accepter une session fermée pendant une heure au plus.
    .count = { $count ->
        [0] Ce compte n’a aucune session ouverte.
        [one] Ce compte a une session ouverte.
       *[other] Ce compte a { $count } sessions ouvertes.
    }
    .do = Fermer toutes les sessions
act-pass = Émettre un code d’accès temporaire
    .go = Émettre un code d’accès temporaire…
    .title = Émettre un code d’accès temporaire pour { $name } ?
    .text = Pour qui a perdu son téléphone et n’a pas de code de récupération : un code qui ne sert qu’une fois, avec lequel cette personne ajoute un nouveau second facteur après son mot de passe.
    .do = Émettre le code d’accès
    .minutes = Durée de validité
    .unlock = Déverrouiller aussi le compte. Tant qu’il est verrouillé, le code ne fonctionne pas.
    .locked = Le compte est verrouillé jusqu’au déverrouillage par un administrateur. D’ici là, le code ne fonctionne pas.
pass-minutes = { $minutes ->
    [60] 1 heure
    [240] 4 heures
    [480] 8 heures
   *[other] { $minutes } minutes
 }
pass-title = Code d’accès temporaire de { $name }
pass-until = Affiché une seule fois. Utilisable une fois, jusqu’au
pass-how = Comment le transmettre
    .check = Assurez-vous de parler à la bonne personne, selon vos règles : la voix d’un collègue, un appel vidéo, une pièce d’identité.
    .tell = Lisez-le à voix haute ou remettez-le en main propre. Ne l’envoyez ni par e-mail ni par messagerie. Majuscules et tirets ne comptent pas.
    .use = { $name } se connecte avec son mot de passe, choisit « J’ai perdu mon téléphone », saisit le code et ajoute une nouvelle application ou clé d’accès.
    .after = L’ajout du nouveau second facteur retire tous les anciens, génère de nouveaux codes de récupération et ferme toutes les autres sessions.
act-helpdesk = Donner le rôle d’assistance
    .go = Donner le rôle d’assistance…
    .title = Donner le rôle d’assistance à { $name } ?
    .text = Cette personne pourra consulter les comptes sans rôle, les déverrouiller et émettre des codes d’accès temporaires.
    .do = Donner le rôle
act-helpdesk-end = Retirer le rôle d’assistance
    .go = Retirer le rôle d’assistance…
    .title = Retirer le rôle d’assistance à { $name } ?
    .text = Cette personne ne pourra plus ouvrir l’administration.
    .do = Retirer le rôle
flash-helpdesk-granted = Ce compte a maintenant le rôle d’assistance.
flash-helpdesk-revoked = Ce compte n’a plus le rôle d’assistance.
chip-helpdesk = assistance
fact-role = Rôle
event-access_pass_use = Code d’accès temporaire
event-admin_access_pass = Code d’accès temporaire émis
event-admin_role = Rôle modifié
event-note-role =
    .helpdesk = Rôle d’assistance donné
    .none = Rôle d’assistance retiré
event-note-other-sessions = toutes les autres sessions
event-note-typed = { $noted } : { $typed }

# « J’ai perdu mon téléphone » : pour la personne, et après une connexion par code de récupération.

lost-link = J’ai perdu mon téléphone
lost-title = Vous avez perdu votre téléphone ?
    .lead = Choisissez ce que vous avez encore. Vous pourrez vous connecter, puis configurer un nouveau téléphone.
    .locked = Votre compte est verrouillé pour le moment.
lost-passkey = Une clé d’accès sur un autre appareil
    .do = Utiliser une clé d’accès
lost-codes = L’un de vos codes de récupération
    .text = La liste que vous avez enregistrée en configurant votre second facteur.
    .do = Saisir un code de récupération
lost-sms = Votre numéro, sur un autre téléphone
    .text = Par exemple si votre opérateur vous a envoyé une nouvelle carte SIM.
    .do = Recevoir un code par SMS
lost-help = Rien de tout cela
    .only = Demandez de l’aide
    .text = Demandez un code d’accès temporaire à votre assistance ou à un administrateur. Il fonctionne une fois, après votre mot de passe.
    .more = Obtenir de l’aide
lost-pass = Code d’accès temporaire
    .hint = 16 lettres et chiffres, par exemple 7k2m-9xqd-4htw-c8fz. Majuscules et tirets ne comptent pas.
    .do = Continuer
lost-locked = Tant que le compte est verrouillé, aucun code d’accès temporaire ne fonctionne. Votre assistance ou un administrateur peut le déverrouiller, puis vous donner un code.
    .wait = Fin du verrouillage dans :
    .then = Une fois le compte déverrouillé, reconnectez-vous : vous reviendrez sur cette page pour saisir le code.
lost-back = Retour à la vérification
new-title = Ajoutez votre nouveau second facteur
    .lead = Il remplace tous les anciens. Vos autres sessions seront fermées, et vous recevrez de nouveaux codes de récupération.
recovered-title = Vous êtes connecté
    .lead = Vous avez utilisé un code de récupération. Si vous avez perdu votre téléphone, configurez le nouveau dès maintenant, pour que personne ne puisse utiliser l’ancien.
recovered-app = Remplacer l’application d’authentification
    .text = Retire l’application de l’ancien téléphone et génère de nouveaux codes de récupération.
recovered-codes = Générer de nouveaux codes de récupération
    .text = { $left ->
        [0] Il ne vous reste aucun code de récupération.
        [one] Il vous reste 1 code de récupération.
       *[other] Il vous reste { $left } codes de récupération.
     }
recovered-later = Continuer vers mon compte
