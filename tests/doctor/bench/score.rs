//! The score: what was found, in numbers.

use std::collections::BTreeMap;
use std::fmt;

use wengert::train::doctor::Finding;

use super::plant::Planted;
use super::run::Outcome;

/// Counts of planted faults, over programs that were seen or not.
#[derive(Clone, Debug, Default)]
pub struct Score {
    pub faults: usize,
    pub detected: usize,
    pub first: usize,
    pub in_three: usize,
    pub placed: usize,
    pub with_place: usize,
    pub in_time: usize,
    /// The steps at which the right cause was found, of all that were found.
    pub steps: Vec<usize>,
    /// Runs that broke off, and those of them in which something was named by that very step.
    pub broke: usize,
    pub broke_named: usize,
    pub missed: Vec<String>,
    pub misplaced: Vec<String>,
}

fn is_right(fault: &Planted, finding: &Finding) -> bool {
    fault.causes.contains(&finding.fault)
}

impl Score {
    /// Adds a run with a fault in it.
    pub fn add(&mut self, fault: &Planted, outcome: &Outcome) {
        let found = outcome.report.findings();
        self.faults += 1;
        self.detected += usize::from(!found.is_empty());
        let place = found.iter().position(|f| is_right(fault, f));
        self.first += usize::from(place == Some(0));
        self.in_three += usize::from(place.is_some_and(|k| k < 3));
        if !fault.place.is_empty() {
            self.with_place += 1;
            let right = |f: &Finding| {
                let text = f.place.to_string();
                fault.place.iter().any(|words| text.contains(words))
            };
            let placed = place.is_some_and(|k| right(&found[k]));
            self.placed += usize::from(placed);
            if let Some(k) = place.filter(|_| !placed) {
                let (program, name) = (fault.program, fault.name);
                self.misplaced.push(format!("{program} / {name}: {}", found[k].place));
            }
        }
        if let Some(step) = outcome.broke {
            self.broke += 1;
            self.broke_named +=
                usize::from(found.iter().any(|f| f.step.is_some_and(|s| s <= step)));
        }
        let soon = |f: &Finding| f.step.unwrap_or(0) <= (outcome.steps / 10).max(20);
        self.in_time += usize::from(place.is_some_and(|k| soon(&found[k])));
        self.steps.extend(place.map(|k| found[k].step.unwrap_or(0)));
        if place != Some(0) {
            let names: Vec<String> = found.iter().map(|f| format!("{:?}", f.fault)).collect();
            let names = if names.is_empty() { "nothing".into() } else { names.join(", ") };
            self.missed.push(format!("{} / {}: {names}", fault.program, fault.name));
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |n: usize, of: usize| {
            format!("{:.1} % ({n}/{of})", 100.0 * n as f64 / of.max(1) as f64)
        };
        writeln!(f, "faults                 {}", self.faults)?;
        writeln!(f, "detected               {}", share(self.detected, self.faults))?;
        writeln!(f, "right cause first      {}", share(self.first, self.faults))?;
        writeln!(f, "in the first three     {}", share(self.in_three, self.faults))?;
        writeln!(f, "place right            {}", share(self.placed, self.with_place))?;
        writeln!(f, "within a tenth         {}", share(self.in_time, self.faults))?;
        let mut steps = self.steps.clone();
        steps.sort_unstable();
        let at = |part: usize| steps.get(steps.len() * part / 10).copied().unwrap_or(0);
        writeln!(f, "found at step          {} in half of them, {} in nine of ten", at(5), at(9))?;
        writeln!(f, "named when it broke    {}", share(self.broke_named, self.broke))?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.missed.iter().for_each(|m| *counts.entry(m).or_default() += 1);
        for (missed, times) in counts {
            writeln!(f, "  not first, {times}x: {missed}")?;
        }
        for misplaced in &self.misplaced {
            writeln!(f, "  misplaced: {misplaced}")?;
        }
        Ok(())
    }
}
