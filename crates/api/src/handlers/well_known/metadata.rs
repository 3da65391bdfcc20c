use actix_web::web::Data;
use identity::tokens::AccessTokens;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::problem::Problem;
use crate::settings::PublicUrl;

/// The metadata of this service for OAuth and OpenID Connect clients (RFC 8414 §2, OpenID Connect Discovery 1.0
/// §3). There is no authorization endpoint, so it is not named, and the lists about it are empty.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "ServerMetadata")]
pub(crate) struct ServerMetadata {
    /// The `iss` claim of all tokens.
    issuer: String,
    /// The URL of the public keys.
    jwks_uri: String,
    /// The URL for introspection (RFC 7662); requires a service key.
    introspection_endpoint: String,
    /// How the service key may be sent: by HTTP Basic, in the form, or as a bearer token.
    introspection_endpoint_auth_methods_supported: Vec<String>,
    /// The URL for revocation (RFC 7009).
    revocation_endpoint: String,
    /// `none`: the holder of a token may revoke it. Otherwise as for introspection.
    revocation_endpoint_auth_methods_supported: Vec<String>,
    /// Empty: there is no authorization endpoint.
    response_types_supported: Vec<String>,
    /// Empty: there is no OAuth token endpoint.
    grant_types_supported: Vec<String>,
    /// `public`: a user has the same id for all.
    subject_types_supported: Vec<String>,
    /// The algorithms of the public keys. There are no ID tokens; access tokens are signed with them.
    id_token_signing_alg_values_supported: Vec<String>,
    /// The URL of the documentation.
    service_documentation: String,
}

/// Get the metadata for OAuth clients
///
/// Authorization server metadata (RFC 8414). Only introspection and revocation are supported. The same
/// document is at `/.well-known/openid-configuration`, where many clients look for it.
#[api_v2_operation(operation_id = "authorizationServer", tags(Keys))]
pub(crate) async fn authorization_server(
    public_url: Data<PublicUrl>,
    tokens: Data<AccessTokens>,
) -> Result<Json<ServerMetadata>, Problem> {
    Ok(Json(metadata(&public_url, &tokens)))
}

/// Get the metadata for OpenID Connect clients
///
/// The document of `/.well-known/oauth-authorization-server`. There are no ID tokens: it tells clients
/// where the keys are that verify access tokens.
#[api_v2_operation(operation_id = "openidConfiguration", tags(Keys))]
pub(crate) async fn openid_configuration(
    public_url: Data<PublicUrl>,
    tokens: Data<AccessTokens>,
) -> Result<Json<ServerMetadata>, Problem> {
    Ok(Json(metadata(&public_url, &tokens)))
}

fn metadata(public_url: &PublicUrl, tokens: &AccessTokens) -> ServerMetadata {
    let at = |path| format!("{}{path}", public_url.issuer());
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    ServerMetadata {
        issuer: at(""),
        jwks_uri: at("/.well-known/jwks.json"),
        introspection_endpoint: at("/api/introspect"),
        revocation_endpoint: at("/api/revoke"),
        introspection_endpoint_auth_methods_supported: list(&[
            "client_secret_basic",
            "client_secret_post",
            "Bearer",
        ]),
        revocation_endpoint_auth_methods_supported: list(&[
            "none",
            "client_secret_basic",
            "client_secret_post",
            "Bearer",
        ]),
        response_types_supported: Vec::new(),
        grant_types_supported: Vec::new(),
        subject_types_supported: list(&["public"]),
        id_token_signing_alg_values_supported: list(&tokens.algorithms()),
        service_documentation: at("/docs/"),
    }
}
