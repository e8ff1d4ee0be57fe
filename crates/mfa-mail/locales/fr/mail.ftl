# E-mails sur les changements d’un compte, en français. $issuer est le nom du service, dans chaque texte.
# Les termes sont ceux de crates/mfa-pages/locales. Aucun texte d’un utilisateur ou d’un navigateur n’est cité.

mail-greeting = Bonjour,

# Sortes d’e-mails : objet et premier paragraphe.

mail-enrolled =
    .subject = { $issuer } : votre compte a un second facteur
    .text = Un second facteur a été configuré pour votre compte { $issuer }. Désormais, la connexion demande votre mot de passe et ce second facteur.
mail-app-added =
    .subject = { $issuer } : application d’authentification ajoutée
    .text = Une application d’authentification a été ajoutée à votre compte { $issuer }. Ses codes sont maintenant acceptés à la connexion.
mail-app-replaced =
    .subject = { $issuer } : application d’authentification remplacée
    .text = Une nouvelle application d’authentification a remplacé l’ancienne sur votre compte { $issuer }. Les codes de l’ancienne application et les anciens codes de récupération ne fonctionnent plus. Toutes les autres sessions ont été fermées.
mail-app-removed =
    .subject = { $issuer } : application d’authentification retirée
    .text = Une application d’authentification a été retirée de votre compte { $issuer }. Ses codes ne fonctionnent plus.
mail-passkey-added =
    .subject = { $issuer } : clé d’accès ajoutée
    .text = Une clé d’accès a été ajoutée à votre compte { $issuer }. Elle est maintenant acceptée à la connexion.
mail-passkey-removed =
    .subject = { $issuer } : clé d’accès retirée
    .text = Une clé d’accès a été retirée de votre compte { $issuer }. Elle ne fonctionne plus.
mail-phone-set =
    .subject = { $issuer } : numéro de téléphone enregistré
    .text = Un numéro de téléphone a été enregistré pour votre compte { $issuer }. Il peut recevoir des codes pour ce compte.
mail-phone-removed =
    .subject = { $issuer } : numéro de téléphone retiré
    .text = Le numéro de téléphone de votre compte { $issuer } a été retiré. Il ne reçoit plus de codes pour ce compte.
mail-backup-changed =
    .subject = { $issuer } : secours par SMS modifié
    .text = Le secours par SMS de votre compte { $issuer } a été activé ou désactivé : il permet ou non de remplacer votre clé d’accès ou votre application par un code reçu par SMS. La page de votre compte indique son état.
mail-codes-regenerated =
    .subject = { $issuer } : nouveaux codes de récupération
    .text = De nouveaux codes de récupération ont été générés pour votre compte { $issuer }. Les anciens ne fonctionnent plus.
mail-recovery-used =
    .subject = { $issuer } : code de récupération utilisé
    .text = Un code de récupération de votre compte { $issuer } a été utilisé. Il ne peut plus servir. Si vous avez perdu votre téléphone, configurez un nouveau second facteur et générez de nouveaux codes de récupération.
mail-access-pass-used =
    .subject = { $issuer } : code d’accès temporaire utilisé
    .text = Le code d’accès temporaire de votre compte { $issuer } a été utilisé. Il permet de configurer un nouveau second facteur, qui remplace les précédents.
mail-locked =
    .subject = { $issuer } : compte verrouillé
    .text = Votre compte { $issuer } a été verrouillé après trop de codes incorrects. Quelqu’un connaît peut-être votre mot de passe. La page indique la fin du verrouillage ; si vous n’avez pas saisi ces codes, changez aussi votre mot de passe.
mail-admin-reset =
    .subject = { $issuer } : seconds facteurs retirés par un administrateur
    .text = Un administrateur a retiré tous les seconds facteurs et codes de récupération de votre compte { $issuer }. Toutes les sessions ont été fermées. Vous configurerez un nouveau second facteur à la prochaine connexion.
mail-admin-unlocked =
    .subject = { $issuer } : compte déverrouillé
    .text = L’assistance ou un administrateur a déverrouillé votre compte { $issuer }. Vous pouvez de nouveau vous connecter.
mail-admin-enforced =
    .subject = { $issuer } : exigences modifiées
    .text = Un administrateur a modifié ce que votre compte { $issuer } exige pour se connecter : un second facteur, une clé d’accès, ou les deux. La connexion indique ce qui est exigé.
mail-admin-factor-required =
    .subject = { $issuer } : un second facteur est désormais exigé
    .text = Un administrateur exige désormais un second facteur pour votre compte { $issuer }. Si vous n’en avez pas, vous en configurerez un à la prochaine connexion.
