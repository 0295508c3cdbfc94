//! The table of derivatives as data of the page, for the playground.

use wengert_autograd::Op;
use wengert_autograd::ops::{Binary, Unary};
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::pass::reads;
use super::text::{list, object, quoted};

/// Each function without parameters: name → [formula, rules, values that each rule reads].
pub(super) fn json() -> String {
    let unary = UnaryOp::ALL.iter().filter(|op| op.parameters().is_empty());
    let unary = unary.map(|&op| (op.name(), Unary(op).definition(), Op::<f64>::from(Unary(op)), 1));
    let binary = BinaryOp::ALL.iter().filter(|op| op.parameters().is_empty());
    let binary =
        binary.map(|&op| (op.name(), Binary(op).definition(), Op::<f64>::from(Binary(op)), 2));
    let rows = unary.chain(binary).map(|(name, value, op, arity)| {
        let rules = list((0..arity).map(|k| quoted(&op.formula(k))));
        let reads = list((0..arity).map(|k| quoted(&reads(&op, k, arity))));
        (name, list([quoted(&value), rules, reads]))
    });
    let rows: Vec<(&str, String)> = rows.collect();
    object(&rows)
}
