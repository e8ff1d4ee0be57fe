# The texts of the web pages, in English.
#
# Terms. One term for one thing, in both languages; `crates/mfa-http/src/i18n/tests.rs` checks that each is used, and that no other is.
#
# - second factor / second facteur: the passkey, the app or the phone number that protects an account
# - method / méthode: a way to verify a login (passkey, app, SMS or recovery code)
# - passkey / clé d’accès
# - security key / clé de sécurité: a device that is plugged in or held to the phone, and holds passkeys
# - authenticator app / application d’authentification
# - recovery code / code de récupération
# - SMS backup / secours par SMS: a code by SMS when the app is not available
# - QR code / QR code
# - set up / configurer: add a second factor for the first time
# - verify / vérifier: check a code, a number or a person
# - require / exiger
# - remove / retirer
# - generate / générer: create recovery codes
# - log in / se connecter
# - incorrect / incorrect: a code or password that was rejected
# - attempt / tentative
# - administrator / administrateur
# - account / compte: what a login opens; its owner is a person
# - person / personne: the owner of an account
# - dashboard / tableau de bord: the first page for administrators
# - help / aide
# - session / session: the time between a login and its end
# - locked / verrouillé: no code is accepted for a time, after too many incorrect codes
# - cookie / cookie

# Layout of every page.

skip = Skip to content
brand-what = Account security
logout = Log out
nav = Main menu
nav-account = My account
nav-activity = Activity
nav-admin = Admin
languages = Language
help = Help
help-text = Help: { $text }
help-need = Need help?
help-get = Get help
help-nobody = contact your administrator.
    .text = Contact your administrator.
privacy = Privacy
back = Back to my account
continue = Continue
manage = Manage
copy = Copy
copied = Copied
download = Download
downloaded = Downloaded
print = Print
wait = Time remaining:
wait-over = 0 s. You can try again now.
title-error = Error: { $title }
moment = { $day } { $month } { $year }, { $time } UTC
    .us = { $month } { $day }, { $year }, { $time } UTC
day = { $day } { $month } { $year }
    .us = { $month } { $day }, { $year }
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

session-ending = Your session ends in less than two minutes.
session-over = Your session has ended.
session-stay = Confirm it’s you to stay logged in
session-again = Log in again

# Login page.

login-title = Welcome
login-lead = Log in to manage the security of your account.
login-user = Username or email address
login-password = Password
login-enter = Log in
login-elsewhere = Log in on your organisation’s login page. You will then come back here.
login-go = Go to the login page
login-nowhere = Log in through your organisation’s application.
    .hint = Open it as usual. It sends you here when you need to verify your login.
benefits = What you can do here
benefits-line = Secure your account in three minutes.
benefits-passkey = A passkey: your fingerprint, your face or your device’s code is enough
benefits-app = An authenticator app that shows a new code every 30 seconds
benefits-codes = Ten recovery codes to keep in a safe place
benefits-phone = A phone number for SMS backup
handover-title = One more step
handover-lead = Continuing as

# Messages shown once, on the page that follows an action.

flash-signed-out = You are logged out.
flash-session-over = Your session has ended. Log in again: you will return to the page where you were.
flash-lock-ended = The lock has ended. Log in again.
flash-log-in-for-pass = Log in again: you then return to “I lost my phone”, to type the access pass.
flash-logged-in-elsewhere = You have already logged in in another tab or window.
flash-app-added = Authenticator app added.
flash-app-removed = Authenticator app removed.
flash-passkey-added = Passkey added.
flash-authenticator-renamed = Name changed.
flash-authenticator-removed = Second factor removed.
flash-phone-ready = Phone number verified.
flash-phone-removed = Phone number removed.
flash-backup-sms = SMS backup is on: you can get a code by SMS when you don’t have your passkey or app.
flash-backup-none = SMS backup is off: no code by SMS will be offered when you log in.
flash-few-codes-left = You are running low on recovery codes. Generate new ones.
flash-foreign-codes = Your recovery codes come from the previous system. Generate new ones.
flash-no-codes-left = You have used your last recovery code. Generate new ones.
flash-step-up-first = Confirm it’s you first.
flash-unlocked = Account unlocked.
flash-reset = All second factors of this account were removed, its sessions were ended, and it was unlocked.
flash-enforced = A second factor is now required for this account.
flash-not-enforced = A second factor is no longer required for this account.
flash-passkey-required = A passkey is now required for this account.
flash-passkey-not-required = A passkey is no longer required for this account.

