use actix_web::web::Data;
use identity::users::Users;
use paperclip::actix::web::{Json, Query};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};

use crate::bodies::cursor;
use crate::bodies::managed_user::{ManagedUserBody, user_id};
use crate::extract::service_key::UserReader;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, Problem};

/// Which users to list.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct UserQuery {
    /// `next` of the previous page.
    after: Option<String>,
    /// A part of the email address or the name, or the id; at most 254 characters.
    search: Option<String>,
}

/// Some users.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "UserList")]
pub(crate) struct UserListBody {
    /// At most 100 users, ordered by id.
    users: Vec<ManagedUserBody>,
    /// If there are more: the value of `?after=` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    SERVICE_KEY_PROBLEMS,
    &[Code::RequestMalformed, Code::ValidationFailed],
];

/// Maximum length of a search, in characters. No email address is longer.
const MAX_SEARCH: usize = 254;

/// List users
///
/// Requires a service key with `users:read` or `users:write`.
#[api_v2_operation(operation_id = "listUsers", tags(Administration))]
pub(crate) async fn list_users(
    _caller: UserReader,
    query: Query<UserQuery>,
    users: Data<Users>,
) -> Result<Json<UserListBody>, Problem> {
    let query = query.into_inner();
    let after = query.after.as_deref().map(user_id).transpose();
    let after = after.map_err(|_| cursor::invalid("after"))?;
    if let Some(search) = &query.search
        && search.chars().count() > MAX_SEARCH
    {
        let why = format!("must have at most {MAX_SEARCH} characters");
        return Err(Problem::invalid_field("search", &why));
    }
    let page = users.list(after, query.search).await?;
    Ok(Json(UserListBody {
        users: page.users.into_iter().map(ManagedUserBody::from).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}
