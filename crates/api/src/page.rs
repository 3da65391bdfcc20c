//! Lists that come in pages: one row more than a page is read, which tells whether there are more.

/// Cuts the rows to a page; the last of it, if there are more.
pub(crate) fn cut<T>(rows: &mut Vec<T>, page: u16) -> Option<&T> {
    let more = rows.len() > usize::from(page);
    rows.truncate(page.into());
    rows.last().filter(|_| more)
}
