//! `Rate`: the learning rate over time.

/// The learning rate over time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    pub(crate) now: f64,
    pub(crate) most: f64,
    /// The step since which it is next to nothing.
    pub(crate) gone_since: Option<usize>,
}

impl Rate {
    /// Notes the rate of a step.
    pub(crate) fn see(&mut self, rate: f64, step: usize) {
        self.now = rate;
        self.most = self.most.max(rate);
        if rate > 1e-6 * self.most {
            self.gone_since = None;
        } else if self.gone_since.is_none() {
            self.gone_since = Some(step);
        }
    }
}
