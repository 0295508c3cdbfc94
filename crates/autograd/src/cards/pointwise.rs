//! The cards of the table of derivatives: text from the table, the rest measured.

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::measured::{Measured, of_binary, of_unary};
use super::{Card, example};
use crate::ops::{Binary, Unary};
use crate::{Result, Var};

/// A function of the table: its documentation, the arguments of its example, and the example.
struct Sample<O: 'static> {
    op: O,
    method: &'static str,
    about: &'static str,
    arguments: &'static [&'static str],
    run: for<'t> fn(Var<'t, f64>) -> Result<Var<'t, f64>>,
}

/// The card of a name; `None` for another one.
pub(super) fn card(name: &str) -> Option<Result<Card>> {
    if let Some(sample) = UNARY.iter().find(|sample| sample.method == name) {
        let op = sample.op;
        let code = format!("x.{}({})", sample.method, sample.arguments.join(", "));
        let shapes = "any; the result has the shape of x";
        let (formula, measured) = (Unary(op).definition(), of_unary(op));
        return Some(of_table(op.name(), sample, &code, formula, measured, shapes));
    }
    let sample = BINARY.iter().find(|sample| sample.op.name() == name)?;
    let op = sample.op;
    let code = format!("x.{}({})?", sample.method, sample.arguments.join(", "));
    let shapes = "two that broadcast to one; a gradient is summed back to each";
    let (formula, measured) = (Binary(op).definition(), of_binary(op));
    Some(of_table(op.name(), sample, &code, formula, measured, shapes))
}

macro_rules! samples {
    (
        unary { $(#[doc = $udoc:literal] $uname:ident $Unary:ident $([$($up:ident = $usample:literal),*])?
            ($ux:ident -> $uy:ident) = $uvalue:expr; slope $uslope:expr;)* }
        binary { $(#[doc = $bdoc:literal] $bname:ident $Binary:ident $([$($bp:ident = $bsample:literal),*])?
            ($a:ident, $b:ident -> $by:ident) = $bvalue:expr; slopes $bslope_a:expr, $bslope_b:expr;)* }
    ) => {
        static UNARY: &[Sample<UnaryOp>] = &[$(Sample {
            op: UnaryOp::$Unary $({ $($up: $usample),* })?,
            method: stringify!($uname),
            about: $udoc,
            arguments: &[$($(stringify!($usample)),*)?],
            run: |x| Ok(x.$uname($($($usample),*)?)),
        }),*];
        static BINARY: &[Sample<BinaryOp>] = &[$(Sample {
            op: BinaryOp::$Binary $({ $($bp: $bsample),* })?,
            method: stringify!($bname),
            about: $bdoc,
            arguments: &["0.25", $($(stringify!($bsample)),*)?],
            run: |x| x.$bname(0.25, $($($bsample),*)?),
        }),*];
    };
}
wengert_tensor::pointwise_table!(samples);

fn of_table<O>(
    name: &'static str,
    sample: &Sample<O>,
    code: &str,
    formula: String,
    measured: Measured,
    shapes: &'static str,
) -> Result<Card> {
    let run = sample.run;
    let (told, example) = example(name, ["tape.scalar(0.5)", code], &|tape| {
        let x = tape.scalar(0.5);
        Ok([x, run(x)?])
    })?;
    Ok(Card {
        name,
        about: sample.about.trim(),
        formula,
        derivative: told.derivative,
        domain: measured.domain,
        kinks: measured.kinks,
        safe_range: measured.safe_range,
        keeps: told.keeps,
        shapes,
        cost: "one pass over the elements forward, and one back for each operand",
        example,
    })
}
