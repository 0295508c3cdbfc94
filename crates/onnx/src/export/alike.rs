//! The comparison of the recordings: the ops, their operands and their numbers must not depend on the input.

use wengert_autograd::ops::{Op, Shaping};
use wengert_autograd::{Lines, TapeLine};

use super::graph::Builder;
use crate::{Error, Result};

type Line<'t> = TapeLine<'t, f32>;

impl<'t> Builder<'t> {
    /// Rejects a line that is another one in another recording.
    pub(super) fn same_op(&self, line: Line<'t>) -> Result<()> {
        let Some(b) = self.b.get(line.index()) else {
            return Err(self.branch("the line is not recorded"));
        };
        self.same(line, b, sizes_are_compared_later(line.op()))?;
        for other in self.others {
            match other.get(line.index()) {
                Some(other) => self.same(b, other, false)?,
                None => return Err(self.branch("the line is not recorded")),
            }
        }
        Ok(())
    }

    fn same(&self, a: Line<'_>, b: Line<'_>, only_the_op: bool) -> Result<()> {
        let (op, other) = (a.op(), b.op());
        if op.name() != other.name() {
            return Err(self.branch(&format!("the op is `{}`", other.name())));
        }
        if a.operands() != b.operands() {
            return Err(self.branch("it takes other operands"));
        }
        if only_the_op {
            return Ok(());
        }
        let (here, there) = (op.attributes(), other.attributes());
        if here == there {
            return Ok(());
        }
        let differs = here.iter().zip(&there).find(|(here, there)| here != there);
        let of = differs.map_or_else(
            || "its attributes depend on the input or on the batch".to_string(),
            |((name, here), (_, there))| {
                format!("its `{name}` is {here} for one batch and {there} for another")
            },
        );
        Err(self.refused(format!(
            "{of}, and the file would hold that of one\n  help: compute it from the input by ops on vars, as by `x.max_over(…)` or `x.mean_over(…)`, or make it a constant of the model"
        )))
    }

    /// A refusal of a program that branches on the input.
    pub(super) fn branch(&self, difference: &str) -> Error {
        self.refused(format!(
            "for another batch {difference}, and the file would hold one branch of the program\n  help: choose between both values by an op on vars, as `maximum` or `clamp`, or leave the branch out of the model"
        ))
    }

    /// True if every other recording has an op on this line for which `is` is true.
    pub(super) fn all_others<O: 'static>(&self, line: Line<'t>, is: impl Fn(&O) -> bool) -> bool {
        let holds = |lines: &Lines<'_, f32>| {
            lines.get(line.index()).and_then(|line| line.op().get::<O>().map(&is))
        };
        std::iter::once(self.b).chain(self.others).all(|lines| holds(lines) == Some(true))
    }
}

/// Sizes that may be those of the batch, and places that depend on them.
fn sizes_are_compared_later(op: &Op<f32>) -> bool {
    use Shaping::{Expand, Reshape, Slicing, Unslice};
    matches!(op, Op::Shaping(Reshape(_) | Expand(_) | Slicing(_) | Unslice(_)))
}
