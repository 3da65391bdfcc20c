use actix_web::web::Data;
use identity::credentials::Password;
use identity::users::{Accepted, Name, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::bodies::user::UserBody;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::problem::{Code, Problem};

/// An invitation to take up.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationAcceptance {
    /// The token of the link.
    token: String,
    /// The display name.
    name: String,
    /// The password.
    password: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::LinkInvalid,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Take an invitation up
///
/// Sets name and password, and proves the address. Then sign in with `POST /api/login`. Works even if
/// registration is closed.
#[api_v2_operation(operation_id = "acceptInvitation", tags(Accounts))]
pub(crate) async fn accept_invitation(
    _limit: SignInLimit,
    body: JsonBody<InvitationAcceptance>,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<Json<UserBody>, Problem> {
    let InvitationAcceptance {
        token,
        name,
        password,
    } = body.0;
    let name = Name::parse(&name);
    let name = name.map_err(|why| Problem::invalid_field("name", &why.to_string()))?;
    let password = Password::attempt(password);
    match users
        .accept_invitation(token, name, password, &device.0)
        .await?
    {
        Accepted::Done(user) => Ok(Json(user.into())),
        Accepted::LinkInvalid => Err(Code::LinkInvalid.into()),
        Accepted::Invalid(why) => Err(Problem::invalid_field("password", &why.to_string())),
    }
}
