//! The operator's side of accounts, for back ends with a service key.

mod body;
mod change;
mod create;
mod read;

pub(crate) use change::{
    CHANGE_PROBLEMS, DELETE_PROBLEMS, delete_user, end_user_sessions, make_password_link,
    update_user,
};
pub(crate) use create::{CREATE_PROBLEMS, create_user};
pub(crate) use read::{LIST_PROBLEMS, READ_PROBLEMS, list_users, read_user};
