use std::fmt;

/// The type of a token: its `typ` header parameter (RFC 7515 §4.1.9, RFC 8725 §3.11).
///
/// Omit the `application/` prefix, as RFC 7515 recommends. Types are compared like media types:
/// case does not matter, nor does that prefix.
///
/// ```
/// use jwt_core::TokenType;
///
/// const RESET_TOKEN: TokenType = TokenType::new("reset+jwt");
/// assert_eq!(RESET_TOKEN.to_string(), "reset+jwt");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TokenType(&'static str);

impl TokenType {
    /// `at+jwt`: an access token (RFC 9068 §2.1).
    pub const ACCESS_TOKEN: TokenType = TokenType::new("at+jwt");

    /// `rt+jwt`: a refresh token.
    pub const REFRESH_TOKEN: TokenType = TokenType::new("rt+jwt");

    /// An application-specific type.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The value of `typ`, as it is written into a header.
    pub fn as_str(&self) -> &'static str {
        self.0
    }

    pub(crate) fn matches(&self, typ: &str) -> bool {
        without_prefix(self.0).eq_ignore_ascii_case(without_prefix(typ))
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Removes the prefix, which is optional unless another slash follows (RFC 7515 §4.1.9).
fn without_prefix(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

#[cfg(test)]
mod tests {
    use super::TokenType;

    #[test]
    fn media_types_match_without_regard_to_case_and_prefix() {
        for typ in [
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "Application/At+Jwt",
        ] {
            assert!(TokenType::ACCESS_TOKEN.matches(typ), "{typ}");
        }
        for typ in [
            "",
            "JWT",
            "rt+jwt",
            "at+jwt ",
            "text/at+jwt",
            "application/x/at+jwt",
        ] {
            assert!(!TokenType::ACCESS_TOKEN.matches(typ), "{typ}");
        }
    }
}
