use actix_web::web::Data;
use paperclip::actix::web::{Json, Query};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use store::events::Event;

use super::list_sessions::Cursor;
use crate::clock::rfc3339;
use crate::events::Events;
use crate::http::extract::access_token::SignedIn;
use crate::http::extract::limit::CallLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::http::problem::{Code, Problem};

/// Something that happened to a user's account.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Event")]
pub(crate) struct EventBody {
    /// Its id.
    id: String,
    /// When, in UTC (RFC 3339).
    at: String,
    /// What, as in `sign_in`.
    kind: String,
    /// `done` or `refused`.
    outcome: String,
    /// The session's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The address it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Some events of a user.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "EventList")]
pub(crate) struct EventListBody {
    /// The events, the newest first: a hundred at most.
    events: Vec<EventBody>,
    /// There are more: they come with `?before=` this.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[
        Code::RequestMalformed,
        Code::ValidationFailed,
        Code::RateLimited,
        Code::Unavailable,
    ],
];

/// See what happened to one's account
///
/// Sign-ins and attempts, sessions that ended, changes of the password: what the audit trail has of
/// the user, for as long as the operator keeps it.
#[api_v2_operation(operation_id = "listEvents", tags(Accounts))]
pub(crate) async fn list_events(
    _within: CallLimit,
    signed_in: SignedIn,
    cursor: Query<Cursor>,
    events: Data<Events>,
) -> Result<Json<EventListBody>, Problem> {
    let before = cursor.into_inner().before;
    if before.as_deref().is_some_and(|id| !Events::is_id(id)) {
        return Err(Problem::invalid_field(
            "before",
            "is not the `next` of a list",
        ));
    }
    let page = events.of_user(signed_in.0.user_id, before).await?;
    Ok(Json(EventListBody {
        events: page.events.into_iter().map(EventBody::from).collect(),
        next: page.next,
    }))
}

impl From<Event> for EventBody {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            at: rfc3339(event.at),
            kind: event.kind.as_str().to_owned(),
            outcome: event.outcome.as_str().to_owned(),
            session: event.session_id.map(|id| id.to_string()),
            ip: event.ip,
            user_agent: event.user_agent,
            detail: event.detail,
        }
    }
}
