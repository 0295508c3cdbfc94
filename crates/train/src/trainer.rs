//! `Trainer`: the loop with its usual company (a schedule, clipping, validation, a metric, early stopping, a line of progress).

use std::fmt;
use std::panic::Location;
use std::time::Instant;

use wengert_data::{DataLoader, Dataset, TensorDataset};
use wengert_loss::Loss;
use wengert_nn::{Module, check_parameters};
use wengert_optim::Optimizer;
use wengert_optim::schedule::{ReduceLrOnPlateau, Schedule};
use wengert_tensor::{Element, Float, Tensor};

use crate::epoch::Round;
use crate::watch::{Clip, Metric, Rate, Stepping, Watched};
use crate::{
    Cause, Checkpoint, EarlyStopping, Epoch, Error, History, Progress, Result, Stopped, Why,
    evaluate,
};

/// The loop as an object. It is sugar: an epoch is [`train_epoch`](crate::train_epoch), a validation is [`evaluate`], and it keeps nothing to itself, for
/// model, loss and optimiser stay yours. When it does not do what you need, write the five lines.
///
/// A loss of your own is a closure in [`custom`](wengert_loss::custom). A model that draws at random, as with dropout, needs a
/// [`seed`](Self::seed).
///
/// ```
/// use wengert_data::{DataLoader, metrics, synth};
/// use wengert_loss::CrossEntropyLoss;
/// use wengert_nn::{Linear, Parts, Sequential, Tanh};
/// use wengert_optim::Adam;
/// use wengert_tensor::Rng;
/// use wengert_train::{EarlyStopping, Trainer};
/// use wengert_viz::Chart;
///
/// let (train, test) = synth::moons::<f32>(300, 0.1, 0).split(0.3, 0)?;
/// let (train_loader, test_loader) = (DataLoader::new(train, 30)?.shuffle(0), DataLoader::full(test)?);
/// let rng = &mut Rng::new(0);
/// let model = Sequential::new().with(Linear::new(2, 16, rng)).with(Tanh).with(Linear::new(16, 2, rng));
/// let criterion = CrossEntropyLoss::new();
/// let mut optimizer = Adam::new(model.parameters(), 0.02);
///
/// let history = Trainer::new(&model, &criterion, &mut optimizer)
///     .validation(&test_loader)
///     .metric("accuracy", metrics::accuracy)
///     .clip_norm(5.0)
///     .stopping(EarlyStopping::new().patience(10))
///     .fit(&train_loader, 60)?;
///
/// let best = history.best().unwrap();
/// assert!(best.validation_loss.unwrap() < 0.2 && best.validation_metric.unwrap() > 0.9, "{history}");
/// let chart = Chart::new("loss")
///     .x_label("epoch")
///     .line("train", history.train_losses())
///     .line("validation", history.validation_losses());
/// # assert!(chart.to_svg().contains("validation"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What it does when it is told nothing, printed by `{}`:
///
/// ```
/// # use wengert_loss::MseLoss;
/// # use wengert_nn::{Linear, Parts};
/// # use wengert_optim::Sgd;
/// # use wengert_tensor::Rng;
/// # use wengert_train::Trainer;
/// # let model = Linear::<f32>::new(1, 1, &mut Rng::new(0));
/// # let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.01));
/// # let loader = wengert_data::DataLoader::full(wengert_data::synth::linear(9, 3.0, 4.0, 0.5, 0))?;
/// let mut trainer = Trainer::new(&model, &criterion, &mut optimizer);
/// assert_eq!(trainer.to_string(), "\
/// learning rate   0.01, and stays
/// clipping        none
/// validation      none
/// metric          none
/// early stopping  none: all epochs, the last weights; a loss that is not finite is an error
/// progress        on a terminal
/// next epoch      1
/// ");
/// trainer.fit(&loader, 10)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a trainer does nothing before `fit`"]
pub struct Trainer<'a, T: Float, Y: Element, M: ?Sized, L, O: ?Sized, V = TensorDataset<T, Y>> {
    model: &'a M,
    criterion: &'a L,
    optimizer: &'a mut O,
    validation: Option<&'a DataLoader<V>>,
    with: Settings<'a, T, Y>,
}

/// What is called after each epoch.
type See<'a> = Box<dyn FnMut(&Epoch) + 'a>;

