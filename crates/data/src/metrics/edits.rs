//! Sequences of tokens against the right ones.

/// The least number of insertions, deletions and replacements that turn one sequence into another: Levenshtein's distance.
///
/// ```
/// use wengert_data::metrics::edit_distance;
///
/// assert_eq!(edit_distance(b"kitten", b"sitting"), 3);
/// assert_eq!(edit_distance(&[1, 2, 3], &[2, 3]), 1);
/// ```
pub fn edit_distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    // The distances of a's beginning from each beginning of b.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The edits that the predicted sequences need, for each token of the true ones: the token error rate, and of words the word
/// error rate. It can be above 1. Pairs of a predicted and a true sequence; 0 if there is no token at all.
///
/// ```
/// use wengert_data::metrics::token_error_rate;
///
/// let pairs = [(vec![1, 2], vec![1, 2]), (vec![3, 3, 1], vec![3, 1])];
/// assert_eq!(token_error_rate(&pairs), 0.25);
/// ```
pub fn token_error_rate<T: PartialEq>(pairs: &[(Vec<T>, Vec<T>)]) -> f64 {
    let edits: usize = pairs.iter().map(|(said, right)| edit_distance(said, right)).sum();
    let tokens: usize = pairs.iter().map(|(_, right)| right.len()).sum();
    edits as f64 / tokens.max(1) as f64
}
