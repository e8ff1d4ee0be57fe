# Texts of API responses in English. No text reveals which part of the credentials was incorrect.
# The French file has the same messages: a test compares the two.

# Problem documents: a short title, and in `detail` what the caller can do.

problem-malformed-request = Malformed request
    .detail = The request body must be a JSON object in UTF-8 without duplicate keys.
problem-body-too-slow = Incomplete request
    .detail = The request body did not arrive in time.
problem-token-missing = Missing token
    .detail = This request requires a token in the Authorization header.
problem-token-invalid = Invalid token
    .detail = The token is invalid. Log in again.
problem-token-expired = Expired token
    .detail = The token has expired. Log in again.
problem-token-spent = Token already used
    .detail = The token has already been used. Log in again.
problem-token-revoked = Revoked token
    .detail = The token has been revoked. Log in again.
problem-step-up-required = Recent verification required
    .detail = Verify a second factor again, then repeat the request with the new token.
problem-invalid-code = Invalid code
    .detail = The code is incorrect, expired or already used.
problem-invalid-credentials = Invalid credentials
    .detail = The username or password is incorrect.
problem-account-locked = Account locked
    .detail = The account is locked after too many incorrect codes.
problem-account-disabled = Account disabled
    .detail = This account is disabled. Contact an administrator.
problem-wrong-token-stage = Wrong token stage
    .detail = This token cannot be used at this stage of the login.
problem-not-allowed = Not allowed
    .detail = You are not allowed to do this.
problem-not-found = Not found
    .detail = The requested resource does not exist.
problem-method-not-allowed = Method not allowed
    .detail = This address accepts only the methods listed in the Allow header.
problem-too-large = Request too large
    .detail = The request body is larger than 16 KiB.
problem-unsupported-media-type = Unsupported media type
    .detail = The Content-Type of the request must be application/json.
problem-not-enrolled = Not enrolled
    .detail = The required second factor is not set up on this account.
problem-no-enrolment-in-progress = No enrolment in progress
    .detail = No enrolment is in progress. Start a new one.
problem-no-challenge = No challenge
    .detail = The request of the passkey has expired. Start again.
problem-already-registered = Already registered
    .detail = This passkey is already registered on this account.
problem-too-many-authenticators = Too many authenticators
    .detail = This account has as many passkeys or authenticator apps as are allowed. Remove one first.
problem-authenticator-required = Authenticator app required
    .detail = The user has several authenticator apps. Send the `id` of the one to remove.
problem-method-not-available = Method not available
    .detail = This method is not available for this account. Choose another one.
problem-phone-refused = Phone number not accepted
    .detail = SMS cannot be sent to this number. Use another mobile number or another method.
problem-phishing-resistant-required = Passkey required
    .detail = Your organisation accepts only a passkey for this account. Use a passkey.
problem-sms-budget-spent = Too many SMS
    .detail = Too many codes were requested by SMS. Wait before you request another one, or use another method.
problem-sms-unavailable = SMS not confirmed
    .detail = The SMS could not be confirmed as sent. If it arrives, its code is valid. If not, use another method.
problem-factor-required = Second factor required
    .detail = This account must keep a second factor: the last one cannot be removed.
problem-invalid-field = Invalid field
    .detail = At least one field of the request is invalid.
problem-rate-limited = Too many requests
    .detail = Too many requests. Wait before you try again.
problem-internal-error = Internal error
    .detail = An internal error occurred. It has been logged.
problem-store-unavailable = Service unavailable
    .detail = The service is temporarily unavailable. Try again shortly.
problem-store-outcome-unknown = Result unknown
    .detail = The result of the request is unknown. The code may have been used: try again with the next one.
problem-clock-skew = Clock skew
    .detail = The clock of the service is not reliable at the moment. Try again later.
problem-overloaded = Service overloaded
    .detail = The service is overloaded. Try again shortly.

# Errors of a field of a request.

field-missing = This field is required.
field-unknown = This field is unknown.
field-not-text = This field must be a string.
field-nul = This field contains a character that is not allowed.
field-not-six-digits = The code must have 6 digits.
field-not-totp-code = The code must have 6 to 8 digits.
field-not-a-code = Enter the code of an authenticator app (6 to 8 digits) or a recovery code.
field-not-a-phone-number = This is not a valid phone number. Enter it with its calling code (+33…) or with its country.
field-not-a-country = Enter a two-letter country code, such as FR.
field-not-a-credential = This is not a credential as a browser returns it.
field-not-a-backup-method = Use “sms” or “none”.
field-unusable = This value is invalid.
field-taken = This value is already in use.
field-repeated = This field can be given only once.
field-not-a-flag = Use true or false.
field-not-an-address = Enter an IP address, such as 192.0.2.7 or 2001:db8::7.
field-not-a-time = Enter a date and time, such as 2026-11-25T08:00:00Z.
field-not-ids = Send a list of 1 to { $most } user ids.
field-not-one-of = This value is not allowed here.
field-out-of-range = Enter a whole number from { $least } to { $most }.
field-period = The period must end after it starts and last at most { $days } days.
field-too-many-characters = This field must have 1 to { $most } characters.
field-too-many-bytes = This field must have 1 to { $most } bytes.

# Verification methods.

method-passkey = Passkey
method-totp = Authenticator app
method-sms = Code by SMS
method-recovery = Recovery code

# Warnings after a recovery code was used.

warning-few-codes-left = { $left ->
    [one] Only one recovery code is left. Generate new ones.
   *[other] Only { $left } recovery codes are left. Generate new ones.
}
warning-foreign-codes = Your recovery codes come from the previous system. Generate new ones.
warning-no-code-left = That was the last recovery code. Generate new ones.
