# Emails about changes of an account, in English. $issuer is the name of the service, in every text.
# The terms are those of crates/mfa-pages/locales. One idea a sentence. No text of a user or of a browser is quoted.

mail-greeting = Hello,

# Kinds of emails: subject and first paragraph.

mail-enrolled =
    .subject = { $issuer }: your account has a second factor
    .text = A second factor was set up for your { $issuer } account. From now on, logging in takes your password and this second factor.
mail-app-added =
    .subject = { $issuer }: authenticator app added
    .text = An authenticator app was added to your { $issuer } account. Its codes are now accepted when you log in.
mail-app-replaced =
    .subject = { $issuer }: authenticator app replaced
    .text = A new authenticator app replaced the earlier one of your { $issuer } account. Codes of the earlier app and earlier recovery codes no longer work. All other sessions were ended.
mail-app-removed =
    .subject = { $issuer }: authenticator app removed
    .text = An authenticator app was removed from your { $issuer } account. Its codes no longer work.
mail-passkey-added =
    .subject = { $issuer }: passkey added
    .text = A passkey was added to your { $issuer } account. It is now accepted when you log in.
mail-passkey-removed =
    .subject = { $issuer }: passkey removed
    .text = A passkey was removed from your { $issuer } account. It no longer works.
mail-phone-set =
    .subject = { $issuer }: phone number set
    .text = A phone number was set for your { $issuer } account. It can receive codes for this account.
mail-phone-removed =
    .subject = { $issuer }: phone number removed
    .text = The phone number of your { $issuer } account was removed. It no longer receives codes for this account.
mail-backup-changed =
    .subject = { $issuer }: SMS backup changed
    .text = The SMS backup of your { $issuer } account was turned on or off: whether a code by SMS can replace your passkey or app when you log in. Your account page shows which.
mail-codes-regenerated =
    .subject = { $issuer }: new recovery codes
    .text = New recovery codes were generated for your { $issuer } account. The earlier codes no longer work.
mail-recovery-used =
    .subject = { $issuer }: recovery code used
    .text = A recovery code of your { $issuer } account was used. It cannot be used again. If you lost your phone, set up a new second factor and generate new recovery codes.
mail-access-pass-used =
    .subject = { $issuer }: access pass used
    .text = The temporary access pass for your { $issuer } account was used. It sets up a new second factor, which replaces the earlier ones.
mail-locked =
    .subject = { $issuer }: account locked
    .text = Your { $issuer } account was locked after too many incorrect codes. Someone may know your password. The page shows until when it is locked; if you did not enter these codes, change your password as well.
mail-admin-reset =
    .subject = { $issuer }: second factors removed by an administrator
    .text = An administrator removed all second factors and recovery codes of your { $issuer } account. All sessions were ended. You set up a second factor again when you log in.
mail-admin-unlocked =
    .subject = { $issuer }: account unlocked
    .text = The helpdesk or an administrator unlocked your { $issuer } account. You can log in again.
mail-admin-enforced =
    .subject = { $issuer }: requirements changed
    .text = An administrator changed what your { $issuer } account requires to log in: a second factor, a passkey, or both. The login shows what is required.
mail-admin-factor-required =
    .subject = { $issuer }: second factor now required
    .text = An administrator now requires a second factor for your { $issuer } account. If you have none, you set one up at your next login.
mail-admin-factor-released =
    .subject = { $issuer }: second factor no longer required
    .text = An administrator no longer requires a second factor for your { $issuer } account. The ones you have still protect it.
mail-admin-passkey-required =
    .subject = { $issuer }: passkey now required
    .text = An administrator now requires a passkey for your { $issuer } account. Apps, SMS and recovery codes are no longer enough to log in.
mail-admin-passkey-released =
    .subject = { $issuer }: passkey no longer required
    .text = An administrator no longer requires a passkey for your { $issuer } account. Your other second factors are accepted again.
mail-admin-codes =
    .subject = { $issuer }: new recovery codes from an administrator
    .text = An administrator generated new recovery codes for your { $issuer } account. The earlier codes no longer work.
mail-admin-authenticator-removed =
    .subject = { $issuer }: second factor removed by an administrator
    .text = An administrator removed a second factor of your { $issuer } account. All sessions were ended.
mail-admin-password =
    .subject = { $issuer }: password changed by an administrator
    .text = An administrator changed the password of your { $issuer } account. All sessions were ended.
mail-admin-rights =
    .subject = { $issuer }: role changed
    .text = An administrator changed the role of your { $issuer } account in the administration: administrator, helpdesk, or none.
mail-admin-rights-granted =
    .subject = { $issuer }: you are now an administrator
    .text = An administrator gave your { $issuer } account the rights of an administrator: it can manage other accounts.
mail-admin-rights-revoked =
    .subject = { $issuer }: you are no longer an administrator
    .text = An administrator took the rights of an administrator from your { $issuer } account.
mail-admin-helpdesk-granted =
    .subject = { $issuer }: helpdesk role granted
    .text = An administrator gave your { $issuer } account the helpdesk role: it can unlock accounts and issue access passes.
mail-admin-helpdesk-revoked =
    .subject = { $issuer }: helpdesk role ended
    .text = An administrator ended the helpdesk role of your { $issuer } account.
mail-admin-access-pass =
    .subject = { $issuer }: access pass issued
    .text = The helpdesk or an administrator issued a temporary access pass for your { $issuer } account. With your password, it sets up a new second factor, which replaces the earlier ones.
mail-admin-token =
    .subject = { $issuer }: access issued by an administrator
    .text = An administrator issued a token that gives access to your { $issuer } account.
mail-admin-sessions-ended =
    .subject = { $issuer }: sessions ended by an administrator
    .text = An administrator ended all sessions of your { $issuer } account. Log in again to continue.
mail-admin-imported =
    .subject = { $issuer }: second factor imported
    .text = An administrator imported a second factor from another system into your { $issuer } account. It is now accepted when you log in.
mail-admin-exported =
    .subject = { $issuer }: second factor exported
    .text = An administrator exported a copy of your authenticator app’s secret from your { $issuer } account, for example to move to another system.

# When and where. The month is a number from 1 to 12.

mail-when = When: { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $time } UTC
mail-device = Device: { $device }
mail-address = IP address: { $address }

# What to do.

mail-if-you = If it was you, there is nothing to do.
mail-if-not-you = If it was not you, someone else may have access to your account. Get help at once:
mail-if-expected = If you expected this, there is nothing to do.
mail-if-not-expected = If you did not expect this, get help at once:
mail-help-page = { $url }
mail-help-administrator = contact your administrator or your helpdesk.
mail-footer = This message was sent automatically. { $issuer } never asks for a code or a password by email.
