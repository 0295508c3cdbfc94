//! PyTorch's operations, and what each is here. docs/pytorch.md is made of these lines.
//!
//! A line reads `torch_name(parameters: types) => what it is here`. `Var` is a recorded tensor, `Term` a var or a number,
//! `Mask` a `Tensor<bool>`, `Index` a `Tensor<usize>`, `List` a list of whole numbers.

use wengert::tensor::Float;

use super::call::{Answer, Call, Refusal, Row};

pub mod functional;
pub mod losses;
pub mod pointwise;
pub mod products;
pub mod reductions;
pub mod shapes;

/// The parts, and their headings.
pub const PARTS: &[(&str, &[Row])] = &[
    ("Element by element", pointwise::ROWS),
    ("Products", products::ROWS),
    ("Reductions, scans and order", reductions::ROWS),
    ("Shapes and indices", shapes::ROWS),
    ("Losses", losses::ROWS),
    ("Normalisation and embedding", functional::ROWS),
];

/// Runs a call by the line of the table that takes it.
pub fn call<'t, T: Float>(c: &Call<'_, 't, T>) -> Result<Answer<'t, T>, Refusal> {
    let parts = [
        pointwise::call(c),
        products::call(c),
        reductions::call(c),
        shapes::call(c),
        losses::call(c),
        functional::call(c),
    ];
    let mut why = None;
    for part in parts {
        match part {
            Err(Refusal::Missing(what)) if what.is_empty() => {}
            // The names fit, the types do not; or they have no way to say it.
            Err(refusal @ (Refusal::Mismatch | Refusal::Inexpressible(_))) => why = Some(refusal),
            answer => return answer,
        }
    }
    Err(why.unwrap_or_else(|| {
        let known = PARTS.iter().any(|(_, rows)| rows.iter().any(|row| row.op == c.op));
        Refusal::Missing(if known { format!("{} with {}", c.op, c.attrs) } else { c.op.into() })
    }))
}
