//! Filter of the events: what the form asks for, and its address.

use std::net::IpAddr;
use std::time::Duration;

use maud::{Markup, html};
use mfa_core::{
    AuditQuery, EventKind, Outcome, Timestamp, UserFilter, UserId, UserQuery, UserRecord, UserSort,
    trim_login,
};
use mfa_flows::{AdminCall, FlowError, Flows, UserSelector};

use crate::pages::activity::event_name;
use crate::parts::{FormError, icon};
use crate::request::PageRequest;

const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Refused];

/// Users whom the page offers if a text finds several.
const OFFERED: u32 = 20;

/// Filter as it was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct EventFilter {
    user: Option<String>,
    event: Option<EventKind>,
    outcome: Option<Outcome>,
    ip: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// Result of applying a filter.
pub(super) enum FilterResult {
    /// The events of this query.
    Events(AuditQuery),
    /// Nothing, because a field is not valid.
    Invalid,
    /// Nothing, because the text finds no user.
    Nobody,
    /// The text finds several users: the first of them, and how many there are.
    Several { users: Vec<UserRecord>, total: u64 },
}

impl EventFilter {
    /// Reads the address of the page. An unknown event or outcome is ignored.
    pub(super) fn read(request: &PageRequest) -> Self {
        let text = |name| {
            let text = request.query(name).map(|it| trim_login(it).chars().take(254).collect::<String>());
            text.filter(|it| !it.is_empty())
        };
        Self {
            user: text("user"),
            event: request.query("event").and_then(EventKind::parse),
            outcome: request.query("outcome").and_then(Outcome::parse),
            ip: text("ip"),
            from: text("from"),
            to: text("to"),
        }
    }

    fn parsed_ip(&self) -> Option<IpAddr> {
        self.ip.as_deref().and_then(|it| it.parse().ok())
    }

    /// Returns the fields that are not valid, with the texts of their errors.
    fn errors(&self) -> Vec<(&'static str, &'static str)> {
        let is_day = |it: &Option<String>| it.as_deref().is_none_or(|it| start_of(it).is_some());
        let checks = [
            ("from", "list-event-from.invalid", is_day(&self.from)),
            ("to", "list-event-to.invalid", is_day(&self.to)),
            ("ip", "list-event-ip.invalid", self.ip.is_none() || self.parsed_ip().is_some()),
        ];
        checks
            .into_iter()
            .filter(|(_, _, is_valid)| !is_valid)
            .map(|(field, text, _)| (field, text))
            .collect()
    }

    /// Returns true if a field is not valid.
    pub(super) fn is_invalid(&self) -> bool {
        !self.errors().is_empty()
    }

    /// Returns the text that names a user, if there is one.
    pub(super) fn user_text(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the filter for the events of this user.
    pub(super) fn for_user(&self, user: UserId) -> Self {
        Self { user: Some(user.to_string()), ..self.clone() }
    }

    /// Returns the user, if the filter names one by id.
    pub(super) fn user_id(&self) -> Option<UserId> {
        self.user.as_deref().and_then(|it| it.parse().ok()).filter(|id| *id > 0).map(UserId::new)
    }

    /// Returns what the filter finds. A number is the id of a user. Another text is a login, else it is searched as in the
    /// list of users.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub(super) async fn find(&self, flows: &Flows, admin: &AdminCall) -> Result<FilterResult, FlowError> {
        if self.is_invalid() {
            return Ok(FilterResult::Invalid);
        }
        let user = match (self.user_id(), self.user.as_deref()) {
            (None, None) => None,
            // The events of a deleted user are still found by id.
            (Some(id), _) => Some(id),
            (None, Some(text)) => match flows.select(&UserSelector::Login(text.to_owned())).await {
                Ok(user) => Some(user),
                Err(FlowError::NoSuchUser | FlowError::AmbiguousUser(_)) => {
                    let filter = UserFilter::new(Some(text.to_owned()), None);
                    let query =
                        UserQuery { filter, sort: UserSort::Name, limit: OFFERED, ..UserQuery::default() };
                    let list = flows.list_users(admin, query).await?;
                    let (users, total) = list.map(|it| (it.page.users, it.total)).unwrap_or_default();
                    match (users.first(), total) {
                        (None, _) => return Ok(FilterResult::Nobody),
                        (Some(only), 1) => Some(only.user),
                        _ => return Ok(FilterResult::Several { users, total }),
                    }
                }
                Err(error) => return Err(error),
            },
        };
        Ok(FilterResult::Events(AuditQuery {
            user,
            kind: self.event,
            outcome: self.outcome,
            ip: self.parsed_ip(),
            from: self.from.as_deref().and_then(start_of),
            // The whole day.
            to: self.to.as_deref().and_then(start_of).map(|it| it.plus(Duration::from_hours(24))),
            ..AuditQuery::newest(0)
        }))
    }

