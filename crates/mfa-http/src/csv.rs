//! Lists as CSV, streamed page by page.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures::{Stream, StreamExt as _, stream};
use mfa_flows::{EventExport, UserExport, event_csv, event_csv_header, user_csv, user_csv_header};
use mfa_infra::Mfa;

use crate::problem::ApiError;
use crate::request::run_flow;

/// Streams the users of an export. `start` is written before the names of the columns.
///
/// # Errors
///
/// The error of the first page. A later one ends the response before its end, which the client detects.
pub async fn user_csv_response(
    mfa: &Arc<Mfa>,
    export: UserExport,
    start: &str,
) -> Result<HttpResponse, ApiError> {
    let pages = stream::try_unfold((Arc::clone(mfa), export), |(mfa, mut export)| async move {
        let read = run_flow(&mfa, |flows| async move {
            let users = flows.next_users(&mut export).await?;
            Ok::<_, mfa_flows::FlowError>((users, export, flows.now()))
        });
        let (users, export, now) = read.await?;
        let Some(users) = users else { return Ok(None) };
        let lines: String = users.iter().map(|it| user_csv(it, now)).collect();
        Ok::<_, ApiError>(Some((lines, (mfa, export))))
    });
    respond("users.csv", format!("{start}{}", user_csv_header()), pages).await
}

/// Streams the events of an export. `start` is written before the names of the columns.
///
/// # Errors
///
/// As [`user_csv_response`].
pub async fn event_csv_response(
    mfa: &Arc<Mfa>,
    export: EventExport,
    start: &str,
) -> Result<HttpResponse, ApiError> {
    let pages = stream::try_unfold((Arc::clone(mfa), export), |(mfa, mut export)| async move {
        let read = run_flow(&mfa, |flows| async move {
            let events = flows.next_events(&mut export).await?;
            Ok::<_, mfa_flows::FlowError>((events, export))
        });
        let (events, export) = read.await?;
        let Some(events) = events else { return Ok(None) };
        let lines: String = events.iter().map(event_csv).collect();
        Ok::<_, ApiError>(Some((lines, (mfa, export))))
    });
    respond("events.csv", format!("{start}{}", event_csv_header()), pages).await
}

async fn respond(
    name: &str,
    header: String,
    pages: impl Stream<Item = Result<String, ApiError>> + 'static,
) -> Result<HttpResponse, ApiError> {
    let mut pages = Box::pin(pages);
    // Before the status is sent, so that an error is a response of its own.
    let first = pages.next().await.transpose()?.unwrap_or_default();
    let begin = stream::iter([Ok(header), Ok(first)]);
    // An empty chunk would end the body.
    let chunks = begin.chain(pages).filter_map(|chunk| async move {
        match chunk {
            Ok(text) if text.is_empty() => None,
            chunk => Some(chunk.map(Bytes::from)),
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(chunks))
}
