use actix_web::web::Data;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use super::logout::SignedOut;
use crate::accounts::Accounts;
use crate::http::cookie::RefreshCookie;
use crate::http::extract::access_token::SignedIn;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::limit::SignInLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, own};
use crate::http::problem::{Code, Problem};
use crate::passwords::Password;

/// That it is meant.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountDeletion {
    /// The password.
    password: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable, Code::Busy],
];

/// Delete one's account
///
/// For good: all sessions end, and the cookie is removed.
#[api_v2_operation(operation_id = "deleteMe", tags(Accounts))]
pub(crate) async fn delete_me(
    _within: SignInLimit,
    signed_in: SignedIn,
    body: JsonBody<AccountDeletion>,
    device: ClientDevice,
    cookie: Data<RefreshCookie>,
    accounts: Data<Accounts>,
) -> Result<SignedOut, Problem> {
    let password = Password::attempt(body.0.password);
    let deletion = accounts.delete_own(signed_in.0, password, &device.0);
    own(deletion.await?, "password")?;
    Ok(SignedOut::new(Some(cookie.clear())))
}
