use actix_web::web::Data;
use identity::credentials::Password;
use identity::locale::Locale;
use identity::users::{Email, Invited, Name, NewUser, Users};
use paperclip::actix::{Apiv2Schema, CreatedJson, api_v2_operation};
use serde::Deserialize;
use store::users::Addition;

use crate::bodies::claims::ClaimsBody;
use crate::bodies::managed_user::ManagedUserBody;
use crate::bodies::user_id::UserIdBody;
use crate::extract::json_body::JsonBody;
use crate::extract::service_key::UserWriter;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, FieldErrors, Problem};

/// A user to add.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserCreation {
    /// The user's id in another system, to keep it: a string or a number.
    #[serde(default)]
    id: Option<UserIdBody>,
    /// The display name.
    name: String,
    /// The email address; unique, ignoring case.
    email: String,
    /// The password; without one, the user sets it with a link, or signs in elsewhere.
    #[serde(default)]
    password: Option<String>,
    /// The custom claims in access tokens.
    #[serde(default)]
    claims: Option<ClaimsBody>,
    /// Whether to invite the user: they get a mail with a link, by which they set name and password.
    #[serde(default)]
    invite: Option<bool>,
    /// The language of mails and pages: `en` or `ru`.
    #[serde(default)]
    locale: Option<String>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    SERVICE_KEY_PROBLEMS,
    &[Code::IdTaken, Code::EmailTaken, Code::Busy],
];

/// Add a user
///
/// Requires a service key with `users:write`. Works even if registration is closed.
#[api_v2_operation(operation_id = "createUser", tags(Administration))]
pub(crate) async fn create_user(
    caller: UserWriter,
    body: JsonBody<UserCreation>,
    users: Data<Users>,
) -> Result<CreatedJson<ManagedUserBody>, Problem> {
    let is_invited = body.0.invite == Some(true);
    let new = body.0.parse()?;
    if is_invited {
        return match users.invite(new, &caller.0).await? {
            Invited::Done(user) => Ok(CreatedJson(user.into())),
            Invited::IdTaken => Err(Code::IdTaken.into()),
            Invited::EmailTaken => Err(Code::EmailTaken.into()),
        };
    }
    let (addition, user) = users.add(new, &caller.0).await?;
    match addition {
        Addition::Done => Ok(CreatedJson(user.into())),
        Addition::IdTaken => Err(Code::IdTaken.into()),
        Addition::EmailTaken => Err(Code::EmailTaken.into()),
    }
}

impl UserCreation {
    fn parse(self) -> Result<NewUser, Problem> {
        let mut errors = FieldErrors::default();
        let password = self.password.map(Password::attempt);
        let password = password.map(|password| password.accept(&self.name, &self.email));
        let name = errors.check("name", Name::parse(&self.name));
        let email = errors.check("email", Email::parse(&self.email));
        let password = match (self.invite, password) {
            (Some(true), Some(_)) => {
                errors.check("password", Err("is set by users who are invited"))
            }
            (_, password) => errors.check("password", password.transpose()),
        };
        let claims = errors.check("claims", self.claims.unwrap_or_default().parse());
        let locale = self.locale.as_deref().map(|tag| {
            Locale::parse(tag).ok_or("must be one of the languages that we have: en, ru")
        });
        let locale = errors.check("locale", locale.transpose());
        match (name, email, password, claims, locale) {
            (Some(name), Some(email), Some(password), Some(claims), Some(locale)) => Ok(NewUser {
                id: self.id.map(|id| id.0),
                name,
                email,
                password,
                claims,
                locale,
            }),
            _ => Err(errors.into()),
        }
    }
}
