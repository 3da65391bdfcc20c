//! Which handler answers which call.

use paperclip::actix::web::{ServiceConfig, delete, get, patch, post, resource};

use super::handlers::{
    account, admin, change_password, delete_me, docs, end_other_sessions, end_session, health,
    introspect, list_events, list_sessions, login, logout, me, refresh_access, refresh_all,
    register, revoke, revoked_sessions, set_password, tokens, update_me, verify, well_known,
};

/// The calls of the API; paperclip makes the OpenAPI document from them. They are looked for in
/// this order: the busiest first, and last the one whose path has a parameter.
pub(crate) fn api(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/api/verify").route(get().to(verify::verify)))
        .service(resource("/api/register").route(post().to(register::register)))
        .service(resource("/api/login").route(post().to(login::login)))
        .service(resource("/api/tokens").route(post().to(tokens::tokens)))
        .service(resource("/api/refresh_access").route(post().to(refresh_access::refresh_access)))
        .service(resource("/api/refresh_all").route(post().to(refresh_all::refresh_all)))
        .service(resource("/api/logout").route(post().to(logout::logout)))
        .service(resource("/api/introspect").route(post().to(introspect::introspect)))
        .service(resource("/api/revoke").route(post().to(revoke::revoke)))
        .service(
            resource("/api/me")
                .route(get().to(me::me))
                .route(patch().to(update_me::update_me))
                .route(delete().to(delete_me::delete_me)),
        )
        .service(
            resource("/api/sessions")
                .route(get().to(list_sessions::list_sessions))
                .route(delete().to(end_other_sessions::end_other_sessions)),
        )
        .service(resource("/api/events").route(get().to(list_events::list_events)))
        .service(resource("/api/password").route(post().to(change_password::change_password)))
        .service(resource("/api/password/set").route(post().to(set_password::set_password)))
        .service(
            resource("/api/admin/users")
                .route(get().to(admin::list_users))
                .route(post().to(admin::create_user)),
        )
        .service(resource("/.well-known/jwks.json").route(get().to(well_known::jwks)))
        .service(
            resource("/.well-known/oauth-authorization-server")
                .route(get().to(well_known::authorization_server)),
        )
        .service(
            resource("/.well-known/revoked-sessions")
                .route(get().to(revoked_sessions::revoked_sessions)),
        )
        .service(resource("/health/live").route(get().to(health::live)))
        .service(resource("/health/ready").route(get().to(health::ready)))
        .service(resource("/api/sessions/{id}").route(delete().to(end_session::end_session)))
        .service(
            resource("/api/admin/users/{id}")
                .route(get().to(admin::read_user))
                .route(patch().to(admin::update_user))
                .route(delete().to(admin::delete_user)),
        )
        .service(
            resource("/api/admin/users/{id}/sessions").route(delete().to(admin::end_user_sessions)),
        )
        .service(
            resource("/api/admin/users/{id}/password_link")
                .route(post().to(admin::make_password_link)),
        );
}

/// The pages that document it, and the browser client.
pub(crate) fn pages(config: &mut actix_web::web::ServiceConfig) {
    use actix_web::web::{get, resource};
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
pub(crate) fn account(config: &mut actix_web::web::ServiceConfig) {
    use actix_web::web::{get, resource};
    config
        .service(resource("/").route(get().to(account::account)))
        .service(resource("/account/{file}").route(get().to(account::file)));
}
