//! `Run`: how far a training has come, and what it has measured so far.

use wengert_data::metrics::RunningMean;
use wengert_files::{Entry, Loader, Resume, State};
use wengert_tensor::{Float, Tensor, compiled};

use crate::{Epoch, History, MetricHistory, PenaltyHistory, Why};

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
    /// Their mean metrics, in the order of those of the history.
    pub(crate) metrics: Vec<RunningMean>,
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
            metrics: Vec::new(),
            penalties: Vec::new(),
            history: History::new(),
            ended: None,
            seed: None,
            batches_of_epoch: None,
        }
    }

    /// Goes on where so many epochs are done, of which nothing is known.
    pub(crate) fn restart(&mut self, epochs: usize) {
        let metrics: Vec<String> = self.history.metrics.drain(..).map(|m| m.name).collect();
        let names: Vec<String> = self.history.penalties.drain(..).map(|p| p.name).collect();
        *self = Self { epochs, seed: self.seed, ..Self::new() };
        metrics.into_iter().for_each(|name| self.add_metric(name));
        names.into_iter().for_each(|name| self.add_penalty(name));
    }

    /// Adds a metric; if there is one of this name already, the name is numbered.
    pub(crate) fn add_metric(&mut self, name: String) {
        let name = free(name, |name| self.history.metric_named(name).is_some());
        // Of the epochs before it nothing is known.
        let none = vec![None; self.history.epochs.len()];
        self.history.metrics.push(MetricHistory { name, train: none.clone(), validation: none });
        self.metrics.push(RunningMean::new());
    }

    /// Adds a penalty; if there is one of this name already, the name is numbered.
    pub(crate) fn add_penalty(&mut self, name: String) {
        let name = free(name, |name| self.history.penalty(name).is_some());
        let penalty = PenaltyHistory { name, means: Vec::new() };
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

/// This name, or with the first number that makes it another than those that are taken.
fn free(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|n| format!("{name} {n}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name));
    free.unwrap_or(name)
}

impl<T: Float> Resume<T> for Run {
    #[inline(never)]
    fn state(&self) -> State<T> {
        let mut state = State::of(KIND);
        let mut number = |name: String, x: f64| state.insert_number(name, x);
        number("epochs".into(), self.epochs as f64);
        number("batches".into(), self.batches as f64);
        // The first metric has no name there, as when there was only one, and its means are those of the epochs.
        let first = self.metrics.first().copied().unwrap_or_default();
        let mut means = vec![("loss".to_string(), self.loss), ("metric".to_string(), first)];
        for (&mean, metric) in self.metrics.iter().zip(&self.history.metrics).skip(1) {
            means.push((format!("metrics.{}", metric.name), mean));
            for (place, all) in [("train", &metric.train), ("validation", &metric.validation)] {
                for (i, mean) in all.iter().enumerate() {
                    if let Some(mean) = mean.filter(|mean| !mean.is_nan()) {
                        number(format!("metrics.{}.{place}.{i}", metric.name), mean);
                    }
                }
            }
        }
        for (name, mean) in means {
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
    #[inline(never)]
    fn load_state(&mut self, state: State<T>) -> wengert_files::Result<()> {
        let mut loader = Loader::new(KIND, state)?;
        let [epochs, batches] = ["epochs", "batches"].map(|name| loader.count(name) as usize);
        let mean = |loader: &mut Loader<T>, name: &str| {
            let sum = loader.number(&format!("{name}.sum"));
            RunningMean::of(sum, loader.count(&format!("{name}.count")) as usize)
        };
        let [loss, first] = ["loss", "metric"].map(|name| mean(&mut loader, name));
        let mut histories = self.history.metrics.clone();
        let mut metrics = Vec::new();
        for (i, metric) in histories.iter_mut().enumerate() {
            metrics.push(match format!("metrics.{}", metric.name) {
                _ if i == 0 => first,
                name if loader.has(&format!("{name}.sum")) => mean(&mut loader, &name),
                _ => RunningMean::new(),
            });
            (metric.train, metric.validation) = (Vec::new(), Vec::new());
        }
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
            let [train_metric, validation_metric] =
                ["train_metric", "validation_metric"].map(&mut measure);
            history.push(Epoch {
                number,
                train_loss,
                objective,
                train_metric,
                validation_loss: measure("validation_loss"),
                validation_metric,
                learning_rate: measure("learning_rate").unwrap_or(f64::NAN),
                seconds: measure("seconds").unwrap_or(f64::NAN),
            });
        }
        for (k, metric) in histories.iter_mut().enumerate() {
            for (i, epoch) in history.iter().enumerate() {
                let mut at = |place: &str| {
                    let name = format!("metrics.{}.{place}.{i}", metric.name);
                    loader.has(&name).then(|| loader.number(&name))
                };
                metric.train.push(if k == 0 { epoch.train_metric } else { at("train") });
                let validation = if k == 0 { epoch.validation_metric } else { at("validation") };
                metric.validation.push(validation);
            }
        }
        // Those that are measured no more.
        loader.under("metrics.");
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
        (self.epochs, self.batches, self.loss, self.metrics) = (epochs, batches, loss, metrics);
        (self.history.epochs, self.history.penalties) = (history, penalties);
        self.history.metrics = histories;
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

compiled!(f32: { <Run as Resume<T>>::state, <Run as Resume<T>>::load_state });
