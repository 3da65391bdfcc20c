use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use store::sessions::Session;
use store::users::User;

use super::user_body::UserBody;
use crate::clock::rfc3339;
use crate::http::extract::access_token::{INVALID_TOKEN, SignedIn};
use crate::http::outcomes::{SESSION_PROBLEMS, TOKEN_PROBLEMS, session_problem};
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

/// A session.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Session")]
pub(crate) struct SessionBody {
    /// Its id, `sid` in the access token.
    id: String,
    /// When it was opened.
    created_at: String,
    /// When it ends unless it is renewed before.
    idle_expires_at: String,
    /// When it ends in any case.
    expires_at: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    &[
        Code::TokenMissing,
        Code::TokenExpired,
        Code::TokenNotYetValid,
        Code::Unavailable,
    ],
];

/// See who is signed in
///
/// The user and the session of the access token. A session that was ended is refused at once.
#[api_v2_operation(operation_id = "me", tags(Accounts))]
pub(crate) async fn me(
    signed_in: SignedIn,
    sessions: Data<Sessions>,
) -> Result<Json<MeBody>, Problem> {
    match sessions.find(signed_in.0.session_id).await? {
        Ok((user, session)) => Ok(Json(MeBody::new(user, session))),
        Err(dead) => Err(session_problem(dead).with_challenge(INVALID_TOKEN)),
    }
}

impl MeBody {
    fn new(user: User, session: Session) -> Self {
        Self {
            user: user.into(),
            session: SessionBody {
                id: session.id.to_string(),
                created_at: rfc3339(session.created_at),
                idle_expires_at: rfc3339(session.idle_expires_at),
                expires_at: rfc3339(session.expires_at),
            },
        }
    }
}
