//! Requests that mean the same as another.

use actix_web::dev::ServiceRequest;
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, Uri};

/// Turns HEAD into GET, whose body the server then leaves out (RFC 9110 §9.3.2), and a path with a slash
/// at its end into the one without.
pub(crate) fn make_canonical(request: &mut ServiceRequest) {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    if let Some(uri) = without_slash(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

/// The pages of the documentation are relative to `/docs/`.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    if path.is_empty() || path == "/docs" {
        return None;
    }
    let path = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_is_left_out() {
        let canonical = |uri: &str| {
            let uri: Uri = uri.parse().unwrap();
            without_slash(&uri).map(|uri| uri.to_string())
        };
        for (uri, expected) in [
            ("/api/login/", Some("/api/login")),
            ("/api/verify/?require=a/", Some("/api/verify?require=a/")),
            ("http://h/api/me/", Some("http://h/api/me")),
            ("/api/login//", Some("/api/login/")),
            ("/api/login", None),
            ("/", None),
            ("/docs/", None),
        ] {
            assert_eq!(canonical(uri).as_deref(), expected, "{uri}");
        }
    }
}
