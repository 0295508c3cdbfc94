//! The answers of the debugger about lines.

use wengert_autograd::{TapeLine, digest, number};
use wengert_tensor::{Float, Shape, Tensor};

use super::style::Ink;
use super::{Debugger, Part};

/// The most numbers of a gradient whose sums are written out, each in its line.
const WRITTEN: usize = 6;

impl<T: Float> Debugger<'_, T> {
    /// A contribution in a line: to which operand, how much, and by which rule.
    pub(super) fn passed_on(&self, line: &TapeLine<'_, T>, part: &Part<T>) -> String {
        let to = self.style.ink(Ink::Line, &format!("%{}", part.to));
        let name = self.lines.get(part.to).map(|to| to.name()).unwrap_or_default();
        let (numbers, summed) = numbers(part);
        format!("  gives {to} {name}: {numbers} = {}{summed}\n", line.op().formula(part.operand))
    }

    /// `show`.
    pub(super) fn show(&self, line: &TapeLine<'_, T>) -> String {
        let i = line.index();
        let name = self.style.ink(Ink::Line, &format!("%{i}"));
        let mut text = format!("{name} = {}, of shape {}\n", line.call(), line.shape());
        let mut row = |what: &str, says: &str| text += &format!("  {what:<10}{says}\n");
        let layer = line.layer();
        row("recorded", &line.at().to_string());
        if !layer.is_empty() {
            row("layer", &layer);
        }
        for k in 0..line.arity() {
            let reads = line.op().reads(k);
            let operands = (0..line.arity()).filter(|&j| reads.reads_operand(j));
            let mut read: Vec<String> =
                operands.map(|j| format!("%{}", line.operands()[j])).collect();
            read.extend(reads.reads_result().then(|| format!("%{i}")));
            let read = match read[..] {
                [] => "reads no value".to_string(),
                _ => format!("reads {}", read.join(", ")),
            };
            row(
                &format!("to %{}", line.operands()[k]),
                &format!("{}  ({read})", line.op().formula(k)),
            );
        }
        row("holds", &format!("{} bytes", line.bytes()));
        row("value", &if i < self.moment { line.digest() } else { "not computed yet".into() });
        row("gradient", &self.known(line));
        text
    }

    /// The gradient, as far as it is known at this moment.
    fn known(&self, line: &TapeLine<'_, T>) -> String {
        let i = line.index();
        if self.adjoints.get(i).is_none_or(Option::is_none) {
            return if line.wants_gradient() {
                "none: the sweep does not come here"
            } else {
                "none is wanted"
            }
            .to_string();
        }
        let reached = self.moment > self.lines.len();
        if reached && self.sweep.first() == Some(&i) {
            return self.gradient(i);
        }
        let parts = self.contributions(i);
        match parts.iter().filter(|part| self.is_swept(part.from)).count() {
            known if known == parts.len() => self.gradient(i),
            0 => "not known yet".to_string(),
            known => format!("known in part: {known} of {} contributions", parts.len()),
        }
    }

    /// `why`.
    pub(super) fn why(&self, line: &TapeLine<'_, T>) -> String {
        let i = line.index();
        let name = format!("{} {}", self.style.ink(Ink::Line, &format!("%{i}")), line.name());
        let parts = self.contributions(i);
        if parts.is_empty() {
            return match self.adjoints.get(i).and_then(Option::as_ref) {
                Some(g) => {
                    format!("{name} has the gradient {}: the sweep starts here\n", digest(g))
                }
                None => format!("{name} has no gradient: {}\n", self.known(line)),
            };
        }
        let lines = if parts.len() == 1 { "contribution" } else { "contributions" };
        let mut text = format!("{name} gets its gradient by {} {lines}:\n", parts.len());
        let mut terms = Vec::new();
        for part in &parts {
            let Some(from) = self.lines.get(part.from) else { continue };
            let user = self.style.ink(Ink::Line, &format!("%{}", part.from));
            if !self.is_swept(part.from) {
                let later = format!(
                    "  {user} {} will add {}\n",
                    from.name(),
                    from.op().formula(part.operand)
                );
                text += &self.style.ink(Ink::Dim, &later);
                continue;
            }
            let (numbers, summed) = numbers(part);
            text += &format!(
                "  {user} {} adds {numbers} = {}{summed}\n",
                from.name(),
                from.op().formula(part.operand)
            );
            terms.extend(part.pulled.as_ref().map(|pulled| &pulled.gradient));
        }
        let is_whole = terms.len() == parts.len();
        text + &sum(&terms, self.adjoints[i].as_ref().filter(|_| is_whole), line)
    }

    /// `tape`.
    pub(super) fn table(&self) -> String {
        let now = self.line_of(self.moment).map(|line| line.index());
        let rows = self.lines.iter().map(|line| {
            let i = line.index();
            let value = if i < self.moment { line.digest() } else { "·".into() };
            let gradient =
                if self.moment > self.lines.len() { self.known(&line) } else { "·".into() };
            [format!("%{i}"), line.call(), value, gradient]
        });
        let rows: Vec<[String; 4]> = rows.collect();
        let width = |c: usize| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        let mut text = String::new();
        for (i, row) in rows.iter().enumerate() {
            let mark = if now == Some(i) { self.style.ink(Ink::Reverse, ">") } else { " ".into() };
            let cells = row[..3].iter().zip(widths);
            let cells: String = cells
                .map(|(cell, width)| {
                    format!("{cell}{}  ", " ".repeat(width - cell.chars().count()))
                })
                .collect();
            text += &format!("{mark} {cells}{}\n", row[3]);
        }
        text
    }
}

