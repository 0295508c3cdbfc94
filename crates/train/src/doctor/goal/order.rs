//! The order of samples: whether the classes of a step are those of the step before.

/// The least number of pairs of steps that say anything.
const PAIRS: f64 = 12.0;

/// The classes of steps that follow one another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    before: Vec<f64>,
    now: Vec<f64>,
    all: Vec<f64>,
    last_step: Option<usize>,
    /// The probability that a sample of a step and one of the next are of one class, summed over pairs of steps.
    agreement: f64,
    pairs: f64,
    samples: f64,
}

impl Order {
    pub(crate) fn new(classes: usize) -> Self {
        let zeros = || vec![0.0; classes];
        Self { before: zeros(), now: zeros(), all: zeros(), ..Self::default() }
    }

    /// Adds a sample of this step.
    pub(crate) fn add(&mut self, class: usize) {
        if let Some(count) = self.now.get_mut(class) {
            *count += 1.0;
        }
    }

    /// Ends a step.
    pub(crate) fn end(&mut self, step: usize) {
        let (now, before): (f64, f64) = (self.now.iter().sum(), self.before.iter().sum());
        let follows = self.last_step.is_some_and(|last| last + 1 == step);
        if follows && now > 0.0 && before > 0.0 {
            let both: f64 = self.now.iter().zip(&self.before).map(|(a, b)| a * b).sum();
            self.agreement += both / (now * before);
            self.pairs += 1.0;
            self.samples = now;
        }
        self.all.iter_mut().zip(&self.now).for_each(|(all, now)| *all += now);
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.fill(0.0);
        self.last_step = Some(step);
    }

    /// The probability that two samples of steps in a row are of one class, and that of any two, if the first is so much larger that the
    /// samples cannot stand in a random order.
    pub(crate) fn sorted(&self) -> Option<(f64, f64)> {
        let all: f64 = self.all.iter().sum();
        let chance = self.all.iter().map(|n| n / all * (n / all)).sum::<f64>();
        let agreement = self.agreement / self.pairs;
        let draws = self.pairs * self.samples.min(4.0);
        let error = (chance * (1.0 - chance) / draws).sqrt();
        let far = agreement > 0.5 + 0.5 * chance && agreement - chance > 3.8 * error;
        (self.pairs >= PAIRS && far).then_some((agreement, chance))
    }
}
