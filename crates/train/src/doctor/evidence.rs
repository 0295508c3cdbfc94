//! The ground of a finding: how certain it is, its place, the numbers.

use std::fmt;

use wengert_autograd::Line;

/// The certainty of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The numbers fit, and something else could explain them.
    Possible,
    /// The numbers fit, and little else does.
    Likely,
    /// It follows from the structure of the tape, or from a comparison that is exact.
    Certain,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        })
    }
}

/// The place of a fault, as far as it has one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// The path of the layer or of the parameter.
    pub layer: Option<String>,
    /// The name of the op.
    pub op: Option<&'static str>,
    /// The line of the user's program.
    pub line: Option<Line>,
    /// The row of the batch, from 0.
    pub row: Option<usize>,
    /// The column of the input, from 0.
    pub column: Option<usize>,
}

impl Place {
    /// Whether nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.layer.as_ref().map(|layer| format!("`{layer}`")));
        parts.extend(self.op.map(|op| format!("op `{op}`")));
        parts.extend(self.row.map(|row| format!("row {row}")));
        parts.extend(self.column.map(|column| format!("column {column}")));
        parts.extend(self.line.map(|line| format!("at {line}")));
        f.write_str(&parts.join(", "))
    }
}

/// A number beside its threshold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evidence {
    /// The name of the number.
    pub what: String,
    /// The number; NaN where the name says it all.
    pub value: f64,
    /// The threshold, if there is one.
    pub threshold: Option<f64>,
    /// The first and the last step over which it was measured, from 0; `None` for what follows from one tape.
    pub steps: Option<(usize, usize)>,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_nan() && self.threshold.is_none() {
            return f.write_str(&self.what);
        }
        write!(f, "{}: {}", self.what, number(self.value))?;
        if let Some(threshold) = self.threshold {
            write!(f, " (threshold {})", number(threshold))?;
        }
        match self.steps {
            Some((first, last)) if first == last => write!(f, ", step {first}"),
            Some((first, last)) => write!(f, ", steps {first} to {last}"),
            None => Ok(()),
        }
    }
}

/// Eight heights, for curves on a terminal.
pub(crate) const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A number as a person would write it.
pub(crate) fn number(x: f64) -> String {
    let size = x.abs();
    if x.fract() == 0.0 && size < 1e6 {
        format!("{x:.0}")
    } else if (0.01..1e5).contains(&size) {
        let digits = if size >= 100.0 { 1 } else { 3 };
        format!("{x:.digits$}")
    } else {
        format!("{x:.2e}")
    }
}