# Setup of a required second factor.

start-title = Protect your account
start-lead = Your organisation requires a second factor to log in. Choose one: it takes about two minutes.
    .optional = A second factor protects your account even if your password is stolen. Choose one.
    .passkey = Your organisation requires a passkey to log in. Add one: it takes about a minute.
start-app = Use an authenticator app
    .hint = The app shows a new code every 30 seconds, even offline.
start-phone = Get codes by SMS
    .hint = A code is sent to your mobile number each time you log in.

# Verification at login, and again before a sensitive change.

verify-title = Confirm it’s you
verify-again = Confirm it’s you to continue
    .hint = We check your second factor before any change to your account security.
verify-totp = Open your authenticator app and enter the code shown for this account.
verify-step = Next code in
verify-confirm = Verify
verify-sms = We will send a code to { $phone }.
verify-sms-send = Send code
verify-sms-have = I already have a code
verify-sms-sent = Enter the code sent to { $phone }. It expires in 5 minutes.
verify-recovery = Enter one of your recovery codes. Each code works once.
verify-passkey = Use your passkey: fingerprint, face, device code or security key.
    .only = Your organisation accepts only a passkey for this account: a fake site can’t steal it.
verify-locked = This account is locked after too many incorrect codes.
    .until = It unlocks on
    .forever = Only an administrator can unlock it.
    .what = The lock protects your account, and ends on its own. If you did not enter these codes, somebody else may know your password: change it, and ask for help.
    .ask = Ask for help: an administrator checks that it is you, then unlocks the account.
    .again = Enter a code
verify-unlocked = The lock has ended.
    .title = Account unlocked
verify-attempts = { $left ->
    [one] One more incorrect code will lock this account.
   *[other] { $left } more incorrect codes will lock this account.
 }
verify-leave = Cancel and go back to login
recovery-label = Recovery code
recovery-hint = 16 letters and digits. Upper or lower case and dashes don’t matter.
ways = Try another way
way-passkey = Passkey
passkey-needs-script = Passkeys need JavaScript, which is turned off in this browser. Choose another method.
    .only = Passkeys need JavaScript, which is turned off in this browser. Turn it on, or use another browser.
passkey-use = Use a passkey
passkey-what = A passkey confirms it’s you with your fingerprint, your face, your device’s code or a security key, and a fake site can’t steal it.
passkey-cancelled = The request was cancelled or took too long. Try again.
passkey-not-used = The request was cancelled or took too long, or this device has no passkey for this account. Try again, or choose another method.
    .only = The request was cancelled or took too long, or this device has no passkey for this account. Try again, or contact your administrator.
passkey-unsupported = This browser doesn’t support passkeys. Choose another method, or use a recent version of your browser.
    .only = This browser doesn’t support passkeys. Use a recent version of your browser, or another device.
passkey-address = Browsers don’t allow passkeys at an IP address.
    .link = Open this page at localhost
passkey-security = Passkeys don’t work at this address. Open this service at its usual address.
passkey-unsuitable = This device can’t store a passkey for this service. Use another device or a security key.
passkey-offline = The service can’t be reached. Check your connection, then try again.
passkey-failed = The passkey couldn’t be used. Try again, or choose another method.
    .only = The passkey couldn’t be used. Try again, or contact your administrator.
passkey-off = Passkeys aren’t available on this service.
passkey-required = Your organisation requires a passkey to log in. Add one now: you are then logged in.
way-totp = Authenticator app
way-sms = Code by SMS
way-recovery = Recovery code
way-off = not available right now
code-label = { $digits }-digit code
code-label-any = Code of 6 to 8 digits
code-missing = Enter the { $digits } digits of the code.
code-missing-any = Enter the 6 to 8 digits of the code.
code-hint-app = The code changes every 30 seconds.
code-hint-app-any = The code changes regularly.
code-hint-sms = The SMS usually arrives within a minute.
resend = Send a new code
resend-in = Send a new code in
clock-behind = This code comes from your app, but your phone’s clock is slow by about { $seconds } seconds. Turn on automatic date and time in the phone’s settings, then enter a new code.
clock-ahead = This code comes from your app, but your phone’s clock is fast by about { $seconds } seconds. Turn on automatic date and time in the phone’s settings, then enter a new code.

