//! `Run`: how far a training has come, and what it has measured so far.

use wengert_data::metrics::RunningMean;
use wengert_optim::{Loader, Resume, State};
use wengert_tensor::Float;

use crate::{Epoch, History};

/// The kind of its states.
const KIND: &str = "Run";

/// How far a training has come: what a checkpoint holds beside model, optimiser and companions.
pub(crate) struct Run {
    /// How many epochs are done.
    pub(crate) epochs: usize,
    /// How many batches of the next one are done.
    pub(crate) batches: usize,
    /// The mean loss of those batches.
    pub(crate) loss: RunningMean,
    /// Their mean metric.
    pub(crate) metric: RunningMean,
    /// All epochs, those before a checkpoint included.
    pub(crate) history: History,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self {
            epochs: 0,
            batches: 0,
            loss: RunningMean::new(),
            metric: RunningMean::new(),
            history: History::new(None),
        }
    }
}

impl<T: Float> Resume<T> for Run {
    fn state(&self) -> State<T> {
        let mut state = State::of(KIND);
        let mut number = |name: String, x: f64| state.scalars.insert(name, x);
        number("epochs".into(), self.epochs as f64);
        number("batches".into(), self.batches as f64);
        for (name, mean) in [("loss", &self.loss), ("metric", &self.metric)] {
            number(format!("{name}.sum"), mean.sum());
            number(format!("{name}.count"), mean.count() as f64);
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
        state
    }

    #[track_caller]
    fn load_state(&mut self, state: State<T>) -> wengert_optim::Result<()> {
        let mut loader = Loader::new(KIND, state)?;
        let [epochs, batches] = ["epochs", "batches"].map(|name| loader.count(name) as usize);
        let [loss, metric] = ["loss", "metric"].map(|name| {
            let sum = loader.number(&format!("{name}.sum"));
            RunningMean::of(sum, loader.count(&format!("{name}.count")) as usize)
        });
        let mut history = Vec::new();
        while loader.has_number(&format!("history.{}.number", history.len())) {
            let i = history.len();
            let number = loader.count(&format!("history.{i}.number")) as usize;
            let mut measure = |name: &str| {
                let name = format!("history.{i}.{name}");
                loader.has_number(&name).then(|| loader.number(&name))
            };
            history.push(Epoch {
                number,
                train_loss: measure("train_loss").unwrap_or(f64::NAN),
                train_metric: measure("train_metric"),
                validation_loss: measure("validation_loss"),
                validation_metric: measure("validation_metric"),
                learning_rate: measure("learning_rate").unwrap_or(f64::NAN),
                seconds: measure("seconds").unwrap_or(f64::NAN),
            });
        }
        loader.finish()?;
        (self.epochs, self.batches, self.loss, self.metric) = (epochs, batches, loss, metric);
        self.history.epochs = history;
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
