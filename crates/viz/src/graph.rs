//! A tape as text that other programs draw: Mermaid, with each layer as one box, and DOT, with every op.

use std::collections::BTreeMap;
use std::fmt::Write;

use wengert_autograd::ops::Leaf;
use wengert_autograd::{Op, Tape, TapeLine};
use wengert_tensor::Float;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data,
    Parameter,
    Op,
}

/// A box of the picture.
struct Item {
    label: String,
    kind: Kind,
    layer: String,
}

/// The boxes, and the arrows between them.
struct Picture {
    items: Vec<Item>,
    arrows: Vec<(usize, usize)>,
}

fn kind<T: Float>(line: &TapeLine<'_, T>) -> Kind {
    match line.op() {
        Op::Leaf(Leaf::Parameter(_)) => Kind::Parameter,
        Op::Leaf(Leaf::Constant(_) | Leaf::Data(_) | Leaf::Input(_)) => Kind::Data,
        _ => Kind::Op,
    }
}

fn picture<T: Float>(tape: &Tape<T>, collapsed: bool) -> Picture {
    let lines = tape.lines();
    let mut items: Vec<Item> = Vec::new();
    // The box of each line.
    let mut of: Vec<usize> = Vec::with_capacity(lines.len());
    let mut layers: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines.iter() {
        let (kind, layer) = (kind(&line), line.layer());
        if collapsed && !layer.is_empty() {
            let at = *layers.entry(layer.clone()).or_insert_with(|| {
                items.push(Item { label: layer.clone(), kind: Kind::Op, layer: String::new() });
                items.len() - 1
            });
            if kind == Kind::Op {
                items[at].label = format!("{layer}\n{}", line.shape());
            }
            of.push(at);
            continue;
        }
        items.push(Item { label: format!("{}\n{}", line.name(), line.shape()), kind, layer });
        of.push(items.len() - 1);
    }
    let mut arrows: Vec<(usize, usize)> = lines
        .iter()
        .flat_map(|line| line.operands().into_iter().map(move |from| (from, line.index())))
        .map(|(from, to)| (of[from], of[to]))
        .filter(|(from, to)| from != to)
        .collect();
    arrows.sort_unstable();
    arrows.dedup();
    Picture { items, arrows }
}

/// A tape as Mermaid text, which many documents draw: arrows from operands to results, each layer one box.
///
/// ```
/// use wengert_autograd::Tape;
///
/// let tape = Tape::new();
/// let (w, x) = (tape.scalar(2.0_f32), tape.scalar(3.0));
/// (w * x).tanh();
/// assert_eq!(wengert_viz::tape_mermaid(&tape), "\
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
pub fn tape_mermaid<T: Float>(tape: &Tape<T>) -> String {
    let p = picture(tape, true);
    let mut text = String::from("graph LR\n");
    for (i, item) in p.items.iter().enumerate() {
        let label = item
            .label
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\n', "<br/>");
        let (open, close) = match item.kind {
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

/// A tape as DOT text, for Graphviz: every op, those of a layer in a frame.
///
/// ```
/// use wengert_autograd::Tape;
///
/// let tape = Tape::new();
/// tape.scalar(2.0_f32).tanh();
/// let dot = wengert_viz::tape_dot(&tape);
/// assert!(dot.starts_with("digraph tape {") && dot.contains("n1 [label=\"tanh\\n[]\", shape=box];"));
/// assert!(dot.contains("n0 -> n1;"));
/// ```
pub fn tape_dot<T: Float>(tape: &Tape<T>) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let p = picture(tape, false);
    let mut text =
        String::from("digraph tape {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n");
    let mut frames: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, item) in p.items.iter().enumerate() {
        let shape = match item.kind {
            Kind::Data => "ellipse",
            Kind::Parameter => "cylinder",
            Kind::Op => "box",
        };
        let _ = writeln!(text, "  n{i} [label=\"{}\", shape={shape}];", quoted(&item.label));
        if !item.layer.is_empty() {
            frames.entry(&item.layer).or_default().push(i);
        }
    }
    for (i, (layer, members)) in frames.iter().enumerate() {
        let members: Vec<String> = members.iter().map(|m| format!("n{m};")).collect();
        let (label, members) = (quoted(layer), members.join(" "));
        let _ = writeln!(text, "  subgraph cluster_{i} {{ label=\"{label}\"; {members} }}");
    }
    for (from, to) in &p.arrows {
        let _ = writeln!(text, "  n{from} -> n{to};");
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_escape_what_their_languages_read() {
        let tape = Tape::<f64>::new();
        {
            let _within = tape.scope("a<b> \"c\" & d\\");
            let _ = tape.scalar(1.0).tanh();
        }
        assert!(
            tape_mermaid(&tape).contains("a&lt;b&gt; &quot;c&quot; &amp; d\\"),
            "{}",
            tape_mermaid(&tape)
        );
        assert!(tape_dot(&tape).contains(r#"label="a<b> \"c\" & d\\""#), "{}", tape_dot(&tape));
    }
}
