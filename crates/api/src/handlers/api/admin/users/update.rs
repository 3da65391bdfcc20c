use actix_web::web::Data;
use identity::users::{Email, Name, Users};
use paperclip::actix::web::{Json, Path};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;
use store::user_changes::{Update, UserChanges};

use crate::bodies::claims::ClaimsBody;
use crate::bodies::managed_user::{ManagedUserBody, user_id};
use crate::extract::json_body::JsonBody;
use crate::extract::service_key::UserWriter;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, FieldErrors, Problem};

/// Fields to change; omitted fields are kept.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserUpdate {
    /// The display name.
    #[serde(default)]
    name: Option<String>,
    /// The email address.
    #[serde(default)]
    email: Option<String>,
    /// All custom claims. Access tokens have them from the next renewal on.
    #[serde(default)]
    claims: Option<ClaimsBody>,
    /// Whether the user is disabled. Disabling revokes their sessions.
    #[serde(default)]
    disabled: Option<bool>,
    /// Whether the email address is proven. A new one is not, unless this says so.
    #[serde(default)]
    email_verified: Option<bool>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] =
    &[SERVICE_KEY_PROBLEMS, &[Code::UserUnknown, Code::EmailTaken]];

/// Change a user
///
/// Changes the name, email address or claims, or disables or enables the user. All changes are made, or
/// none. Requires a service key with `users:write`.
#[api_v2_operation(operation_id = "updateUser", tags(Administration))]
pub(crate) async fn update_user(
    caller: UserWriter,
    id: Path<String>,
    body: JsonBody<UserUpdate>,
    users: Data<Users>,
) -> Result<Json<ManagedUserBody>, Problem> {
    let update = users.update(user_id(&id)?, body.0.parse()?, &caller.0);
    match update.await? {
        Update::Made(updated) => Ok(Json(updated.user.into())),
        Update::NotFound => Err(Code::UserUnknown.into()),
        Update::EmailTaken => Err(Code::EmailTaken.into()),
    }
}

impl UserUpdate {
    fn parse(self) -> Result<UserChanges, Problem> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", self.name.as_deref().map(Name::parse).transpose());
        let email = errors.check("email", self.email.as_deref().map(Email::parse).transpose());
        let claims = errors.check("claims", self.claims.map(ClaimsBody::parse).transpose());
        match (name, email, claims) {
            (Some(name), Some(email), Some(claims)) => Ok(UserChanges {
                name: name.map(String::from),
                email: email.map(String::from),
                claims: claims.map(String::from),
                disabled: self.disabled,
                email_verified: self.email_verified,
                locale: None,
            }),
            _ => Err(errors.into()),
        }
    }
}
