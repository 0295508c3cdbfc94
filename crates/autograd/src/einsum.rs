//! Sums of products in Einstein's notation: `"ij,jk->ik"`.
//!
//! Operands are taken in from left to right. Of each pair what neither the result nor a later operand needs is summed
//! away by a batched matrix product, so nothing larger than operands and results is ever made.

use std::collections::BTreeMap;
use std::panic::Location;

use wengert_tensor::{Axes, Error as TensorError, Fault, Float};

use crate::{Result, Var};

/// An axis: a letter of the equation, or one of those that `...` stands for, counted from the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Dots(std::cmp::Reverse<usize>),
    Letter(char),
}

/// Sums of products of vars in Einstein's notation. Letters name axes; an axis that the result does not name is summed
/// over; a letter that one operand has twice takes its diagonal; `...` stands for axes that broadcast. Without `->` the
/// result has the letters that occur once, in alphabetical order.
///
/// ```
/// use wengert_autograd::{Tape, einsum};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let a = tape.var(tensor![[1.0_f64, 2.0], [3.0, 4.0]]);
/// let b = tape.constant(tensor![[1.0, 1.0], [0.0, 1.0]]);
/// assert_eq!(einsum("ij,jk->ik", &[a, b])?.value()?, tensor![[1.0, 3.0], [3.0, 7.0]]);
/// assert_eq!(einsum("ii->", &[a])?.item()?, 5.0);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the equation cannot be read, or the shapes do not fit it.
#[track_caller]
pub fn einsum<'t, T: Float>(equation: &str, operands: &[Var<'t, T>]) -> Result<Var<'t, T>> {
    let shapes: Vec<_> = operands.iter().map(|x| x.shape()).collect();
    let at = Location::caller();
    let wrong = |rule: String| {
        let shapes: Vec<&[usize]> = shapes.iter().map(|s| &**s).collect();
        let rule = format!("\"{equation}\": {rule}");
        crate::Error::from(TensorError::Shape(Fault::new("einsum", &shapes, rule))).on_line(at)
    };
    if let Some(first) = operands.first() {
        first.recordable("einsum", operands)?;
    }
    let text: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (&*text, None),
    };
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != operands.len() || operands.is_empty() {
        let (named, given) = (terms.len(), operands.len());
        return Err(wrong(format!("the equation names {named} operands, and {given} are given")));
    }
    let mut sizes: BTreeMap<Label, usize> = BTreeMap::new();
    let mut labels = Vec::new();
    for (term, shape) in terms.iter().zip(&shapes) {
        let these = read(term, Some(shape.len())).map_err(wrong)?;
        for (&label, &size) in these.iter().zip(shape.iter()) {
            let known = sizes.entry(label).or_insert(size);
            match (*known, size) {
                (a, b) if a == b || b == 1 => {}
                (1, b) => *known = b,
                (a, b) => return Err(wrong(format!("an axis has the sizes {a} and {b}"))),
            }
        }
        labels.push(these);
    }
    let dots = sizes.keys().filter(|l| matches!(l, Label::Dots(_))).count();
    let result = match right {
        Some(right) => {
            let letters = right.chars().filter(char::is_ascii_alphabetic).count();
            read(right, Some(letters + if right.contains("...") { dots } else { 0 }))
                .map_err(wrong)?
        }
        None => {
            let count = |l: &Label| labels.iter().flatten().filter(|k| *k == l).count();
            sizes.keys().filter(|l| matches!(l, Label::Dots(_)) || count(l) == 1).copied().collect()
        }
    };
    for (i, label) in result.iter().enumerate() {
        if !sizes.contains_key(label) || result[..i].contains(label) {
            return Err(wrong("the result names an axis twice, or one that no operand has".into()));
        }
    }

    let mut sum: Option<Term<'t, T>> = None;
    for (k, (x, these)) in operands.iter().zip(&labels).enumerate() {
        let needed =
            |l: &Label| result.contains(l) || labels[k + 1..].iter().any(|o| o.contains(l));
        let next = Term { x: *x, labels: these.clone() }.spread(&sizes)?.diagonals()?;
        sum = Some(match sum {
            None => next.without(|l| !needed(l))?,
            Some(sum) => sum.times(next, &sizes, needed)?,
        });
    }
    let Some(sum) = sum else { return Err(wrong("there is no operand".into())) };
    let order: Vec<isize> = result
        .iter()
        .filter_map(|l| sum.labels.iter().position(|k| k == l).map(|i| i as isize))
        .collect();
    sum.x.permute(order)
}

