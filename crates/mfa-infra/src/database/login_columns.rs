//! Types and indexes of the columns by which users are looked up.

/// How user names and e-mail addresses are looked up in this database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoginColumns {
    /// Type to which a user name is cast before it is compared, so that the index of the column is used.
    pub(super) username: String,
    /// The same for an e-mail address.
    pub(super) email: String,
    /// Whether the comparison of addresses ignores the case itself (`citext`).
    pub(super) email_ignores_case: bool,
    /// Whether addresses are looked up in lower case too. Without an index, that takes too long in a large table.
    pub(super) looks_up_lower_case: bool,
}
