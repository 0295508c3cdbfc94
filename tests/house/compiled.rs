//! Each function that `compiled!` names is marked `#[inline(never)]`: without the mark the copy that is made in its crate is no
//! other crate's, and every program compiles its own, without a word.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::files::sources;

/// The names in the lists of `compiled!`: of `Var::<T>::linear` it is `linear`.
fn named(text: &str) -> Vec<String> {
    let lists = text.split("compiled!(").skip(1).filter_map(|rest| rest.split("});").next());
    let items = lists.filter_map(|list| list.split_once('{')).flat_map(|(_, list)| list.split(','));
    let of_items = items.map(str::trim).filter(|item| item.contains("::") && !item.contains('$'));
    let of_items = of_items.map(|item| {
        let path = item.trim_end_matches("::<T>");
        let path = path.split_once("::<Tensor").map_or(path, |(path, _)| path);
        path.rsplit("::").next().unwrap_or(path).to_string()
    });
    of_items.filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_')).collect()
}

/// Whether a function of this name stands below the mark.
fn is_marked(text: &str, name: &str) -> bool {
    let starts = |line: &str| {
        let rest = line.split("fn ").nth(1).unwrap_or_default();
        rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['<', '(']))
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let marked = |k: usize| {
        let attributes = lines[..k].iter().rev().take_while(|line| line.starts_with("#["));
        attributes.clone().any(|line| *line == "#[inline(never)]")
    };
    (0..lines.len()).any(|k| starts(lines[k]) && marked(k))
}

#[test]
fn what_is_compiled_for_others_is_marked() {
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("crates")).unwrap() {
        let source = entry.unwrap().path().join("src");
        let mut files = Vec::new();
        if source.is_dir() {
            sources(&source, &mut files);
        }
        let read = |path| (path, fs::read_to_string(path).unwrap());
        let texts: BTreeMap<_, _> = files.iter().map(read).collect();
        for (path, text) in &texts {
            for name in named(text) {
                count += 1;
                let found = texts.values().any(|text| is_marked(text, &name));
                assert!(found, "{}: `{name}` is not marked #[inline(never)]", path.display());
            }
        }
    }
    assert!(count > 150, "{count} functions were found");
}

#[test]
fn a_function_without_the_mark_is_found() {
    let text = "    #[inline(never)]\n    #[track_caller]\n    pub fn there<T>(x: T) {}\n    #[inline]\n    fn not_there() {}\n";
    assert!(is_marked(text, "there") && !is_marked(text, "not_there") && !is_marked(text, "ther"));
    let list = "compiled!(f32 f64: {\n    Tensor::<T>::there,\n    fit::<TensorDataset<T>>,\n    <Run as Resume<T>>::state,\n});";
    assert_eq!(named(list), ["there", "fit", "state"]);
}
