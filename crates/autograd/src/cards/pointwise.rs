//! The cards of the table of derivatives: text from the table, the rest measured.

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use super::measured::{Measured, of_binary, of_unary};
use super::{Card, example};
use crate::Result;
use crate::ops::{Binary, Unary};

/// Writes a pair of functions from the table: the card of a name.
macro_rules! cards_of_the_table {
    (
        unary { $(#[doc = $udoc:literal] $uname:ident $Unary:ident $([$($up:ident = $usample:literal),*])?
            ($ux:ident -> $uy:ident) = $uvalue:expr; slope $uslope:expr;)* }
        binary { $(#[doc = $bdoc:literal] $bname:ident $Binary:ident $([$($bp:ident = $bsample:literal),*])?
            ($a:ident, $b:ident -> $by:ident) = $bvalue:expr; slopes $bslope_a:expr, $bslope_b:expr;)* }
    ) => {
        /// The card of a function of the table; `None` for another name.
        #[allow(clippy::too_many_lines)]
        pub(super) fn card(name: &str) -> Option<Result<Card>> {
            Some(match name {
                $(stringify!($uname) => {
                    let op = UnaryOp::$Unary $({ $($up: $usample),* })?;
                    let arguments: &[&str] = &[$($(stringify!($usample)),*)?];
                    let code = format!("x.{}({})", stringify!($uname), arguments.join(", "));
                    let run = example(op.name(), ["tape.scalar(0.5)", &code], &|tape| {
                        let x = tape.scalar(0.5);
                        Ok([x, x.$uname($($($usample),*)?)])
                    });
                    of_table(op.name(), $udoc, Unary(op).definition(), of_unary(op), run,
                        "any; the result has the shape of x")
                })*
                _ => return binary_card(name),
            })
        }

        #[allow(clippy::too_many_lines)]
        fn binary_card(name: &str) -> Option<Result<Card>> {
            let op = BinaryOp::ALL.iter().find(|op| op.name() == name)?;
            Some(match op {
                $(BinaryOp::$Binary { .. } => {
                    let arguments: &[&str] = &["0.25", $($(stringify!($bsample)),*)?];
                    let code = format!("x.{}({})?", stringify!($bname), arguments.join(", "));
                    let run = example(op.name(), ["tape.scalar(0.5)", &code], &|tape| {
                        let x = tape.scalar(0.5);
                        Ok([x, x.$bname(0.25, $($($bsample),*)?)?])
                    });
                    of_table(op.name(), $bdoc, Binary(*op).definition(), of_binary(*op), run,
                        "two that broadcast to one; a gradient is summed back to each")
                })*
                _ => return None,
            })
        }
    };
}
wengert_tensor::pointwise_table!(cards_of_the_table);

fn of_table(
    name: &'static str,
    about: &'static str,
    formula: String,
    measured: Measured,
    run: Result<(super::Told, String)>,
    shapes: &'static str,
) -> Result<Card> {
    let (told, example) = run?;
    Ok(Card {
        name,
        about: about.trim(),
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