mail-admin-factor-released =
    .subject = { $issuer } : un second facteur n’est plus exigé
    .text = Un administrateur n’exige plus de second facteur pour votre compte { $issuer }. Ceux que vous avez continuent de le protéger.
mail-admin-passkey-required =
    .subject = { $issuer } : une clé d’accès est désormais exigée
    .text = Un administrateur exige désormais une clé d’accès pour votre compte { $issuer }. Applications, SMS et codes de récupération ne suffisent plus pour se connecter.
mail-admin-passkey-released =
    .subject = { $issuer } : une clé d’accès n’est plus exigée
    .text = Un administrateur n’exige plus de clé d’accès pour votre compte { $issuer }. Vos autres seconds facteurs sont de nouveau acceptés.
mail-admin-codes =
    .subject = { $issuer } : nouveaux codes de récupération générés par un administrateur
    .text = Un administrateur a généré de nouveaux codes de récupération pour votre compte { $issuer }. Les anciens ne fonctionnent plus.
mail-admin-authenticator-removed =
    .subject = { $issuer } : second facteur retiré par un administrateur
    .text = Un administrateur a retiré un second facteur de votre compte { $issuer }. Toutes les sessions ont été fermées.
mail-admin-password =
    .subject = { $issuer } : mot de passe changé par un administrateur
    .text = Un administrateur a changé le mot de passe de votre compte { $issuer }. Toutes les sessions ont été fermées.
mail-admin-rights =
    .subject = { $issuer } : rôle modifié
    .text = Un administrateur a modifié le rôle de votre compte { $issuer } dans l’administration : administrateur, assistance ou aucun.
mail-admin-rights-granted =
    .subject = { $issuer } : vous êtes maintenant administrateur
    .text = Un administrateur a donné à votre compte { $issuer } les droits d’un administrateur : il peut gérer d’autres comptes.
mail-admin-rights-revoked =
    .subject = { $issuer } : vous n’êtes plus administrateur
    .text = Un administrateur a retiré à votre compte { $issuer } les droits d’un administrateur.
mail-admin-helpdesk-granted =
    .subject = { $issuer } : rôle d’assistance donné
    .text = Un administrateur a donné à votre compte { $issuer } le rôle d’assistance : il peut déverrouiller des comptes et émettre des codes d’accès temporaires.
mail-admin-helpdesk-revoked =
    .subject = { $issuer } : rôle d’assistance retiré
    .text = Un administrateur a retiré le rôle d’assistance à votre compte { $issuer }.
mail-admin-access-pass =
    .subject = { $issuer } : code d’accès temporaire émis
    .text = L’assistance ou un administrateur a émis un code d’accès temporaire pour votre compte { $issuer }. Avec votre mot de passe, il permet de configurer un nouveau second facteur, qui remplace les précédents.
mail-admin-token =
    .subject = { $issuer } : accès ouvert par un administrateur
    .text = Un administrateur a émis un jeton qui donne accès à votre compte { $issuer }.
mail-admin-sessions-ended =
    .subject = { $issuer } : sessions fermées par un administrateur
    .text = Un administrateur a fermé toutes les sessions de votre compte { $issuer }. Reconnectez-vous pour continuer.
mail-admin-imported =
    .subject = { $issuer } : second facteur importé
    .text = Un administrateur a importé dans votre compte { $issuer } un second facteur venant d’un autre système. Il est maintenant accepté à la connexion.
mail-admin-exported =
    .subject = { $issuer } : second facteur exporté
    .text = Un administrateur a exporté une copie du secret de votre application d’authentification de votre compte { $issuer }, par exemple pour passer à un autre système.

# Quand et où. Le mois est un nombre de 1 à 12.

mail-when = Date : le { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year } à { $time } UTC
mail-device = Appareil : { $device }
mail-address = Adresse IP : { $address }

# Que faire.

mail-if-you = Si c’est vous, vous n’avez rien à faire.
mail-if-not-you = Si ce n’est pas vous, quelqu’un d’autre a peut-être accès à votre compte. Demandez de l’aide sans attendre :
mail-if-expected = Si vous vous y attendiez, vous n’avez rien à faire.
mail-if-not-expected = Si vous ne vous y attendiez pas, demandez de l’aide sans attendre :
mail-help-page = { $url }
mail-help-administrator = contactez votre administrateur ou votre assistance informatique.
mail-footer = Ce message a été envoyé automatiquement. { $issuer } ne demande jamais de code ni de mot de passe par e-mail.
