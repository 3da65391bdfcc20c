use actix_web::web::Data;
use paperclip::actix::web::{Json, Path, Query};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};

use super::body::{ManagedUserBody, NOT_FOUND, user_id};
use crate::accounts::Accounts;
use crate::http::extract::service_key::UserReader;
use crate::http::outcomes::SERVICE_KEY_PROBLEMS;
use crate::http::problem::{Code, Problem};

/// Which users are wanted.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct UserQuery {
    /// `next` of the list before.
    after: Option<String>,
    /// A part of the e-mail address or the name, or the id.
    search: Option<String>,
}

/// Some of the users.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "UserList")]
pub(crate) struct UserListBody {
    /// The users, by id: a hundred at most.
    users: Vec<ManagedUserBody>,
    /// There are more: they come with `?after=` this.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const LIST_PROBLEMS: &[&[Code]] = &[
    SERVICE_KEY_PROBLEMS,
    &[Code::RequestMalformed, Code::ValidationFailed],
];

/// List users
///
/// For a service key with `users:read` or `users:write`.
#[api_v2_operation(operation_id = "listUsers", tags(Operation))]
pub(crate) async fn list_users(
    _caller: UserReader,
    query: Query<UserQuery>,
    accounts: Data<Accounts>,
) -> Result<Json<UserListBody>, Problem> {
    let query = query.into_inner();
    let after = query.after.as_deref().map(user_id).transpose();
    let after =
        after.map_err(|_| Problem::invalid_field("after", "is not the `next` of a list"))?;
    let page = accounts.list(after, query.search).await?;
    Ok(Json(UserListBody {
        users: page.users.into_iter().map(ManagedUserBody::from).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const READ_PROBLEMS: &[&[Code]] = &[SERVICE_KEY_PROBLEMS, &[NOT_FOUND]];

/// See one user
///
/// For a service key with `users:read` or `users:write`.
#[api_v2_operation(operation_id = "readUser", tags(Operation))]
pub(crate) async fn read_user(
    _caller: UserReader,
    id: Path<String>,
    accounts: Data<Accounts>,
) -> Result<Json<ManagedUserBody>, Problem> {
    let user = accounts.find(user_id(&id)?).await?;
    Ok(Json(user.ok_or(NOT_FOUND)?.into()))
}
