use ring::rand::SystemRandom;

/// The operating system's random number generator, for keys and for the nonces of ECDSA and
/// RSASSA-PSS. Predictable nonces leak the private key, so callers cannot choose another source.
#[expect(clippy::disallowed_methods, reason = "the one place in this crate")]
pub(crate) fn system() -> SystemRandom {
    SystemRandom::new()
}