    /// Returns the address of these events, below the first page.
    pub(super) fn address(&self, path: &str, before: Option<i64>) -> String {
        let before = before.map(|it| it.to_string());
        let pairs = [
            ("user", self.user.as_deref()),
            ("event", self.event.map(EventKind::as_str)),
            ("outcome", self.outcome.map(Outcome::as_str)),
            ("ip", self.ip.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
            ("before", before.as_deref()),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Renders the form.
    pub(super) fn form(&self, request: &PageRequest) -> Markup {
        let mut kinds: Vec<_> =
            EventKind::ALL.iter().map(|it| (event_name(request, it.as_str()), *it)).collect();
        kinds.sort_by(|a, b| a.0.cmp(&b.0));
        let errors = self.errors();
        let input = |name: &str, kind: &str, value: Option<&str>| {
            let error = errors.iter().find(|(field, _)| *field == name);
            let error_id = format!("{name}-complaint");
            html! {
                div.field {
                    label for=(name) { (request.translate(&format!("list-event-{name}"))) }
                    @if let Some((_, text)) = error {
                        (FormError::new(request.translate(text)).shown(request, &error_id))
                    }
                    // A browser drops the value of a date field that is no date: the reader would not see what is wrong.
                    input id=(name) name=(name) type=(if error.is_some() { "text" } else { kind }) maxlength="254"
                        autocomplete="off" spellcheck="false" value=[value] aria-invalid=[error.map(|_| "true")]
                        aria-describedby=[error.map(|_| error_id.as_str())];
                }
            }
        };
        html! {
            form.search method="get" action=(request.url("/admin/events")) role="search" {
                (input("user", "text", self.user.as_deref()))
                div.field {
                    label for="event" { (request.translate("list-event-kind")) }
                    select #event name="event" {
                        option value="" { (request.translate("list-event-any")) }
                        @for (name, kind) in &kinds {
                            option value=(kind.as_str()) selected[self.event == Some(*kind)] { (name) }
                        }
                    }
                }
                div.field {
                    label for="outcome" { (request.translate("list-event-outcome")) }
                    select #outcome name="outcome" {
                        option value="" { (request.translate("list-event-any")) }
                        @for outcome in OUTCOMES {
                            option value=(outcome.as_str()) selected[self.outcome == Some(outcome)] {
                                (request.translate(&format!("outcome-{}", outcome.as_str())))
                            }
                        }
                    }
                }
                (input("from", "date", self.from.as_deref()))
                (input("to", "date", self.to.as_deref()))
                (input("ip", "text", self.ip.as_deref()))
                button.button type="submit" { (icon("search")) (request.translate("list-event-filter")) }
            }
        }
    }
}

/// Returns the start of a day in UTC.
fn start_of(day: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_not_valid_is_named() {
        let text = |it: &str| Some(it.to_owned());
        let good =
            EventFilter { ip: text("2001:db8::1"), from: text("2026-11-30"), ..EventFilter::default() };
        assert!(!good.is_invalid() && !EventFilter::default().is_invalid());
        let bad = EventFilter { ip: text("10.0.0"), from: text("2026-02-30"), to: text("today"), ..good };
        let fields: Vec<_> = bad.errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["from", "to", "ip"]);
    }
}
