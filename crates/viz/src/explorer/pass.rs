//! A recorded pass as the data of the page.

use std::collections::HashMap;

use wengert_autograd::ops::Leaf;
use wengert_autograd::{Lines, Op, Tape, TapeLine};
use wengert_tensor::{Float, Tensor};

use super::numbers::{any_numbers, numbers};
use super::text::{list, object, quoted};
use crate::sweep::{adjoints, handed_on};

/// Texts that many lines share, each written once.
#[derive(Default)]
struct Texts {
    known: HashMap<String, usize>,
    all: Vec<String>,
}

impl Texts {
    /// The number of a text, as JSON. The first text is empty, so that a missing number stands for it.
    fn number(&mut self, text: String) -> String {
        if self.all.is_empty() {
            self.all.push("\"\"".into());
            self.known.insert(String::new(), 0);
        }
        let next = self.all.len();
        let number = *self.known.entry(text).or_insert_with_key(|text| {
            self.all.push(quoted(text));
            next
        });
        number.to_string()
    }
}

/// The data of the page.
pub(super) fn json<T: Float>(tape: &Tape<T>) -> String {
    let adjoints = adjoints(tape);
    let lines = tape.lines();
    let mut texts = Texts::default();
    let contributions = contributions(&lines, &adjoints);
    let all: Vec<String> = lines
        .iter()
        .map(|line| {
            let adjoint = adjoints.get(line.index()).and_then(Option::as_ref);
            one(&line, adjoint, &contributions[line.index()], &mut texts)
        })
        .collect();
    let start = adjoints.iter().rposition(Option::is_some);
    object(&[
        ("lines", list(all)),
        ("texts", list(texts.all)),
        // Counted from 1: 0 is none.
        ("loss", start.map_or(0, |start| start + 1).to_string()),
    ])
}

/// For each line, the contributions to its adjoint, in the order of the sweep: consumer, operand, numbers, and the shape that
/// was summed over broadcast axes.
fn contributions<T: Float>(
    lines: &Lines<'_, T>,
    adjoints: &[Option<Tensor<T>>],
) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new(); lines.len()];
    for line in lines.iter().rev() {
        for part in handed_on(lines, adjoints, line.index()) {
            let (numbers, summed) = match part.pulled {
                Some(pulled) => (numbers(&pulled.gradient), pulled.summed_from),
                None => ("null".to_string(), None),
            };
            let summed = summed.map(|shape| quoted(&shape.to_string()));
            let texts = [part.from.to_string(), part.operand.to_string(), numbers];
            all[part.to].push(list(texts.into_iter().chain(summed)));
        }
    }
    all
}

/// The kind of a line: an op, a parameter, data, or an op that no gradient reaches.
fn kind<T: Float>(line: &TapeLine<'_, T>) -> usize {
    match line.op() {
        Op::Leaf(Leaf::Parameter(_)) => 1,
        Op::Leaf(Leaf::Constant(_) | Leaf::Data(_) | Leaf::Input(_)) => 2,
        _ if !line.wants_gradient() => 3,
        _ => 0,
    }
}

/// The formula of a function of the table, as the table writes it.
fn formula<T: Float>(op: &Op<T>) -> String {
    use wengert_autograd::ops::{Binary, Unary};
    match (op.get::<Unary>(), op.get::<Binary>()) {
        (Some(unary), _) => unary.definition(),
        (_, Some(binary)) => binary.definition(),
        _ => String::new(),
    }
}

/// The texts of the values that the rule of operand `k` reads.
pub(super) fn reads<T: Float>(op: &Op<T>, k: usize, arity: usize) -> String {
    let name = |k: usize| {
        if arity == 1 { "x".to_string() } else { ((b'a' + k as u8 % 26) as char).to_string() }
    };
    let reads = op.reads(k);
    let mut names: Vec<String> = (0..arity).filter(|&j| reads.reads_operand(j)).map(name).collect();
    names.extend(reads.reads_result().then(|| "y".to_string()));
    names.join(", ")
}

fn one<T: Float>(
    line: &TapeLine<'_, T>,
    adjoint: Option<&Tensor<T>>,
    contributions: &[String],
    texts: &mut Texts,
) -> String {
    let op = line.op();
    let attributes: Vec<String> = op.attributes().iter().map(|(n, v)| format!("{n}={v}")).collect();
    let reads: Vec<String> = (0..line.arity()).map(|k| reads(op, k, line.arity())).collect();
    let rules: Vec<String> = (0..line.arity()).map(|k| op.formula(k).into_owned()).collect();
    let at = line.at();
    let value = match (line.data(), line.value()) {
        (Some(data), _) => any_numbers(data),
        (None, Some(value)) => numbers(&value),
        (None, None) => "null".into(),
    };
    object(&[
        ("n", texts.number(line.name())),
        ("o", texts.number(attributes.join(", "))),
        ("f", texts.number(formula(op))),
        ("i", list(line.operands().iter().map(usize::to_string))),
        ("k", kind(line).to_string()),
        ("r", list(rules.into_iter().map(|rule| texts.number(rule)))),
        ("e", list(reads.into_iter().map(|read| texts.number(read)))),
        ("s", texts.number(line.shape().to_string())),
        ("v", if value == "[]" { "\"empty\"".into() } else { value }),
        ("a", adjoint.map_or("null".into(), numbers)),
        ("c", list(contributions.iter().cloned())),
        ("b", line.bytes().to_string()),
        ("l", texts.number(line.layer())),
        ("p", texts.number(format!("{}:{}", at.file(), at.line()))),
    ])
}
