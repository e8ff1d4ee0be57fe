# Acts of administrators on one account. The value names the act, .go is the link to its page, .title names the person.

act-reason = Reason
    .hint = Kept in the audit log, such as a ticket number and how you checked who called.
    .missing = Enter a reason.
act-cancel = Cancel
act-back = Back to { $name }
act-unlock = Unlock
    .go = Unlock…
    .title = Unlock the account of { $name }?
    .text = Ends the lock and resets the count of incorrect codes. The second factors stay as they are.
    .do = Unlock
act-codes = Generate new recovery codes
    .go = Generate new codes…
    .title = Generate new recovery codes for { $name }?
    .text = Ten new codes, shown only once. The old ones stop working.
    .do = Generate new codes
act-remove = Remove a second factor
    .go = Remove…
    .link = Remove…
    .of = Remove “{ $factor }”
    .title = Remove “{ $factor }” of { $name }?
    .text = This second factor stops working, and all sessions of this person end. The recovery codes go with the last one.
    .do = Remove
act-enforce = Require a second factor
    .go = Require…
    .title = Require a second factor of { $name }?
    .text = This person will have to add a second factor at the next login, unless there is one already.
    .do = Require
act-release = Stop requiring a second factor
    .go = Stop requiring…
    .title = Stop requiring a second factor of { $name }?
    .text = This person will be able to remove the last second factor.
    .do = Stop requiring
act-passkey = Require a passkey
    .go = Require a passkey…
    .title = Require a passkey of { $name }?
    .text = This person will be able to log in with a passkey only, and no longer with an app, an SMS or a recovery code.
    .none = This person has no passkey yet. At the next login they use another second factor, then must add a passkey.
    .first = This person has no second factor yet. They will have to add a passkey at the next login.
    .setting = The settings of the service already require a passkey of this person.
    .do = Require a passkey
act-passkey-release = Stop requiring a passkey
    .go = Stop requiring a passkey…
    .title = Stop requiring a passkey of { $name }?
    .text = This person will be able to log in with any second factor again, unless the settings of the service require a passkey.
    .do = Stop requiring a passkey
act-reset = Remove all second factors
    .go = Remove all…
    .title = Remove all second factors of { $name }?
    .text = Removes the passkeys, the app, the phone number and the recovery codes, ends all sessions, and unlocks the account.
    .warning = Until a new second factor is added, only the password protects this account.
    .do = Remove all
act-sessions = End all sessions
    .go = End all sessions…
    .title = End all sessions of { $name }?
    .text = This person has to log in again on every device. Logins in progress are ended too. Some connected applications may accept an ended session for up to one hour.
    .count = { $count ->
        [0] This account has no open session.
        [one] This account has one open session.
       *[other] This account has { $count } open sessions.
    }
    .do = End all sessions
act-pass = Issue an access pass
    .go = Issue an access pass…
    .title = Issue an access pass for { $name }?
    .text = For someone who lost the phone and has no recovery code: a code for one use, with which this person adds a new second factor after the password.
    .do = Issue an access pass
    .minutes = Valid for
    .unlock = Also unlock the account. While it is locked, the pass does not work.
    .locked = The account is locked until an administrator unlocks it. Until then, the pass does not work.
pass-minutes = { $minutes ->
    [60] 1 hour
    [240] 4 hours
    [480] 8 hours
   *[other] { $minutes } minutes
 }
pass-title = Access pass for { $name }
pass-until = Shown only once. Valid for one use, until
pass-how = How to pass it on
    .check = Make sure you are talking to the right person, as your rules say: a colleague’s voice, a video call, an ID.
    .tell = Read the pass out or hand it over. Do not send it by email or chat. Letter case and dashes do not matter.
    .use = { $name } logs in with the password, chooses “I lost my phone”, enters the pass and adds a new app or passkey.
    .after = Adding the new second factor removes all old ones, generates new recovery codes and ends all other sessions.
act-helpdesk = Make helpdesk
    .go = Make helpdesk…
    .title = Make { $name } helpdesk?
    .text = This person will be able to view accounts without a role, to unlock them, and to issue access passes.
    .do = Make helpdesk
act-helpdesk-end = End the helpdesk role
    .go = End the helpdesk role…
    .title = End the helpdesk role of { $name }?
    .text = This person will no longer be able to open the administration.
    .do = End the role
flash-helpdesk-granted = This account now has the helpdesk role.
flash-helpdesk-revoked = This account no longer has the helpdesk role.
chip-helpdesk = helpdesk
fact-role = Role
event-access_pass_use = Access pass
event-admin_access_pass = Access pass issued
event-admin_role = Role changed
event-note-role =
    .helpdesk = Helpdesk role granted
    .none = Helpdesk role ended
event-note-other-sessions = all other sessions
event-note-typed = { $noted }: { $typed }

# "I lost my phone": for the person, and after a login by recovery code.

lost-link = I lost my phone
lost-title = You lost your phone?
    .lead = Choose what you still have. With it you log in, and then set up a new phone.
    .locked = Your account is locked for now.
lost-passkey = A passkey on another device
    .do = Use a passkey
lost-codes = One of your recovery codes
    .text = The list that you saved when you set up your second factor.
    .do = Enter a recovery code
lost-sms = Your number, on another phone
    .text = For example, if your operator has sent you a new SIM card.
    .do = Get a code by SMS
lost-help = None of these
    .only = Ask for help
    .text = Ask your helpdesk or an administrator for an access pass. It works once, after your password.
    .more = Get help
lost-pass = Access pass
    .hint = 16 letters and digits, such as 7k2m-9xqd-4htw-c8fz. Case and dashes do not matter.
    .do = Continue
lost-locked = While the account is locked, no access pass works. Your helpdesk or an administrator can unlock it, and then give you a pass.
    .wait = The lock ends in:
    .then = When your account is unlocked, log in again: you come back to this page, to type the pass.
lost-back = Back to verification
new-title = Add your new second factor
    .lead = It replaces all old ones. Your other sessions end, and you get new recovery codes.
recovered-title = You are logged in
    .lead = You used a recovery code. If you lost your phone, set up the new one now, so that nobody can use the old one.
recovered-app = Replace the authenticator app
    .text = Removes the app on the old phone and generates new recovery codes.
recovered-codes = Generate new recovery codes
    .text = { $left ->
        [0] You have no recovery codes left.
        [one] You have 1 recovery code left.
       *[other] You have { $left } recovery codes left.
     }
recovered-later = Continue to my account
