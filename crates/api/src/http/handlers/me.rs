use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::session_body::SessionBody;
use super::user_body::UserBody;
use crate::http::extract::access_token::{INVALID_TOKEN, SignedIn};
use crate::http::extract::limit::CallLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, session_problem};
use crate::http::problem::{Code, Problem};
use crate::sessions::Sessions;

/// Who is signed in.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Me")]
pub(crate) struct MeBody {
    /// The user.
    user: UserBody,
    /// The session.
    session: SessionBody,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable],
];

/// See who is signed in
///
/// The user and the session of the access token. A session that was ended is refused at once.
#[api_v2_operation(operation_id = "me", tags(Accounts))]
pub(crate) async fn me(
    _within: CallLimit,
    signed_in: SignedIn,
    sessions: Data<Sessions>,
) -> Result<Json<MeBody>, Problem> {
    let current = signed_in.0.session_id;
    match sessions.find(current).await? {
        Ok((user, session)) => Ok(Json(MeBody {
            user: user.into(),
            session: SessionBody::new(session, current),
        })),
        Err(dead) => Err(session_problem(dead).with_challenge(INVALID_TOKEN)),
    }
}