# Errors shown on a form.

form-invalid_code = That code didn’t work. It may be incorrect, expired or already used: try another one.
form-enrol_code = That code didn’t work. Use the code of the entry you have just added, { $name } ({ $email }), not of an older entry, and enter it before it changes.
form-recovery_code = { $count ->
    [one] A recovery code has 16 letters and digits. This one has 1. No attempt was counted.
   *[other] A recovery code has 16 letters and digits. This one has { $count }. No attempt was counted.
 }
form-access_pass = { $count ->
    [one] An access pass has 16 letters and digits. This one has 1. No attempt was counted.
   *[other] An access pass has 16 letters and digits. This one has { $count }. No attempt was counted.
 }
form-access_pass_refused = This access pass didn’t work. It may be incorrect, expired or already used: check it with the person who gave it to you, or ask for a new one.
form-passkey_refused = This passkey was not accepted. Try again, or choose another method.
form-no_challenge = This took too long. Try again.
form-already_registered = This device, security key or password manager already has a passkey for this account.
form-too_many_authenticators = You have reached the maximum number of passkeys or apps. Remove one first.
form-authenticator_required = You have several apps. Choose the one to remove in the list of your account.
form-name_taken = Another of your second factors already has this name.
form-invalid_credentials = Incorrect username or password.
form-rate_limited = Too many attempts.
form-sms_budget = Too many codes were requested by SMS. Use another method, or wait before the next SMS.
form-phone_refused = We can’t send SMS to this number. Enter another mobile number.
form-phone_invalid = This is not a complete mobile number. { $country }: a mobile number looks like { $example }.
form-phone_foreign = We can’t send SMS to numbers of this country. We can to: { $countries }.
form-phone_landline = This is a landline number, which can’t receive our SMS. Enter a mobile number.
form-phone_service = This is a service or premium-rate number, which can’t receive our SMS. Enter a mobile number.
form-sms_unavailable = We couldn’t confirm that the SMS was sent. If you receive it, its code is valid.
form-factor_required = Your organisation requires a second factor: you can’t remove the last one.
form-phishing_resistant_required = Your organisation accepts only a passkey for this account.
form-method_not_available = This method isn’t available for your account.
form-not_enrolled = This method isn’t set up on your account.
form-invalid_field = A value is invalid.
form-no_enrolment_in_progress = The setup took too long, or too many codes were incorrect. Start over with a new QR code or phone number.

# Errors shown on a page of their own.

error-again = Try again
error-home = Back to the home page
error-reference = Incident reference:
error-form = This form is no longer valid
    .text = It was opened before your last login, or it comes from another page. Nothing was changed. Open the page again and start over.
error-cookies = Cookies are blocked
    .text = Your browser sent no cookie back. Allow cookies for this site, or leave private browsing, then try again. These pages use cookies only to keep you logged in.
error-malformed_request = Invalid request
    .text = Nothing was changed. Open the page again and start over.
error-invalid_field = Invalid value
    .text = Nothing was changed. Open the page again and start over.
error-account_locked = Account locked
    .text = Too many incorrect codes in a row. The lock protects your account: wait until it ends, or contact an administrator.
error-account_disabled = Account disabled
    .text = You can’t log in with this account. Contact an administrator.
error-not_allowed = Administrators only
    .text = Only administrators can open this page.
error-not_found = Page not found
    .text = There is no page at this address.
error-method_not_allowed = Page not found
    .text = There is no page at this address.
error-too_large = Request too large
    .text = Nothing was changed. Open the page again and start over.
error-unsupported_media_type = Invalid request
    .text = Nothing was changed. Open the page again and start over.
error-rate_limited = Too many attempts
    .text = Wait a moment before you try again.
error-not_enrolled = No second factor
    .text = Add a passkey, an authenticator app or a phone number to your account first.
error-no_enrolment_in_progress = Setup expired
    .text = The setup took too long, or too many codes were incorrect. Start over from your account.
error-method_not_available = Method not available
    .text = This method isn’t available for your account. Choose another one.
error-factor_required = Second factor required
    .text = Your organisation requires a second factor: you can’t remove the last one.
error-phone_refused = Phone number not accepted
    .text = We can’t send SMS to this number.
