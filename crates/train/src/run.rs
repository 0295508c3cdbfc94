//! `Run`: how far a training has come, and what it has measured so far.

use wengert_data::metrics::RunningMean;
use wengert_files::{Entry, Loader, Resume, State};
use wengert_tensor::{Float, Tensor};

use crate::{Epoch, History, PenaltyHistory, Why};

/// The kind of its states.
const KIND: &str = "Run";

/// The progress of a training: what a checkpoint holds beside model, optimiser and companions.
pub(crate) struct Run {
    /// The number of epochs that are done.
    pub(crate) epochs: usize,
    /// The number of batches of the next one that are done.
    pub(crate) batches: usize,
    /// The mean loss of those batches.
    pub(crate) loss: RunningMean,
    /// Their mean metric.
    pub(crate) metric: RunningMean,
    /// Their penalties, in the order of those of the history.
    pub(crate) penalties: Vec<PenaltyMean>,
    /// All epochs, those before a checkpoint included.
    pub(crate) history: History,
    /// The reason why training ended, if it did.
    pub(crate) ended: Option<Ended>,
    /// The seed of the tapes.
    pub(crate) seed: Option<u64>,
    /// The fingerprint of the batches of the epoch that is not finished.
    pub(crate) batches_of_epoch: Option<u64>,
}

/// The end of a training.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) why: Why,
    /// The last epoch that was asked for.
    pub(crate) last: usize,
}

impl Ended {
    /// Whether it ended before it had done what was asked for, so that asking for more changes nothing.
    pub(crate) fn is_early(&self) -> bool {
        !matches!(self.why, Why::Epochs(n) if n >= self.last)
    }
}

/// A penalty on the batches of an epoch.
#[derive(Default)]
pub(crate) struct PenaltyMean {
    /// Of the last batch.
    pub(crate) value: f64,
    mean: RunningMean,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self {
            epochs: 0,
            batches: 0,
            loss: RunningMean::new(),
            metric: RunningMean::new(),
            penalties: Vec::new(),
            history: History::new(),
            ended: None,
            seed: None,
            batches_of_epoch: None,
        }
    }

    /// Goes on where so many epochs are done, of which nothing is known.
    pub(crate) fn restart(&mut self, epochs: usize) {
        let names: Vec<String> = self.history.penalties.drain(..).map(|p| p.name).collect();
        *self = Self { epochs, seed: self.seed, ..Self::new() };
        names.into_iter().for_each(|name| self.add_penalty(name));
    }

    /// Adds a penalty; if there is one of this name already, the name is numbered.
    pub(crate) fn add_penalty(&mut self, name: String) {
        let numbered = (2..).map(|n| format!("{name} {n}"));
        let free = std::iter::once(name.clone())
            .chain(numbered)
            .find(|name| self.history.penalty(name).is_none());
        let penalty = PenaltyHistory { name: free.unwrap_or(name), means: Vec::new() };
        self.history.penalties.push(penalty);
        self.penalties.push(PenaltyMean::default());
    }

    /// Notes the loss and the penalties of a batch.
    pub(crate) fn add(&mut self, loss: f64, samples: usize) {
        self.loss.add(loss, samples);
        self.penalties.iter_mut().for_each(|found| found.mean.add(found.value, samples));
    }

    /// The mean loss and the mean objective of the epoch, whose penalties are noted in the history.
    pub(crate) fn take(&mut self, diverged: bool) -> (f64, f64) {
        let whole = |mean: f64| if diverged { f64::NAN } else { mean };
        let loss = whole(self.loss.take());
        let mut objective = loss;
        for (found, history) in self.penalties.iter_mut().zip(&mut self.history.penalties) {
            let mean = whole(found.mean.take());
            objective += mean;
            history.means.push(mean);
        }
        (loss, objective)
    }
}

