use actix_web::web::Data;
use identity::sessions::Sessions;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::Json;

use crate::bodies::message::MessageBody;
use crate::extract::device::ClientDevice;
use crate::extract::limit::DeferredCallLimit;
use crate::extract::token_call::RevocationCall;
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::ServiceKeyInvalid,
    Code::InsufficientScope,
    Code::RateLimited,
    Code::Unavailable,
]];

/// Revoke a token
///
/// RFC 7009: revokes the session of an access or refresh token, valid or expired. Anyone who holds the
/// token may revoke it; with a service key that has `tokens:revoke`, the reason is
/// `revoked_by_operator`. Unknown and revoked tokens get the same answer. Without a service key, send no
/// `Authorization` header.
#[api_v2_operation(operation_id = "revoke", tags(Tokens))]
pub(crate) async fn revoke(
    limit: DeferredCallLimit,
    call: RevocationCall,
    device: ClientDevice,
    sessions: Data<Sessions>,
) -> Result<Json<MessageBody>, Problem> {
    if call.by.is_none() {
        limit.count()?;
    }
    let revoked = sessions.revoke_token(&call.token, call.by.as_ref(), &device.0);
    revoked.await?;
    Ok(Json(MessageBody::SUCCESS))
}