struct Settings<'a, T: Float, Y: Element> {
    rate: Rate<'a>,
    clip: Clip,
    metric: Option<(String, Metric<'a, T, Y>)>,
    stopping: Option<EarlyStopping<T>>,
    each: Option<See<'a>>,
    progress: bool,
    done: usize,
    seed: Option<u64>,
    file: Option<std::path::PathBuf>,
}

impl<'a, T, Y, M, L, O> Trainer<'a, T, Y, M, L, O>
where
    T: Float,
    Y: Element,
    M: Module<T> + ?Sized,
    L: for<'t, 'b> Loss<'t, T, &'b Tensor<Y>>,
    O: Optimizer<T> + ?Sized,
{
    /// For this model, loss and optimiser.
    pub fn new(model: &'a M, criterion: &'a L, optimizer: &'a mut O) -> Self {
        let with = Settings {
            rate: Rate::Stays,
            clip: Clip::None,
            metric: None,
            stopping: None,
            each: None,
            progress: true,
            done: 0,
            seed: None,
            file: None,
        };
        Self { model, criterion, optimizer, validation: None, with }
    }
}

impl<'a, T, Y, M, L, O, V> Trainer<'a, T, Y, M, L, O, V>
where
    T: Float,
    Y: Element,
    M: Module<T> + ?Sized,
    O: Optimizer<T> + ?Sized,
    V: Dataset<Batch = (Tensor<T>, Tensor<Y>)>,
{
    /// Evaluates on these samples after each epoch. Their loss is then what early stopping and a plateau go by; without them it is
    /// that of training.
    pub fn validation<W>(self, loader: &'a DataLoader<W>) -> Trainer<'a, T, Y, M, L, O, W> {
        let Self { model, criterion, optimizer, with, .. } = self;
        Trainer { model, criterion, optimizer, validation: Some(loader), with }
    }

    /// Also measures this, of predictions and targets, as a mean over samples: in training while the weights move, and in
    /// validation.
    pub fn metric(
        mut self,
        name: impl Into<String>,
        metric: impl Fn(&Tensor<T>, &Tensor<Y>) -> wengert_data::Result<f64> + 'a,
    ) -> Self {
        self.with.metric = Some((name.into(), Box::new(metric)));
        self
    }

    /// The learning rate by step, that is by batch, counted over all epochs; its momentum too, if it has one.
    pub fn schedule(mut self, schedule: impl Schedule + 'a) -> Self {
        self.with.rate = Rate::BySteps(Box::new(schedule));
        self
    }

    /// The learning rate by epoch, the first being 0: as PyTorch's tutorials step their schedulers.
    pub fn schedule_by_epoch(mut self, schedule: impl Schedule + 'a) -> Self {
        self.with.rate = Rate::ByEpochs(Box::new(schedule));
        self
    }

    /// A lower learning rate when the loss stops falling.
    pub fn plateau(mut self, plateau: ReduceLrOnPlateau) -> Self {
        self.with.rate = Rate::Plateau(plateau);
        self
    }

    /// Shortens the gradients of all parameters together to this length before each step.
    pub fn clip_norm(mut self, max: f64) -> Self {
        self.with.clip = Clip::Norm(max);
        self
    }

    /// Bounds each number of the gradients by ±`max` before each step.
    pub fn clip_value(mut self, max: f64) -> Self {
        self.with.clip = Clip::Value(max);
        self
    }

    /// Stops when it says so. However training ends, by it or with the last epoch, the model has the best weights then (unless it
    /// says [`keep_last`](EarlyStopping::keep_last)).
    pub fn stopping(mut self, stopping: EarlyStopping<T>) -> Self {
        self.with.stopping = Some(stopping);
        self
    }

    /// The seed of all that is random on the tapes (dropout): the draws are a function of the seed, the epoch and the batch, as
    /// in [`train_epoch_seeded`](crate::train_epoch_seeded). A model that draws needs one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.with.seed = Some(seed);
        self
    }

    /// Calls this after each epoch, such as with `|epoch| println!("{epoch}")`.
    pub fn each_epoch(mut self, see: impl FnMut(&Epoch) + 'a) -> Self {
        self.with.each = Some(Box::new(see));
        self
    }

    /// Draws no line of progress, even on a terminal.
    pub fn silent(mut self) -> Self {
        self.with.progress = false;
        self
    }

    /// Goes on where so many epochs are done, as after a [`Checkpoint`](crate::Checkpoint): the order of samples, what is drawn at random
    /// and the schedule are those of the epochs that come then.
    pub fn epochs_done(mut self, epochs: usize) -> Self {
        self.with.done = epochs;
        self
    }

    /// All that training goes on from: model, optimiser, epochs done; and the plateau and early stopping, if there are any, with
    /// the best weights so far.
    ///
    /// Early stopping gives the model its best weights when `fit` ends. [`checkpoint_to`](Self::checkpoint_to) saves those of the
    /// last epoch, from which training goes on as if it had not ended.
    pub fn checkpoint(&self) -> Checkpoint<T> {
        let mut checkpoint = Checkpoint::of(self.model, &*self.optimizer, self.with.done);
        if let Rate::Plateau(plateau) = &self.with.rate {
            checkpoint = checkpoint.with("plateau", plateau);
        }
        match &self.with.stopping {
            Some(stopping) => checkpoint.with("stopping", stopping),
            None => checkpoint,
        }
    }

    /// Writes a [`checkpoint`](Self::checkpoint) to this file after each epoch.
    pub fn checkpoint_to(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.with.file = Some(path.into());
        self
    }

    /// Goes on from a checkpoint of a trainer with the same settings: the next epochs are those that it would have made, to the
    /// bit.
    ///
    /// # Errors
    /// If it does not fit the model, the optimiser, the plateau or early stopping.
    #[track_caller]
    pub fn resume(mut self, checkpoint: &Checkpoint<T>) -> Result<Self> {
        let mut stopping = self.with.stopping.clone();
        if let Some(stopping) = &mut stopping {
            checkpoint.restore_into("stopping", stopping)?;
        }
        if let Rate::Plateau(plateau) = &mut self.with.rate {
            checkpoint.restore_into("plateau", plateau)?;
        }
        self.with.done = checkpoint.restore(self.model, self.optimizer)?;
        self.with.stopping = stopping;
        Ok(self)
    }

    /// Trains for so many epochs, or until early stopping ends it. Called again, it goes on from there. It first sees to it
    /// that the forward pass uses the parameters that the model names, and no others.
    ///
    /// # Errors
    /// As [`train_epoch`](crate::train_epoch), [`evaluate`] and [`check_parameters`]; those of clipping and of the metric; and
    /// [`Error::NotFinite`] if the loss of a batch is not finite: because of the data, or because training diverged and there are
    /// no better weights to go back to.
    #[track_caller]
    pub fn fit<D>(&mut self, loader: &DataLoader<D>, epochs: usize) -> Result<History>
    where
        D: Dataset<Batch = (Tensor<T>, Tensor<Y>)>,
        L: for<'t, 'b> Loss<'t, T, &'b Tensor<Y>>,
    {
        let at = Location::caller();
        if let Some((inputs, _)) = loader.epoch(self.with.done).next() {
            check_parameters(self.model, &inputs)?;
        }
        let metric = self.with.metric.as_ref();
        let watched = Watched::new(self.criterion, metric.map(|(_, metric)| metric));
        let mut history = History::new(metric.map(|(name, _)| name.clone()));
        let last = self.with.done + epochs;
        let mut progress = Progress::new("", epochs * loader.batches());
        if !self.with.progress {
            progress = progress.silent();
        }
        if let Some(stopping) = &mut self.with.stopping {
            stopping.begin_after(self.with.done);
            stopping.end_after(epochs);
        }
        while self.with.done < last && history.stopped.is_none() {
            let (number, started) = (self.with.done, Instant::now());
            progress.label(format!("Epoch {}/{last}", number + 1));
            if let Rate::ByEpochs(schedule) = &self.with.rate {
                self.optimizer.set_learning_rate(schedule.at(number));
            }
            let mut stepping = Stepping {
                optimizer: &mut *self.optimizer,
                rate: &self.with.rate,
                clip: self.with.clip,
                step: number * loader.batches(),
                watched: &watched,
                progress: &mut progress,
            };
            let round = Round { epoch: number, seed: self.with.seed, at };
            let trained = round.run(self.model, &watched, &mut stepping, loader);
            let can_go_back = self.with.stopping.as_ref().is_some_and(EarlyStopping::has_best);
            let (train_loss, diverged) = match watched.or_what_failed(trained) {
                Ok(loss) => (loss, false),
                Err(error) if error.is_divergence() && can_go_back => (f64::NAN, true),
                Err(error) => return Err(error.on_line(at)),
            };
            let learning_rate = self.optimizer.learning_rate();
            let train_metric = watched.take_metric();
            let mut validation_loss = None;
            if let Some(loader) = self.validation.filter(|_| !diverged) {
                let evaluated = evaluate(self.model, &watched, loader);
                let evaluated = watched.or_what_failed(evaluated);
                validation_loss = Some(evaluated.map_err(|error| error.on_line(at))?);
            }
            let validation_metric = watched.take_metric();
            let epoch = Epoch {
                number: number + 1,
                train_loss,
                train_metric,
                validation_loss,
                validation_metric,
                learning_rate,
                seconds: started.elapsed().as_secs_f64(),
            };
            self.with.done += 1;
            progress.clear();
            if let Some(see) = &mut self.with.each {
                see(&epoch);
            }
            let loss = epoch.loss();
            history.epochs.push(epoch);
            if let Rate::Plateau(plateau) = &mut self.with.rate {
                self.optimizer.set_learning_rate(plateau.step(loss));
            }
            let why = match &mut self.with.stopping {
                Some(stopping) => stopping.why(self.model, loss)?,
                None => None,
            };
            // Before early stopping gives the model other weights.
            if let Some(file) = self.with.file.as_ref().filter(|_| loss.is_finite()) {
                self.checkpoint().save(file)?;
            }
            let stopped = match (why, &self.with.stopping) {
                (Some(why), Some(stopping)) => Some(stopping.stop(self.model, why)?),
                _ => None,
            };
            history.stopped = stopped;
            let restored = stopped.is_some_and(|s: Stopped| s.why == Why::NotFinite && s.restored);
            let bad_data = if loss.is_finite() { None } else { self.bad_validation() };
            if !loss.is_finite() && (bad_data.is_some() || !restored) {
                let cause = bad_data.unwrap_or_else(|| Cause::of_training(&*self.optimizer));
                let epoch = number + 1;
                return Err(Error::Validation { loss, epoch, cause, learning_rate, at });
            }
        }
        Ok(history)
    }

    /// What is not finite in the validation data, if anything is.
    #[cold]
    fn bad_validation(&self) -> Option<Cause> {
        let loader = self.validation?;
        loader.epoch(0).find_map(|(inputs, targets)| Cause::in_batch(&inputs, &targets))
    }
}

