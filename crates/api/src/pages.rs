//! Pages and files that are part of this binary.

mod account;
mod docs;
mod static_file;

use actix_web::web::{ServiceConfig, get, resource};

pub(crate) use account::AccountPage;

/// The pages of the documentation, and the browser client.
pub(crate) fn docs_routes(config: &mut ServiceConfig) {
    config
        .service(resource("/docs").route(get().to(docs::to_slash)))
        .service(resource("/docs/").route(get().to(docs::swagger_ui)))
        .service(resource("/docs/problems").route(get().to(docs::problems)))
        .service(resource("/docs/{file}").route(get().to(docs::file)))
        .service(resource("/redoc").route(get().to(docs::redoc)))
        .service(resource("/docs.json").route(get().to(docs::json)))
        .service(resource("/docs.yaml").route(get().to(docs::yaml)))
        .service(resource("/symbolon.js").route(get().to(account::module)));
}

/// The account page.
pub(crate) fn account_routes(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(get().to(account::page)))
        .service(resource("/account/{file}").route(get().to(account::file)));
}
