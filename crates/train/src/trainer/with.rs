//! The companions of a trainer: those that have a method, and any other.

use wengert_autograd::Tensors;
use wengert_optim::schedule::{ReduceLrOnPlateau, Schedule};
use wengert_tensor::Float;

use super::{Entry, Row, Trainer};
use crate::companions::{ByEpoch, ByStep, ClipTo, ClipValue, EachEpoch, PrintEpochs};
use crate::{Companion, EarlyStopping, Epoch};

impl<'a, T: Float, X: Tensors, Y: Tensors, P: Tensors> Trainer<'a, T, X, Y, P> {
    /// The learning rate by step, that is by batch, counted over all epochs; its momentum too, if it has one.
    pub fn schedule(self, schedule: impl Schedule + 'a) -> Self {
        self.put(Row::LearningRate, "schedule", ByStep(schedule))
    }

    /// The learning rate by epoch, the first being 0: as PyTorch's tutorials step their schedulers.
    pub fn schedule_by_epoch(self, schedule: impl Schedule + 'a) -> Self {
        self.put(Row::LearningRate, "schedule", ByEpoch(schedule))
    }

    /// A lower learning rate when the loss stops falling.
    pub fn plateau(self, plateau: ReduceLrOnPlateau) -> Self {
        self.put(Row::LearningRate, "plateau", plateau)
    }

    /// Shortens the gradients of all parameters together to this length before each step.
    pub fn clip_norm(self, max: f64) -> Self {
        self.put(Row::Clipping, "clip", ClipTo(max))
    }

    /// Bounds each number of the gradients by ±`max` before each step.
    pub fn clip_value(self, max: f64) -> Self {
        self.put(Row::Clipping, "clip", ClipValue(max))
    }

    /// Stops when it says so. However training ends, by it or with the last epoch, the model has the best weights then (unless it
    /// says [`keep_last`](EarlyStopping::keep_last)).
    pub fn stopping(self, stopping: EarlyStopping<T>) -> Self {
        self.put(Row::Stopping, "stopping", stopping)
    }

    /// Calls this after each epoch, such as with `|epoch| println!("{epoch}")`.
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
        let whole = std::any::type_name::<C>();
        let path = whole.split('<').next().unwrap_or(whole);
        let kind = path.rsplit("::").next().unwrap_or(path);
        let same = self.companions.iter().filter(|e| e.name.split(' ').next() == Some(kind));
        let name = match same.count() {
            0 => kind.to_string(),
            n => format!("{kind} {}", n + 1),
        };
        self.put(Row::Other, &name, companion)
    }

    fn put(mut self, row: Row, name: &str, companion: impl Companion<T> + 'a) -> Self {
        if row != Row::Other {
            self.companions.retain(|entry| entry.row != row);
        }
        let (name, companion) = (name.to_string(), Box::new(companion));
        self.companions.push(Entry { row, name, companion });
        self
    }
}
