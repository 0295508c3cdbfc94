//! A tape as a picture: Mermaid and DOT text, the nodes of a scope or layer drawn together.

use std::collections::BTreeMap;
use std::fmt::Write;

use wengert_tensor::Float;

use crate::ops::{Leaf, Op};
use crate::tape::{Inner, Node};
use crate::{Tape, Var};

/// What is drawn: nodes, or whole layers as one.
struct Picture {
    /// Identifier, label, whether it is a parameter, whether it is data, and the layer it is drawn in.
    items: Vec<Item>,
    arrows: Vec<(usize, usize)>,
}

struct Item {
    label: String,
    kind: Kind,
    layer: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data,
    Parameter,
    Op,
}

fn picture<T: Float>(inner: &Inner<T>, collapsed: bool) -> Picture {
    let mut items: Vec<Item> = Vec::new();
    // The box that each node is drawn in.
    let mut of: Vec<usize> = Vec::with_capacity(inner.nodes.len());
    let mut layers: BTreeMap<String, usize> = BTreeMap::new();
    for (i, node) in inner.nodes.iter().enumerate() {
        let layer = match node.op.parameter() {
            Some(read) => {
                read.param.path().rsplit_once('.').map_or(String::new(), |p| p.0.to_string())
            }
            None => inner.layer(i),
        };
        let kind = match node.op {
            Op::Leaf(Leaf::Parameter(_)) => Kind::Parameter,
            Op::Leaf(Leaf::Constant(_) | Leaf::Input(_)) => Kind::Data,
            _ => Kind::Op,
        };
        if collapsed && !layer.is_empty() {
            let at = *layers.entry(layer.clone()).or_insert_with(|| {
                items.push(Item { label: layer.clone(), kind: Kind::Op, layer: String::new() });
                items.len() - 1
            });
            if kind == Kind::Op {
                let shape = format!("{:?}", node.value.shape());
                let name = items[at].label.split('\n').next().unwrap_or_default().to_string();
                items[at].label = format!("{name}\n{shape}");
            }
            of.push(at);
            continue;
        }
        let name = name(node);
        items.push(Item { label: format!("{name}\n{:?}", node.value.shape()), kind, layer });
        of.push(items.len() - 1);
    }
    let mut arrows: Vec<(usize, usize)> = inner
        .nodes
        .iter()
        .enumerate()
        .flat_map(|(i, node)| node.operands.iter().map(move |&j| (j as usize, i)))
        .map(|(from, to)| (of[from], of[to]))
        .filter(|(from, to)| from != to)
        .collect();
    arrows.sort_unstable();
    arrows.dedup();
    Picture { items, arrows }
}

/// A parameter's path, else the op's name.
fn name<T: Float>(node: &Node<T>) -> String {
    match node.op.parameter() {
        Some(read) => read.param.path(),
        None => node.op.name().to_string(),
    }
}

/// One line of a tape, to look at.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// The op's name.
    pub op: &'static str,
    /// What it is called: a parameter's path, else the op's name.
    pub name: String,
    /// The lines of its operands.
    pub operands: Vec<usize>,
    /// The shape of its value.
    pub shape: Vec<usize>,
    /// Whether a gradient is wanted here.
    pub wanted: bool,
    /// The scope, or the layer whose parameters it reads.
    pub layer: String,
    /// The line of the user's program.
    pub at: crate::Line,
}

/// A label of Mermaid, which reads it as HTML.
fn escaped(label: &str) -> String {
    let pairs = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")];
    pairs.iter().fold(label.to_string(), |label, (from, to)| label.replace(from, to))
}

