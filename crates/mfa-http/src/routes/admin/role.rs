//! Handler of the roles of the administration.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Path;
use mfa_core::Role;
use mfa_flows::{AdminCall, Flows};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::users::{read_reason, reason_schema, run_change};
use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{ApiRequest, Field, FieldErrors};
use crate::schemas;

/// Request body of a role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleRequest {
    #[schema(schema_with = assigned_role)]
    role: Field,
    #[schema(schema_with = reason_schema)]
    reason: Field,
}

/// Role of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = UserRole)]
pub(super) struct RoleResponse {
    /// Id of the user.
    user_id: i64,
    #[schema(schema_with = assigned_role)]
    role: &'static str,
}

/// Schema of a role that can be granted.
fn assigned_role() -> Object {
    schemas::string_enum(&["helpdesk", "none"])
        .description(Some("Role besides administrator rights: `helpdesk` or `none`."))
        .build()
}

/// `POST /api/mfa/admin/users/{id}/role`
pub(in crate::routes) async fn set(request: ApiRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let read = |body: RoleRequest, errors: &mut FieldErrors| {
        let reason = read_reason(body.reason, errors);
        let is_helpdesk = body.role.text(errors, |text| match text {
            "helpdesk" => Ok(true),
            "none" => Ok(false),
            _ => Err(FieldErrorKind::NotOneOf),
        });
        (reason, is_helpdesk)
    };
    let change = |flows: Arc<Flows>, admin: AdminCall, user, is_helpdesk| async move {
        flows.set_helpdesk(&admin, user, is_helpdesk).await?;
        Ok(RoleResponse { user_id: user.value(), role: Role::new(false, is_helpdesk).as_str() })
    };
    run_change(request, id, read, change).await
}
