use ring::rand::SystemRandom;

/// The operating system's generator, for keys and for the nonces of ECDSA and RSASSA-PSS: one that
/// can be predicted gives the private key away, so it is not the caller's to choose.
#[expect(clippy::disallowed_methods, reason = "the one place in this crate")]
pub(crate) fn system() -> SystemRandom {
    SystemRandom::new()
}
