use actix_web::web::Data;
use identity::users::{Undone, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};

use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::problem::{Code, Problem};

/// The link that takes a change of the address back.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailChangeUndo {
    /// The token of the link.
    token: String,
}

/// The address that is in use again.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "RestoredEmail")]
pub(crate) struct RestoredEmailBody {
    /// The address.
    email: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::LinkInvalid,
    Code::EmailTaken,
    Code::RateLimited,
    Code::Unavailable,
]];

/// Take a change of the email address back
///
/// With the link that was mailed to the old address, for seven days. The old address is in use again, all
/// sessions are revoked, the password is removed, and a mail with which to set a new one is sent.
#[api_v2_operation(operation_id = "undoEmailChange", tags(Accounts))]
pub(crate) async fn undo_email_change(
    _limit: SignInLimit,
    body: JsonBody<EmailChangeUndo>,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<Json<RestoredEmailBody>, Problem> {
    match users.undo_email_change(body.0.token, &device.0).await? {
        Undone::Done(user) => Ok(Json(RestoredEmailBody { email: user.email })),
        Undone::Invalid => Err(Code::LinkInvalid.into()),
        Undone::EmailTaken => Err(Code::EmailTaken.into()),
    }
}
