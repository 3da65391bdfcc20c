use actix_web::web::Data;
use identity::clock::rfc3339;
use identity::users::Users;
use paperclip::actix::web::{Json, Path};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::bodies::managed_user::user_id;
use crate::extract::service_key::UserWriter;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, Problem};

/// A token with which a user sets a password, once.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "PasswordLink")]
pub(crate) struct PasswordLinkBody {
    /// The token for `POST /api/password/set`. Put it into a link to a page of yours.
    token: String,
    /// When it expires, in UTC (RFC 3339).
    expires_at: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[SERVICE_KEY_PROBLEMS, &[Code::UserUnknown]];

/// Create a link for setting a password
///
/// Returns a token with which the user can set a password once, within a day; it replaces earlier
/// tokens. Put it into a link to a page of yours that calls `POST /api/password/set`, and mail that link
/// to the user. Requires a service key with `users:write`.
#[api_v2_operation(operation_id = "createPasswordLink", tags(Administration))]
pub(crate) async fn create_password_link(
    caller: UserWriter,
    id: Path<String>,
    users: Data<Users>,
) -> Result<Json<PasswordLinkBody>, Problem> {
    let created = users.create_password_link(user_id(&id)?, &caller.0);
    let created = created.await?.ok_or(Code::UserUnknown)?;
    Ok(Json(PasswordLinkBody {
        token: created.token.expose().to_owned(),
        expires_at: rfc3339(created.expires_at),
    }))
}
