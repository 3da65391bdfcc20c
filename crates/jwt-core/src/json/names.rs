use std::borrow::Cow;
use std::collections::HashSet;

/// The member names of an object seen so far. The first few need no allocation.
#[derive(Default)]
pub(super) struct Names<'de> {
    /// One bit for each hash in use. Most names have a hash that no other name has, and then need
    /// not be compared with the others.
    kinds: u64,
    first: [&'de str; 12],
    count: usize,
    more: Option<HashSet<Cow<'de, str>>>,
}

impl<'de> Names<'de> {
    /// Returns `false` if the name was seen before.
    pub(super) fn insert(&mut self, name: Cow<'de, str>) -> bool {
        let kind = kind(&name);
        let mut first = self.first.iter().take(self.count);
        if self.kinds & kind != 0 && first.any(|one| *one == name) {
            return false;
        }
        self.kinds |= kind;
        match (name, self.first.get_mut(self.count)) {
            (Cow::Borrowed(name), Some(place)) if self.more.is_none() => {
                *place = name;
                self.count += 1;
                true
            }
            (name, _) => self.more.get_or_insert_default().insert(name),
        }
    }
}

/// A hash of the length, the first and the last byte: one of 64 bits is set.
fn kind(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let end = |byte: Option<&u8>| byte.copied().map_or(0, u32::from);
    let mixed = end(bytes.first()) * 7 + end(bytes.last()) * 31 + bytes.len() as u32;
    1 << (mixed % 64)
}
