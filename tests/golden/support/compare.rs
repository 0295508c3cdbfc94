//! When an answer matches: FORMAT.md's rule, element by element.

use wengert::tensor::{Float, Tensor};

use super::safetensors::Stored;

/// Whether one number matches: within the tolerance, both NaN, or the same infinity.
pub fn matches(got: f64, expected: f64, [rtol, atol]: [f64; 2]) -> bool {
    got == expected
        || (got.is_nan() && expected.is_nan())
        || (got - expected).abs() <= atol + rtol * expected.abs() && expected.is_finite()
}

/// What we computed, widened as the files are.
pub fn widened<T: Float>(x: &Tensor<T>) -> Stored {
    Stored::Float(x.cast())
}

/// Compares what we have with what was expected; the error says where they part.
pub fn compare(name: &str, got: &Stored, expected: &Stored, tol: [f64; 2]) -> Result<(), String> {
    alike(name, got, expected)?;
    // Integers and booleans are equal, or they are not.
    let tol = if matches!(expected, Stored::Float(_)) { tol } else { [0.0, 0.0] };
    each(name, &got.numbers(), &expected.numbers(), |_, got, expected| matches(got, expected, tol))
}

/// Whether type and shape are the same.
pub fn alike(name: &str, got: &Stored, expected: &Stored) -> Result<(), String> {
    if std::mem::discriminant(got) != std::mem::discriminant(expected) {
        let kind = |x: &Stored| match x {
            Stored::Float(_) => "floats",
            Stored::Int(_) => "integers",
            Stored::Bool(_) => "booleans",
        };
        return Err(format!("{name}: got {}, expected {}", kind(got), kind(expected)));
    }
    if got.shape() != expected.shape() {
        return Err(format!(
            "{name}: got shape {:?}, expected {:?}",
            got.shape(),
            expected.shape()
        ));
    }
    Ok(())
}

/// Compares elements by a rule of their places.
pub fn each(
    name: &str,
    got: &[f64],
    expected: &[f64],
    matches: impl Fn(usize, f64, f64) -> bool,
) -> Result<(), String> {
    let wrong: Vec<usize> = (0..got.len()).filter(|&i| !matches(i, got[i], expected[i])).collect();
    let Some(&first) = wrong.first() else { return Ok(()) };
    let shown = |x: &[f64]| {
        let few: Vec<String> = x.iter().take(12).map(|x| format!("{x:?}")).collect();
        format!("[{}{}]", few.join(", "), if x.len() > 12 { ", …" } else { "" })
    };
    Err(format!(
        "{name}: {} of {} elements differ, the first at {first}: got {:?}, expected {:?}\n      got      {}\n      expected {}",
        wrong.len(),
        got.len(),
        got[first],
        expected[first],
        shown(got),
        shown(expected),
    ))
}
