use actix_web::web::Data;
use identity::users::Users;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::{Json, Path};

use crate::bodies::managed_user::{ManagedUserBody, user_id};
use crate::extract::service_key::UserReader;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[SERVICE_KEY_PROBLEMS, &[Code::UserUnknown]];

/// Get a user
///
/// Requires a service key with `users:read` or `users:write`.
#[api_v2_operation(operation_id = "readUser", tags(Administration))]
pub(crate) async fn read_user(
    _caller: UserReader,
    id: Path<String>,
    users: Data<Users>,
) -> Result<Json<ManagedUserBody>, Problem> {
    let user = users.find(user_id(&id)?).await?;
    Ok(Json(user.ok_or(Code::UserUnknown)?.into()))
}
