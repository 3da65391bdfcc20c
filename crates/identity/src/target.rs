//! What attempts are counted against.

use ring::digest::{Context, SHA256};
use store::attempts::Target;

/// Different lists of parts have different targets.
pub(crate) fn target(parts: &[&str]) -> Target {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    let mut target = [0; 32];
    target.copy_from_slice(hash.finish().as_ref());
    Target(target)
}
