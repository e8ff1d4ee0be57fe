# Sessions: where a user is logged in, and ending a session.

sessions-title = Your sessions
sessions-lead = Every login with a second factor starts a session. It ends automatically after one hour.
sessions-link = See your sessions
sessions-current = This session
    .unlisted = This session was started by an earlier version of the service and is not listed.
sessions-others = Other sessions
    .none = You are not logged in anywhere else.
sessions-end-others = End all other sessions
sessions-unknown = You see a session that you don’t recognise? End it, then change your password.
sessions-delay = Some connected applications may accept an ended session for up to one hour.

session-since = Logged in
session-from = from
session-by-admin = Session opened by an administrator
session-end = End session
session-end-of = End session: { $device }, { $at }

flash-session-ended = The session was ended.
flash-session-gone = That session had already ended.
flash-other-sessions-ended = All other sessions were ended.
flash-user-sessions-ended = All sessions of this account were ended.
