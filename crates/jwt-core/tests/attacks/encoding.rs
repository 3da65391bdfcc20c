//! The token as text: its parts, base64 and JSON.

use super::*;

#[test]
fn stripped_added_and_swapped_parts() {
    let token = good();
    let parts: Vec<_> = token.split('.').collect();
    for parts in [&parts[..1], &parts[..2], &[&parts[..], &["e30"]].concat()] {
        assert_eq!(
            verify(&parts.join(".")).unwrap_err(),
            Malformed::Parts.into()
        );
    }
    assert_eq!(verify("").unwrap_err(), Malformed::Parts.into());
    assert_eq!(verify("....").unwrap_err(), Malformed::Parts.into());
    let swapped = [parts[1], parts[0], parts[2]].join(".");
    assert_eq!(verify(&swapped).unwrap_err(), Malformed::Header.into());
    let exp = NOW + 61;
    let later = forge(
        GOOD_HEADER,
        &format!(r#"{{"iss":"us","aud":"api","exp":{exp}}}"#),
    );
    let later: Vec<_> = later.split('.').collect();
    for mixed in [
        [parts[0], later[1], parts[2]],
        [parts[0], parts[1], later[2]],
    ] {
        assert_eq!(verify(&mixed.join(".")).unwrap_err(), Error::BadSignature);
    }
}

#[test]
fn padding_white_space_and_stray_bits() {
    let token = good();
    assert_eq!(
        verify(&format!("{token}=")).unwrap_err(),
        Malformed::Base64url.into()
    );
    assert_eq!(
        verify(&format!("{token}\n")).unwrap_err(),
        Malformed::Base64url.into()
    );
    assert!(verify(&format!(" {token}")).is_err());
    // 32 bytes are 43 characters; the last one has two unused bits, which must be zero.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).unwrap();
    let stray = alphabet.chars().nth(value | 1).unwrap();
    let stray = format!("{}{stray}", &token[..token.len() - 1]);
    assert_ne!(stray, token);
    assert_eq!(verify(&stray).unwrap_err(), Malformed::Base64url.into());
}

#[test]
fn duplicate_members() {
    let header = r#"{"alg":"HS256","typ":"at+jwt","kid":"k1","kid":"k1"}"#;
    assert_eq!(
        verify(&forge(header, &good_payload())).unwrap_err(),
        Malformed::Header.into()
    );
    let exp = NOW + 60;
    for payload in [
        format!(r#"{{"iss":"us","aud":"api","exp":{exp},"exp":{exp}}}"#),
        format!(r#"{{"iss":"us","aud":"api","exp":{exp},"role":"a","role":"b"}}"#),
        format!(r#"{{"iss":"us","aud":"api","exp":{exp},"x":{{"y":1,"y":2}}}}"#),
    ] {
        assert_eq!(
            verify(&forge(GOOD_HEADER, &payload)).unwrap_err(),
            Malformed::Claims.into()
        );
    }
}

#[test]
fn deep_nesting() {
    // Sixteen levels are accepted, and the claims object is the first.
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        let exp = NOW + 60;
        let payload = format!(r#"{{"iss":"us","aud":"api","exp":{exp},"x":{open}{close}}}"#);
        verify(&forge(GOOD_HEADER, &payload))
    };
    assert!(nested(15).is_ok());
    for levels in [16, 100, 2500] {
        assert_eq!(nested(levels).unwrap_err(), Malformed::Claims.into());
    }
    let header = format!(r#"{{"alg":"HS256","x":{}"#, "[".repeat(5000));
    let token = forge(&header, &good_payload());
    assert_eq!(verify(&token).unwrap_err(), Malformed::Header.into());
}

#[test]
fn megabytes() {
    let padded = |length: usize| {
        let exp = NOW + 60;
        let token = |pad: usize| {
            let pad = "A".repeat(pad);
            let payload = format!(r#"{{"iss":"us","aud":"api","exp":{exp},"x":"{pad}"}}"#);
            forge(GOOD_HEADER, &payload)
        };
        // The longest token up to `length`: base64url writes three bytes as four characters.
        token((length - token(0).len()) / 4 * 3)
    };
    let longest = padded(MAX_TOKEN_LEN);
    assert!((MAX_TOKEN_LEN - 4..=MAX_TOKEN_LEN).contains(&longest.len()));
    assert!(verify(&longest).is_ok());
    for length in [MAX_TOKEN_LEN + 4, 1 << 20, 1 << 26] {
        assert_eq!(
            verify(&padded(length)).unwrap_err(),
            Malformed::TooLong.into()
        );
    }
}
