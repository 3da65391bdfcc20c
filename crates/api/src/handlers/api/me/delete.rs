use actix_web::web::Data;
use identity::credentials::Password;
use identity::users::Users;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::cookie::Cookies;
use crate::extract::access_token::Bearer;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::handlers::api::logout::SignedOutAnswer;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, unconfirmed};
use crate::problem::{Code, Problem};

/// The confirmation of a deletion.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountDeletion {
    /// The password.
    password: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable, Code::Busy],
];

/// Delete the current user's account
///
/// Deletes the account permanently, revokes all its sessions and removes the cookie. Requires the
/// password.
#[api_v2_operation(operation_id = "deleteMe", tags(Accounts))]
pub(crate) async fn delete_me(
    _limit: SignInLimit,
    bearer: Bearer,
    body: JsonBody<AccountDeletion>,
    device: ClientDevice,
    cookies: Data<Cookies>,
    users: Data<Users>,
) -> Result<SignedOutAnswer, Problem> {
    delete(bearer, body, device, &cookies, &users).await
}

/// Delete the current user's account, by POST
///
/// As `DELETE /api/me`, for clients behind a gateway that removes the body of a DELETE (RFC 9110
/// §9.3.5).
#[api_v2_operation(operation_id = "deleteMeByPost", tags(Accounts))]
pub(crate) async fn delete_me_by_post(
    _limit: SignInLimit,
    bearer: Bearer,
    body: JsonBody<AccountDeletion>,
    device: ClientDevice,
    cookies: Data<Cookies>,
    users: Data<Users>,
) -> Result<SignedOutAnswer, Problem> {
    delete(bearer, body, device, &cookies, &users).await
}

async fn delete(
    bearer: Bearer,
    body: JsonBody<AccountDeletion>,
    device: ClientDevice,
    cookies: &Cookies,
    users: &Users,
) -> Result<SignedOutAnswer, Problem> {
    let password = Password::attempt(body.0.password);
    let deleted = users.delete_own(&bearer.0, password, &device.0).await?;
    deleted.map_err(|why| unconfirmed(why, "password"))?;
    Ok(SignedOutAnswer(Some(cookies.refresh.clear())))
}