error-phishing_resistant_required = Passkey required
    .text = Your organisation accepts only a passkey for this account.
error-sms_unavailable = SMS not confirmed
    .text = We couldn’t confirm that the SMS was sent. If you receive it, its code is valid. If not, use another method.
error-internal_error = Something went wrong
    .text = The problem is on our side and has been logged. Try again in a moment.
error-store_unavailable = Service temporarily unavailable
    .text = Try again in a moment. If you entered a code, use a new one.
error-clock_skew = Codes can’t be verified right now
    .text = The clock of this service is not reliable at the moment. Try again later.
error-overloaded = The service is busy
    .text = There are too many requests at the moment. Try again shortly.

# My account.

home-title = My account security
home-parts = Security settings
home-count = { $there } of { $all } set up
home-last = Last verified:
home-recent = Recent activity
home-all = View all
level-open = Only a password protects your account
    .text = Anyone who guesses or steals it can log in. Adding a passkey or an authenticator app takes two minutes.
level-half = Your account is protected
    .text = Finish the setup: a passkey or an authenticator app, and recovery codes in case you lose it.
    .sms = Add a passkey or an authenticator app: both are safer than a code by SMS. Your recovery codes are ready.
    .codes = Generate recovery codes: with them you keep access to your account if you lose your second factor.
level-passkey = Your organisation requires a passkey
    .text = Add one now: you will need it at your next login.
level-full = Your account is well protected
    .text = Everything is set up: you keep access to your account even if you lose your second factor. No action is needed.
    .passkey = You log in with a passkey, as your organisation requires. No action is needed.
next-app = Add an app
next-codes = Generate new codes
state-on = Set up
state-low = Needs attention
state-off = Not set up
state-optional = Optional
home-locked = Codes entered now are refused until then. If you did not enter the incorrect codes, somebody else may know your password: change it.
card-app = Authenticator app
card-app-since = Added on
card-app-none = Shows a new code every 30 seconds, even offline.
card-app-manage = Manage authenticator app
card-codes = Recovery codes
card-codes-left = { $left ->
    [0] No codes left.
    [one] 1 code left.
   *[other] { $left } codes left.
 }
card-codes-none = Generated when you add your first second factor.
card-codes-manage = Manage recovery codes
card-phone = Phone number
card-phone-none = A mobile number that can receive SMS.
card-phone-manage = Manage phone number
card-backup = SMS backup
card-backup-sms = A code by SMS when you don’t have your passkey or app.
card-backup-none = No code by SMS is offered when you log in.
card-backup-manage = Manage SMS backup

# Second factors of an account.

authenticators = Second factors
authenticators-none = None yet.
authenticator-manage = Manage { $name }
authenticator-added = Added on
authenticator-used = Last used on
authenticator-unused = Never used
authenticator-name = Name
authenticator-rename = Rename
    .do = Save the name
authenticator-remove = Remove
    .text = You will no longer be able to log in with it. Do this if you have lost it.
    .start = Remove…
authenticator-removal = Remove “{ $name }”?
    .text = You will no longer be able to log in with it, and your other sessions will end.
    .last = It is your only second factor: your account will have a password only, and your recovery codes will disappear.
    .required = Your organisation requires a passkey: you can’t remove the last one.
    .passkey = Then delete it on your device or in your password manager too.
    .do = Remove
authenticator-keep = Keep it
passkey-title = Add a passkey
passkey-add = Add a passkey
passkey-name = Passkey { $number }
passkey-name-hint = For example, the name of the device.
passkey-synced = Passkey, synced between your devices
passkey-cloned = This passkey may have been copied. Remove it, and add a new one.

# Authenticator app.

steps = Setup steps
step-factor = Second factor
step-codes = Recovery codes
step-backup = SMS backup (optional)
app-title = Authenticator app
app-on = Added on
app-off = No app yet.
    .text = Any authenticator app works: Aegis, FreeOTP, Google Authenticator, Microsoft Authenticator, 1Password…
app-add = Add another app
    .text = For example on a tablet. Your current app keeps working, and your recovery codes stay the same.
    .several = For example on a tablet. Your current apps keep working, and your recovery codes stay the same.
app-add-start = Add another app…
app-add-next = Continue
app-name = Authenticator app { $number }
app-replace = Move to another phone
    .text = Scan a new QR code with the new phone. The current app keeps working until the new one is verified.
