use crate::guide::Guide;

#[test]
fn nginx_and_caddy_let_signed_in_users_in_and_say_who_they_are() {
    if !crate::are_installed(&["nginx", "caddy"]) {
        return;
    }
    let guide = include_str!("../../../../docs/guides/forward-auth.md");
    let ports = ["8000", "8443", "8444", "8005"];
    assert!(Guide::follow(guide, &ports).is_some());
}
