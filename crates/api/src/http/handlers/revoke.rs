use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::Json;

use super::logout::MessageBody;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::form_body::TokenForm;
use crate::http::extract::service_key::TokenRevoker;
use crate::http::problem::{Code, Problem};
use crate::sessions::{RevokedBy, Sessions};

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::ServiceKeyInvalid,
    Code::InsufficientScope,
    Code::Unavailable,
]];

/// Revoke a token
///
/// RFC 7009: ends the session of an access or refresh token, good or expired. Whoever holds the
/// token may do so; with a service key of the scope `tokens:revoke` the reason is that of an operator.
/// A token that is unknown or was revoked before is answered in the same way.
#[api_v2_operation(operation_id = "revoke", tags(Sessions))]
pub(crate) async fn revoke(
    caller: TokenRevoker,
    form: TokenForm,
    device: ClientDevice,
    sessions: Data<Sessions>,
) -> Result<Json<MessageBody>, Problem> {
    let by = match caller {
        TokenRevoker::ServiceKey => RevokedBy::BackEnd,
        TokenRevoker::Holder => RevokedBy::Holder,
    };
    sessions.revoke(&form.0, by, &device.0).await?;
    Ok(Json(MessageBody::SUCCESS))
}
