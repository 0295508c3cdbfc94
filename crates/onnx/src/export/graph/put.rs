//! Nodes and constants of a graph, with names of their own, and sizes that depend on the batch.

use wengert_tensor::{AnyTensor, Tensor};

use super::{Builder, Dim};
use crate::proto::{Attribute, Node};

impl Builder<'_> {
    /// A name that nothing has yet.
    pub(super) fn free(&mut self, name: &str) -> String {
        let mut free = name.to_string();
        for i in 1.. {
            if self.used.insert(free.clone()) {
                break;
            }
            free = format!("{name}_{i}");
        }
        free
    }

    /// A name behind that of the layer of the line that is being written.
    fn after_layer(&self, name: &str) -> String {
        match self.line(self.now).layer() {
            layer if layer.is_empty() => name.to_string(),
            layer => format!("{layer}.{name}"),
        }
    }

    /// A constant, named after the layer.
    pub(in crate::export) fn constant(
        &mut self,
        name: &str,
        value: impl Into<AnyTensor>,
    ) -> String {
        let name = self.after_layer(name);
        let name = self.free(&name);
        self.graph.tensors.push((name.clone(), value.into()));
        name
    }

    pub(in crate::export) fn scalar(&mut self, x: f64) -> String {
        self.constant("c", Tensor::scalar(x as f32))
    }

    pub(in crate::export) fn ints(&mut self, name: &str, numbers: &[i64]) -> String {
        self.constant(name, Tensor::from(numbers.to_vec()))
    }

    /// A node of one result, named after the layer.
    pub(in crate::export) fn add(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<(&str, Attribute)>,
    ) -> String {
        self.add_several(op, inputs, 1, attributes).remove(0)
    }

    pub(in crate::export) fn add_several(
        &mut self,
        op: &str,
        inputs: &[&str],
        results: usize,
        attributes: Vec<(&str, Attribute)>,
    ) -> Vec<String> {
        let name = self.after_layer(op);
        let names: Vec<String> = (0..results).map(|_| self.free(&name)).collect();
        self.push(names[0].clone(), op, inputs, names.clone(), attributes);
        names
    }

    pub(super) fn push(
        &mut self,
        name: String,
        op: &str,
        inputs: &[&str],
        outputs: Vec<String>,
        attributes: Vec<(&str, Attribute)>,
    ) {
        let inputs = inputs.iter().map(ToString::to_string).collect();
        let attributes = attributes.into_iter().map(|(name, a)| (name.to_string(), a)).collect();
        let (op, domain) = (op.to_string(), String::new());
        self.graph.nodes.push(Node { name, op, inputs, outputs, attributes, domain });
    }

    /// These sizes as a value that the graph computes.
    pub(in crate::export) fn sizes(&mut self, dims: &[Dim]) -> String {
        if dims.iter().all(|dim| matches!(dim, Dim::Fixed(_))) {
            let sizes: Vec<i64> = dims.iter().map(|d| d.at(0) as i64).collect();
            return self.ints("sizes", &sizes);
        }
        let batch = match &self.batch {
            Some(batch) => batch.clone(),
            None => {
                let shape = self.add("Shape", &["input"], vec![("end", Attribute::Int(1))]);
                self.batch.insert(shape).clone()
            }
        };
        let parts: Vec<String> = dims
            .iter()
            .map(|dim| match *dim {
                Dim::Fixed(n) => self.ints("size", &[n as i64]),
                Dim::Batch(1) => batch.clone(),
                Dim::Batch(k) => {
                    let k = self.ints("times", &[k as i64]);
                    self.add("Mul", &[&batch, &k], vec![])
                }
            })
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.add("Concat", &parts, vec![("axis", Attribute::Int(0))])
    }
}
