# What the pages say, in English. It says what happens and what there is to do.

# The frame of every page.

skip = Skip to content
brand-what = Account security
logout = Log out
nav = Sections
nav-account = My account
nav-activity = Activity
nav-admin = Admin
languages = Language
foot = Your secrets are encrypted and never leave this service.
back = Back to my account
continue = Continue
manage = Manage
copy = Copy
copied = Copied
download = Download
downloaded = Downloaded
print = Print
wait = Time left:
wait-over = you can try again now.
title-error = Error: { $title }
moment = { $month } { $day }, { $year }, { $time } UTC
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

# The first page.

door-title = Welcome
door-lead = Log in to protect your account.
door-user = User name or e-mail address
door-password = Password
door-enter = Log in
door-elsewhere = You log in on your organisation’s usual page, and come back here afterwards.
door-go = Go to the login page
door-nowhere = You log in through your organisation’s application.
    .hint = Open it as you always do: it brings you here when it is time to confirm that it is you.
promise = What you can do here
promise-line = Three minutes for an account that nobody else will open.
promise-app = An app that shows a fresh code every 30 seconds
promise-codes = Ten recovery codes to keep in a safe place
promise-phone = A phone to stand in
handover-title = One more step
handover-lead = You are identified as

# What one page has the next one tell.

told-signed-out = You are logged out.
told-session-over = Your session has ended. Log in again.
told-app-removed = The authenticator app has been removed.
told-phone-ready = Your phone is confirmed.
told-phone-removed = Your phone has been removed.
told-backup-sms = Done: an SMS stands in when your app is not at hand.
told-backup-none = Done: no SMS is offered at login.
told-few-codes-left = You have very few recovery codes left: make new ones.
told-foreign-codes = Your recovery codes come from the old system: make new ones.
told-no-codes-left = That was your last recovery code: make new ones.
told-step-up-first = First confirm that it is you.
told-unlocked = The account is unlocked.
told-reset = All factors of this account have been removed and its sessions have ended.
told-enforced = This account must have a second factor from now on.
told-not-enforced = This account need not have a second factor any more.

# A first factor that is a must.

start-title = Protect your account
start-lead = Your organisation asks for a second proof at login. Choose which one: it takes two minutes.
start-app = With an app
    .hint = The safest way, and without network: the app shows a fresh code every 30 seconds.
start-phone = With an SMS
    .hint = A code is sent to your mobile at each login.

# The second factor.

verify-title = Confirm that it is you
verify-again = Once more: is it you?
    .hint = Before a change of what protects your account we always check.
verify-totp = Open your authenticator app and type the code that it shows for this account.
verify-step = Next code in
verify-confirm = Confirm
verify-sms = We send a code to { $phone }.
verify-sms-send = Send me a code
verify-sms-have = I already have a code
verify-sms-sent = A code was sent to { $phone }. It is good for five minutes.
verify-recovery = Type one of the recovery codes that you have kept. Each is good once.
verify-locked = Too many wrong codes: this account is locked.
    .forever = Only an administrator can unlock it.
verify-leave = Cancel and go back to the login
recovery-label = Recovery code
recovery-hint = Sixteen letters and digits. Capitals and dashes do not matter.
ways = Another way
way-totp = Authenticator app
way-sms = Code by SMS
way-recovery = Recovery code
way-off = not available for the moment
code-label = Six-digit code
code-missing = Type the six digits of the code.
code-hint-app = The code changes every 30 seconds.
code-hint-sms = The SMS usually arrives within a minute.
resend = Send another code
resend-in = Send another code in
clock-behind = This is a code of your app, but your phone’s clock is behind by about { $seconds } seconds. Switch on automatic time in its settings, then type a new code.
clock-ahead = This is a code of your app, but your phone’s clock is ahead by about { $seconds } seconds. Switch on automatic time in its settings, then type a new code.

# What is wrong, on the form.

