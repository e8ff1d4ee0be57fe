# Sessions : où une personne est connectée, et fin d’une session.

sessions-title = Vos sessions
sessions-lead = Chaque connexion avec un second facteur ouvre une session. Elle se ferme automatiquement au bout d’une heure.
sessions-link = Voir vos sessions
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
flash-user-sessions-ended = Toutes les sessions de ce compte sont fermées.