impl<T: Float> Resume<T> for Run {
    fn state(&self) -> State<T> {
        let mut state = State::of(KIND);
        let mut number = |name: String, x: f64| state.insert_number(name, x);
        number("epochs".into(), self.epochs as f64);
        number("batches".into(), self.batches as f64);
        for (name, mean) in [("loss", &self.loss), ("metric", &self.metric)] {
            number(format!("{name}.sum"), mean.sum());
            number(format!("{name}.count"), mean.count() as f64);
        }
        for (found, PenaltyHistory { name, means }) in
            self.penalties.iter().zip(&self.history.penalties)
        {
            number(format!("penalty.{name}.sum"), found.mean.sum());
            number(format!("penalty.{name}.count"), found.mean.count() as f64);
            for (i, &mean) in means.iter().enumerate().filter(|(_, mean)| !mean.is_nan()) {
                number(format!("history.{i}.penalty.{name}"), mean);
            }
        }
        for (i, epoch) in self.history.epochs.iter().enumerate() {
            number(format!("history.{i}.number"), epoch.number as f64);
            for (name, x) in measures(epoch) {
                // What is no number is left out, and is none when it comes back.
                if let Some(x) = x.filter(|x| !x.is_nan()) {
                    number(format!("history.{i}.{name}"), x);
                }
            }
        }
        if let Some(Ended { why, last }) = self.ended {
            let (code, value) = why.code();
            number("ended.why".into(), code);
            number("ended.value".into(), value);
            number("ended.last".into(), last as f64);
        }
        for (name, bits) in [("seed", self.seed), ("order", self.batches_of_epoch)] {
            if let Some(bits) = bits {
                state.insert_entry(name, Entry::Int(Tensor::scalar(bits.cast_signed())));
            }
        }
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let mut loader = Loader::new(KIND, state)?;
        let [epochs, batches] = ["epochs", "batches"].map(|name| loader.count(name) as usize);
        let mean = |loader: &mut Loader<T>, name: &str| {
            let sum = loader.number(&format!("{name}.sum"));
            RunningMean::of(sum, loader.count(&format!("{name}.count")) as usize)
        };
        let [loss, metric] = ["loss", "metric"].map(|name| mean(&mut loader, name));
        let mut penalties = self.history.penalties.clone();
        let running = penalties.iter().map(|penalty| PenaltyMean {
            value: 0.0,
            mean: mean(&mut loader, &format!("penalty.{}", penalty.name)),
        });
        let running: Vec<PenaltyMean> = running.collect();
        penalties.iter_mut().for_each(|penalty| penalty.means.clear());
        let mut history = Vec::new();
        while loader.has(&format!("history.{}.number", history.len())) {
            let i = history.len();
            let number = loader.count(&format!("history.{i}.number")) as usize;
            let mut measure = |name: &str| {
                let name = format!("history.{i}.{name}");
                loader.has(&name).then(|| loader.number(&name))
            };
            let train_loss = measure("train_loss").unwrap_or(f64::NAN);
            let mut objective = train_loss;
            for PenaltyHistory { name, means } in &mut penalties {
                let mean = measure(&format!("penalty.{name}")).unwrap_or(f64::NAN);
                objective += mean;
                means.push(mean);
            }
            history.push(Epoch {
                number,
                train_loss,
                objective,
                train_metric: measure("train_metric"),
                validation_loss: measure("validation_loss"),
                validation_metric: measure("validation_metric"),
                learning_rate: measure("learning_rate").unwrap_or(f64::NAN),
                seconds: measure("seconds").unwrap_or(f64::NAN),
            });
        }
        let ended = loader.has("ended.why").then(|| {
            let (code, value) = (loader.number("ended.why"), loader.number("ended.value"));
            Ended { why: Why::of_code(code, value), last: loader.count("ended.last") as usize }
        });
        let mut bits = |name: &str| {
            let bits = if loader.has(name) { loader.ints(name, &[]) } else { None };
            bits.and_then(|bits| bits.item().ok()).map(i64::cast_unsigned)
        };
        let (seed, batches_of_epoch) = (bits("seed"), bits("order"));
        loader.finish()?;
        (self.ended, self.batches_of_epoch) = (ended, batches_of_epoch);
        self.seed = seed.or(self.seed);
        (self.epochs, self.batches, self.loss, self.metric) = (epochs, batches, loss, metric);
        (self.history.epochs, self.history.penalties) = (history, penalties);
        self.penalties = running;
        Ok(())
    }
}

fn measures(epoch: &Epoch) -> [(&'static str, Option<f64>); 6] {
    [
        ("train_loss", Some(epoch.train_loss)),
        ("train_metric", epoch.train_metric),
        ("validation_loss", epoch.validation_loss),
        ("validation_metric", epoch.validation_metric),
        ("learning_rate", Some(epoch.learning_rate)),
        ("seconds", Some(epoch.seconds)),
    ]
}
