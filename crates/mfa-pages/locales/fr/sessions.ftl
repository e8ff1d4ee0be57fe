# Sessions : où un utilisateur est connecté, et fin d’une session.

sessions-title = Vos sessions
sessions-lead = Chaque connexion avec un second facteur ouvre une session. Elle se ferme automatiquement au bout d’une heure.
sessions-link = Vos sessions
sessions-current = Cette session
    .unlisted = Cette session a été ouverte par une version antérieure du service : elle n’apparaît pas dans la liste.
sessions-others = Autres sessions
    .none = Vous n’êtes connecté nulle part ailleurs.
sessions-end-others = Fermer toutes les autres sessions
sessions-unknown = Une session vous est inconnue ? Fermez-la, puis changez votre mot de passe.
sessions-delay = Certaines applications connectées peuvent accepter une session fermée pendant une heure au plus.

session-since = Connexion :
session-from = depuis
session-by-admin = Session ouverte par un administrateur
session-end = Fermer la session
session-end-of = Fermer la session : { $device }, { $at }

flash-session-ended = La session est fermée.
flash-session-gone = Cette session était déjà fermée.
flash-other-sessions-ended = Toutes les autres sessions sont fermées.
flash-user-sessions-ended = Toutes les sessions de cet utilisateur sont fermées.

admin-sessions = Fermer toutes les sessions
admin-sessions-title = Fermer toutes les sessions de { $name }
admin-sessions-back = Retour à l’utilisateur
admin-sessions-count =
    { $count ->
        [0] Cet utilisateur n’a aucune session ouverte.
        [one] Cet utilisateur a une session ouverte.
       *[other] Cet utilisateur a { $count } sessions ouvertes.
    }
admin-sessions-text = L’utilisateur devra se reconnecter sur tous ses appareils. Les connexions en cours sont également interrompues. Certaines applications connectées peuvent accepter une session fermée pendant une heure au plus.
admin-sessions-reason = Motif (pour le journal d’audit)
admin-sessions-do = Fermer toutes les sessions
