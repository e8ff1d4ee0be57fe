# What the API says to readers, in English. Sober: no text says which part of a credential was wrong.
# The French file has the same messages; a test holds the two to each other.

# Problems: in a few words what is wrong, and what the reader may do about it.

problem-malformed-request = Malformed request
    .detail = The body of the request must be a JSON object in UTF-8, with no key repeated.
problem-body-too-slow = Incomplete request
    .detail = The body of the request did not arrive in time.
problem-token-missing = No token
    .detail = This call needs a token in its Authorization header.
problem-token-invalid = Invalid token
    .detail = The token is not valid. Log in again.
problem-token-expired = Expired token
    .detail = The token has expired. Log in again.
problem-token-spent = Spent token
    .detail = The token has been used. Log in again.
problem-token-revoked = Revoked token
    .detail = The token has been revoked. Log in again.
problem-step-up-required = Recent verification required
    .detail = Show a second factor again, then repeat the call with the new token.
problem-invalid-code = Code refused
    .detail = The code is wrong, expired or already used.
problem-invalid-credentials = Credentials refused
    .detail = The credentials are wrong.
problem-account-locked = Account locked
    .detail = Too many wrong codes: the account is locked for the moment.
problem-account-disabled = Account disabled
    .detail = This account is disabled. Ask an administrator.
problem-wrong-token-stage = Token of another stage
    .detail = This token does not fit this stage of the login.
problem-not-allowed = Not allowed
    .detail = This is not allowed.
problem-not-found = Not found
    .detail = There is nothing at this address.
problem-method-not-allowed = Method not allowed
    .detail = This address takes only the methods in the Allow header.
problem-too-large = Request too large
    .detail = The body of the request is over 16 KiB.
problem-unsupported-media-type = Unsupported format
    .detail = The body of the request must be announced as application/json.
problem-not-enrolled = No app enrolled
    .detail = This account has no authenticator app.
problem-no-enrolment-in-progress = No enrolment in progress
    .detail = Start the enrolment of the app, or start it anew.
problem-method-not-available = Method not available
    .detail = This method is not available for this account. Choose another one.
problem-phone-refused = Number refused
    .detail = No SMS can be sent to this number. Give the number of another mobile, or choose another method.
problem-sms-budget-spent = Too many SMS
    .detail = Too many SMS were asked for. Wait before asking for another one, or choose another method.
problem-sms-unavailable = SMS not confirmed
    .detail = The SMS was not confirmed as sent. If it arrives its code is good; if not, choose another method.
problem-factor-required = Factor required
    .detail = This account must keep a second factor: the last one cannot be taken away.
problem-invalid-field = Invalid field
    .detail = A field of the request is not valid.
problem-rate-limited = Too many tries
    .detail = Too many tries. Wait before the next one.
problem-internal-error = Internal error
    .detail = Something went wrong inside. It has been logged.
problem-store-unavailable = Service unavailable
    .detail = The service is unavailable for the moment. Try again shortly.
problem-store-outcome-unknown = Service unavailable
    .detail = The outcome of the call is not known: this code may be spent, use the next one.
problem-clock-skew = Clock skew
    .detail = The clock of the service cannot be relied on for the moment. Try again later.
problem-overloaded = Service overloaded
    .detail = The service is overloaded. Try again shortly.

# What is wrong with a field of a request.

field-missing = This field is required.
field-unknown = This field is not known.
field-not-text = This field must be a string.
field-nul = This field has a character that is not allowed.
field-not-six-digits = A code is made of six digits.
field-not-a-code = Give a code of six digits or a recovery code.
field-not-a-phone-number = This is not a phone number: give it with its calling code (+33…), or with its country.
field-not-a-country = Give a country code of two letters, such as FR.
field-not-a-backup-method = Give “sms” or “none”.
field-unusable = This value cannot be used.
field-taken = This value is taken.
field-repeated = This field can be given only once.
field-not-a-flag = Give true or false.
field-not-a-time = Give a date and time such as 2026-11-25T08:00:00Z.
field-not-one-of = This value is none of those that are taken here.
field-out-of-range = Give a whole number from { $least } to { $most }.
field-period = The period must end after it begins and last { $days } days at most.
field-too-many-characters = This field has 1 to { $most } characters.
field-too-many-bytes = This field has 1 to { $most } bytes.

# The methods of a second factor.

method-totp = Authenticator app
method-sms = Code by SMS
method-recovery = Recovery code

# Warnings after the use of a recovery code.

warning-few-codes-left = { $left ->
    [one] Only one recovery code is left: make a new set.
   *[other] Only { $left } recovery codes are left: make a new set.
}
warning-foreign-codes = Your recovery codes come from the old system: make a new set.
warning-no-code-left = That was the last recovery code: make a new set.
