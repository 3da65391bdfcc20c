use actix_web::web::Data;
use identity::sessions::SessionAdmin;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::{Json, Path};

use crate::bodies::managed_user::user_id;
use crate::bodies::revoked::RevokedBody;
use crate::extract::service_key::UserWriter;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[SERVICE_KEY_PROBLEMS, &[Code::UserUnknown]];

/// Revoke all sessions of a user
///
/// Requires a service key with `users:write`.
#[api_v2_operation(operation_id = "revokeUserSessions", tags(Administration))]
pub(crate) async fn revoke_user_sessions(
    caller: UserWriter,
    id: Path<String>,
    sessions: Data<SessionAdmin>,
) -> Result<Json<RevokedBody>, Problem> {
    let revoked = sessions.revoke_all_of(user_id(&id)?, &caller.0).await?;
    let revoked = revoked.ok_or(Code::UserUnknown)?;
    Ok(Json(RevokedBody { revoked }))
}
