use actix_web::web::Data;
use identity::users::Users;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::{Json, Path};

use crate::bodies::managed_user::user_id;
use crate::bodies::message::MessageBody;
use crate::extract::service_key::UserWriter;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[SERVICE_KEY_PROBLEMS, &[Code::UserUnknown]];

/// Delete a user
///
/// Deletes the user permanently and revokes all their sessions. Requires a service key with `users:write`.
#[api_v2_operation(operation_id = "deleteUser", tags(Administration))]
pub(crate) async fn delete_user(
    caller: UserWriter,
    id: Path<String>,
    users: Data<Users>,
) -> Result<Json<MessageBody>, Problem> {
    let deleted = users.delete(user_id(&id)?, &caller.0).await?;
    deleted.ok_or(Code::UserUnknown)?;
    Ok(Json(MessageBody::SUCCESS))
}
