use actix_web::web::Data;
use identity::challenges::Whose;
use identity::credentials::Password;
use identity::users::{PasswordReset, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::bodies::revoked::RevokedBody;
use crate::extract::asking_browser::AskingBrowser;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::outcomes::refused_proof;
use crate::problem::{Code, Problem};

/// A password to set with a link or a code.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PasswordByLink")]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordByProof {
    /// The token of the link.
    #[serde(default)]
    token: Option<String>,
    /// The code, eight digits, in the browser that asked for it.
    #[serde(default)]
    code: Option<String>,
    /// The address, with a code.
    #[serde(default)]
    email: Option<String>,
    /// The new password.
    new: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::LinkInvalid,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Set a password with a link or a code
///
/// Sets a password with the token of a link, or with a mailed code in the browser that asked for it. Each can
/// be used once. Revokes all sessions of the user. A mailed link or code proves the address as well.
#[api_v2_operation(operation_id = "setPassword", tags(Accounts))]
pub(crate) async fn set_password(
    _limit: SignInLimit,
    body: JsonBody<PasswordByProof>,
    browser: AskingBrowser,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<Json<RevokedBody>, Problem> {
    let PasswordByProof {
        token,
        code,
        email,
        new,
    } = body.0;
    let by_code = code.is_some();
    let whose = |secrets| Whose::Browser { secrets, email };
    let presented = browser.presented(token, code, whose)?;
    let set = users.reset_password(presented, Password::attempt(new), &device.0);
    match set.await? {
        PasswordReset::Done { revoked } => Ok(Json(RevokedBody { revoked })),
        PasswordReset::Refused => Err(refused_proof(by_code)),
        PasswordReset::Invalid(why) => Err(Problem::invalid_field("new", &why.to_string())),
    }
}
