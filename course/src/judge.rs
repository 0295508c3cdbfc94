// The function that checks use. It is compiled together with the learner's file, and needs nothing else.

/// Compares numbers; where they differ, looks for them among those that known mistakes give.
#[allow(dead_code)]
fn judge(
    what: &str,
    got: &[f64],
    right: &[f64],
    mistakes: &[(&[f64], &str)],
) -> Result<(), String> {
    let near = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (b.is_finite() && (a - b).abs() <= 1e-9 * b.abs().max(1.0))
    };
    let same = |b: &[f64]| got.len() == b.len() && got.iter().zip(b).all(|(a, b)| near(*a, *b));
    if same(right) {
        return Ok(());
    }
    let mistake = mistakes.iter().find(|(numbers, _)| same(numbers)).map_or("", |(_, name)| name);
    let what = what.trim_end_matches(',');
    Err(format!("{what}: {got:?}, where {right:?} is right. {mistake}"))
}