/// The labels of one operand; `rank` axes, if that is known.
fn read(term: &str, rank: Option<usize>) -> Result<Vec<Label>, String> {
    let letters = term.chars().filter(char::is_ascii_alphabetic).count();
    let dots = match (term.contains("..."), rank) {
        (true, Some(rank)) => rank.checked_sub(letters),
        _ => Some(0),
    };
    let fits = dots.filter(|dots| rank.is_none_or(|rank| letters + dots == rank));
    let Some(dots) = fits else {
        return Err(format!("`{term}` does not name the axes of an operand"));
    };
    let mut labels = Vec::new();
    let mut rest = term;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("...") {
            if labels.iter().any(|l| matches!(l, Label::Dots(_))) || behind.contains("...") {
                return Err(format!("`{term}` has two `...`"));
            }
            labels.extend((0..dots).rev().map(|i| Label::Dots(std::cmp::Reverse(i))));
            rest = behind;
        } else if c.is_ascii_alphabetic() {
            labels.push(Label::Letter(c));
            rest = &rest[1..];
        } else {
            return Err(format!("`{c}` is neither a letter nor `...`"));
        }
    }
    Ok(labels)
}

/// A var and the names of its axes.
struct Term<'t, T: Float> {
    x: Var<'t, T>,
    labels: Vec<Label>,
}

impl<'t, T: Float> Term<'t, T> {
    /// Axes of size 1 as large as they are elsewhere.
    #[track_caller]
    fn spread(self, sizes: &BTreeMap<Label, usize>) -> Result<Self> {
        let shape: Vec<usize> = self.labels.iter().map(|l| sizes[l]).collect();
        let x = if *self.x.shape() == *shape { self.x } else { self.x.expand(shape)? };
        Ok(Self { x, ..self })
    }

    /// The diagonal of axes of one name.
    #[track_caller]
    fn diagonals(mut self) -> Result<Self> {
        while let Some((i, j)) = (0..self.labels.len()).find_map(|j| {
            self.labels[..j].iter().position(|l| *l == self.labels[j]).map(|i| (i, j))
        }) {
            self.x = self.x.diagonal(0, i as isize, j as isize)?;
            let label = self.labels.remove(j);
            self.labels.remove(i);
            self.labels.push(label);
        }
        Ok(self)
    }

    /// Summed over what is not needed.
    #[track_caller]
    fn without(mut self, needless: impl Fn(&Label) -> bool) -> Result<Self> {
        let axes: Vec<isize> = (0..self.labels.len())
            .filter(|&i| needless(&self.labels[i]))
            .map(|i| i as isize)
            .collect();
        if !axes.is_empty() {
            self.x = self.x.sum_over(Axes::from(axes))?;
            self.labels.retain(|l| !needless(l));
        }
        Ok(self)
    }

    /// Its axes in this order, joined in groups.
    #[track_caller]
    fn grouped(&self, groups: [&[Label]; 3], sizes: &BTreeMap<Label, usize>) -> Result<Var<'t, T>> {
        let place = |l: &Label| self.labels.iter().position(|k| k == l).map(|i| i as isize);
        let order: Vec<isize> = groups.iter().flat_map(|g| g.iter()).filter_map(place).collect();
        let size = |g: &[Label]| g.iter().map(|l| sizes[l]).product::<usize>();
        self.x.permute(order)?.reshape(groups.map(size))
    }

    /// The product with another, summed over what both have and nobody needs.
    #[track_caller]
    fn times(
        self,
        other: Self,
        sizes: &BTreeMap<Label, usize>,
        needed: impl Fn(&Label) -> bool,
    ) -> Result<Self> {
        let shared = |l: &Label, b: &Self| b.labels.contains(l);
        let a = self.without(|l| !needed(l) && !shared(l, &other))?;
        let b = other.without(|l| !needed(l) && !shared(l, &a))?;
        let of = |x: &Self, both: bool, need: bool, beside: &Self| -> Vec<Label> {
            x.labels
                .iter()
                .filter(|l| shared(l, beside) == both && needed(l) == need)
                .copied()
                .collect()
        };
        let (batch, summed) = (of(&a, true, true, &b), of(&a, true, false, &b));
        let (rows, columns) = (of(&a, false, true, &b), of(&b, false, true, &a));
        let left = a.grouped([&batch, &rows, &summed], sizes)?;
        let x = left.matmul(b.grouped([&batch, &summed, &columns], sizes)?)?;
        let labels = [batch, rows, columns].concat();
        let shape: Vec<usize> = labels.iter().map(|l| sizes[l]).collect();
        Ok(Self { x: x.reshape(shape)?, labels })
    }
}
