//! The names nearest to one that is not known.

/// Of `names`, up to three that are nearest to `name`, by the number of letters to change; none that has little in common with it.
///
/// ```
/// assert_eq!(wengert_autograd::nearest("tahn", ["tan", "tanh", "exp"]), ["tan", "tanh"]);
/// assert!(wengert_autograd::nearest("convolve", ["tan", "exp"]).is_empty());
/// ```
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let most = 1 + name.chars().count() / 3;
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .map(|other| {
            let (least, both) =
                (name.len().min(other.len()), other.contains(name) || name.contains(other));
            (if least >= 3 && both { 1 } else { changes(name, other) }, other)
        })
        .filter(|(changes, _)| *changes <= most)
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The number of letters to insert, delete or replace.
fn changes(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = replaced.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