app-replace-all =
    .text = Scan a new QR code with the new phone. It replaces all your current apps, which keep working until it is verified.
app-replace-start = Scan a new QR code
app-remove = Remove the app
    .text = Your account will be less secure.
app-remove-start = Remove the app…
app-remove-one = You have several apps. Choose the one to remove on your account page.
app-remove-list = Go to my account
enrol-title = Add an authenticator app
enrol-scan = Add this account to your app
    .text = In your authenticator app, choose to add an account, then scan this QR code.
enrol-qr = QR code to scan with an authenticator app
enrol-open = Open in my app
    .text = If your app is on another phone, scan the QR code with it.
enrol-by-hand = I can’t scan the QR code
    .text = Enter this key in the app:
enrol-code = Enter the code shown in the app
enrol-confirm = Verify
enrol-anew = Start over with a new QR code
removal-title = Remove the authenticator app?
removal-lead = Your account will be less secure, and your other sessions will end.
removal-code = Code from the app, or recovery code
removal-hint = We use it to confirm it’s you.
removal-do = Remove the app

# Recovery codes.

codes-app-ready = Your second factor is set up.
codes-new-title = Save your recovery codes
codes-new-lead = If you don’t have your second factor, log in with one of these codes. They are shown only once.
    .passkey = While your organisation requires a passkey, these codes aren’t enough to log in. Keep them: they will work if it accepts other methods. They are shown only once.
codes-new-hint = Print them or save them in a password manager, but not on your phone. Each code works once.
codes-unsaved = You have not confirmed that you saved your new recovery codes.
    .show = Show them again
codes-file-head = { $name } recovery codes for { $email }, generated on { $date }
codes-kept = I have saved my codes
codes-kept-phone = Codes saved, continue
codes-title = Recovery codes
codes-left = { $left ->
    [0] No codes left.
    [one] 1 code left.
   *[other] { $left } codes left.
 }
codes-what = Each code lets you log in once, in place of your second factor.
    .passkey = While your organisation requires a passkey, these codes aren’t enough to log in.
codes-used = Used on
codes-unused = Available
codes-made = Generated on
codes-renew = Lost your codes or running low?
    .text = Generate ten new codes. The old ones will stop working.
codes-renew-do = Generate new codes
codes-renewal = Generate new recovery codes?
    .text = The codes you have now, printed or saved, will stop working at once. The ten new codes are shown only once.
    .do = Generate ten new codes
    .keep = Keep my current codes

# Phone number.

phone-title = Add a phone number
phone-change-title = Your phone number
phone-lead = Get a code by SMS when you don’t have your passkey or app.
    .factor = A code will be sent to this number each time you log in.
phone-back = Choose another second factor
phone-name = Phone { $number }
phone-now = Verified number:
phone-skip = Not now: go to my account
phone-change = Change the number
    .text = To change it, enter the new number. The current one stays in use until the new one is verified.
phone-none = This service does not send SMS.
phone-country = Country
phone-number = Mobile number
phone-hint = We only use it to send you codes. Your carrier may charge for SMS received abroad.
phone-send = Send code
phone-notice = SMS can be intercepted if your number is hijacked. SMS is safer than a password alone, but less secure than an authenticator app.
phone-confirm-title = Enter the code you received
phone-sent = We sent a code to { $phone }. It expires in 5 minutes.
phone-confirm = Verify this number
phone-other = Change the number
phone-remove = Remove this number
    .text = You will no longer be able to get codes by SMS.
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

# SMS backup.

backup-title = SMS backup
backup-lead = Choose how to log in when you don’t have your passkey or app.
backup-sms = Code by SMS
    .text = Sent to { $phone } when you ask for it.
backup-none = Recovery codes only
    .text = No code by SMS is offered when you log in.
backup-choose = Save

# Activity.

