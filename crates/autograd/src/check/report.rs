//! The findings of a gradient check, worst first.

use std::fmt;

use crate::error::Line;

/// The verdict on one gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// Reverse mode agrees with differences, and with forward mode.
    Right,
    /// It lies between the slopes on the two sides of a kink. At second order: the first derivative jumps at a kink, and
    /// has no derivative that could be compared.
    Kink,
    /// Differences give no slope: the function is not finite there, jumps, or is too rough.
    Undecided,
    /// It disagrees.
    Wrong,
}

/// One gradient that was checked.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Right, wrong, or neither.
    pub verdict: Verdict,
    /// First or second derivative.
    pub order: usize,
    /// The input or parameter.
    pub input: String,
    /// The element, as `[1, 2]`; or the direction that was tried.
    pub place: String,
    /// The number of elements: one, or those of the whole input along a direction.
    pub elements: usize,
    /// The value from the reverse rules.
    pub reverse: f64,
    /// The value from differences; NaN if they give none.
    pub differences: f64,
    /// The error bound of the differences.
    pub uncertainty: f64,
    /// The value from forward mode; `None` if an op has no forward rule.
    pub forward: Option<f64>,
    /// The reason for the verdict, where there is one to give.
    pub why: Option<String>,
}

/// The extent of the comparison at one order.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) order: usize,
    /// The elements of all inputs.
    pub(super) elements: usize,
    /// The number of random directions, for an input that was not compared element by element.
    pub(super) directions: Option<usize>,
    /// The reason why forward mode was not compared.
    pub(super) no_forward: Option<String>,
}

/// The op whose rule is wrong.
#[derive(Clone, Debug)]
pub struct Blame {
    /// Its line on the tape.
    pub index: usize,
    /// Its name.
    pub op: &'static str,
    /// The path in the model.
    pub layer: String,
    /// The user's line.
    pub at: Line,
    /// The operand whose gradient is wrong.
    pub operand: usize,
    /// The value from the rule, at the worst element.
    pub analytic: f64,
    /// The value from differences, at the same element.
    pub numeric: f64,
    /// The likely cause, judging by the numbers.
    pub cause: Option<String>,
}

/// The outcome of a gradient check. Print it: it says what was compared, and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
    pub(super) tallies: Vec<Tally>,
    pub(super) blames: Vec<Blame>,
    pub(super) failure: Option<String>,
    pub(super) no_second_order: Option<String>,
}

impl Report {
    /// True if the gradients are right: each element was compared with differences and with forward mode and agrees, or
    /// is a subgradient at a kink. What could not be decided is not right.
    ///
    /// Ops that have no forward rule or whose derivative cannot be recorded, as [custom](crate::Tape::custom) ones, are
    /// compared by differences alone and to first order; that counts as right, and the printed report says it.
    pub fn is_right(&self) -> bool {
        self.failure.is_none() && self.worst() <= Verdict::Kink && self.blames.is_empty()
    }

    /// The worst verdict; [`Verdict::Undecided`] if nothing was compared.
    pub fn worst(&self) -> Verdict {
        self.findings.iter().map(|f| f.verdict).max().unwrap_or(Verdict::Undecided)
    }

    /// Everything that was checked, worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The ops whose rules are wrong, in the order of the tape.
    pub fn blames(&self) -> &[Blame] {
        &self.blames
    }

    /// The reason why elements were not compared: the function could not be run, or there are no elements.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Panics with the report unless the gradients are right; `assert_gradients!` does this.
    ///
    /// # Panics
    /// If a gradient is wrong or undecided, or the function could not be run.
    #[track_caller]
    pub fn assert_right(&self) {
        assert!(self.is_right(), "{self}");
    }

    pub(super) fn sort(&mut self) {
        let off = |f: &Finding| {
            (f.reverse - f.differences).abs() / f.reverse.abs().max(f.differences.abs())
        };
        self.findings.sort_by(|a, b| b.verdict.cmp(&a.verdict).then(off(b).total_cmp(&off(a))));
    }

    /// The number of elements with a verdict at one order.
    fn count(&self, order: usize, verdict: Verdict) -> usize {
        let of = self.findings.iter().filter(|f| f.order == order && f.verdict == verdict);
        let (mut count, mut last) = (0, None);
        for finding in of {
            // Several directions are about the same elements.
            if finding.elements == 1 || last != Some(&finding.input) {
                count += finding.elements;
            }
            last = (finding.elements > 1).then_some(&finding.input);
        }
        count
    }
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{} `{}`", self.index, self.op)?;
        if !self.layer.is_empty() {
            write!(f, " in {}", self.layer)?;
        }
        write!(
            f,
            " at {}: its gradient of operand {} is {:.6e}, differences give {:.6e}",
            self.at, self.operand, self.analytic, self.numeric
        )?;
        match &self.cause {
            Some(cause) => write!(f, "\n    likely cause: {cause}"),
            None => Ok(()),
        }
    }
}

impl Report {
    /// One line: the extent of the comparison at one order.
    fn say(&self, tally: &Tally, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |v| self.count(tally.order, v);
        let undecided = count(Verdict::Undecided);
        write!(f, "{} of {} elements compared", tally.elements - undecided, tally.elements)?;
        if let Some(directions) = tally.directions {
            write!(f, " along {directions} random directions")?;
        }
        match &tally.no_forward {
            None => f.write_str(" by differences and forward mode")?,
            Some(why) => write!(f, " by differences alone ({why})")?,
        }
        for (v, word) in [
            (Verdict::Kink, "at a kink"),
            (Verdict::Wrong, "wrong"),
            (Verdict::Undecided, "undecided"),
        ] {
            if count(v) > 0 {
                write!(f, ", {} {word}", count(v))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Wrong => "wrong",
            Verdict::Undecided => "undecided",
            Verdict::Kink => "at a kink",
            Verdict::Right => "right",
        };
        let order = if self.order == 1 { "gradient" } else { "second derivative" };
        let Self { input, place, reverse, .. } = self;
        write!(f, "{word}: {order} of {input}{place}: the rules give {reverse:.9e}")?;
        if self.differences.is_finite() {
            write!(f, ", differences {:.9e} (± {:.1e})", self.differences, self.uncertainty)?;
        }
        if let Some(forward) = self.forward {
            write!(f, ", forward mode {forward:.9e}")?;
        }
        match &self.why {
            Some(why) => write!(f, "; {why}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(failure) = &self.failure {
            return write!(f, "gradients not checked: {failure}");
        }
        let verdict = match self.worst() {
            Verdict::Right | Verdict::Kink if self.is_right() => "right",
            Verdict::Undecided => "not decided",
            _ => "WRONG",
        };
        for tally in &self.tallies {
            match tally.order {
                1 => write!(f, "gradients {verdict}: ")?,
                _ => write!(f, "\n  second order: ")?,
            }
            self.say(tally, f)?;
        }
        if let Some(why) = &self.no_second_order {
            write!(f, "\n  second order: not compared: {why}")?;
        }
        for blame in &self.blames {
            write!(f, "\n  wrong rule: {blame}")?;
        }
        const SHOWN: usize = 12;
        let telling = || self.findings.iter().filter(|f| f.verdict != Verdict::Right);
        for finding in telling().take(SHOWN) {
            write!(f, "\n  {finding}")?;
        }
        match telling().count().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more"),
        }
    }
}
