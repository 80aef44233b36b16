use super::*;

#[test]
fn the_terminal_page_fits_a_terminal() {
    let page = terminal_page(&fixture::record(), &fixture::provenance());
    let widest = page.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest} columns:\n{page}");
}
