//! The companions of a trainer: those that have a method, and any other.

use wengert_autograd::{Param, Tape, Tensors, Var, Who};
use wengert_optim::ClipNorm;
use wengert_optim::schedule::{ReduceLrOnPlateau, Schedule};
use wengert_tensor::Float;

use super::{Entry, Row, Trainer};
use crate::companions::{ByEpoch, ByStep, ClipValue, EachEpoch, PrintEpochs};
use crate::{Companion, EarlyStopping, Epoch};

impl<'a, T: Float, X: Tensors, Y: Tensors, P: Tensors> Trainer<'a, T, X, Y, P> {
    /// Also measures this, of predictions and targets, as a mean over samples: in training while the weights move, and in
    /// validation. There may be several: the first is in each [`Epoch`], and all are in the [history](crate::History) by their names.
    ///
    /// ```
    /// use wengert_data::{DataLoader, metrics, synth};
    /// use wengert_loss::CrossEntropyLoss;
    /// use wengert_nn::{Linear, Parts};
    /// use wengert_optim::Adam;
    /// use wengert_tensor::Rng;
    /// use wengert_train::Trainer;
    ///
    /// let loader = DataLoader::new(synth::blobs::<f32>(90, 3, 2, 0.5, 0)?, 30)?;
    /// let model = Linear::<f32>::new(2, 3, &mut Rng::new(0));
    /// let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), 0.1));
    /// let history = Trainer::new(&model, &criterion, &mut optimizer)
    ///     .validation(&loader)
    ///     .metric("accuracy", metrics::accuracy)
    ///     .metric("top 2", |scores, labels| metrics::top_k_accuracy(scores, labels, 2))
    ///     .fit(&loader, 3)?;
    /// let top_2 = history.metric_named("top 2").unwrap();
    /// assert!(top_2.validation[2] >= history.epochs[2].validation_metric);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn metric(
        mut self,
        name: impl Into<String>,
        metric: impl Fn(&P, &Y) -> wengert_data::Result<f64> + 'a,
    ) -> Self {
        self.run.add_metric(name.into());
        self.metrics.push(Box::new(metric));
        self
    }

    /// Adds a penalty on the optimiser's parameters to what is minimised, under a name: the *objective* is the loss of the data plus
    /// all penalties. Each is in the [history](crate::History) under its own name. Validation, early stopping and a plateau look at the loss
    /// of the data alone.
    ///
    /// ```
    /// use wengert_data::{DataLoader, synth};
    /// use wengert_loss::{MseLoss, penalty::Penalty};
    /// use wengert_nn::{Linear, Parts};
    /// use wengert_optim::Sgd;
    /// use wengert_tensor::Rng;
    /// use wengert_train::Trainer;
    ///
    /// let loader = DataLoader::full(synth::linear::<f32>(50, 3.0, 4.0, 0.5, 0))?;
    /// let model = Linear::new(1, 1, &mut Rng::new(0));
    /// let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.01));
    /// let history = Trainer::new(&model, &criterion, &mut optimizer)
    ///     .penalty("l2", |tape, parameters| Penalty::l2(0.1).on(tape, parameters))
    ///     .fit(&loader, 3)?;
    /// let (last, l2) = (history.epochs[2], history.penalty("l2").unwrap()[2]);
    /// assert!(l2 > 0.0 && last.objective == last.train_loss + l2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn penalty(
        mut self,
        name: impl Into<String>,
        penalty: impl for<'t> Fn(&'t Tape<T>, &[Param<T>]) -> wengert_autograd::Result<Var<'t, T>> + 'a,
    ) -> Self {
        self.run.add_penalty(name.into());
        self.penalties.push(Box::new(penalty));
        self
    }

    /// The learning rate by step, that is by batch, counted over all epochs; its momentum too, if it has one. With a second rule
    /// for the rate, such as a [`plateau`](Self::plateau), `fit` is an error.
    pub fn schedule(self, schedule: impl Schedule + 'a) -> Self {
        self.put(Row::LearningRate, "schedule", ByStep(schedule))
    }

    /// The learning rate by epoch, the first being 0: as PyTorch's tutorials step their schedulers.
    pub fn schedule_by_epoch(self, schedule: impl Schedule + 'a) -> Self {
        self.put(Row::LearningRate, "schedule_by_epoch", ByEpoch(schedule))
    }

    /// A lower learning rate when the loss stops falling.
    pub fn plateau(self, plateau: ReduceLrOnPlateau) -> Self {
        self.put(Row::LearningRate, "plateau", plateau)
    }

    /// Shortens the gradients of all parameters together to this length before each step. With [`clip_value`](Self::clip_value)
    /// both clip, in the order in which they were added.
    pub fn clip_norm(self, max: f64) -> Self {
        self.put(Row::Clipping, "clip_norm", ClipNorm::new(max))
    }

    /// Bounds each number of the gradients by ±`max` before each step.
    pub fn clip_value(self, max: f64) -> Self {
        self.put(Row::Clipping, "clip_value", ClipValue(max))
    }

    /// Stops when it says so. However training ends, by it or with the last epoch, the model has the best weights then (unless it
    /// says [`keep_last`](EarlyStopping::keep_last)).
    pub fn stopping(self, stopping: EarlyStopping<T>) -> Self {
        self.put(Row::Stopping, "stopping", stopping)
    }

    /// Calls this after each epoch, such as with `|epoch| println!("{epoch}")`; several are called in turn.
    pub fn each_epoch(self, see: impl FnMut(&Epoch) + 'a) -> Self {
        self.put(Row::EachEpoch, "each_epoch", EachEpoch(see))
    }

    /// Prints the table of the [history](crate::History) to standard output, each row when its epoch ends.
    ///
    /// ```
    /// # use wengert_data::{DataLoader, synth};
    /// # use wengert_nn::{Linear, Parts};
    /// # let model = Linear::<f32>::new(1, 1, &mut wengert_tensor::Rng::new(0));
    /// # let (criterion, mut optimizer) = (wengert_loss::MseLoss::new(), wengert_optim::Sgd::new(model.parameters(), 0.01));
    /// # let loader = DataLoader::full(synth::linear(9, 3.0, 4.0, 0.5, 0))?;
    /// # use wengert_train::Trainer;
    /// Trainer::new(&model, &criterion, &mut optimizer).print_epochs().fit(&loader, 2)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```text
    /// epoch      loss  learning rate  seconds
    ///     1   14.8093        1.00e-2     0.00
    ///     2   14.2151        1.00e-2     0.00
    /// ```
    pub fn print_epochs(self) -> Self {
        self.put(Row::Other, "print_epochs", PrintEpochs)
    }

    /// Adds a companion.
    pub fn with<C: Companion<T> + 'a>(self, companion: C) -> Self {
        let kind = Who::of(&companion).kind();
        let same = self.companions.iter().filter(|e| e.name.split(' ').next() == Some(kind));
        let name = match same.count() {
            0 => kind.to_string(),
            n => format!("{kind} {}", n + 1),
        };
        self.put(Row::Other, &name, companion)
    }

    /// The rule that two settings of the learning rate break.
    pub(crate) fn broken_rates(&self) -> Option<String> {
        let mut rates = self.companions.iter().filter(|entry| entry.row == Row::LearningRate);
        let (first, second) = (&rates.next()?.name, &rates.next()?.name);
        Some(format!(
            "Trainer: `{first}` and `{second}` exclude each other: both set the learning rate\n  help: leave one of them out; a rate that warms up and then falls is one schedule"
        ))
    }

    fn put(mut self, row: Row, name: &str, companion: impl Companion<T> + 'a) -> Self {
        if matches!(row, Row::LearningRate | Row::Clipping | Row::Stopping) {
            self.companions.retain(|entry| entry.row != row || entry.name != name);
        }
        let (name, companion) = (name.to_string(), Box::new(companion));
        self.companions.push(Entry { row, name, companion });
        self
    }
}
