//! Which handler responds to which call of the API.

use paperclip::actix::web::{ServiceConfig, delete, get, patch, post, resource};

use crate::handlers::api::{
    admin, email, events, introspect, invitation, link, login, logout, me, password,
    refresh_access, refresh_all, register, revoke, sessions, tokens, verify,
};
use crate::handlers::{health, well_known};

/// The calls of the API, from which paperclip makes the OpenAPI document. They are matched in this
/// order: the busiest first, and paths with parameters last.
pub(crate) fn api(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/api/verify").route(get().to(verify::verify)))
        .service(resource("/api/verify/browser").route(get().to(verify::browser::verify_browser)))
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
                .route(get().to(me::read::me))
                .route(patch().to(me::update::update_me))
                .route(delete().to(me::delete::delete_me)),
        )
        .service(resource("/api/me/delete").route(post().to(me::delete::delete_me_by_post)))
        .service(
            resource("/api/sessions")
                .route(get().to(sessions::list::list_sessions))
                .route(delete().to(sessions::revoke_others::revoke_other_sessions)),
        )
        .service(resource("/api/email/verify").route(post().to(email::verify::verify_email)))
        .service(
            resource("/api/email/verify/send").route(post().to(email::send::send_verification)),
        )
        .service(
            resource("/api/email/change/undo").route(post().to(email::undo::undo_email_change)),
        )
        .service(resource("/api/link").route(post().to(link::read_link)))
        .service(resource("/api/invitation/accept").route(post().to(invitation::accept_invitation)))
        .service(resource("/api/login/code").route(post().to(login::send_code::send_login_code)))
        .service(resource("/api/login/code/verify").route(post().to(login::by_mail::login_by_mail)))
        .service(
            resource("/api/password/forgot").route(post().to(password::forgot::forgot_password)),
        )
        .service(resource("/api/events").route(get().to(events::list_events)))
        .service(resource("/api/password").route(post().to(password::change::change_password)))
        .service(resource("/api/password/set").route(post().to(password::set::set_password)))
        .service(
            resource("/api/admin/users")
                .route(get().to(admin::users::list::list_users))
                .route(post().to(admin::users::create::create_user)),
        );
    well_known_and_health(config);
    with_parameters(config);
}

fn well_known_and_health(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/.well-known/jwks.json").route(get().to(well_known::jwks::jwks)))
        .service(
            resource("/.well-known/oauth-authorization-server")
                .route(get().to(well_known::metadata::authorization_server)),
        )
        .service(
            resource("/.well-known/openid-configuration")
                .route(get().to(well_known::metadata::openid_configuration)),
        )
        .service(
            resource("/.well-known/revoked-sessions")
                .route(get().to(well_known::revoked_sessions::revoked_sessions)),
        )
        .service(resource("/health/live").route(get().to(health::live)))
        .service(resource("/health/ready").route(get().to(health::ready)));
}

fn with_parameters(config: &mut ServiceConfig<'_>) {
    config
        .service(
            resource("/api/sessions/{id}").route(delete().to(sessions::revoke::revoke_session)),
        )
        .service(
            resource("/api/admin/sessions/{id}")
                .route(get().to(admin::sessions::read::read_session)),
        )
        .service(
            resource("/api/admin/users/{id}")
                .route(get().to(admin::users::read::read_user))
                .route(patch().to(admin::users::update::update_user))
                .route(delete().to(admin::users::delete::delete_user)),
        )
        .service(
            resource("/api/admin/users/{id}/sessions")
                .route(delete().to(admin::users::revoke_sessions::revoke_user_sessions)),
        )
        .service(
            resource("/api/admin/users/{id}/password_link")
                .route(post().to(admin::users::create_password_link::create_password_link)),
        );
}
