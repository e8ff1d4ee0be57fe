# The preview of emails, in development only, in English.

mail-preview = Emails that are not sent
mail-preview-list = Newest emails
mail-preview-empty = No emails yet
