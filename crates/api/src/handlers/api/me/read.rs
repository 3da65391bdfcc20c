use actix_web::web::Data;
use identity::sessions::Sessions;
use identity::users::Users;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::bodies::session::SessionBody;
use crate::bodies::user::UserBody;
use crate::extract::access_token::{Bearer, INVALID_TOKEN};
use crate::extract::limit::CallLimit;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, not_live};
use crate::problem::{Code, Problem};

/// The signed-in user and their session.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Me")]
pub(crate) struct MeBody {
    /// The user.
    user: UserBody,
    /// The session.
    session: SessionBody,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable],
];

/// Get the current user
///
/// Returns the user and the session of the access token.
#[api_v2_operation(operation_id = "me", tags(Accounts))]
pub(crate) async fn me(
    _limit: CallLimit,
    bearer: Bearer,
    sessions: Data<Sessions>,
    users: Data<Users>,
) -> Result<Json<MeBody>, Problem> {
    let current = bearer.0.session_id;
    match sessions.find_live(current, bearer.0.user_id).await? {
        Ok((user, session)) => {
            let pending = users.pending_email(user.id.clone()).await?;
            Ok(Json(MeBody {
                user: UserBody::from(user).with_pending_email(pending),
                session: SessionBody::new(session, current),
            }))
        }
        Err(why) => Err(not_live(why).with_challenge(INVALID_TOKEN)),
    }
}
