//! The graph while it is made: two recordings are walked side by side, and each line becomes nodes and constants.

mod put;

use std::collections::{HashMap, HashSet};

use wengert_autograd::ops::{self, Op};
use wengert_autograd::{Lines, Scope, TapeLine};
use wengert_tensor::Tensor;

use super::SAMPLES;
use crate::proto::{FLOAT, Graph, Model, OPSET, Port, Size};
use crate::{Error, Result};

/// The size of an axis: the same in both recordings, or so many times the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    Fixed(usize),
    Batch(usize),
}

pub(super) struct Builder<'t> {
    /// The recording of two samples.
    pub(super) a: &'t Lines<'t, f32>,
    /// The recording of three.
    pub(super) b: &'t Lines<'t, f32>,
    /// Recordings of as many samples as the second, with other numbers.
    pub(super) others: &'t [Lines<'t, f32>],
    scopes: Vec<Scope>,
    graph: Graph,
    /// The value of each line.
    names: HashMap<usize, String>,
    used: HashSet<String>,
    batch: Option<String>,
    /// The line that is being written.
    now: usize,
}

impl<'t> Builder<'t> {
    pub(super) fn new(
        [a, b]: &'t [Lines<'t, f32>; 2],
        others: &'t [Lines<'t, f32>],
        scopes: Vec<Scope>,
    ) -> Self {
        Self {
            scopes,
            a,
            b,
            others,
            graph: Graph { name: "wengert".into(), ..Graph::default() },
            names: HashMap::new(),
            used: HashSet::from(["input".to_string()]),
            batch: None,
            now: 0,
        }
    }

    pub(super) fn build(mut self, kind: i64, results_differ: bool) -> Result<Model> {
        let (Some(first), Some(call)) = (self.a.get(0), self.scopes.first()) else {
            return Err(Error::Format("the model recorded nothing".into()));
        };
        let results = call.results.clone();
        let sizes = first.shape().to_vec();
        // Given by the input itself, which is the first line of the tape.
        self.names.insert(0, "input".into());
        let named = |sizes: &[Dim]| {
            let size = |dim: &Dim| match dim {
                Dim::Fixed(n) => Size::Fixed(*n),
                Dim::Batch(1) => Size::Named("batch".into()),
                Dim::Batch(k) => Size::Named(format!("{k}*batch")),
            };
            sizes.iter().map(size).collect::<Vec<_>>()
        };
        let mut input = vec![Dim::Batch(1)];
        input.extend(sizes[1..].iter().map(|&n| Dim::Fixed(n)));
        self.graph.inputs.push(Port { name: "input".into(), kind, sizes: named(&input) });
        for index in 1..self.a.len() {
            self.now = index;
            let line = self.line(index);
            if line.data().is_none() {
                self.write(line)?;
            }
        }
        for (i, &result) in results.iter().enumerate() {
            self.now = result;
            if results_differ {
                return Err(self.branch("the model returns another value"));
            }
            let sizes = named(&self.dims(result)?);
            let name = if i == 0 { "output".to_string() } else { format!("output_{i}") };
            self.used.insert(name.clone());
            let from = self.name(result)?;
            self.push(name.clone(), "Identity", &[&from], vec![name.clone()], vec![]);
            self.graph.outputs.push(Port { name, kind: FLOAT, sizes });
        }
        self.prune();
        Ok(Model { opset: OPSET, graph: self.graph })
    }

    /// Leaves out the nodes and constants that no output needs.
    fn prune(&mut self) {
        let mut needed: HashSet<String> =
            self.graph.outputs.iter().map(|port| port.name.clone()).collect();
        let mut nodes = std::mem::take(&mut self.graph.nodes);
        nodes.reverse();
        nodes.retain(|node| {
            let is_needed = node.outputs.iter().any(|name| needed.contains(name));
            if is_needed {
                needed.extend(node.inputs.iter().cloned());
            }
            is_needed
        });
        nodes.reverse();
        self.graph.nodes = nodes;
        self.graph.tensors.retain(|(name, _)| needed.contains(name));
    }

    fn write(&mut self, line: TapeLine<'t, f32>) -> Result<()> {
        self.same_op(line)?;
        let name = match line.op() {
            Op::Leaf(leaf) => self.leaf(line, leaf)?,
            Op::Elementwise(op) => self.elementwise(line, op)?,
            Op::Product(op) => self.product(line, op)?,
            Op::Reduce(op) => self.reduce(line, op)?,
            Op::Softmaxes(op) => self.softmax(line, op)?,
            Op::Normalizing(op) => self.normalize(line, op)?,
            Op::Shaping(op) => self.shaping(line, op)?,
            Op::Index(op) => self.index(line, op)?,
            Op::Windowing(op) => self.windowing(line, op)?,
            Op::Convolution(op) => self.convolution(line, op)?,
            Op::Sequences(op) => self.sequence(line, op)?,
            Op::Scan(ops::Scan::CumSum(op)) => {
                let x = self.operand(line, 0)?;
                let axis = self.axis(line, op.0);
                let axis = self.constant("axis", Tensor::scalar(axis));
                self.add("CumSum", &[&x, &axis], vec![])
            }
            _ => return Err(self.no_image()),
        };
        self.names.insert(line.index(), name);
        Ok(())
    }

    fn leaf(&mut self, line: TapeLine<'t, f32>, leaf: &ops::Leaf<f32>) -> Result<String> {
        use ops::Leaf;
        match leaf {
            Leaf::Detach(_) => self.operand(line, 0),
            Leaf::Parameter(read) => {
                let name = if read.param.is_named() { read.param.path() } else { "weight".into() };
                let name = self.free(&name);
                let value = self.value(line.index())?[0].clone();
                self.graph.tensors.push((name.clone(), value.into()));
                Ok(name)
            }
            _ => self.fixed(line.index()),
        }
    }

    /// A value that no recorded op gave: the same for every input.
    fn fixed(&mut self, index: usize) -> Result<String> {
        let [a, b] = self.value(index)?;
        let same = |a: &Tensor<f32>, b: &Tensor<f32>| {
            a.shape() == b.shape() && a.iter().map(f32::to_bits).eq(b.iter().map(f32::to_bits))
        };
        let is_that = |l: &Lines<'_, f32>| l.get(index)?.value().map(|value| same(&b, &value));
        if !self.others.iter().all(|other| is_that(other) == Some(true)) {
            return Err(self.depends());
        }
        if same(&a, &b) {
            return Ok(self.constant("constant", a));
        }
        // One row for all samples: it is repeated as often as there are samples.
        let dims = self.dims(index)?;
        let mut row = a.clone();
        for (axis, dim) in dims.iter().enumerate() {
            if matches!(dim, Dim::Batch(_)) {
                row = row.narrow(axis as isize, 0, 1)?;
            }
        }
        let repeated = |all: &Tensor<f32>| Ok::<_, Error>(same(&row.expand(all.shape())?, all));
        if !repeated(&a)? || !repeated(&b)? {
            return Err(self.depends());
        }
        let row = self.constant("constant", row);
        let shape = self.sizes(&dims);
        Ok(self.add("Expand", &[&row, &shape], vec![]))
    }

    fn depends(&self) -> Error {
        self.refused("its value depends on the input, but no op on the tape says how")
    }

    pub(super) fn line(&self, index: usize) -> TapeLine<'t, f32> {
        match self.a.get(index) {
            Some(line) => line,
            None => unreachable!("a line of the tape"),
        }
    }

    /// The value of a line in both recordings.
    fn value(&self, index: usize) -> Result<[Tensor<f32>; 2]> {
        let of = |lines: &Lines<'_, f32>| lines.get(index).and_then(|line| line.value());
        match (of(self.a), of(self.b)) {
            (Some(a), Some(b)) => Ok([a, b]),
            _ => Err(self.refused("it has no value")),
        }
    }

    /// The sizes of the value of a line.
    pub(super) fn dims(&self, index: usize) -> Result<Vec<Dim>> {
        let a = self.line(index).shape();
        let b = self.b.get(index).map(|line| line.shape());
        let Some(b) = b.filter(|b| b.len() == a.len()) else {
            return Err(self.refused("the number of axes depends on the batch"));
        };
        a.iter().zip(b.iter()).map(|(&a, &b)| self.dim(a, b)).collect()
    }

    pub(super) fn dim(&self, a: usize, b: usize) -> Result<Dim> {
        match (a, b) {
            (a, b) if a == b => Ok(Dim::Fixed(a)),
            (a, b) if a % SAMPLES[0] == 0 && a / SAMPLES[0] * SAMPLES[1] == b => {
                Ok(Dim::Batch(a / SAMPLES[0]))
            }
            _ => Err(self.refused(format!("a size is {a} for two samples and {b} for three"))),
        }
    }

    /// The name of a line's value.
    pub(super) fn name(&mut self, index: usize) -> Result<String> {
        match self.names.get(&index) {
            Some(name) => Ok(name.clone()),
            None => Err(self.refused("an operand is no float")),
        }
    }

    pub(super) fn operand(&mut self, line: TapeLine<'t, f32>, k: usize) -> Result<String> {
        self.name(line.operands()[k])
    }

    pub(super) fn axis(&self, line: TapeLine<'t, f32>, axis: isize) -> i64 {
        let rank = self.line(line.operands()[0]).shape().len() as i64;
        if axis < 0 { axis as i64 + rank } else { axis as i64 }
    }

    pub(super) fn no_image(&self) -> Error {
        self.refused("there is no operator for it")
    }

    /// A refusal that names the line that is being written.
    pub(super) fn refused(&self, rule: impl Into<String>) -> Error {
        let line = self.line(self.now);
        let at = line.at();
        Error::NoImage {
            op: line.op().name().to_string(),
            layer: line.layer(),
            rule: rule.into(),
            at: at.to_string(),
        }
    }
}

impl Dim {
    /// The size in the first recording (0) or the second (1).
    pub(super) fn at(self, recording: usize) -> usize {
        match self {
            Self::Fixed(n) => n,
            Self::Batch(k) => k * SAMPLES[recording],
        }
    }
}
