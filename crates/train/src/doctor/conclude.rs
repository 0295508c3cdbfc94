//! The conclusions of a doctor from all it has seen: findings, and the report of them.

use wengert_autograd::Tape;
use wengert_tensor::Float;

use super::{Doctor, Fault, Finding, Report, rules};
use crate::error::HERE;

impl Doctor {
    /// Tells the losses of an epoch: of training, and of samples that were held back.
    pub fn validated(&mut self, train_loss: f64, validation_loss: f64) {
        self.validation.push((train_loss, validation_loss));
    }

    /// Looks at the tape of an evaluation: whether it was in evaluation mode.
    pub fn evaluated<T: Float>(&mut self, tape: &Tape<T>) {
        if !tape.is_training() {
            return;
        }
        let scopes = tape.scopes();
        let drawing = scopes.iter().find_map(|scope| {
            let kind = scope.who?.kind();
            (kind.contains("Dropout") || kind.contains("BatchNorm")).then_some((kind, scope.at))
        });
        if let Some((kind, at)) = drawing {
            self.found(Finding::certain(Fault::EvaluationMode).layer(kind).line(at));
        }
    }

    /// The findings so far, worst first.
    pub fn report(&self) -> Report {
        let mut findings = self.findings.clone();
        // What rests on numbers has to hold still.
        let mut now = rules::look(self);
        now.extend(self.strangers.so_far());
        findings.retain(|f| f.stays || now.iter().any(|n| n.fault == f.fault));
        for finding in now {
            match findings.iter_mut().find(|f| f.fault == finding.fault) {
                Some(known) => {
                    let step = known.step;
                    if known.certainty < finding.certainty {
                        *known = finding;
                        known.step = step;
                    }
                }
                None => findings.push(Finding { step: self.step.checked_sub(1), ..finding }),
            }
        }
        rules::explained(&mut findings);
        findings.sort_by_key(Finding::order);
        if let Some(at) = self.fit_at {
            let lines = findings.iter_mut().filter_map(|f| f.place.line.as_mut());
            lines.filter(|line| line.file().starts_with(HERE)).for_each(|line| *line = at);
        }
        Report::new(findings, self.looked_at())
    }

    /// A report of what was found alone, without the rules that go by time.
    pub(crate) fn report_of_found(&self) -> Report {
        let mut findings = self.findings.clone();
        findings.sort_by_key(Finding::order);
        findings.iter_mut().for_each(|finding| finding.step = None);
        Report::new(findings, self.looked_at())
    }

    /// The things that were looked at, for a report.
    fn looked_at(&self) -> Vec<String> {
        let mut at = vec![format!("the loss of {} steps", self.losses.count)];
        let weights = self.weights.all.len();
        if weights > 0 {
            at.push(format!(
                "weight, gradient and update of {weights} parameters at {} steps",
                self.looks
            ));
        }
        if !self.units.is_empty() {
            let units: usize = self.units.iter().map(|u| u.alive.len()).sum();
            let layers = self.units.len();
            let s = if layers == 1 { "" } else { "s" };
            at.push(format!("{units} units of {layers} activation{s}"));
        }
        if self.rows.len() > 0 {
            at.push(format!("{} rows of data", self.rows.len()));
        }
        if self.lines > 0 {
            at.push(format!("{} lines of the tape", self.lines));
        }
        at
    }

    /// Notes a finding, once for each fault.
    pub(crate) fn found(&mut self, finding: Finding) {
        if !self.findings.iter().any(|f| f.fault == finding.fault) {
            self.findings.push(Finding { step: Some(self.step), ..finding });
        }
    }

    pub(super) fn examine(&mut self) {
        let enough = self.rows.is_full() || self.step >= 20 || self.diverged.is_some();
        if self.data.is_none() && enough && self.rows.len() > 0 {
            self.data = Some(rules::Data::of(&self.rows));
        }
        for finding in rules::look(self) {
            self.found(finding);
        }
    }
}
