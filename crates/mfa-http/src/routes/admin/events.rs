//! The events of all users, as administrators see them.

use actix_web::HttpResponse;
use mfa_core::{AuditPage, AuditQuery, EventKind, StoredEvent, UserId};
use mfa_flows::{AcceptedStages, AdminAct};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{ApiRequest, whole_number};
use crate::rfc3339::rfc3339;
use crate::routes::events::{USUAL_PAGE, page_size};

#[derive(Serialize, ToSchema)]
#[schema(as = AllEvents)]
pub(super) struct EventListResponse {
    events: Vec<ListedEvent>,
    /// The `before` of the next page. A page of one kind of event may be short and have a next one all the same.
    #[schema(required = true)]
    next: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ListedEvent)]
struct ListedEvent {
    id: i64,
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    user_id: i64,
    /// Its number among the events of its user.
    seq: u64,
    event: String,
    #[schema(required = true)]
    method: Option<String>,
    outcome: String,
    #[schema(required = true)]
    ip: Option<String>,
    #[schema(required = true)]
    user_agent: Option<String>,
    #[schema(required = true)]
    request_id: Option<String>,
    #[schema(required = true)]
    actor: Option<String>,
    #[schema(required = true)]
    reason: Option<String>,
}

impl From<StoredEvent> for ListedEvent {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.id,
            at: rfc3339(event.at),
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

/// `GET /api/mfa/admin/events`
pub(in crate::routes) async fn list(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    body.nothing()?;
    let mut query = intake.query()?;
    let user = query.optional("user_id", |text| whole_number(1, i64::MAX)(text));
    let kind = query.optional("event", |text| EventKind::parse(text).ok_or(FieldErrorKind::NotOneOf));
    let limit = query.optional("limit", page_size).unwrap_or(USUAL_PAGE);
    let before = query.optional("before", |text| whole_number(1, i64::MAX)(text));
    query.finish(Some(()))?;
    let query = AuditQuery { user: user.map(UserId::new), kind, before, limit };
    let page = intake
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAct::Look, None).await?;
            flows.list_events(&admin, query).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(EventListResponse::from(page)))
}
