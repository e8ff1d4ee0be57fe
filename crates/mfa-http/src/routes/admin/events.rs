//! Handler of the security events of all users.

use std::net::IpAddr;

use actix_web::HttpResponse;
use mfa_core::{AuditPage, AuditQuery, EventKind, Outcome, StoredEvent, UserId};
use mfa_flows::{AcceptedStages, AdminAction, AdminCall, Call, FlowError, Flows, SupportAction};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::csv::event_csv_response;
use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{ApiRequest, InputFields, whole_number};
use crate::routes::events::{DEFAULT_PAGE_SIZE, page_size};

/// Page of security events.
#[derive(Serialize, ToSchema)]
#[schema(as = AllEvents)]
pub(super) struct EventListResponse {
    /// Events, newest first.
    events: Vec<ListedEvent>,
    /// Value of `before` for the next page, or null on the last page. With a filter other than `user`, a page that is
    /// not full may have a next page.
    #[schema(required = true)]
    next: Option<i64>,
}

/// Security event of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedEvent)]
struct ListedEvent {
    /// Id of the event.
    id: i64,
    /// Time of the event.
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    /// Id of the user.
    user_id: i64,
    /// Sequence number among the events of the user, from 1.
    seq: u64,
    /// Kind of event.
    event: String,
    /// Factor that was used, or null.
    #[schema(required = true)]
    method: Option<String>,
    /// Outcome of the event.
    outcome: String,
    /// IP address of the client, or null.
    #[schema(required = true)]
    ip: Option<String>,
    /// User agent of the client, or null.
    #[schema(required = true)]
    user_agent: Option<String>,
    /// Id of the request, or null.
    #[schema(required = true)]
    request_id: Option<String>,
    /// Administrator who caused the event, or null.
    #[schema(required = true)]
    actor: Option<String>,
    /// Reason that the administrator gave, or null.
    #[schema(required = true)]
    reason: Option<String>,
}

impl From<StoredEvent> for ListedEvent {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.id,
            at: event.at.to_rfc3339(),
            user_id: event.user.value(),
            seq: event.seq,
            event: event.event,
            method: event.method,
            outcome: event.outcome,
            ip: event.ip,
            user_agent: event.user_agent,
            request_id: event.request_id,
            actor: event.actor,
            reason: event.reason,
        }
    }
}

impl From<AuditPage> for EventListResponse {
    fn from(page: AuditPage) -> Self {
        Self { events: page.events.into_iter().map(ListedEvent::from).collect(), next: page.next }
    }
}

/// Authorises the caller. The helpdesk sees the events of one user whom it may view. Only administrators see all.
async fn authorise(flows: &Flows, call: &Call, query: AuditQuery) -> Result<AdminCall, FlowError> {
    match query.user {
        Some(user) => Ok(flows.support(call, SupportAction::View(user), None).await?.admin().clone()),
        None => flows.administrator(call, AdminAction::Read, None).await,
    }
}

/// `GET /api/mfa/admin/events`
pub(in crate::routes) async fn list(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let query = read_query(request.query()?)?;
    if request.accepts_csv() {
        let export = request
            .run(|flows| async move {
                let admin = authorise(&flows, &call, query).await?;
                Ok::<_, FlowError>(flows.export_events(&admin, query))
            })
            .await?;
        return event_csv_response(request.mfa(), export, "").await;
    }
    let page = request
        .run(|flows| async move {
            let admin = authorise(&flows, &call, query).await?;
            flows.list_events(&admin, query).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(EventListResponse::from(page)))
}

/// Reads the filters and the page from the query string.
fn read_query(mut query: InputFields) -> Result<AuditQuery, ApiError> {
    let id = |text: &str| whole_number(1, i64::MAX)(text);
    // The former name of `user` is still read.
    let former = query.optional("user_id", id);
    let user = query.optional("user", id).or(former).map(UserId::new);
    let kind = query.optional("event", |text| EventKind::parse(text).ok_or(FieldErrorKind::NotOneOf));
    let outcome = query.optional("outcome", |text| Outcome::parse(text).ok_or(FieldErrorKind::NotOneOf));
    let ip = query.optional("ip", |text| text.parse::<IpAddr>().map_err(|_| FieldErrorKind::NotAnAddress));
    let from = query.optional("from", time);
    let to = query.optional("to", time);
    let limit = query.optional("limit", page_size).unwrap_or(DEFAULT_PAGE_SIZE);
    let before = query.optional("before", id);
    let ip = ip.map(|ip| ip.to_canonical());
    query.finish(Some(AuditQuery { user, kind, outcome, ip, from, to, before, limit }))
}
