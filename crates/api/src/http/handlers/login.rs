use actix_web::web::Data;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::accounts::Accounts;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::problem::{Code, Problem};
use crate::passwords::Password;
use crate::sessions::{Sessions, TokenPair};

/// Somebody who wants to sign in.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// Their e-mail address.
    email: String,
    /// Their password.
    password: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] =
    &[&[Code::InvalidCredentials, Code::Unavailable, Code::Busy]];

/// Sign in
///
/// Opens a session: an access token in the body and the `Authorization` header, a refresh token
/// in the cookie. An unknown address and a wrong password get the same answer in the same time.
#[api_v2_operation(operation_id = "login", tags(Sessions))]
pub(crate) async fn login(
    body: JsonBody<Credentials>,
    device: ClientDevice,
    accounts: Data<Accounts>,
    sessions: Data<Sessions>,
) -> Result<TokenPair, Problem> {
    let Credentials { email, password } = body.0;
    let password = Password::attempt(password);
    let user = accounts
        .check_password(email.trim().to_owned(), password)
        .await?
        .ok_or(Code::InvalidCredentials)?;
    let pair = sessions.sign_in(user, device.0).await?;
    pair.ok_or_else(|| Code::InvalidCredentials.into())
}
