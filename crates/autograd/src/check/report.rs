//! The findings of a gradient check, worst first.

use std::fmt;

use crate::error::Line;

/// The verdict on one gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// It agrees with the differences.
    Right,
    /// It lies between the slopes on the two sides of a kink.
    Kink,
    /// Differences cannot tell: the function is too rough there, or not finite.
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
    /// The value from the rules.
    pub analytic: f64,
    /// The value from differences or from forward mode.
    pub numeric: f64,
    /// The error bound of the latter.
    pub uncertainty: f64,
    /// The method of comparison.
    pub against: &'static str,
}

/// The op whose rule is wrong.
#[derive(Clone, Debug)]
pub struct Blame {
    /// Its line on the tape.
    pub index: usize,
    /// Its name.
    pub op: &'static str,
    /// Where it stands in the model.
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

/// The outcome of a gradient check. Prints well.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
    pub(super) blames: Vec<Blame>,
    pub(super) failure: Option<String>,
}

impl Report {
    /// Whether no gradient is wrong, and the function could be run.
    pub fn is_right(&self) -> bool {
        self.failure.is_none() && self.worst() != Verdict::Wrong && self.blames.is_empty()
    }

    /// The worst verdict.
    pub fn worst(&self) -> Verdict {
        self.findings.iter().map(|f| f.verdict).max().unwrap_or(Verdict::Right)
    }

    /// Everything that was checked, worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The ops whose rules are wrong, in the order of the tape.
    pub fn blames(&self) -> &[Blame] {
        &self.blames
    }

    /// Why the function could not be run.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Panics with the report unless the gradients are right; `assert_gradients!` does this.
    ///
    /// # Panics
    /// If a gradient is wrong.
    #[track_caller]
    pub fn assert_right(&self) {
        assert!(self.is_right(), "{self}");
    }

    pub(super) fn sort(&mut self) {
        let off = |f: &Finding| {
            (f.analytic - f.numeric).abs() / f.analytic.abs().max(f.numeric.abs()).max(1e-300)
        };
        self.findings.sort_by(|a, b| b.verdict.cmp(&a.verdict).then(off(b).total_cmp(&off(a))));
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
            " at {}, operand {}: analytic {:.6e}, numeric {:.6e}",
            self.at, self.operand, self.analytic, self.numeric
        )?;
        match &self.cause {
            Some(cause) => write!(f, "\n    likely cause: {cause}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(failure) = &self.failure {
            return write!(f, "gradients not checked: {failure}");
        }
        let count = |v: Verdict| self.findings.iter().filter(|f| f.verdict == v).count();
        let verdict = if self.is_right() { "right" } else { "WRONG" };
        write!(f, "gradients {verdict}: {} right", count(Verdict::Right))?;
        for (v, word) in [
            (Verdict::Kink, "at a kink"),
            (Verdict::Undecided, "undecided"),
            (Verdict::Wrong, "wrong"),
        ] {
            if count(v) > 0 {
                write!(f, ", {} {word}", count(v))?;
            }
        }
        for blame in &self.blames {
            write!(f, "\n  wrong rule: {blame}")?;
        }
        const SHOWN: usize = 12;
        let telling: Vec<&Finding> =
            self.findings.iter().filter(|f| f.verdict != Verdict::Right).collect();
        for finding in telling.iter().take(SHOWN) {
            let word = match finding.verdict {
                Verdict::Wrong => "wrong",
                Verdict::Undecided => "undecided",
                Verdict::Kink => "at a kink",
                Verdict::Right => "right",
            };
            write!(
                f,
                "\n  {word}: order {} of {}{}: analytic {:.9e}, {} {:.9e} (± {:.1e})",
                finding.order,
                finding.input,
                finding.place,
                finding.analytic,
                finding.against,
                finding.numeric,
                finding.uncertainty
            )?;
        }
        if telling.len() > SHOWN {
            write!(f, "\n  … and {} more", telling.len() - SHOWN)?;
        }
        Ok(())
    }
}
