//! Filter of the events: what the form asks for, and its address.

use std::net::IpAddr;
use std::time::Duration;

use maud::{Markup, html};
use mfa_core::{AuditQuery, EventKind, Outcome, Timestamp, UserId, trim_login};
use mfa_flows::{FlowError, Flows, UserSelector};

use crate::pages::activity::event_name;
use crate::parts::icon;
use crate::request::PageRequest;

const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Refused];

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

impl EventFilter {
    /// Reads the address of the page. What it does not know, it ignores.
    pub(super) fn read(request: &PageRequest) -> Self {
        let text = |name| {
            let text = request.query(name).map(|it| trim_login(it).chars().take(254).collect::<String>());
            text.filter(|it| !it.is_empty())
        };
        let day = |name| text(name).filter(|it| start_of(it).is_some());
        Self {
            user: text("user"),
            event: request.query("event").and_then(EventKind::parse),
            outcome: request.query("outcome").and_then(Outcome::parse),
            ip: text("ip").filter(|it| it.parse::<IpAddr>().is_ok()),
            from: day("from"),
            to: day("to"),
        }
    }

    /// Returns the user, if the filter names one by id.
    pub(super) fn user_id(&self) -> Option<UserId> {
        self.user.as_deref().and_then(|it| it.parse().ok()).filter(|id| *id > 0).map(UserId::new)
    }

    /// Returns the query; `None` if the person does not exist. A number is the id of a user.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`]; [`FlowError::AmbiguousUser`].
    pub(super) async fn query(&self, flows: &Flows) -> Result<Option<AuditQuery>, FlowError> {
        let user = match (self.user_id(), self.user.as_deref()) {
            (None, None) => None,
            // The events of a deleted user are still found by id.
            (Some(id), _) => Some(id),
            (None, Some(text)) => match flows.select(&UserSelector::Login(text.to_owned())).await {
                Ok(user) => Some(user),
                Err(FlowError::NoSuchUser) => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        Ok(Some(AuditQuery {
            user,
            kind: self.event,
            outcome: self.outcome,
            ip: self.ip.as_deref().and_then(|it| it.parse().ok()),
            from: self.from.as_deref().and_then(start_of),
            // The whole day.
            to: self.to.as_deref().and_then(start_of).map(|it| it.plus(Duration::from_hours(24))),
            ..AuditQuery::newest(0)
        }))
    }

    /// Returns the address of these events.
    pub(super) fn address(&self, request: &PageRequest, path: &str, before: Option<i64>) -> String {
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
        request.url(&if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
    }

    /// Renders the form.
    pub(super) fn form(&self, request: &PageRequest) -> Markup {
        let mut kinds: Vec<_> =
            EventKind::ALL.iter().map(|it| (event_name(request, it.as_str()), *it)).collect();
        kinds.sort_by(|a, b| a.0.cmp(&b.0));
        let input = |name: &str, kind: &str, value: Option<&str>| {
            html! {
                div.field {
                    label for=(name) { (request.translate(&format!("list-event-{name}"))) }
                    input id=(name) name=(name) type=(kind) maxlength="254" autocomplete="off" spellcheck="false" value=[value];
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
