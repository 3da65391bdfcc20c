use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::problem::Problem;
use crate::settings::PublicUrl;

/// The metadata of this service for OAuth clients (RFC 8414 §2). There is no authorization endpoint, so
/// the lists about one are empty.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "AuthorizationServer")]
pub(crate) struct AuthorizationServer {
    /// The `iss` claim of all tokens.
    issuer: String,
    /// The URL of the public keys.
    jwks_uri: String,
    /// The URL for introspection (RFC 7662); requires a service key as bearer token.
    introspection_endpoint: String,
    /// The URL for revocation (RFC 7009).
    revocation_endpoint: String,
    /// `none`: the holder of a token may revoke it.
    revocation_endpoint_auth_methods_supported: Vec<String>,
    /// Empty: there is no authorization endpoint.
    response_types_supported: Vec<String>,
    /// Empty: there is no OAuth token endpoint.
    grant_types_supported: Vec<String>,
    /// The URL of the documentation.
    service_documentation: String,
}

/// Get the metadata for OAuth clients
///
/// Authorization server metadata (RFC 8414). Only introspection and revocation are supported.
#[api_v2_operation(operation_id = "authorizationServer", tags(Keys))]
pub(crate) async fn authorization_server(
    public_url: Data<PublicUrl>,
) -> Result<Json<AuthorizationServer>, Problem> {
    let at = |path| format!("{}{path}", public_url.issuer());
    Ok(Json(AuthorizationServer {
        issuer: at(""),
        jwks_uri: at("/.well-known/jwks.json"),
        introspection_endpoint: at("/api/introspect"),
        revocation_endpoint: at("/api/revoke"),
        revocation_endpoint_auth_methods_supported: vec!["none".to_owned()],
        response_types_supported: Vec::new(),
        grant_types_supported: Vec::new(),
        service_documentation: at("/docs/"),
    }))
}
