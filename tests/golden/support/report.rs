//! What became of the cases: counted by family and tier, printed, and written as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::case::Case;
use super::json::Json;
use crate::golden::unsupported;

/// What became of one case.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Passed,
    /// What differs, or what was said.
    Failed(String),
    /// The op, layer, optimiser, … or option that we do not have.
    Unsupported(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    passed: usize,
    failed: usize,
    unsupported: usize,
}

impl Count {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Unsupported(_) => self.unsupported += 1,
        }
    }

    fn plus(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.unsupported += other.unsupported;
    }

    fn total(self) -> usize {
        self.passed + self.failed + self.unsupported
    }

    fn json(self) -> Vec<(String, Json)> {
        let number = |n: usize| Json::Number(n as f64);
        vec![
            ("passed".into(), number(self.passed)),
            ("failed".into(), number(self.failed)),
            ("unsupported".into(), number(self.unsupported)),
            ("total".into(), number(self.total())),
        ]
    }
}

/// All outcomes so far.
#[derive(Debug, Default)]
pub struct Report {
    /// By family and tier.
    counts: BTreeMap<(String, String), Count>,
    /// By family and op.
    ops: BTreeMap<(String, String), Count>,
    failures: Vec<(String, String)>,
    /// By family, what is missing, and the reason (none: it is not listed): how many cases.
    missing: BTreeMap<(String, String, &'static str), usize>,
    /// How long each family took.
    times: BTreeMap<String, Duration>,
}

impl Report {
    pub fn add(&mut self, case: Case, outcome: Outcome) {
        let family = case.family.name.clone();
        let (outcome, reason) = unsupported::judge(case, outcome);
        self.counts.entry((family.clone(), case.tier().into())).or_default().add(&outcome);
        self.ops.entry((family.clone(), case.op().into())).or_default().add(&outcome);
        match outcome {
            Outcome::Passed => {}
            Outcome::Failed(why) => self.failures.push((case.id().into(), why)),
            Outcome::Unsupported(what) => {
                // Two reasons for one op are two lines.
                let key = (family, what, reason.unwrap_or_default());
                *self.missing.entry(key).or_default() += 1;
            }
        }
    }

    pub fn took(&mut self, family: &str, time: Duration) {
        *self.times.entry(family.into()).or_default() += time;
    }

    fn all(&self) -> Count {
        let mut all = Count::default();
        self.counts.values().for_each(|&c| all.plus(c));
        all
    }

    /// The number of cases that were run.
    pub fn total(&self) -> usize {
        self.all().total()
    }

    /// The number of cases that passed.
    pub fn passed(&self) -> usize {
        self.all().passed
    }

    /// Whether nothing failed and all that is unsupported is listed.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.missing.keys().all(|(_, _, reason)| !reason.is_empty())
    }

    /// The table, the failures, what is unsupported, and the one line at the end.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(text.trim_end());
            out.push('\n');
        };
        line(format!(
            "{:<12} {:<6} {:>7} {:>7} {:>12} {:>7} {:>9}",
            "family", "tier", "passed", "failed", "unsupported", "of", "seconds"
        ));
        let mut last = "";
        for ((family, tier), c) in &self.counts {
            let first = family != last;
            last = family;
            let time = self.times.get(family).filter(|_| first);
            line(format!(
                "{:<12} {tier:<6} {:>7} {:>7} {:>12} {:>7} {:>9}",
                if first { family } else { "" },
                c.passed,
                c.failed,
                c.unsupported,
                c.total(),
                time.map_or(String::new(), |t| format!("{:.2}", t.as_secs_f64())),
            ));
        }
        for tier in ["core", "more", "quirk"] {
            let mut c = Count::default();
            self.counts.iter().filter(|((_, t), _)| t == tier).for_each(|(_, &n)| c.plus(n));
            line(format!(
                "{:<12} {tier:<6} {:>7} {:>7} {:>12} {:>7}",
                "all",
                c.passed,
                c.failed,
                c.unsupported,
                c.total()
            ));
        }
        if !self.failures.is_empty() {
            line(String::new());
            line("failed:".into());
            for (id, why) in &self.failures {
                line(format!("  {id}\n      {why}"));
            }
        }
        if !self.missing.is_empty() {
            line(String::new());
            line("unsupported:".into());
            for ((family, what, reason), count) in &self.missing {
                let reason =
                    if reason.is_empty() { "NOT LISTED: no reason is known" } else { reason };
                line(format!("  {family:<12} {what:<28} {count:>4}  {reason}"));
            }
        }
        let all = self.all();
        let _ = write!(
            out,
            "golden: {} passed, {} failed, {} unsupported of {}",
            all.passed,
            all.failed,
            all.unsupported,
            all.total()
        );
        out
    }

    /// The same as JSON.
    pub fn json(&self) -> Json {
        let text = |s: &str| Json::Text(s.into());
        let rows = |map: &BTreeMap<(String, String), Count>, second: &str| {
            let row = |((family, name), c): (&(String, String), &Count)| {
                let mut fields =
                    vec![("family".to_string(), text(family)), (second.to_string(), text(name))];
                fields.extend(c.json());
                Json::Object(fields)
            };
            Json::List(map.iter().map(row).collect())
        };
        let failures = self.failures.iter().map(|(id, why)| {
            Json::Object(vec![("id".into(), text(id)), ("why".into(), text(why))])
        });
        let missing = self.missing.iter().map(|((family, what, reason), count)| {
            Json::Object(vec![
                ("family".into(), text(family)),
                ("what".into(), text(what)),
                ("cases".into(), Json::Number(*count as f64)),
                ("reason".into(), if reason.is_empty() { Json::Null } else { text(reason) }),
            ])
        });
        let mut fields = self.all().json();
        fields.extend([
            ("clean".to_string(), Json::Bool(self.is_clean())),
            ("tiers".to_string(), rows(&self.counts, "tier")),
            ("ops".to_string(), rows(&self.ops, "op")),
            ("failures".to_string(), Json::List(failures.collect())),
            ("unsupported_list".to_string(), Json::List(missing.collect())),
        ]);
        Json::Object(fields)
    }
}
