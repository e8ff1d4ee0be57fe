# Listes des comptes et des événements, et tableau de bord, pour les administrateurs.

list-total = { $count ->
    [0] Aucun compte
    [one] 1 compte
   *[other] { $count } comptes
}
list-csv = Télécharger en CSV
list-pages = Pages
list-previous = Page précédente
list-next = Page suivante
list-newest = Derniers événements
list-zone = Les heures sont en UTC.
list-states = Filtrer par état
list-state-all = Tous
list-state-locked = Verrouillés
list-state-no_factor = Sans second facteur
list-state-sms_only = SMS seulement
list-state-no_passkey = Sans clé d’accès
list-state-enforced = Second facteur exigé
list-state-few_codes = Peu de codes de récupération
list-state-disabled = Désactivés
list-sort = Trier
list-sort-name = Par nom
list-sort-recent = Utilisés récemment d’abord
list-sort-unused = Inutilisés depuis longtemps d’abord
list-used = Dernier usage du second facteur :
list-unused = Second facteur jamais utilisé
list-chip-passkey = clé d’accès
list-chip-sms = SMS
list-chip-none = sans second facteur
list-figure-no_factor = Sans second facteur
list-figure-sms_only = SMS seulement
list-figure-passkey = Avec une clé d’accès
list-figure-no_passkey = Sans clé d’accès
list-figure-disabled = Désactivés
list-share = { $share } %
list-share-less = moins de 1 %
list-adoption = Comptes avec un second facteur, par semaine (%)
list-adoption-hint = Part des comptes actuels qui avaient leur second facteur à la fin de chaque semaine.
list-adoption-passkey = avec une clé d’accès
list-adoption-other = avec un autre second facteur
list-event-user = Compte (nom, adresse e-mail ou identifiant)
list-event-nobody = Aucun compte ne correspond à « { $text } ».
list-event-several = { $count } comptes correspondent à « { $text } ». Choisissez-en un :
list-event-all = Voir tous les comptes correspondants
list-event-kind = Événement
list-event-outcome = Résultat
list-event-any = Tous
list-event-from = Du (UTC)
    .invalid = Ce n’est pas une date. Écrivez année-mois-jour, par exemple 2026-11-30.
list-event-to = Au (UTC)
    .invalid = Ce n’est pas une date. Écrivez année-mois-jour, par exemple 2026-11-30.
list-event-ip = Adresse IP
    .invalid = Ce n’est pas une adresse IP complète, par exemple 192.0.2.7 ou 2001:db8::7.
list-event-filter = Filtrer

bulk-action = Modifier plusieurs comptes
bulk-ticked = Modifier les comptes cochés
bulk-all = { $count ->
    [one] Modifier le seul compte trouvé
   *[other] Modifier les { $count } comptes trouvés
}
bulk-hint = La page suivante montre les comptes concernés et demande un motif. Rien n’est modifié avant. Seules les cases cochées sur cette page de la liste comptent.
bulk-back = Retour à la liste des comptes
bulk-selection = { $count ->
    [one] Le compte
   *[other] Les { $count } comptes
}
flash-nobody-ticked = Aucun compte n’est coché, rien n’a été modifié. Cochez-en au moins un, ou modifiez tous les comptes trouvés.
bulk-select = Sélectionner { $name }
bulk-enforce = Exiger un second facteur
bulk-require_phishing_resistant = Exiger une clé d’accès
bulk-unlock = Déverrouiller
bulk-reset = Retirer tous les seconds facteurs
    .hint = Cette action est irréversible. Les comptes des administrateurs et le vôtre ne sont pas modifiés.
    .self = Votre propre compte fait partie de la sélection.
    .others = Le résultat indique chaque compte qui n’a pas été modifié.
bulk-title = { $action } : { $count ->
    [one] 1 compte
   *[other] { $count } comptes
}
bulk-limit = Une modification porte sur { $count } comptes au plus. D’autres comptes correspondent et ne figurent pas dans cette liste : modifiez-les avec mfa-admin ou une recherche plus précise.
bulk-more = Et { $count } de plus.
bulk-others = La liste a changé depuis l’ouverture de cette page. Vérifiez-la de nouveau.
bulk-done = Résultat
bulk-outcome-done = Modifiés : { $count }
bulk-outcome-unchanged = Déjà ainsi : { $count }
bulk-outcome-refused = Non modifiés : { $count }
bulk-refused =
    .reset = Une modification de plusieurs comptes ne retire ni les seconds facteurs des administrateurs ni les vôtres. Ouvrez chaque compte séparément.
    .other = Les données de ces comptes n’ont pas permis la modification. Vérifiez chacun avec mfa-admin.
bulk-outcome-not_found = Introuvables : { $count }
