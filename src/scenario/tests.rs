//! What a person meets: messages, round trips, templates, and every shipped scenario.

use super::*;

fn quickstart() -> Loaded {
    let text = include_str!("../../scenarios/quickstart.toml");
    parse(text, "quickstart.toml", &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn what_show_prints_loads_again_as_the_same_network() {
    let first = quickstart();
    let second = parse(&first.effective, "quickstart.toml", &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(format!("{:?}", first.network), format!("{:?}", second.network));
    assert_eq!((&first.effective, &first.hash), (&second.effective, &second.hash));
}
