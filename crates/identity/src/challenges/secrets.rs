use std::fmt;

use ring::hmac::{self, HMAC_SHA256};
use store::challenges::{ChallengeId, ChallengeKind};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base64url;
use crate::keys::MasterKey;

/// Computes the secrets of challenges.
#[derive(Clone)]
pub struct ChallengeSecrets(hmac::Key);

/// The token of a link. `Debug` does not show it.
#[derive(Clone)]
pub struct LinkToken(Zeroizing<String>);

/// A code of eight digits. `Debug` does not show it.
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

/// The bytes of an id, and those of its authentication code.
const ID: usize = 16;
const MAC: usize = 32;

impl ChallengeSecrets {
    /// The secrets of all replicas with this master key.
    pub fn new(master_key: &MasterKey) -> Self {
        let key = master_key.derive("challenges");
        Self(hmac::Key::new(HMAC_SHA256, &*key))
    }

    /// The token of a link.
    pub fn token(&self, id: ChallengeId, kind: ChallengeKind) -> LinkToken {
        let mut bytes = Zeroizing::new([0; ID + MAC]);
        bytes[..ID].copy_from_slice(id.as_bytes());
        bytes[ID..].copy_from_slice(self.mac("link", id, kind).as_ref());
        LinkToken(Zeroizing::new(base64url::encode(&*bytes)))
    }

    /// The challenge of a token, if we made it.
    pub fn verify(&self, token: &str) -> Option<(ChallengeId, ChallengeKind)> {
        let bytes = Zeroizing::new(base64url::decode(token)?);
        let (id, mac) = bytes.split_first_chunk::<ID>()?;
        let id = ChallengeId::from_bytes(*id);
        let is_it = |kind: &ChallengeKind| {
            let message = message("link", id, *kind);
            hmac::verify(&self.0, &message, mac).is_ok()
        };
        let kind = ChallengeKind::ALL.iter().copied().find(is_it)?;
        Some((id, kind))
    }

    /// The code.
    pub fn code(&self, id: ChallengeId, kind: ChallengeKind) -> Code {
        let mac = self.mac("code", id, kind);
        let mut number = [0; 8];
        number.copy_from_slice(&mac.as_ref()[..8]);
        let number = u64::from_be_bytes(number) % 100_000_000;
        Code(Zeroizing::new(format!("{number:08}")))
    }

    fn mac(&self, purpose: &str, id: ChallengeId, kind: ChallengeKind) -> hmac::Tag {
        hmac::sign(&self.0, &message(purpose, id, kind))
    }
}

/// No purpose or kind contains a zero byte.
fn message(purpose: &str, id: ChallengeId, kind: ChallengeKind) -> Vec<u8> {
    [
        purpose.as_bytes(),
        &[0],
        kind.as_str().as_bytes(),
        &[0],
        id.as_bytes(),
    ]
    .concat()
}

impl LinkToken {
    /// The token itself, for the link.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Code {
    /// The code as people read it best: `1234 5678`.
    pub fn expose(&self) -> String {
        let (first, second) = self.0.split_at(4);
        format!("{first} {second}")
    }

    /// Whether somebody typed this code, with spaces or hyphens anywhere. Takes the same time for all codes.
    pub fn is(&self, typed: &str) -> bool {
        let typed: Vec<u8> = typed
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-')
            .take(9)
            .collect();
        self.0.as_bytes().ct_eq(&typed).into()
    }
}

impl fmt::Debug for ChallengeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChallengeSecrets(…)")
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use store::UnixMillis;

    use super::*;

    fn secrets() -> ChallengeSecrets {
        ChallengeSecrets::new(&MasterKey::from_bytes([7; 32]))
    }

    fn id(byte: u8) -> ChallengeId {
        ChallengeId::new(UnixMillis::from_millis(1_800_000_000_000), [byte; 10])
    }

    #[test]
    fn a_token_is_that_of_one_challenge_and_one_kind() {
        for kind in ChallengeKind::ALL.iter().copied() {
            let token = secrets().token(id(1), kind);
            assert_eq!(secrets().verify(token.expose()), Some((id(1), kind)));
        }
    }

    #[test]
    fn altered_and_foreign_tokens_are_refused() {
        let token = secrets().token(id(1), ChallengeKind::SignIn);
        let text = token.expose();
        for n in 0..text.len() {
            let mut altered = text.to_owned().into_bytes();
            altered[n] = if altered[n] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(secrets().verify(&altered), None, "{n}");
        }
        let foreign = ChallengeSecrets::new(&MasterKey::from_bytes([8; 32]));
        assert_eq!(foreign.verify(text), None);
        for text in ["", "A", &text[..21], &text[..63], &format!("{text}AA"), "ы"] {
            assert_eq!(secrets().verify(text), None, "{text}");
        }
    }

    #[test]
    fn a_code_has_eight_digits_which_people_may_group() {
        let code = secrets().code(id(1), ChallengeKind::SignIn);
        let shown = code.expose();
        assert_eq!(shown.len(), 9);
        let digits = shown.replace(' ', "");
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
        for typed in [
            &shown,
            &digits,
            &format!(" {digits}\n"),
            &shown.replace(' ', "-"),
        ] {
            assert!(code.is(typed), "{typed}");
        }
        let other = secrets().code(id(2), ChallengeKind::SignIn).expose();
        for typed in [
            "",
            &digits[..7],
            &format!("{digits}0"),
            &other,
            "00000000000000000",
        ] {
            assert!(!code.is(typed), "{typed}");
        }
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let secrets = secrets();
        let token = secrets.token(id(1), ChallengeKind::SignIn);
        let code = secrets.code(id(1), ChallengeKind::SignIn);
        let shown = format!("{secrets:?}{token:?}{code:?}");
        assert_eq!(shown, "ChallengeSecrets(…)LinkToken(…)Code(…)");
    }
}
