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
            Err(refusal @ (Refusal::Mismatch | Refusal::Absent(_) | Refusal::Inexpressible(_))) => {
                why = Some(refusal)
            }
            answer => return answer,
        }
    }
    Err(why.unwrap_or_else(|| {
        let known = PARTS.iter().any(|(_, rows)| rows.iter().any(|row| row.op == c.op));
        Refusal::Missing(if known { format!("{} with {}", c.op, c.attrs) } else { c.op.into() })
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use wengert::autograd::Tape;
    use wengert::tensor::Tensor;

    use super::super::call::Value;
    use super::super::support::Json;
    use super::*;

    fn refused(op: &str, args: &[&str], attrs: &str) -> String {
        let tape = Tape::<f64>::new();
        let x = || Value::Float(tape.constant(Tensor::ones([2, 2])));
        let args: HashMap<_, _> = args.iter().map(|name| (name.to_string(), x())).collect();
        let attrs = Json::read(attrs).unwrap();
        call(&Call { tape: &tape, op, args, attrs: &attrs }).unwrap_err().to_string()
    }

    /// Options that PyTorch refuses, and that no line of the table may pass over.
    #[test]
    fn no_option_is_passed_over() {
        let classes = r#"{"ignore_index":1,"label_smoothing":0,"reduction":"mean"}"#;
        assert!(refused("cross_entropy", &["x", "target"], classes).contains("class 1 is ignored"));
        let border = r#"{"pad":[1,1],"mode":"reflect","value":2}"#;
        assert!(refused("pad", &["x"], border).contains("a value where"));
        assert!(refused("clamp", &["x"], r#"{"min":null,"max":null}"#).contains("without bounds"));
        let running = r#"{"training":true,"momentum":0.1,"eps":1e-5}"#;
        let refused_half = refused("batch_norm", &["x", "running_mean"], running);
        assert!(refused_half.contains("without a variance"), "{refused_half}");
        assert!(refused("exp", &["x"], r#"{"base":2}"#).contains("missing: exp with"));
    }

    #[test]
    fn what_a_call_does_not_say_is_no_matter_of_types() {
        assert!(refused("softmax", &["x"], "{}").contains("does not say what `dim` is"));
        assert!(refused("softmax", &["x"], r#"{"dim":null}"#).contains("no line of the table"));
    }
}