form-invalid_code = This code does not fit: it is wrong, expired or already used. Take the newest one.
form-invalid_credentials = Wrong credentials. Check the user name and the password.
form-rate_limited = Too many tries.
form-sms_budget = Too many SMS were asked for. Choose another way, or wait.
form-phone_refused = We cannot send SMS to this number. Give the number of another mobile.
form-sms_unavailable = We do not know whether the SMS was sent. If it arrives, its code is good.
form-factor_required = Your organisation demands a second factor: the last one cannot be removed.
form-method_not_available = This way is not available for your account.
form-not_enrolled = This way is not set up on your account.
form-invalid_field = A value is not valid.
form-no_enrolment_in_progress = Too much time or too many tries: begin again with a new QR code or a new number.

# What is wrong, on a page of its own.

trouble-again = Try again
trouble-home = Back to the first page
trouble-reference = Reference of the incident:
trouble-form = This form is no longer good
    .text = It was opened before your last login, or from another page. Nothing was changed: open the page again and start over.
trouble-malformed_request = We did not understand what was sent
    .text = Nothing was changed. Open the page again and start over.
trouble-invalid_field = A value is not valid
    .text = Nothing was changed. Open the page again and start over.
trouble-account_locked = Account locked
    .text = Too many wrong codes in a row. The lock protects your account: wait until it opens, or ask an administrator.
trouble-account_disabled = Account disabled
    .text = This account cannot log in. Ask an administrator.
trouble-not_allowed = Administrators only
    .text = This page is for administrators.
trouble-not_found = There is no such page
    .text = There is nothing at this address.
trouble-method_not_allowed = There is no such page
    .text = There is nothing at this address.
trouble-too_large = Too much was sent
    .text = Nothing was changed. Open the page again and start over.
trouble-unsupported_media_type = We did not understand what was sent
    .text = Nothing was changed. Open the page again and start over.
trouble-rate_limited = Too many tries
    .text = Wait a moment before the next one.
trouble-not_enrolled = No second factor
    .text = First protect your account with an app or a phone.
trouble-no_enrolment_in_progress = Enrolment over
    .text = Too much time or too many tries. Begin again from your account.
trouble-method_not_available = Way not available
    .text = This way is not available for your account. Choose another one.
trouble-factor_required = A second factor is a must
    .text = Your organisation demands a second factor: the last one cannot be removed.
trouble-phone_refused = Number refused
    .text = We cannot send SMS to this number.
trouble-sms_unavailable = SMS not available
    .text = We do not know whether the SMS was sent. If it arrives, its code is good; if not, choose another way.
trouble-internal_error = Something went wrong
    .text = It is our fault, and it has been logged. Your account is as it was.
trouble-store_unavailable = The service is catching its breath
    .text = It is unavailable for the moment. Your account is safe; try again shortly.
trouble-clock_skew = The service’s clock cannot be relied on
    .text = To be safe, no code is checked for the moment. Try again later.
trouble-overloaded = Many people at once
    .text = The service is very busy. Try again shortly.

# My account.

home-title = Protection of my account
home-parts = What protects my account
home-count = { $there } of { $all } in place
home-last = Last confirmed:
home-recent = Recent activity
home-all = See all
level-open = Your account has only its password
    .text = Whoever guesses it comes in. An authenticator app closes that door in two minutes.
level-half = Your account is protected
    .text = What is missing is a way in for the day when your phone is not at hand.
level-full = Your account is well protected
    .text = Everything is in place, also for days without a phone. Nothing to do.
next-app = Add an app
next-codes = Make new recovery codes
next-phone = Add a phone
next-backup = Choose the backup
state-on = In place
state-low = Incomplete
state-off = Not yet
card-app = Authenticator app
card-app-since = Since
card-app-none = A fresh code every 30 seconds, even without network.
card-app-manage = Manage the authenticator app
card-codes = Recovery codes
card-codes-left = { $left ->
    [0] None is left.
    [one] One is left.
   *[other] { $left } are left.
 }
card-codes-none = They come with your first factor.
card-codes-manage = Manage the recovery codes
card-phone = Phone
card-phone-none = A mobile that can receive SMS.
card-phone-manage = Manage the phone
card-backup = Backup
card-backup-sms = An SMS, when the app is not at hand.
card-backup-none = No SMS is offered at login.
card-backup-manage = Manage the backup

