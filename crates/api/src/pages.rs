//! Pages and files that are part of this binary.

mod docs;
mod hosted;
mod module;
mod sites;
mod static_file;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{ServiceConfig, get, resource};

use crate::problem::{Code, Problem};

pub(crate) use hosted::HostedPages;

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
        .service(resource("/symbolon.js").route(get().to(module::module)));
}

/// The way between sites on other hosts and the sign-in.
pub(crate) fn site_routes(config: &mut ServiceConfig) {
    config
        .service(resource("/site/start").route(get().to(sites::start)))
        .service(resource("/.symbolon/callback").route(get().to(sites::callback)));
}

fn redirect(place: &str) -> HttpResponse {
    match HeaderValue::from_str(place) {
        Ok(place) => HttpResponse::Found()
            .insert_header((header::LOCATION, place))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish(),
        Err(_) => HttpResponse::from_error(Problem::from(Code::NotFound)),
    }
}

/// The pages for users.
pub(crate) fn user_routes(config: &mut ServiceConfig, has_playground: bool) {
    config
        .service(resource("/").route(get().to(hosted::home)))
        .service(resource("/continue").route(get().to(hosted::go_on)))
        .service(resource("/hosted/brand.css").route(get().to(hosted::brand_style)))
        .service(resource("/hosted/logo").route(get().to(hosted::logo)))
        .service(resource("/hosted/{file}").route(get().to(hosted::file)));
    let playground = has_playground.then_some(hosted::PLAYGROUND);
    for page in hosted::PAGES.iter().copied().chain(playground) {
        config.service(resource(format!("/{page}")).route(get().to(hosted::page)));
    }
}
