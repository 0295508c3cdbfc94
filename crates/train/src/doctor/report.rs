//! `Report`: findings, worst first, as text and as JSON.

use std::fmt;

use wengert_files::quoted;

use super::evidence::{Evidence, Place};
use super::finding::Action;
use super::{Certainty, Fault, Finding};

/// The doctor's findings, and the things that it looked at. It prints as text, worst first.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    findings: Vec<Finding>,
    looked_at: Vec<String>,
}

impl Report {
    pub(crate) fn new(findings: Vec<Finding>, looked_at: Vec<String>) -> Self {
        Self { findings, looked_at }
    }

    pub(crate) fn looked_at_more(&mut self, what: &str) {
        self.looked_at.push(what.to_string());
    }

    /// The findings, worst first: causes before what follows from them.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The finding of this fault.
    pub fn find(&self, fault: Fault) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.fault == fault)
    }

    /// Whether nothing was found.
    pub fn is_healthy(&self) -> bool {
        self.findings.is_empty()
    }

    /// The things that were looked at.
    pub fn looked_at(&self) -> &[String] {
        &self.looked_at
    }

    /// The report as JSON.
    ///
    /// ```
    /// use wengert_train::Doctor;
    ///
    /// let json = Doctor::new().report().to_json();
    /// assert_eq!(json, r#"{"healthy":true,"looked_at":["the loss of 0 steps"],"findings":[]}"#);
    /// ```
    pub fn to_json(&self) -> String {
        let looked: Vec<String> = self.looked_at.iter().map(|text| quoted(text)).collect();
        let findings: Vec<String> = self.findings.iter().map(finding).collect();
        format!(
            r#"{{"healthy":{},"looked_at":[{}],"findings":[{}]}}"#,
            self.is_healthy(),
            looked.join(","),
            findings.join(",")
        )
    }
}

/// A number. JSON has none that is not finite: an infinity is a text, and NaN is null.
pub(crate) fn json_number(x: f64) -> String {
    match x {
        x if x.is_finite() => format!("{x:e}"),
        x if x.is_nan() => "null".into(),
        x => quoted(&x.to_string()),
    }
}

fn finding(f: &Finding) -> String {
    let evidence: Vec<String> = f.evidence.iter().map(evidence).collect();
    let remedy = |r: &super::Remedy| {
        let code = match r.action {
            Action::Code(code) => quoted(code),
            _ => "null".into(),
        };
        format!(r#"{{"text":{},"code":{code}}}"#, quoted(&r.text))
    };
    let remedies: Vec<String> = f.remedies.iter().map(remedy).collect();
    format!(
        r#"{{"fault":"{:?}","name":{},"certainty":"{}","place":{},"evidence":[{}],"step":{},"why":{},"remedies":[{}]}}"#,
        f.fault,
        quoted(f.fault.name()),
        f.certainty,
        place(&f.place),
        evidence.join(","),
        f.step.map_or("null".into(), |step| step.to_string()),
        quoted(f.fault.why()),
        remedies.join(",")
    )
}

fn place(p: &Place) -> String {
    let text = |x: Option<String>| x.map_or("null".into(), |x| quoted(&x));
    let count = |x: Option<usize>| x.map_or("null".to_string(), |x| x.to_string());
    format!(
        r#"{{"layer":{},"op":{},"line":{},"row":{},"column":{}}}"#,
        text(p.layer.clone()),
        text(p.op.map(str::to_string)),
        text(p.line.map(|line| line.to_string())),
        count(p.row),
        count(p.column)
    )
}

fn evidence(e: &Evidence) -> String {
    let steps = e.steps.map_or("null".into(), |(first, last)| format!("[{first},{last}]"));
    let threshold = e.threshold.map_or("null".into(), json_number);
    format!(
        r#"{{"what":{},"value":{},"threshold":{threshold},"steps":{steps}}}"#,
        quoted(&e.what),
        json_number(e.value)
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.findings.len() {
            0 => writeln!(f, "healthy: nothing found")?,
            1 => writeln!(f, "1 finding")?,
            n => writeln!(f, "{n} findings, worst first")?,
        }
        for (k, finding) in self.findings.iter().enumerate() {
            writeln!(f, "\n{}. {finding}", k + 1)?;
        }
        write!(f, "\nlooked at  {}", self.looked_at.join("\n           "))
    }
}

impl Certainty {
    /// All of them, from the least sure.
    pub const ALL: [Self; 3] = [Self::Possible, Self::Likely, Self::Certain];
}
