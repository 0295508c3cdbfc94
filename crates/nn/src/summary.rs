//! `Summary`: a model as a table of layers, results and parameters.

use std::collections::HashMap;
use std::fmt;

use wengert_autograd::{Line, Result, Tape, Tensors};
use wengert_tensor::{Float, Shape, compiled};

use crate::Module;
use crate::module::run;
use crate::parts::{Any, AnyParts, Part, named_parameters};
use crate::trace::paths;

/// A model layer by layer; see [`Module::summary`]. Prints as a table.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The model itself, and each module in it.
    pub rows: Vec<Row>,
    /// The number of elements of the parameters.
    pub parameters: usize,
    /// The number of those that are frozen.
    pub frozen: usize,
    /// Paths of parameters that the forward pass did not read.
    pub unread: Vec<String>,
}

/// A line of a [`Summary`].
#[derive(Clone, Debug)]
pub struct Row {
    /// The layer's path; empty for the model.
    pub path: String,
    /// The type of layer, with its sizes.
    pub kind: String,
    /// The shapes of its results; none if it was not called.
    pub output: Vec<Shape>,
    /// The number of elements of its own parameters, without those of its submodules; `None` if it has only submodules.
    pub parameters: Option<usize>,
    /// Whether all its own parameters are frozen.
    pub frozen: bool,
    /// Whether some of its parameters stand in a row above, which counts them.
    pub shared: bool,
}

pub(crate) fn summary<T, In, Out, M>(model: &M, x: &In, at: Line) -> Result<Summary>
where
    T: Float,
    In: Tensors,
    Out: Tensors,
    M: Module<T, In, Out> + ?Sized,
{
    let tape = Tape::no_grad();
    run(model, tape.input(x.clone()), "", at)?;
    Ok(table(&Any(model), &tape))
}

/// The table of a model that was called on this tape.
#[inline(never)]
fn table<T: Float>(model: &dyn AnyParts<T>, tape: &Tape<T>) -> Summary {
    let scopes = tape.scopes();
    let mut outputs: HashMap<String, Vec<Shape>> = HashMap::new();
    for (path, scope) in paths(model, &scopes).into_iter().zip(&scopes) {
        if let (Some(path), Some(_)) = (path, scope.who) {
            let shapes = scope.results.iter().filter_map(|&line| Some(tape.line(line)?.shape()));
            outputs.insert(path, shapes.collect());
        }
    }

    let row = |path: &str, kind: String| Row {
        path: path.to_string(),
        kind,
        output: outputs.get(path).cloned().unwrap_or_default(),
        parameters: Some(0),
        frozen: true,
        shared: false,
    };
    let mut rows = vec![row("", model.describe().unwrap_or_default())];
    let mut met = std::collections::HashSet::new();
    let (mut parameters, mut frozen) = (0, 0);
    model.walk(&mut |path, part| match part {
        Part::Module(module) => {
            if let Some(kind) = module.describe() {
                rows.push(row(path, kind));
            }
        }
        Part::Param(param) => {
            // It belongs to the innermost module around it.
            let owner = rows.iter_mut().rev().find(|row| holds(&row.path, path));
            if !met.insert(param.id()) {
                owner.into_iter().for_each(|owner| owner.shared = true);
                return;
            }
            let len = param.len();
            parameters += len;
            frozen += if param.is_frozen() { len } else { 0 };
            if let Some(owner) = owner {
                owner.parameters = owner.parameters.map(|n| n + len);
                owner.frozen &= param.is_frozen();
            }
        }
        _ => {}
    });
    let paths: Vec<String> = rows.iter().map(|r| r.path.clone()).collect();
    for (i, row) in rows.iter_mut().enumerate() {
        let is_parent = paths.iter().skip(i + 1).any(|p| holds(&row.path, p));
        row.frozen &= row.parameters > Some(0);
        row.parameters = row.parameters.filter(|&n| n > 0 || row.shared || !is_parent);
    }
    let read = tape.params();
    let unread = named_parameters(model).into_iter();
    let unread = unread.filter(|(_, p)| !read.iter().any(|(q, _)| q.is(p)));
    Summary { rows, parameters, frozen, unread: unread.map(|(path, _)| path).collect() }
}

/// Whether what has the path `inner` lies within `outer`.
fn holds(outer: &str, inner: &str) -> bool {
    outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// 1234567 as 1,234,567.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table: Vec<[String; 4]> =
            vec![["layer", "kind", "result", "parameters"].map(String::from)];
        for row in &self.rows {
            let shapes: Vec<String> = row.output.iter().map(Shape::to_string).collect();
            let output = shapes.join(" ");
            let mut count = row.parameters.map_or(String::new(), grouped);
            if row.frozen {
                count.push_str(" frozen");
            }
            if row.shared {
                count.push_str(if row.parameters > Some(0) {
                    ", others shared"
                } else {
                    " shared"
                });
            }
            table.push([row.path.clone(), row.kind.clone(), output, count]);
        }
        table.push(["total".into(), String::new(), String::new(), grouped(self.parameters)]);
        let width = |i: usize| table.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
        let widths: [usize; 4] = std::array::from_fn(width);
        for [path, kind, output, count] in &table {
            // Numbers end below one another, the word behind them aside.
            let line = format!(
                "{path:<0$}  {kind:<1$}  {output:<2$}  {count:>3$}",
                widths[0], widths[1], widths[2], widths[3]
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        if self.frozen > 0 {
            let trained = grouped(self.parameters - self.frozen);
            writeln!(f, "{} frozen, {trained} trained", grouped(self.frozen))?;
        }
        if !self.unread.is_empty() {
            let names = crate::error::list(&self.unread);
            writeln!(f, "not read by this forward pass: {names}")?;
        }
        Ok(())
    }
}

compiled!(f32 f64: { table::<T> });