/// A label of DOT, within its quotation marks.
fn quoted(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

impl<T: Float> Var<'_, T> {
    /// The var whose numbers these are, when ops that only move numbers (reshape, transpose, slice, gather, cat,
    /// clamp, a product with 1, …) are looked through: of several operands the first. A tape that records no ops shows none;
    /// itself, if none of them made it.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let p = tape.var(tensor![[1.0_f32, 2.0]]).softmax(1)?;
    /// assert_eq!(p.reshape([2, 1])?.t().behind_views().op(), "softmax");
    /// assert_eq!((p.clamp(1e-7, 1.0) * 1.0).behind_views().op(), "softmax");
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[must_use]
    pub fn behind_views(self) -> Self {
        if self.is_fault() {
            return self;
        }
        let inner = self.tape.inner.borrow();
        let mut index = self.index;
        loop {
            let node = &inner.nodes[index as usize];
            let moves = node.op.moves_numbers();
            match node.operands.first() {
                Some(&from) if moves => index = from,
                _ => return Self { tape: self.tape, index },
            }
        }
    }
}

impl<T: Float> Tape<T> {
    /// The lines of the tape, to look at.
    pub fn nodes(&self) -> Vec<NodeInfo> {
        let inner = self.inner.borrow();
        let line = |(i, node): (usize, &crate::tape::Node<T>)| NodeInfo {
            op: node.op.name(),
            name: name(node),
            operands: node.operands.iter().map(|&j| j as usize).collect(),
            shape: node.value.shape().to_vec(),
            wanted: node.wanted,
            layer: inner.layer(i),
            at: node.at,
        };
        inner.nodes.iter().enumerate().map(line).collect()
    }

    /// The graph as Mermaid text, which many documents draw: arrows from operands to results, each layer one box.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// let tape = Tape::new();
    /// let (w, x) = (tape.scalar(2.0_f32), tape.scalar(3.0));
    /// let y = (w * x).tanh();
    /// # let _ = y;
    /// assert_eq!(tape.to_mermaid(), "\
    /// graph LR
    ///   n0(\"input<br/>[]\")
    ///   n1(\"input<br/>[]\")
    ///   n2[\"mul<br/>[]\"]
    ///   n3[\"tanh<br/>[]\"]
    ///   n0 --> n2
    ///   n1 --> n2
    ///   n2 --> n3
    /// ");
    /// ```
    pub fn to_mermaid(&self) -> String {
        let p = picture(&self.inner.borrow(), true);
        let mut text = String::from("graph LR\n");
        for (i, b) in p.items.iter().enumerate() {
            let label = escaped(&b.label).replace('\n', "<br/>");
            let (open, close) = match b.kind {
                Kind::Data => ("(", ")"),
                Kind::Parameter => ("[(", ")]"),
                Kind::Op => ("[", "]"),
            };
            let _ = writeln!(text, "  n{i}{open}\"{label}\"{close}");
        }
        for (from, to) in &p.arrows {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text
    }

    /// The graph as DOT text, which Graphviz draws: every node, those of a layer in a frame.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// let tape = Tape::new();
    /// let x = tape.scalar(2.0_f32);
    /// let y = {
    ///     let _within = tape.scope("head");
    ///     x.tanh()
    /// };
    /// # let _ = y;
    /// let dot = tape.to_dot();
    /// assert!(dot.contains("n1 [label=\"tanh\\n[]\", shape=box];"));
    /// assert!(dot.contains("subgraph cluster_0 { label=\"head\"; n1; }"));
    /// assert!(dot.contains("n0 -> n1;"));
    /// ```
    pub fn to_dot(&self) -> String {
        let p = picture(&self.inner.borrow(), false);
        let mut text =
            String::from("digraph tape {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n");
        let mut frames: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, b) in p.items.iter().enumerate() {
            let shape = match b.kind {
                Kind::Data => "ellipse",
                Kind::Parameter => "cylinder",
                Kind::Op => "box",
            };
            let label = quoted(&b.label);
            let _ = writeln!(text, "  n{i} [label=\"{label}\", shape={shape}];");
            if !b.layer.is_empty() {
                frames.entry(&b.layer).or_default().push(i);
            }
        }
        for (i, (layer, members)) in frames.iter().enumerate() {
            let members: Vec<String> = members.iter().map(|m| format!("n{m};")).collect();
            let label = quoted(layer);
            let _ = writeln!(
                text,
                "  subgraph cluster_{i} {{ label=\"{label}\"; {} }}",
                members.join(" ")
            );
        }
        for (from, to) in &p.arrows {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text.push_str("}\n");
        text
    }
}
