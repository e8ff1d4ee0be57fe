//! How the pages for administrators name a person.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use maud::{Markup, html};
use mfa_core::{Account, Role, UserId};
use mfa_flows::{AccountStatus, AdminCall, FlowError, Flows};

use crate::parts::icon;
use crate::request::PageRequest;

/// The account that a page is about.
pub(super) struct UserView {
    pub(super) account: Account,
    pub(super) status: AccountStatus,
    pub(super) role: Role,
    pub(super) person: Person,
}

impl UserView {
    /// Loads the account for an authorised call.
    pub(super) async fn load(flows: &Flows, call: &AdminCall, user: UserId) -> Result<Self, FlowError> {
        let (account, status) = flows.show_user(call, user).await?;
        let role = flows.role_of(call, &account).await?;
        let person = Person::new(&account, flows.full_name(call, user).await?);
        Ok(Self { account, status, role, person })
    }
}

/// Name and address of an account's owner.
pub(super) struct Person {
    /// The full name, else the user name, else the address, else the ID.
    pub(super) name: String,
    /// The address, unless it is the name.
    pub(super) email: Option<String>,
}

impl Person {
    pub(super) fn new(account: &Account, full_name: Option<String>) -> Self {
        let is_text = |it: &String| !it.trim().is_empty();
        let names = [full_name, Some(account.username.clone()), Some(account.email.clone())];
        let name = names.into_iter().flatten().find(is_text).unwrap_or_else(|| format!("#{}", account.user));
        let email = Some(account.email.clone()).filter(is_text).filter(|it| *it != name);
        Self { name, email }
    }

    /// Returns name and address in one line.
    pub(super) fn line(&self) -> String {
        match &self.email {
            Some(email) => format!("{} · {email}", self.name),
            None => self.name.clone(),
        }
    }
}

/// Names of a user in a list.
pub(super) struct PersonName {
    username: String,
    full_name: Option<String>,
}

/// Users whose full names are loaded at the same time.
const CONCURRENCY: usize = 8;

/// Returns the names of those users that exist.
pub(super) async fn names_of(
    flows: &Flows,
    call: &AdminCall,
    users: &[UserId],
) -> Result<BTreeMap<UserId, PersonName>, FlowError> {
    let usernames = flows.usernames(call, users.iter().copied().collect()).await?;
    let named = stream::iter(usernames).map(|(user, username)| async move {
        let full_name = flows.full_name(call, user).await?;
        Ok::<_, FlowError>((user, PersonName { username, full_name }))
    });
    named.buffered(CONCURRENCY).try_collect().await
}

/// Renders the link to a user's page: full name and user name, as far as they are known.
pub(super) fn person_link(
    request: &PageRequest,
    user: UserId,
    names: &BTreeMap<UserId, PersonName>,
) -> Markup {
    let is_text = |it: &&str| !it.trim().is_empty();
    let found = names.get(&user);
    let full_name = found.and_then(|it| it.full_name.as_deref()).filter(is_text);
    let username = found.map(|it| it.username.as_str()).filter(is_text);
    html! {
        a href=(request.url(&format!("/admin/users/{user}"))) {
            @match full_name.or(username) { Some(name) => (name), None => { "#" (user) } }
        }
        @if let (Some(_), Some(username)) = (full_name, username) { " · " span.person-mail { (username) } }
    }
}

/// Renders the link back to the user's page.
pub(super) fn back_to_person(request: &PageRequest, user: UserId, person: &Person) -> Markup {
    let text = request.translate_with("act-back", &[("name", person.name.as_str().into())]);
    html! { p.back { a.link href=(request.url(&format!("/admin/users/{user}"))) { (icon("next")) (text) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_the_best_name_that_is_known() {
        let mut account = Account::new(UserId::new(7), "c.petit@example.com", "cpetit");
        let person = Person::new(&account, Some("Céline Petit".to_owned()));
        assert_eq!(person.line(), "Céline Petit · c.petit@example.com");
        assert_eq!(Person::new(&account, Some(" ".to_owned())).name, "cpetit");
        account.username.clear();
        let person = Person::new(&account, None);
        assert_eq!((person.name.as_str(), person.email), ("c.petit@example.com", None));
        account.email.clear();
        assert_eq!(Person::new(&account, None).line(), "#7");
    }
}
