//! Printing a tape as a Wengert list: each line with its op, shape, value, reverse rule, gradient, and where it was
//! recorded.

use std::fmt;

use wengert_tensor::{AnyTensor, Float, Tensor, any_tensor};

use crate::Tape;
use crate::lines::{Lines, TapeLine};
use crate::ops::{Leaf, Op};

impl<T: Float> TapeLine<'_, T> {
    /// The op with its operands and attributes, as the printed tape has it: `add(%0, %1)`.
    pub fn call(&self) -> String {
        match self.op() {
            Op::Leaf(Leaf::Parameter(read)) if read.param.is_named() => {
                format!("param `{}`", self.name())
            }
            Op::Leaf(Leaf::Parameter(_)) => format!("{} (no name)", self.name()),
            Op::Leaf(Leaf::Constant(_) | Leaf::Input(_)) => self.name(),
            Op::Leaf(Leaf::Untracked(op)) => format!("{} (no gradient wanted)", op.0),
            op => {
                let operands = self.operands().into_iter().map(|line| format!("%{line}"));
                let attributes = op.attributes().into_iter().map(|(n, v)| format!("{n}={v}"));
                let within: Vec<String> = operands.chain(attributes).collect();
                format!("{}({})", self.name(), within.join(", "))
            }
        }
    }

    /// The gradient of each operand, as a formula of the gradient g of the result.
    fn rules(&self) -> String {
        let formulas: Vec<_> = (0..self.arity()).map(|k| self.op().formula(k)).collect();
        formulas.join(", ")
    }

    /// File, line and layer, as the printed tape has them: `main.rs:12 in `l1``.
    pub fn place(&self) -> String {
        let at = self.at();
        let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
        match self.layer() {
            layer if layer.is_empty() => format!("{file}:{}", at.line()),
            layer => format!("{file}:{} in `{layer}`", at.line()),
        }
    }

    /// The value in few words, as the printed tape has it.
    pub fn digest(&self) -> String {
        match (self.data(), self.value()) {
            (Some(data), _) => any_digest(data),
            (None, Some(value)) => digest(&value),
            (None, None) => "(changed since)".to_string(),
        }
    }
}

fn any_digest(data: &AnyTensor) -> String {
    any_tensor!(data, x => match x.len() {
        0 => "empty".to_string(),
        1..=4 => x.iter().map(|x| x.to_string()).collect::<Vec<_>>().join(" "),
        n => format!("{n} of {}", data.type_name()),
    })
}

/// A number as the printed tape writes it.
pub fn number(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) { format!("{x:.4}") } else { format!("{x:.3e}") }
}

/// The numbers of a small tensor; the range and the mean of a large one.
pub fn digest<T: Float>(x: &Tensor<T>) -> String {
    match x.len() {
        0 => "empty".to_string(),
        1..=4 => x.iter().map(|x| number(x.to_f64())).collect::<Vec<_>>().join(" "),
        n => {
            let (mut least, mut most, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
            for x in x.iter().map(|x| x.to_f64()) {
                least = least.min(x);
                most = most.max(x);
                sum += x;
            }
            format!("{}…{} mean {}", number(least), number(most), number(sum / n as f64))
        }
    }
}

impl<T: Float> fmt::Display for Lines<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table: Vec<[String; 7]> = vec![
            ["line", "op", "shape", "value", "gradient", "gives its operands", "recorded"]
                .map(Into::into),
        ];
        for line in self.iter() {
            table.push([
                format!("%{}", line.index()),
                line.call(),
                line.shape().to_string(),
                line.digest(),
                line.adjoint().map(digest).unwrap_or_default(),
                line.rules(),
                line.place(),
            ]);
        }
        // A column that has nothing to say is left out.
        let used: Vec<usize> =
            (0..7).filter(|&c| table[1..].iter().any(|row| !row[c].is_empty())).collect();
        let width = |c: usize| table.iter().map(|row| row[c].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = used.iter().map(|&c| width(c)).collect();
        for row in table.iter().filter(|_| !self.is_empty()) {
            let mut text = String::new();
            for (&c, width) in used.iter().zip(&widths) {
                text.push_str(&row[c]);
                text.push_str(&" ".repeat(width - row[c].chars().count() + 2));
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        match self.spent() {
            Some(at) if self.iter().all(|line| line.adjoint().is_none()) => {
                writeln!(
                    f,
                    "spent by the `backward` at {at}; `keeping_adjoints()` shows the gradients here"
                )
            }
            Some(at) => writeln!(f, "spent by the `backward` at {at}"),
            None => Ok(()),
        }
    }
}

impl<T: Float> fmt::Display for Tape<T> {
    /// The Wengert list. After a `backward` on a tape that is [keeping adjoints](Tape::keeping_adjoints), with each line's
    /// gradient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.lines(), f)
    }
}
