use crate::guide::Guide;

#[test]
fn accounts_and_tokens_move_over_and_back_as_written() {
    let guide = include_str!("../../../../docs/guides/moving-from-django.md");
    Guide::follow(guide, &["8000", "8001"]);
}
