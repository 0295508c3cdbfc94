//! A graph that runs: the values by name, and the nodes one after another.

use std::collections::HashMap;

use wengert_autograd::{Error, Param, Result, Tape, Var};
use wengert_tensor::{AnyTensor, Fault, Tensor};

use super::known::{Family, family};
use super::{bound, shape};
use crate::proto::{Attribute, Model, Node};

/// A value of the graph. Floats are on the tape; integers and masks are not, since nothing is derived by them.
#[derive(Clone)]
pub(super) enum Value<'t> {
    Float(Var<'t, f32>),
    Ints(Tensor<i64>),
    Mask(Tensor<bool>),
}

pub(super) struct Run<'t> {
    pub(super) tape: &'t Tape<f32>,
    pub(super) values: HashMap<String, Value<'t>>,
    /// The version of the set of operators.
    pub(super) opset: i64,
    /// The numbers that may still be read and written.
    pub(super) left: usize,
}

/// An error about a node.
#[track_caller]
pub(super) fn refused(node: &Node, rule: impl std::fmt::Display) -> Error {
    let rule = format!("the node `{}` ({}): {rule}", node.name, node.op);
    wengert_tensor::Error::Value(Fault::new("onnx", &[], rule)).into()
}

impl Node {
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(of, _)| of == name).map(|(_, attribute)| attribute)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        match self.attribute(name) {
            Some(Attribute::Int(n)) => *n,
            _ => default,
        }
    }

    pub(super) fn float(&self, name: &str, default: f64) -> f64 {
        match self.attribute(name) {
            Some(Attribute::Float(x)) => f64::from(*x),
            _ => default,
        }
    }

    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.attribute(name) {
            Some(Attribute::Ints(all)) => Some(all),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.attribute(name) {
            Some(Attribute::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A list of small numbers that are not negative, one for each axis.
    pub(super) fn sizes(&self, name: &str, axes: usize, default: usize) -> Result<Vec<usize>> {
        let Some(all) = self.ints(name) else { return Ok(vec![default; axes]) };
        if all.len() != axes || all.iter().any(|n| !(0..1 << 31).contains(n)) {
            return Err(refused(self, format!("{name} is {all:?}, and there are {axes} axes")));
        }
        Ok(all.iter().map(|&n| n as usize).collect())
    }
}

impl<'t> Run<'t> {
    pub(super) fn new(tape: &'t Tape<f32>) -> Self {
        Self { tape, values: HashMap::new(), opset: 0, left: 0 }
    }

    #[track_caller]
    pub(super) fn run(
        mut self,
        Model { opset, graph }: &Model,
        parameters: &[(String, Param<f32>)],
        input: Value<'t>,
        limit: Option<usize>,
    ) -> Result<Var<'t, f32>> {
        for (name, param) in parameters {
            self.values.insert(name.clone(), Value::Float(self.tape.param(param)));
        }
        for (name, tensor) in &graph.tensors {
            self.values.insert(name.clone(), self.constant(tensor));
        }
        self.opset = *opset;
        self.values.insert(graph.inputs[0].name.clone(), input);
        let given = self.values.values().map(|value| bound::elements(&shape::shape_of(value)));
        self.left = limit.unwrap_or_else(|| bound::of_given(given.fold(0, usize::saturating_add)));
        for node in &graph.nodes {
            self.charge(node)?;
            let results = self.node(node)?;
            self.values.extend(node.outputs.iter().cloned().zip(results));
        }
        match self.values.get(&graph.outputs[0].name) {
            Some(Value::Float(y)) => Ok(*y),
            _ => Err(refused(&Node::default(), "the output is no float")),
        }
    }

    pub(super) fn constant(&self, tensor: &AnyTensor) -> Value<'t> {
        match tensor {
            AnyTensor::I64(x) => Value::Ints(x.clone()),
            AnyTensor::Bool(x) => Value::Mask(x.clone()),
            other => Value::Float(self.tape.constant(match other {
                AnyTensor::F32(x) => x.clone(),
                AnyTensor::F64(x) => x.cast(),
                AnyTensor::U8(x) => x.cast(),
                AnyTensor::Usize(x) => x.cast(),
                _ => Tensor::scalar(0.0),
            })),
        }
    }

    pub(super) fn value(&self, node: &Node, k: usize) -> Result<Value<'t>> {
        let found = node.inputs.get(k).and_then(|name| self.values.get(name));
        found.cloned().ok_or_else(|| refused(node, format!("input {k} is missing")))
    }

    pub(super) fn float(&self, node: &Node, k: usize) -> Result<Var<'t, f32>> {
        match self.value(node, k)? {
            Value::Float(x) => Ok(x),
            Value::Ints(x) => Ok(self.tape.constant(x.cast::<f32>())),
            Value::Mask(_) => Err(refused(node, format!("input {k} is a mask"))),
        }
    }

    /// An input that may be left out.
    pub(super) fn maybe(&self, node: &Node, k: usize) -> Result<Option<Var<'t, f32>>> {
        match node.inputs.get(k) {
            Some(name) if !name.is_empty() => self.float(node, k).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn integers(&self, node: &Node, k: usize) -> Result<Vec<i64>> {
        match self.value(node, k)? {
            Value::Ints(x) => Ok(x.iter().collect()),
            _ => Err(refused(node, format!("input {k} is no integers"))),
        }
    }

    /// Axes or sizes, which older files have as an attribute and newer ones as an input.
    pub(super) fn list(&self, node: &Node, name: &str, k: usize) -> Result<Option<Vec<i64>>> {
        if let Some(all) = node.ints(name) {
            return Ok(Some(all.to_vec()));
        }
        match node.inputs.get(k) {
            Some(name) if !name.is_empty() => self.integers(node, k).map(Some),
            _ => Ok(None),
        }
    }

    fn node(&self, node: &Node) -> Result<Vec<Value<'t>>> {
        Ok(match family(&node.op) {
            Some(Family::Elementwise) => vec![self.elementwise(node)?],
            Some(Family::Shape) => vec![self.shape(node)?],
            Some(Family::Net) => vec![Value::Float(self.net(node)?)],
            _ => match node.op.as_str() {
                "Split" => self.split(node)?,
                "Constant" => vec![self.given(node)?],
                "Identity" => vec![self.value(node, 0)?],
                "Dropout" => match self.value(node, 2) {
                    Ok(Value::Mask(trains)) if trains.iter().any(|t| t) => {
                        return Err(refused(node, "it drops numbers, as in training"));
                    }
                    _ => vec![self.value(node, 0)?],
                },
                _ => self.recurrent(node)?,
            },
        })
    }

    fn given(&self, node: &Node) -> Result<Value<'t>> {
        Ok(match node.attributes.first() {
            Some((_, Attribute::Tensor(tensor))) => self.constant(tensor),
            Some((_, Attribute::Float(x))) => Value::Float(self.tape.constant(Tensor::scalar(*x))),
            Some((_, Attribute::Int(n))) => Value::Ints(Tensor::scalar(*n)),
            Some((_, Attribute::Ints(all))) => Value::Ints(Tensor::from(all.clone())),
            Some((_, Attribute::Floats(all))) => {
                Value::Float(self.tape.constant(Tensor::from(all.clone())))
            }
            _ => return Err(refused(node, "it has no value")),
        })
    }
}
