use actix_web::web::Data;
use paperclip::actix::web::{Json, Path};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};
use store::users::{Updated, UserChanges};

use super::body::{ManagedUserBody, NOT_FOUND, user_id};
use crate::accounts::{Accounts, Email, Name};
use crate::clock::rfc3339;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::service_key::UserWriter;
use crate::http::handlers::claims_body::ClaimsBody;
use crate::http::handlers::end_other_sessions::EndedBody;
use crate::http::handlers::logout::MessageBody;
use crate::http::outcomes::SERVICE_KEY_PROBLEMS;
use crate::http::problem::{Code, Problem};

/// What of a user is to be another; what is left out stays.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserUpdate {
    /// Their name.
    #[serde(default)]
    name: Option<String>,
    /// Their e-mail address.
    #[serde(default)]
    email: Option<String>,
    /// Their own claims, all of them. Access tokens have them from the next renewal on.
    #[serde(default)]
    claims: Option<ClaimsBody>,
    /// Whether they may not sign in; with `true` their sessions end.
    #[serde(default)]
    disabled: Option<bool>,
}

/// A token by which a user sets a password, once.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "PasswordLink")]
pub(crate) struct PasswordLinkBody {
    /// For `POST /api/password/set`; put it into a link to a page of yours.
    token: String,
    /// When it is over, in UTC (RFC 3339).
    expires_at: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const CHANGE_PROBLEMS: &[&[Code]] = &[
    SERVICE_KEY_PROBLEMS,
    &[NOT_FOUND, Code::NameTaken, Code::EmailTaken],
];

/// Change a user
///
/// For a service key with `users:write`: name, e-mail address, claims, and whether they are disabled.
#[api_v2_operation(operation_id = "updateUser", tags(Operation))]
pub(crate) async fn update_user(
    caller: UserWriter,
    id: Path<String>,
    body: JsonBody<UserUpdate>,
    accounts: Data<Accounts>,
) -> Result<Json<ManagedUserBody>, Problem> {
    let id = user_id(&id)?;
    let by = caller.told();
    let (changes, disabled) = body.0.parse()?;
    match accounts.update(id.clone(), changes, &by).await? {
        Updated::Updated(_) => {}
        Updated::NotFound => return Err(NOT_FOUND.into()),
        Updated::NameTaken => return Err(Code::NameTaken.into()),
        Updated::EmailTaken => return Err(Code::EmailTaken.into()),
    }
    if let Some(disabled) = disabled {
        accounts.set_disabled(id.clone(), disabled, &by).await?;
    }
    let user = accounts.find(id).await?;
    Ok(Json(user.ok_or(NOT_FOUND)?.into()))
}

impl UserUpdate {
    fn parse(self) -> Result<(UserChanges, Option<bool>), Problem> {
        let invalid = |field, why: String| Problem::invalid_field(field, &why);
        let name = self.name.as_deref().map(Name::parse).transpose();
        let name = name.map_err(|why| invalid("name", why.to_string()))?;
        let email = self.email.as_deref().map(Email::parse).transpose();
        let email = email.map_err(|why| invalid("email", why.to_string()))?;
        let claims = self.claims.map(ClaimsBody::parse).transpose();
        let claims = claims.map_err(|why| invalid("claims", why.to_string()))?;
        let changes = UserChanges {
            name: name.map(String::from),
            email: email.map(String::from),
            claims: claims.map(String::from),
        };
        Ok((changes, self.disabled))
    }
}

/// What they can answer, beside what every call of their kind can.
pub(crate) const DELETE_PROBLEMS: &[&[Code]] = &[SERVICE_KEY_PROBLEMS, &[NOT_FOUND]];

/// Delete a user
///
/// For a service key with `users:write`. Their sessions end.
#[api_v2_operation(operation_id = "deleteUser", tags(Operation))]
pub(crate) async fn delete_user(
    caller: UserWriter,
    id: Path<String>,
    accounts: Data<Accounts>,
) -> Result<Json<MessageBody>, Problem> {
    match accounts.delete(user_id(&id)?, &caller.told()).await? {
        true => Ok(Json(MessageBody::SUCCESS)),
        false => Err(NOT_FOUND.into()),
    }
}

/// End all sessions of a user
///
/// For a service key with `users:write`.
#[api_v2_operation(operation_id = "endUserSessions", tags(Operation))]
pub(crate) async fn end_user_sessions(
    caller: UserWriter,
    id: Path<String>,
    accounts: Data<Accounts>,
) -> Result<Json<EndedBody>, Problem> {
    let ended = accounts.end_sessions(user_id(&id)?, &caller.told()).await?;
    let ended = ended.ok_or(NOT_FOUND)?;
    Ok(Json(EndedBody { ended }))
}

/// Make a link for setting a password
///
/// For a service key with `users:write`: a token that is good once, for a day, and takes the place of
/// earlier ones. Send it to the user's e-mail address in a link to a page of yours, which calls
/// `POST /api/password/set`.
#[api_v2_operation(operation_id = "makePasswordLink", tags(Operation))]
pub(crate) async fn make_password_link(
    caller: UserWriter,
    id: Path<String>,
    accounts: Data<Accounts>,
) -> Result<Json<PasswordLinkBody>, Problem> {
    let by = caller.told();
    let made = accounts.make_password_link(user_id(&id)?, &by);
    let made = made.await?.ok_or(NOT_FOUND)?;
    Ok(Json(PasswordLinkBody {
        token: made.link.expose().to_owned(),
        expires_at: rfc3339(made.expires_at),
    }))
}