activity-title = Account activity
activity-lead = Security events on your account. If you don’t recognise one, change your password and contact an administrator.
activity-none = No events.
activity-ended = { $what }: { $how }
activity-by-admin = by an administrator
older = Older events
agent-unknown = unknown browser
outcome-success = success
outcome-failure = failed
outcome-refused = rejected
event-login = Password login
event-totp_enroll_start = Authenticator app setup started
event-totp_enroll = Authenticator app setup
event-totp_verify = Authenticator app code
event-otp_replay = Authenticator app code already used
event-totp_disable = Authenticator app removal
event-passkey_register = Passkey setup
event-passkey_verify = Passkey
event-passkey_clone_suspected = Passkey that may have been copied
event-passkey_backup_changed = Passkey sync turned on or off
event-authenticator_rename = Second factor renamed
event-authenticator_remove = Second factor removed
event-recovery_use = Recovery code
event-recovery_regenerate = New recovery codes
event-sms_send = Code sent by SMS
event-sms_verify = Code by SMS
event-phone_set = Code sent to a new number
event-phone_verify = Phone number verification
event-phone_remove = Phone number removed
event-backup_set = SMS backup changed
event-account_locked = Account locked
event-account_unlocked = Account unlocked by a correct recovery code
event-locked_call = Attempt on a locked account
event-guessing_suspected = Many incorrect codes
event-foreign_change = Factor changed outside this service
event-token_revoked = Logged out (token revoked)
event-token_refused = Invalid session
event-rate_limited = Too many attempts
event-crypt_decrypt_fail = Secret could not be decrypted
event-admin_user_create = Account created
event-admin_unlock = Account unlocked
event-admin_reset = All second factors removed
event-admin_authenticator_rename = Second factor renamed by an administrator
event-admin_authenticator_remove = Second factor removed by an administrator
event-admin_enforce = Second factor requirement turned on or off
event-required =
    .factor = Second factor now required
    .passkey = Passkey now required
event-released =
    .factor = Second factor no longer required
    .passkey = Passkey no longer required
event-admin_password = Password set by an administrator
event-admin_superuser = Administrator rights granted or revoked
event-admin_token = Token issued by an administrator
event-admin_recovery_regenerate = Recovery codes generated by an administrator
event-admin_erase = Data erased
event-actor_erase = Administrator data erased
event-admin_migrate = Database schema changed
event-admin_revoke_all = All sessions ended
event-admin_list = Account list viewed
event-admin_show = Account viewed
event-admin_events = Events viewed
event-admin_stats = Statistics viewed
event-failures_rising = Spike in failures across all accounts
event-admin_audit_verify = Audit log verified
event-admin_audit_export = Audit log exported
event-admin_keys_rotate = Encryption keys rotated
event-admin_import = Second factors imported
event-admin_export = Second factors exported
event-admin_refused = Administrator access

# Administration.

admin-title = Dashboard
admin-back = Back to the dashboard
admin-search = Name or email address
admin-find = Search
admin-users = Accounts
admin-nobody = No accounts found.
admin-more = Next page
admin-period = Period
admin-days = { $days ->
    [one] 24 hours
   *[other] { $days } days
 }
admin-events = Security events
admin-acts = Account actions
admin-done = Done
admin-codes-title = New recovery codes
admin-codes-lead = They are shown only once. Give them to the owner of the account in person or over a secure channel.
chip-locked = locked
chip-disabled = disabled
chip-app = app
chip-enforced = second factor required
chip-superuser = administrator
yes = yes
no = no
fact-user = Username
fact-locked = Locked
fact-locked-for-good = until an administrator unlocks it
fact-failures = Incorrect codes in a row
fact-passkey-only = Passkey required
fact-last = Last verified
figure-users = Accounts
figure-protected = With a second factor
figure-app = With an app
figure-sms = With SMS
figure-enforced = Second factor required
figure-locked = Locked
figure-codes = Low on recovery codes
plot-when = Time
plot-zone = Times in UTC
plot-table = Show as a table
plot-day = { $month } { $day }
plot-checks = Verifications
plot-success = successful
plot-failure = failed
plot-locks = Lockouts
plot-lock = accounts locked
plot-sms = SMS by country and provider
plot-sms-none = No SMS in this period.
column-user = Account
column-what = Event
column-where = IP address
column-who = Actor, reason
admin-user-gone = Account { $id } (deleted)
actor-shell = { $name }, command line
actor-first-start = first start of the service
event-note-demo = demo account of the built-in database
column-country = Country, provider
column-share = Share
column-sent = sent
column-delivered = delivered
column-failed = failed
column-used = used

# SMS preview, in development only.

sms-preview = SMS preview
sms-preview-note = Development only: SMS are not sent, they appear here.
sms-preview-use = Use this code
sms-preview-empty = No messages yet
