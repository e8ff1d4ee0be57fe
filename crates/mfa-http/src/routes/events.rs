//! What happened to the caller's account.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::{StoredEvent, UserEventsQuery};
use mfa_flows::AcceptedStages;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::ApiError;
use crate::request::{ApiRequest, whole_number};
use crate::rfc3339::rfc3339;

/// As many events as a page has where the caller names no number.
pub(super) const USUAL_PAGE: u32 = 50;
/// As many as a page can have.
pub(super) const LARGEST_PAGE: u32 = 200;

#[derive(Serialize, ToSchema)]
#[schema(as = OwnEvents)]
struct OwnEventListResponse {
    /// Newest first.
    #[schema(max_items = 200)]
    events: Vec<OwnEvent>,
}

/// Its `id` is its number among the events of its user, from 1 on.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnEvent)]
struct OwnEvent {
    id: u64,
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    event: String,
    #[schema(required = true)]
    method: Option<String>,
    outcome: String,
    #[schema(required = true)]
    ip: Option<String>,
    #[schema(required = true)]
    user_agent: Option<String>,
}

impl From<StoredEvent> for OwnEvent {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.seq,
            at: rfc3339(event.at),
            event: event.event,
            method: event.method,
            outcome: event.outcome,
            ip: event.ip,
            user_agent: event.user_agent,
        }
    }
}

/// `GET /api/mfa/events`
pub(super) async fn list(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::Access)?;
    body.nothing()?;
    let mut query = intake.query()?;
    let limit = query.optional("limit", page_size);
    let before = query.optional("before", |text| whole_number(1, i64::MAX)(text));
    let page = UserEventsQuery {
        before: before.and_then(|it| u64::try_from(it).ok()),
        limit: limit.unwrap_or(USUAL_PAGE),
    };
    query.finish(Some(()))?;
    let events = intake.run(|flows| async move { flows.events(&call, page).await }).await?;
    Ok(HttpResponse::Ok()
        .json(OwnEventListResponse { events: events.into_iter().map(OwnEvent::from).collect() }))
}

/// How many of a page.
pub(super) fn page_size(text: &str) -> Result<u32, crate::problem::FieldErrorKind> {
    let size = whole_number(1, i64::from(LARGEST_PAGE))(text)?;
    Ok(u32::try_from(size).unwrap_or(LARGEST_PAGE))
}
