//! Printing a tape as a Wengert list: each line with its op, operands, shape, value, derivative and source line.

use std::fmt;

use wengert_tensor::{Float, Tensor};

use crate::Tape;
use crate::op::Op;
use crate::tape::Inner;

impl<T: Float> Inner<T> {
    /// Where a node stands in the model: its scope, or the layer whose parameters it reads.
    pub(crate) fn layer(&self, i: usize) -> String {
        let scope = Tape::scope_path(self, self.nodes[i].scope);
        let operands = &self.nodes[i].operands;
        let path = operands.iter().find_map(|&j| match &self.nodes[j as usize].op {
            Op::Param(param, _) if param.is_named() => Some(param.path()),
            _ => None,
        });
        match path.as_deref().and_then(|p| p.rsplit_once('.')) {
            Some((layer, _))
                if scope.is_empty() || scope.ends_with(layer) || layer.starts_with(&scope) =>
            {
                layer.to_string()
            }
            Some((layer, _)) => format!("{scope}.{layer}"),
            None => scope,
        }
    }

    /// A node's name as it prints.
    fn head(&self, i: usize) -> String {
        let node = &self.nodes[i];
        let operands: Vec<String> = node.operands.iter().map(|j| format!("%{j}")).collect();
        match &node.op {
            Op::Param(param, _) => format!("param `{}`", param.path()),
            Op::Constant | Op::Input => node.op.name().to_string(),
            Op::Untracked(name) => format!("{name} (no gradient wanted)"),
            Op::Unary(op) if !op.parameters().is_empty() => {
                let parameters: Vec<String> =
                    op.parameters().iter().map(|(n, v)| format!("{n}={v}")).collect();
                format!("{}({}, {})", op.name(), operands.join(", "), parameters.join(", "))
            }
            op => format!("{}({})", op.name(), operands.join(", ")),
        }
    }
}

/// The numbers of a small tensor, the range of a large one.
fn summary<T: Float>(x: &Tensor<T>) -> String {
    let number = |x: f64| {
        if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
            format!("{x:.4}")
        } else {
            format!("{x:.3e}")
        }
    };
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

/// What an incoming gradient g gives the operands: the table's slopes as it writes them, the rules of other ops.
pub(crate) fn derivative<T: Float>(op: &Op<T>) -> String {
    match op {
        Op::Unary(op) => format!("g·({})", readable(op.slope_text())),
        Op::Binary(op) => {
            format!("g·({}), g·({})", readable(op.slope_text(0)), readable(op.slope_text(1)))
        }
        Op::MatMul => "g·bᵀ, aᵀ·g".into(),
        Op::Linear => "g·W, gᵀ·x, Σ g".into(),
        Op::Sum(_) => "g spread".into(),
        Op::Mean(_) => "g/n spread".into(),
        Op::Prod(_) => "g·(the others' product)".into(),
        Op::Max(_) | Op::Min(_) => "g where it is the extreme".into(),
        Op::Var(..) => "g·2(x - mean)/(n - c)".into(),
        Op::Std(..) => "g·(x - mean)/((n - c)·y)".into(),
        Op::Norm(..) => "g·sign(x)·(|x|/y)^(p-1)".into(),
        Op::LogSumExp(_) => "g·exp(x - y)".into(),
        Op::Softmax(_) => "y·(g - Σ g·y)".into(),
        Op::LogSoftmax(_) => "g - exp(y)·Σ g".into(),
        Op::CumSum(_) => "Σ of the g behind".into(),
        Op::CrossEntropy(_) => "g·(softmax(x) - q)".into(),
        Op::Normalize(..) => "(g - mean g - y·mean(g·y))/σ".into(),
        Op::Where(_) => "g where chosen, 0 elsewhere".into(),
        Op::Reshape(_) | Op::Permute(_) => "g back in shape".into(),
        Op::Expand(_) => "Σ g".into(),
        Op::Slice(_) => "g in its place, 0 elsewhere".into(),
        Op::Cat(_) => "the parts of g".into(),
        Op::Detach => "nothing".into(),
        _ => String::new(),
    }
}

/// A formula of the table without the marks of Rust.
fn readable(formula: &str) -> String {
    let mut text = formula.split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in
        [("ONE", "1"), ("TWO", "2"), ("HALF", "½"), ("ZERO", "0"), (".square()", "²"), (" * ", "·")]
    {
        text = text.replace(from, to);
    }
    text
}

impl<T: Float> fmt::Display for Tape<T> {
    /// The Wengert list. After a sweep of a tape that is [keeping adjoints](Tape::keeping_adjoints), with each line's
    /// gradient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner.borrow();
        let mut rows: Vec<[String; 6]> = Vec::new();
        for (i, node) in inner.nodes.iter().enumerate() {
            let value = match &node.op {
                Op::Param(param, _) if inner.spent.is_some() => summary(&param.value()),
                _ => summary(&node.value),
            };
            let gradient = match inner.adjoints.get(i).and_then(Option::as_ref) {
                Some(g) => format!("g = {}", summary(g)),
                None => derivative(&node.op),
            };
            let layer = inner.layer(i);
            let file = node.at.file().rsplit(['/', '\\']).next().unwrap_or_default();
            let line = format!("{file}:{}", node.at.line());
            let place = if layer.is_empty() { line } else { format!("{line} {layer}") };
            rows.push([
                format!("%{i}"),
                inner.head(i),
                format!("{:?}", node.value.shape()),
                value,
                gradient,
                place,
            ]);
        }
        let width =
            |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..6).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let pad = width - cell.chars().count();
                line.push_str(cell);
                line.push_str(&" ".repeat(pad + 2));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
