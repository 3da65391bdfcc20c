//! The order in which people read the document: what everybody calls first comes first. JSON objects are
//! sorted by name otherwise.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// The members of the document.
const MEMBERS: &[&str] = &["openapi", "info", "servers", "tags", "paths", "components"];

/// The calls of each tag, as a client comes to them.
pub(super) const PATHS: &[&str] = &[
    "/api/register",
    "/api/login",
    "/api/login/code",
    "/api/login/code/verify",
    "/api/refresh_access",
    "/api/refresh_all",
    "/api/logout",
    "/api/me",
    "/api/me/delete",
    "/api/password",
    "/api/password/forgot",
    "/api/password/set",
    "/api/email/verify",
    "/api/email/verify/send",
    "/api/email/change/undo",
    "/api/link",
    "/api/invitation/accept",
    "/api/sessions",
    "/api/sessions/{id}",
    "/api/events",
    "/api/tokens",
    "/api/verify",
    "/api/verify/browser",
    "/api/introspect",
    "/api/revoke",
    "/api/admin/users",
    "/api/admin/users/{id}",
    "/api/admin/users/{id}/password_link",
    "/api/admin/users/{id}/sessions",
    "/api/admin/sessions/{id}",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/revoked-sessions",
    "/health/live",
    "/health/ready",
];

/// The document in this order.
pub(super) struct Ordered<'a>(pub(super) &'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, member) in in_order(self.0, MEMBERS) {
            match name {
                "paths" => map.serialize_entry(name, &Paths(member))?,
                name => map.serialize_entry(name, member)?,
            }
        }
        map.end()
    }
}

struct Paths<'a>(&'a Value);

impl Serialize for Paths<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(in_order(self.0, PATHS))
    }
}

/// The members of an object: those that are named first, in this order, then all others.
fn in_order<'a>(
    object: &'a Value,
    names: &'a [&str],
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let named = names
        .iter()
        .filter_map(|name| Some((*name, object.get(*name)?)));
    let all = object.as_object().into_iter().flatten();
    let all = all.map(|(name, member)| (name.as_str(), member));
    named.chain(all.filter(|(name, _)| !names.contains(name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_lost_and_what_is_named_comes_first() {
        let document = json!({ "x-a": 1, "paths": { "/b": 1, "/api/login": 2, "/api/register": 3 }, "openapi": "3" });
        let text = serde_json::to_string(&Ordered(&document)).unwrap();
        let expected =
            r#"{"openapi":"3","paths":{"/api/register":3,"/api/login":2,"/b":1},"x-a":1}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn every_call_has_its_place() {
        let document = crate::openapi::by_paperclip();
        let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
        let mut placed = PATHS.to_vec();
        paths.sort_unstable();
        placed.sort_unstable();
        assert_eq!(paths, placed);
    }
}
