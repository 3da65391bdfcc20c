mod login;
mod logout;
mod me;
mod refresh_access;
mod refresh_all;
mod register;
mod tokens;
