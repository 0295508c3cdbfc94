//! Printing a tape as a Wengert list: each line with its op, operands, shape, value, derivative and source line.

use std::borrow::Cow;
use std::fmt;

use wengert_tensor::{Float, Tensor};

use crate::Tape;
use crate::error::Line;
use crate::ops::{Leaf, Op};
use crate::tape::{Inner, Node};

impl<T: Float> Inner<T> {
    /// Where a node stands in the model: its scope, or the layer whose parameters it reads.
    pub(crate) fn layer(&self, i: usize) -> String {
        let scope = Tape::scope_path(self, self.nodes[i].scope);
        let operands = &self.nodes[i].operands;
        let path = operands.iter().find_map(|&j| {
            let read = self.nodes[j as usize].op.parameter()?;
            read.param.is_named().then(|| read.param.path())
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
            Op::Leaf(Leaf::Parameter(read)) if read.param.is_named() => {
                format!("param `{}`", read.param.path())
            }
            Op::Leaf(Leaf::Parameter(read)) => format!("{} (no name)", read.param.path()),
            Op::Leaf(Leaf::Constant(_) | Leaf::Input(_)) => node.op.name().to_string(),
            Op::Leaf(Leaf::Untracked(op)) => format!("{} (no gradient wanted)", op.0),
            op => {
                let attributes = op.attributes().into_iter().map(|(n, v)| format!("{n}={v}"));
                let within: Vec<String> = operands.into_iter().chain(attributes).collect();
                format!("{}({})", op.name(), within.join(", "))
            }
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

/// What an incoming gradient g gives each operand.
pub(crate) fn formulas<T: Float>(node: &Node<T>) -> Vec<Cow<'static, str>> {
    (0..node.operands.len()).map(|k| node.op.formula(k)).collect()
}

/// Where a line of the tape comes from: its layer, and the user's line. A line within a layer of the library tells a
/// reader nothing that the layer's name does not.
fn place(at: Line, layer: &str) -> String {
    let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
    let line = format!("{file}:{}", at.line());
    match layer {
        "" => line,
        layer if is_ours(at.file()) => format!("in `{layer}`"),
        layer => format!("{line} in `{layer}`"),
    }
}

/// Whether a file belongs to a crate of this library that records ops for its user.
fn is_ours(file: &str) -> bool {
    // This crate's folder tells where its siblings lie, in the repository and in the registry's.
    let Some(siblings) = file!().rfind("autograd").map(|end| &file!()[..end]) else { return false };
    let Some(rest) = file.strip_prefix(siblings) else { return false };
    let within = ["autograd", "nn", "loss", "train"].iter().any(|name| rest.starts_with(name));
    within && rest.contains("src")
}

/// Columns, as wide as their widest cell; one without a cell but its head is left out.
fn table<const N: usize>(f: &mut fmt::Formatter<'_>, rows: &[[String; N]]) -> fmt::Result {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        if cells.clone().skip(1).all(|width| width == 0) { None } else { cells.max() }
    };
    let widths: Vec<Option<usize>> = (0..N).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            if let Some(width) = width {
                line.push_str(cell);
                line.push_str(&" ".repeat(width - cell.chars().count() + 2));
            }
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

impl<T: Float> fmt::Display for Tape<T> {
    /// The Wengert list: each line with its op, shape, value, what a gradient g gives its operands, and where it was
    /// recorded. After a sweep of a tape that is [keeping adjoints](Tape::keeping_adjoints), with each line's gradient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner.borrow();
        let heads = ["line", "op", "shape", "value", "gradient", "gives its operands", "recorded"];
        let mut rows = vec![heads.map(str::to_string)];
        for (i, node) in inner.nodes.iter().enumerate() {
            let value = match inner.value_of(node, "value", node.at) {
                Ok(value) => summary(&value),
                Err(_) => "(changed since)".to_string(),
            };
            let gradient = inner.adjoints.get(i).and_then(Option::as_ref).map(summary);
            rows.push([
                format!("%{i}"),
                inner.head(i),
                format!("{:?}", node.value.shape()),
                value,
                gradient.unwrap_or_default(),
                formulas(node).join(", "),
                place(node.at, &inner.layer(i)),
            ]);
        }
        table(f, &rows)?;
        match inner.spent {
            Some(at) if inner.adjoints.is_empty() => {
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
