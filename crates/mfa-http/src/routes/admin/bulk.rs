//! Handler of changes of many users at once.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use mfa_core::{UserFilter, UserId, UserState};
use mfa_flows::{AcceptedStages, AdminAction, BulkAction, BulkResult, FlowError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;
use utoipa::openapi::schema::Array;

use super::users::{read_reason, reason_schema};
use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{Field, FieldErrors, LargeApiRequest};
use crate::schemas;

/// Maximum number of users of a request.
pub(super) const MAX_USERS: usize = 5_000;

/// Request body of a bulk change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkRequest)]
pub(super) struct BulkRequest {
    #[schema(schema_with = action)]
    action: Field,
    #[schema(schema_with = user_ids)]
    user_ids: Option<Field>,
    #[schema(schema_with = state)]
    state: Option<Field>,
    /// Reason for the audit log: one line. Required, except for a dry run.
    #[schema(schema_with = reason_schema)]
    reason: Option<Field>,
    /// Whether nothing is changed.
    #[schema(value_type = Option<bool>)]
    dry_run: Option<Field>,
}

/// Result of a bulk change.
#[derive(Serialize, ToSchema)]
#[schema(as = BulkResponse)]
pub(super) struct BulkResponse {
    /// Result for each user, in the order of the request. Empty for a dry run.
    results: Vec<UserResult>,
    /// Ids of the users of a dry run, at most 5,000.
    user_ids: Vec<i64>,
}

/// Result of a bulk change for one user.
#[derive(Serialize, ToSchema)]
#[schema(as = BulkResult)]
struct UserResult {
    /// Id of the user.
    user_id: i64,
    #[schema(schema_with = outcome)]
    outcome: &'static str,
}

fn action() -> Object {
    schemas::string_enum(&BulkAction::ALL.map(BulkAction::as_str))
        .description(Some("Action on each user."))
        .build()
}

fn state() -> Object {
    let state = schemas::string_enum(&UserState::ALL.map(UserState::as_str));
    state.description(Some("With `dry_run` only: the users in this state, instead of `user_ids`.")).build()
}

fn outcome() -> Object {
    schemas::string_enum(&["done", "unchanged", "not_found", "refused"])
        .description(Some("Result for the user."))
        .build()
}

fn user_ids() -> Array {
    let ids = utoipa::openapi::schema::ArrayBuilder::new().items(schemas::id(1));
    ids.description(Some("Ids of the users.")).min_items(Some(1)).max_items(Some(MAX_USERS)).build()
}

/// Users that a request selects.
enum BulkUsers {
    Ids(Vec<UserId>),
    State(UserState),
}

/// `POST /api/mfa/admin/users/bulk`
pub(in crate::routes) async fn change(request: LargeApiRequest) -> Result<HttpResponse, ApiError> {
    let request = request.into_inner();
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    let (body, mut errors) = body.parse::<BulkRequest>()?;
    let read = read(body, &mut errors);
    let (action, selection, reason, dry_run) = errors.finish(read)?;
    let response = request
        .run(|flows| async move {
            let act = if dry_run { AdminAction::Prepare } else { AdminAction::Change(call.token.user) };
            let admin = flows.administrator(&call, act, reason).await?;
            let users = match selection {
                BulkUsers::Ids(users) => users,
                BulkUsers::State(state) => {
                    flows.find_user_ids(UserFilter::new(None, Some(state)), MAX_USERS).await?
                }
            };
            if dry_run {
                let user_ids = users.into_iter().map(UserId::value).collect();
                return Ok::<_, FlowError>(BulkResponse { results: Vec::new(), user_ids });
            }
            let results = flows.perform_bulk(&admin, Some(call.token.user), action, users).await?;
            Ok(BulkResponse {
                results: results.into_iter().map(UserResult::new).collect(),
                user_ids: Vec::new(),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(response))
}

impl UserResult {
    fn new(result: BulkResult) -> Self {
        Self { user_id: result.user.value(), outcome: result.outcome.as_str() }
    }
}

fn read(
    body: BulkRequest,
    errors: &mut FieldErrors,
) -> Option<(BulkAction, BulkUsers, Option<String>, bool)> {
    let action = body.action.text(errors, |text| BulkAction::parse(text).ok_or(FieldErrorKind::NotOneOf));
    let dry_run = match body.dry_run {
        Some(field) => field.flag(errors)?,
        None => false,
    };
    let reason = match body.reason {
        Some(field) => Some(read_reason(field, errors)),
        None if dry_run => Some(None),
        None => {
            errors.add("reason", FieldErrorKind::Missing);
            None
        }
    };
    let selection = match (body.user_ids, body.state) {
        (Some(ids), None) => ids.ids(errors, MAX_USERS).map(|ids| BulkUsers::Ids(distinct(ids))),
        (None, Some(state)) if dry_run => {
            let state = state.text(errors, |text| UserState::parse(text).ok_or(FieldErrorKind::NotOneOf));
            state.map(BulkUsers::State)
        }
        (None, None) => {
            errors.add("user_ids", FieldErrorKind::Missing);
            None
        }
        // A change names its users: a state may hold others by the time of the change.
        (_, Some(_)) => {
            errors.add("state", FieldErrorKind::Unusable);
            None
        }
    };
    Some((action?, selection?, reason?, dry_run))
}

/// Returns the ids in their order, each once.
fn distinct(ids: Vec<i64>) -> Vec<UserId> {
    let mut seen = BTreeSet::new();
    ids.into_iter().filter(|id| seen.insert(*id)).map(UserId::new).collect()
}