/// The numbers of a contribution, and the shape that was summed.
fn numbers<T: Float>(part: &Part<T>) -> (String, String) {
    match &part.pulled {
        None => ("(a parameter was changed since)".into(), String::new()),
        Some(pulled) => {
            let from = pulled.summed_from.as_ref();
            let summed = from.map(|shape| format!(", summed back from {shape}"));
            (digest(&pulled.gradient), summed.unwrap_or_default())
        }
    }
}

/// The sum of contributions, written out for each number of a small gradient. It ends in the whole gradient, or is `so far`.
fn sum<T: Float>(
    terms: &[&Tensor<T>],
    whole: Option<&Tensor<T>>,
    line: &TapeLine<'_, T>,
) -> String {
    let (shape, len) = (line.shape(), line.shape().iter().product::<usize>());
    if terms.is_empty() {
        return "  nothing of it is known yet\n".to_string();
    }
    if len > WRITTEN {
        return match whole {
            Some(whole) => format!("  in sum: {}\n", digest(whole)),
            None => format!("  {} of them so far\n", terms.len()),
        };
    }
    let all: Vec<Vec<f64>> =
        terms.iter().map(|term| term.iter().map(|x| x.to_f64()).collect()).collect();
    let whole: Option<Vec<f64>> = whole.map(|x| x.iter().map(|x| x.to_f64()).collect());
    let mut text = String::new();
    for at in 0..len {
        let written: Vec<String> = all.iter().map(|term| number(term[at])).collect();
        let written = written.join(" + ").replace("+ -", "- ");
        let place =
            if shape.is_empty() { String::new() } else { format!("[{}] ", place(at, &shape)) };
        text += &match &whole {
            Some(whole) if all.len() > 1 => format!("  {place}{written} = {}\n", number(whole[at])),
            Some(_) => continue,
            None => format!("  {place}{written} so far\n"),
        };
    }
    text
}

/// The indices of a number in a shape: `1, 0`.
fn place(at: usize, shape: &[usize]) -> String {
    let indices: Vec<String> = Shape::index_of(shape, at).iter().map(usize::to_string).collect();
    indices.join(", ")
}