# The app.

steps = Steps
step-app = App
step-codes = Codes
step-phone = Phone
step-backup = Backup
app-title = Authenticator app
app-on = In place since
app-off = No app yet.
    .text = Aegis, FreeOTP, Google Authenticator, Microsoft Authenticator, 1Password: all of them will do.
app-replace = Move to another phone
    .text = Scan a new QR code with the new phone. The old one stays good until the new one is confirmed.
app-replace-start = Scan a new code
app-remove = Remove the app
    .text = Your account will be less well protected.
app-remove-start = Remove the app…
enrol-title = Add an app
enrol-scan = Scan this code
    .text = In your authenticator app choose to add an account, then aim at this square.
enrol-qr = QR code to scan with an authenticator app
enrol-open = Open in my app
enrol-by-hand = I cannot scan
    .text = Type this key into the app:
enrol-code = Type the code that it shows
enrol-confirm = Confirm
enrol-anew = Begin again with a new QR code
removal-title = Remove the app?
removal-lead = Without it your password protects your account less well, and your other sessions end.
removal-code = Code of the app or recovery code
removal-hint = It confirms that it is you.
removal-do = Remove the app

# Recovery codes.

codes-app-ready = Done: your second factor is in place.
codes-new-title = Keep these recovery codes
codes-new-lead = When your phone is not at hand, one of these codes lets you in. They are shown this once.
codes-new-hint = Printed and in a drawer, or in a password manager: not on the phone itself. Each code is good once.
codes-file-head = { $name } recovery codes for { $email }
codes-kept = I have kept them
codes-kept-phone = I have kept them, go on
codes-title = Recovery codes
codes-left = { $left ->
    [0] None is left.
    [one] One is left.
   *[other] { $left } are left.
 }
codes-what = Each lets you in once, without a phone.
codes-used = Used on
codes-unused = Available
codes-made = Made on
codes-renew = Lost, or nearly all used?
    .text = Make ten new codes. The old ones will no longer be good.
codes-renew-do = Make new codes

# The phone.

phone-title = Add a phone
phone-change-title = Your phone
phone-lead = An SMS can stand in on the day when your app is not at hand.
phone-now = Confirmed number:
phone-change = Change the number
    .text = To change it, type the new one. The present one stays good until the new one is confirmed.
phone-none = SMS are not available in this installation.
phone-country = Country
phone-number = Mobile number
phone-hint = We send nothing but codes to it. Your carrier may charge for receiving them abroad.
phone-send = Send me a code
phone-notice = An SMS can be diverted by somebody who steals your number. It protects better than a password alone, and less well than an app.
phone-confirm-title = Type the code that you got
phone-sent = A code was sent to { $phone }. It is good for five minutes.
phone-confirm = Confirm this number
phone-other = Change the number
phone-remove = Remove this number
    .text = No SMS will be able to stand in any more.
phone-remove-do = Remove this number
phone-remove-ask = Remove this number from your account?
country-FR = France (+33)
country-BE = Belgium (+32)
country-CH = Switzerland (+41)
country-LU = Luxembourg (+352)
country-MC = Monaco (+377)
country-DE = Germany (+49)
country-ES = Spain (+34)
country-IT = Italy (+39)
country-PT = Portugal (+351)
country-NL = Netherlands (+31)
country-GB = United Kingdom (+44)
country-IE = Ireland (+353)
country-US = United States (+1)
country-CA = Canada (+1)

# The backup.

backup-title = And without your app?
backup-lead = Choose what stands in when it is not at hand.
backup-sms = A code by SMS
    .text = Sent to { $phone }, when you ask for it.
backup-none = My recovery codes alone
    .text = No SMS is offered at login.
backup-choose = Save

# Activity.

