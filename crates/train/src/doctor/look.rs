//! A look of the doctor at a step: the layout of the tape, and the numbers on it.

use wengert_autograd::{Tape, TapeLine, Var, ops};
use wengert_optim::Optimizer;
use wengert_tensor::Float;

use super::goal::{self, Goal};
use super::reading::Reading;
use super::units::{self, Units};
use super::weights::Role;
use super::{Doctor, start, structure};

impl Doctor {
    /// A look at everything.
    #[cold]
    pub(super) fn look<T: Float>(
        &mut self,
        loss: Var<'_, T>,
        optimizer: &(impl Optimizer<T> + ?Sized),
    ) {
        self.looking = true;
        self.weights.before(optimizer, self.step);
        let tape = loss.tape();
        if let Some(finding) = self.strangers.settle(tape) {
            self.found(finding);
        }
        if tape.len() != self.lines && self.layouts < 16 {
            self.lay_out(tape, loss, optimizer);
        }
        if tape.len() != self.lines {
            return;
        }
        let lines = tape.lines();
        for units in &mut self.units {
            if let Some(line) = lines.get(units.line) {
                units.see(&line);
            }
        }
        if let Some(goal) = &mut self.goal {
            goal.see(&lines, self.step);
        }
        if self.goal.as_ref().is_none_or(|goal| goal.skill().is_none()) {
            self.pairing.see(&lines, loss.index(), self.step);
        }
        let number = |lines_of: &[usize]| -> f64 {
            let of = |&k: &usize| lines.get(k)?.value()?.item().ok().map(|x| x.to_f64().abs());
            lines_of.iter().filter_map(of).sum()
        };
        if !self.terms.1.is_empty() && !self.terms.0.is_empty() {
            let ratio = number(&self.terms.1) / number(&self.terms.0).max(1e-300);
            self.penalty = Some(self.penalty.map_or(ratio, |before| 0.8 * before + 0.2 * ratio));
            self.penalty_peak = Some(self.penalty_peak.map_or(ratio, |peak| peak.max(ratio)));
        }
        if !self.rows.is_full() {
            self.rows.add(&Reading::new(&lines, loss.index()), self.goal.as_ref());
        }
        if self.looks == 0 {
            self.settings = optimizer.settings();
            self.see_start(&Reading::new(&lines, loss.index()));
        }
    }

    /// Reads the structure of a tape that is not the last one's.
    pub(super) fn lay_out<T: Float>(
        &mut self,
        tape: &Tape<T>,
        loss: Var<'_, T>,
        optimizer: &(impl Optimizer<T> + ?Sized),
    ) {
        self.lines = tape.len();
        self.layouts += 1;
        let goal = Goal::find(&tape.lines(), loss.index());
        let found = structure::look(tape, loss, goal.as_ref(), Some(optimizer.parameters()));
        found.into_iter().for_each(|finding| self.found(finding.staying()));
        let lines = tape.lines();
        let r = Reading::new(&lines, loss.index());
        // A tape of another length has the same parts in other places.
        let earlier = self.goal.take();
        self.goal = match (goal, earlier) {
            (Some(new), Some(mut old))
                if new.kind == old.kind && new.classes.len() == old.classes.len() =>
            {
                (old.compares, old.prediction, old.target) =
                    (new.compares, new.prediction, new.target);
                Some(old)
            }
            (new, _) => new,
        };
        self.strangers.meet(&r, optimizer.parameters());
        self.bottomless = structure::bottomless(&r).map(|(k, held)| {
            let line = r.line(k);
            (line.layer(), line.op().name(), line.at(), held)
        });
        self.pairing.find(&r);
        self.terms = structure::terms(&r, self.goal.as_ref());
        self.penalty_at = self.terms.1.first().map(|&k| (r.line(k).op().name(), r.line(k).at()));
        let compares = |line: &TapeLine<'_, T>| r.reached[line.index()] && goal::compares(line);
        self.comparisons = lines.iter().filter(compares).count();
        if let Some(goal) = &self.goal {
            self.batch = r.line(goal.prediction).shape().first().copied().unwrap_or(0);
            self.bounds = structure::bounds(&r, goal).map(|(low, high, k)| {
                let line = r.line(k);
                (low, high, line.layer(), line.op().name(), line.at())
            });
        }
        let mut feeds = vec![false; lines.len()];
        for line in lines.iter().rev() {
            let product = r.matrix(&line).is_some();
            if product || feeds[line.index()] {
                line.operands().iter().take(line.arity()).for_each(|&k| feeds[k] = true);
            }
        }
        self.units = lines
            .iter()
            .filter(|line| r.reached[line.index()])
            .filter_map(|line| {
                let (flat, index) = (units::flat_of(&line)?, line.index());
                Units::of(&line, flat, feeds[index], r.channels_first(index))
            })
            .collect();
        self.place_weights(&r);
        let frozen =
            lines.iter().filter_map(|line| line.op().parameter().map(|read| read.param.clone()));
        self.frozen = frozen.filter(|p| p.is_frozen()).map(|p| p.path()).collect();
    }

    /// Notes the line that reads each weight first, and its part there.
    fn place_weights<T: Float>(&mut self, r: &Reading<'_, '_, T>) {
        for line in r.lines.iter() {
            for (k, &operand) in line.operands().iter().take(line.arity()).enumerate() {
                let Some(read) =
                    r.lines.get(r.behind_moves(operand)).and_then(|l| l.op().parameter().cloned())
                else {
                    continue;
                };
                let Some(weight) = self.weights.all.iter_mut().find(|w| w.id == read.param.id())
                else {
                    continue;
                };
                if weight.order == usize::MAX {
                    weight.order = line.index();
                    let state = line.op().is::<ops::Recurrent<T>>() && k == 2;
                    weight.role = match (r.matrix(&line).is_some(), k) {
                        (true, 1) => Role::Matrix,
                        (true, 2) => Role::Bias,
                        _ if state => Role::Matrix,
                        _ => Role::Other,
                    };
                }
            }
        }
    }

    /// Reads the start: the results of the layers, and the loss next to the mean of its parts.
    pub(super) fn see_start<T: Float>(&mut self, r: &Reading<'_, '_, T>) {
        let weights = &self.weights.all;
        self.start = start::layers(r, |id| Some(weights.iter().find(|w| w.id == id)?.now.weight));
        let Some(goal) = &self.goal else { return };
        let by_sample = matches!(goal.kind, goal::Kind::Classes) && !goal.weighted;
        let elements = || r.line(goal.prediction).shape().iter().product::<usize>();
        let parts = (if by_sample { self.batch } else { elements() }) as f64;
        let ratio = self.losses.last / goal.first_error;
        if parts > 1.5 && (ratio / parts - 1.0).abs() < 0.02 {
            self.summed = Some((parts, r.line(r.loss).op().name(), r.line(r.loss).at()));
        }
    }
}
