//! How the pages for administrators name a person.

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
