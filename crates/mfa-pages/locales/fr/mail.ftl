# L’aperçu des e-mails, en développement uniquement, en français.

mail-preview = E-mails non envoyés
mail-preview-list = Derniers e-mails
mail-preview-empty = Aucun e-mail pour le moment