activity-title = Activity of my account
activity-lead = Everything about the protection of your account. Something surprises you? Change your password and tell an administrator.
activity-none = Nothing yet.
activity-ended = { $what }: { $how }
activity-by-admin = by an administrator
older = Older
agent-unknown = unknown browser
outcome-success = done
outcome-failure = failed
outcome-refused = refused
event-login = Login by password
event-totp_enroll_start = Adding an app begun
event-totp_enroll = App added
event-totp_verify = Code of the app
event-otp_replay = Code of the app used before
event-totp_disable = Removal of the app
event-recovery_use = Recovery code
event-recovery_regenerate = New recovery codes
event-sms_send = Code sent by SMS
event-sms_verify = Code by SMS
event-phone_set = Code sent to a new number
event-phone_verify = Confirmation of a number
event-phone_remove = Number removed
event-backup_set = Backup chosen
event-account_locked = Account locked
event-locked_call = Try on a locked account
event-guessing_suspected = Many wrong codes
event-token_revoked = Logout
event-token_refused = Session refused
event-rate_limited = Too many tries
event-crypt_decrypt_fail = Unreadable secret
event-admin_user_create = Account made
event-admin_unlock = Account unlocked
event-admin_reset = Factors removed
event-admin_enforce = Obligation of a second factor changed
event-admin_token = Token minted by an administrator
event-admin_recovery_regenerate = Recovery codes made anew
event-admin_erase = Data erased
event-admin_migrate = Schema changed
event-admin_revoke_all = All sessions ended
event-admin_list = List of accounts read
event-admin_show = Account looked at
event-admin_events = Events read
event-admin_stats = Statistics read
event-failures_rising = Failures rising over all accounts
event-admin_audit_verify = Audit trail verified
event-admin_audit_export = Audit trail exported
event-admin_keys_rotate = Encryption keys renewed
event-admin_import = Factors imported
event-admin_export = Factors exported
event-admin_refused = Access for administrators refused

# Administration.

admin-title = Admin
admin-back = Back to the board
admin-search = Name or e-mail address
admin-find = Search
admin-users = Accounts
admin-nobody = Nobody of that name.
admin-more = More
admin-period = Period
admin-days = { $days ->
    [one] 24 hours
   *[other] { $days } days
 }
admin-events = Latest events
admin-acts = Act
admin-done = Done
admin-codes-title = New recovery codes
admin-codes-lead = They are shown this once. Hand them to their owner in person, or by a safe way.
chip-locked = locked
chip-disabled = disabled
chip-app = app
chip-no-app = no app
chip-enforced = enforced
chip-superuser = administrator
yes = yes
no = no
fact-user = User name
fact-locked = Locked
fact-locked-for-good = until an administrator acts
fact-failures = Wrong codes in a row
fact-last = Last confirmed
act-reason = Reason (optional)
act-unlock = Unlock
    .text = Ends the lock and forgets the wrong codes.
    .do = Unlock
act-codes = Make new recovery codes
    .text = Ten new codes, shown once. The old ones are no longer good.
    .do = Make new codes
act-codes-ask = Make new recovery codes for this account?
act-enforce = Demand a second factor
    .text = At the next login this person will have to add one.
    .do = Demand
act-release = Demand a second factor no longer
    .text = This person will be able to remove the last one.
    .do = Demand no longer
act-reset = Remove all factors
    .text = App, phone and recovery codes go, and all sessions end.
    .do = Remove all
act-reset-ask = Remove all factors of this account? Its password alone will protect it.
figure-users = Accounts
figure-protected = with a second factor
figure-app = with an app
figure-sms = with SMS
figure-enforced = enforced
figure-locked = locked
figure-codes = nearly out of codes
plot-when = When
plot-table = The same numbers as a table
plot-day = { $month } { $day }
plot-checks = Verifications
plot-success = passed
plot-failure = failed
plot-locks = Lockouts
plot-lock = accounts locked
plot-sms = SMS by country and provider
plot-sms-none = No SMS in this period.
column-user = Account
column-what = Event
column-where = Address
column-who = By whom, why
admin-user-gone = no. { $id }, gone
actor-shell = { $name }, command line
column-country = Country, provider
column-share = Share
column-sent = sent
column-delivered = delivered
column-failed = failed
column-used = used

# The little phone of the developer.

pocket = Test phone
pocket-note = Development: no SMS is sent, they arrive here.
pocket-use = Use this code
pocket-empty = No message yet