impl<T, Y, M, L, O, V> fmt::Display for Trainer<'_, T, Y, M, L, O, V>
where
    T: Float,
    Y: Element,
    M: ?Sized,
    O: Optimizer<T> + ?Sized,
    V: Dataset,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = &self.with;
        let rate = self.optimizer.learning_rate();
        match &with.rate {
            Rate::Stays => writeln!(f, "learning rate   {rate}, and stays")?,
            Rate::BySteps(_) => writeln!(f, "learning rate   by a schedule, step by step")?,
            Rate::ByEpochs(_) => writeln!(f, "learning rate   by a schedule, epoch by epoch")?,
            Rate::Plateau(_) => writeln!(f, "learning rate   lowered when the loss stops falling")?,
        }
        match with.clip {
            Clip::None => writeln!(f, "clipping        none")?,
            Clip::Norm(max) => {
                writeln!(f, "clipping        all gradients together to length {max}")?
            }
            Clip::Value(max) => writeln!(f, "clipping        each number to ±{max}")?,
        }
        match self.validation {
            None => writeln!(f, "validation      none")?,
            Some(loader) => {
                writeln!(f, "validation      {} samples after each epoch", loader.samples())?;
            }
        }
        let metric = with.metric.as_ref().map_or("none", |(name, _)| name.as_str());
        writeln!(f, "metric          {metric}")?;
        match &with.stopping {
            None => writeln!(
                f,
                "early stopping  none: all epochs, the last weights; a loss that is not finite is an error"
            )?,
            Some(stopping) => writeln!(f, "early stopping  {stopping}")?,
        }
        let progress = if with.progress { "on a terminal" } else { "none" };
        writeln!(f, "progress        {progress}")?;
        writeln!(f, "next epoch      {}", with.done + 1)
    }
}

impl<T, Y, M, L, O, V> fmt::Debug for Trainer<'_, T, Y, M, L, O, V>
where
    T: Float,
    Y: Element,
    M: ?Sized,
    O: Optimizer<T> + ?Sized,
    V: Dataset,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trainer:\n{self}")
    }
}
