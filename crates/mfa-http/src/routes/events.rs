//! Handler of the user's own security events.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::{StoredEvent, UserEventsQuery};
use mfa_flows::AcceptedStages;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{ApiRequest, whole_number};

/// Default number of events in a page.
pub(super) const DEFAULT_PAGE_SIZE: u32 = 50;
/// Maximum number of events in a page.
pub(super) const MAX_PAGE_SIZE: u32 = 200;

/// Page of the user's own security events.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnEvents)]
struct OwnEventListResponse {
    /// Events, newest first.
    #[schema(max_items = 200)]
    events: Vec<OwnEvent>,
}

/// Security event of the user.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnEvent)]
struct OwnEvent {
    /// Sequence number among the events of the user, from 1.
    id: u64,
    /// Time of the event.
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
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
}

impl From<StoredEvent> for OwnEvent {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.seq,
            at: event.at.to_rfc3339(),
            event: event.event,
            method: event.method,
            outcome: event.outcome,
            ip: event.ip,
            user_agent: event.user_agent,
        }
    }
}

/// `GET /api/mfa/events`
pub(super) async fn list(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::Access)?;
    body.require_empty()?;
    let mut query = request.query()?;
    let limit = query.optional("limit", page_size);
    let before = query.optional("before", |text| whole_number(1, i64::MAX)(text));
    let page = UserEventsQuery {
        before: before.and_then(|it| u64::try_from(it).ok()),
        limit: limit.unwrap_or(DEFAULT_PAGE_SIZE),
    };
    query.finish(Some(()))?;
    let events = request.run(|flows| async move { flows.events(&call, page).await }).await?;
    Ok(HttpResponse::Ok()
        .json(OwnEventListResponse { events: events.into_iter().map(OwnEvent::from).collect() }))
}

/// Parses a page size.
pub(super) fn page_size(text: &str) -> Result<u32, FieldErrorKind> {
    let size = whole_number(1, i64::from(MAX_PAGE_SIZE))(text)?;
    Ok(u32::try_from(size).unwrap_or(MAX_PAGE_SIZE))
}
