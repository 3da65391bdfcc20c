use actix_web::web::Data;
use identity::audit::History;
use identity::clock::rfc3339;
use paperclip::actix::web::{Json, Query};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use store::events::Event;

use crate::bodies::cursor::Cursor;
use crate::extract::access_token::Bearer;
use crate::extract::limit::CallLimit;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::problem::{Code, Problem};

/// Something that happened to a user's account.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Event")]
pub(crate) struct EventBody {
    /// The event's id.
    id: String,
    /// When, in UTC (RFC 3339).
    at: String,
    /// What, such as `sign_in`.
    kind: String,
    /// `done` or `refused`.
    outcome: String,
    /// The session's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The address of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The user agent of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// Who did it: `user:ID`, `service_key:NAME`, `trusted_network`, `command_line` or `system`; not
    /// sent if the caller has not proven who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// Why, such as `wrong_password` or `logout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Some events of a user.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "EventList")]
pub(crate) struct EventListBody {
    /// At most 100 events, newest first.
    events: Vec<EventBody>,
    /// If there are more: the value of `?before=` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The problems that this operation can return, besides those common to its kind.
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

/// List the current user's events
///
/// Sign-ins and refused attempts, revoked sessions, password changes: the events of the user in the
/// audit trail, for as long as the operator keeps them.
#[api_v2_operation(operation_id = "listEvents", tags(Accounts))]
pub(crate) async fn list_events(
    _limit: CallLimit,
    bearer: Bearer,
    cursor: Query<Cursor>,
    history: Data<History>,
) -> Result<Json<EventListBody>, Problem> {
    let before = cursor.into_inner().before()?.map(|id| id.to_string());
    let page = history.of_user(bearer.0.user_id, before).await?;
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
            actor: event.actor.map(|actor| actor.to_string()),
            reason: event.reason.map(|reason| reason.as_str()),
        }
    }
}
