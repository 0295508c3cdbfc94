//! The lines of `docs/reach.md` are lines of the example.

#[test]
fn the_page_shows_lines_of_the_example() {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |file: &str| std::fs::read_to_string(format!("{root}/{file}")).unwrap();
    let (page, example) = (read("../../docs/reach.md"), read("examples/digits.rs"));
    let shown: Vec<&str> = page
        .split("```rust,ignore\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or(""))
        .collect();
    assert_eq!(shown.len(), 2);
    for lines in shown {
        assert!(example.contains(lines), "not in examples/digits.rs:\n{lines}");
    }
}
