//! Paged lists: reading one row more than a page shows whether there are more.

/// Cuts `rows` to one page, and returns the last row of the page if there are more.
pub(crate) fn cut<T>(rows: &mut Vec<T>, page: u16) -> Option<&T> {
    let more = rows.len() > usize::from(page);
    rows.truncate(page.into());
    rows.last().filter(|_| more)
}
