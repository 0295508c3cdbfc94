//! `Trainer`: the loop as an object, and its settings.

use std::fmt;
use std::panic::Location;

use wengert_autograd::{Param, Tape, Tensors, Var};
use wengert_data::{DataLoader, Dataset};
use wengert_loss::Loss;
use wengert_nn::{Module, Parts, check_parameters, check_parameters_on};
use wengert_optim::Optimizer;
use wengert_optim::schedule::{ReduceLrOnPlateau, Schedule};
use wengert_tensor::{Float, Tensor};

use crate::companions::{ByEpoch, ByStep, ClipTo, ClipValue, EachEpoch, PrintEpochs};
use crate::run::Run;
use crate::{
    Checkpoint, Checkpoints, Companion, Config, EarlyStopping, Epoch, Error, History, Result,
};

/// The loop as an object: the five lines of [`train_epoch`](crate::train_epoch), and a list of [`Companion`]s that are called
/// between them. Model, loss and optimiser stay yours. The inputs are whatever the model takes: floats, tokens, a pair of both.
///
/// The methods that name a schedule, clipping, early stopping and the like each add a companion; [`with`](Self::with) adds one of
/// your own.
///
/// A loss of your own is a closure in [`custom`](wengert_loss::custom); what is no model and loss at all is a closure in
/// [`Trainer::custom`]. A model that draws at random, as with dropout, needs a
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
pub struct Trainer<'a, T: Float, X: Tensors, Y: Tensors, P: Tensors = Tensor<T>> {
    pub(crate) model: Box<dyn Parts<T> + 'a>,
    pub(crate) optimizer: &'a mut (dyn Optimizer<T> + 'a),
    pub(crate) pass: Pass<'a, T, X, Y, P>,
    pub(crate) check: Check<'a, X>,
    pub(crate) companions: Vec<Entry<'a, T>>,
    pub(crate) metric: Option<(String, Metric<'a, Y, P>)>,
    pub(crate) penalties: Vec<PenaltyOf<'a, T>>,
    pub(crate) validation: Option<Validation<'a, X, Y>>,
    pub(crate) progress: bool,
    pub(crate) files: Option<Checkpoints>,
    /// After how many steps the file is written, besides the end of each epoch.
    pub(crate) file_every: Option<usize>,
    pub(crate) run: Run,
    config: Config,
}

/// The prediction and the loss of a batch.
type Pass<'a, T, X, Y, P> = Box<
    dyn for<'t> Fn(&'t Tape<T>, X, &Y) -> wengert_autograd::Result<(Var<'t, T, P>, Var<'t, T>)>
        + 'a,
>;
/// The check of a model by inputs; `None` where only a pass can tell.
type Check<'a, X> = Option<Box<dyn Fn(&X) -> wengert_nn::Result<()> + 'a>>;
/// A measure of predictions and targets.
type Metric<'a, Y, P> = Box<dyn Fn(&P, &Y) -> wengert_data::Result<f64> + 'a>;

/// A penalty on parameters; its name is in the run, at the same place.
type PenaltyOf<'a, T> =
    Box<dyn for<'t> Fn(&'t Tape<T>, &[Param<T>]) -> wengert_autograd::Result<Var<'t, T>> + 'a>;

/// Makes the batches of a pass over samples.
type Batches<'a, X, Y> = Box<dyn Fn() -> Box<dyn Iterator<Item = (X, Y)> + 'a> + 'a>;

/// A loader of samples that are held back.
pub(crate) struct Validation<'a, X, Y> {
    samples: usize,
    pub(crate) batches: Batches<'a, X, Y>,
}

/// A companion, and what it goes by.
pub(crate) struct Entry<'a, T: Float> {
    row: Row,
    /// The name of its state in a checkpoint.
    pub(crate) name: String,
    pub(crate) companion: Box<dyn Companion<T> + 'a>,
}

/// The row of a trainer's print. Of those that it always has there is one companion at most.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Row {
    LearningRate,
    Clipping,
    Stopping,
    EachEpoch,
    Other,
}

impl<'a, T: Float, X: Tensors, Y: Tensors, P: Tensors> Trainer<'a, T, X, Y, P> {
    /// For this model, loss and optimiser.
    pub fn new<M, L>(
        model: &'a M,
        criterion: &'a L,
        optimizer: &'a mut (dyn Optimizer<T> + 'a),
    ) -> Self
    where
        M: Module<T, X, P> + ?Sized,
        L: for<'t, 'b> Loss<'t, T, &'b Y, P> + ?Sized,
    {
        let mut trainer = Self::custom(model, optimizer, |tape, inputs, targets| {
            let prediction = Var::pack(model.call(tape.input(inputs).unpack())?)?;
            Ok((prediction, criterion.forward(prediction, targets)?))
        });
        trainer.check = Some(Box::new(|inputs| check_parameters(model, inputs)));
        trainer
    }

    /// For what is no model and loss: a closure that gives the prediction and the loss of a batch. The model is what the
    /// closure takes parameters from: a tuple of several models will do.
    ///
    /// ```
    /// use wengert_data::{DataLoader, synth};
    /// use wengert_nn::{Linear, Module, Parts};
    /// use wengert_optim::Adam;
    /// use wengert_tensor::{Rng, Tensor};
    /// use wengert_train::Trainer;
    ///
    /// // An autoencoder: the target is the input, and the code is to be small.
    /// let loader = DataLoader::new(synth::moons::<f32>(100, 0.1, 0), 20)?.shuffle(0);
    /// let rng = &mut Rng::new(0);
    /// let parts = (Linear::<f32>::new(2, 3, rng), Linear::<f32>::new(3, 2, rng));
    /// let (encoder, decoder) = &parts;
    /// let mut optimizer = Adam::new(parts.parameters(), 0.01);
    /// let history = Trainer::custom(&parts, &mut optimizer, |tape, x: Tensor<f32>, _: &Tensor<usize>| {
    ///     let code = encoder.call(tape.constant(x.clone()))?;
    ///     let y = decoder.call(code)?;
    ///     Ok((y, y.try_sub(&x)?.square().mean() + code.square().mean() * 0.001))
    /// })
    /// .fit(&loader, 30)?;
    /// assert!(history.best().unwrap().train_loss < 0.1, "{history}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn custom(
        model: &'a (impl Parts<T> + ?Sized),
        optimizer: &'a mut (dyn Optimizer<T> + 'a),
        pass: impl for<'t> Fn(
            &'t Tape<T>,
            X,
            &Y,
        ) -> wengert_autograd::Result<(Var<'t, T, P>, Var<'t, T>)>
        + 'a,
    ) -> Self {
        Self {
            model: Box::new(model),
            optimizer,
            pass: Box::new(pass),
            check: None,
            companions: Vec::new(),
            metric: None,
            penalties: Vec::new(),
            validation: None,
            progress: true,
            files: None,
            file_every: None,
            run: Run::new(),
            config: Config::new(),
        }
    }

    /// Evaluates on these samples after each epoch. Their loss is then what early stopping and a plateau go by; without them it is
    /// that of training.
    pub fn validation<V: Dataset<Batch = (X, Y)>>(mut self, loader: &'a DataLoader<V>) -> Self {
        let batches = Box::new(|| Box::new(loader.epoch(0)) as Box<dyn Iterator<Item = (X, Y)>>);
        self.validation = Some(Validation { samples: loader.samples(), batches });
        self
    }

    /// Also measures this, of predictions and targets, as a mean over samples: in training while the weights move, and in
    /// validation.
    pub fn metric(
        mut self,
        name: impl Into<String>,
        metric: impl Fn(&P, &Y) -> wengert_data::Result<f64> + 'a,
    ) -> Self {
        self.metric = Some((name.into(), Box::new(metric)));
        self
    }

    /// Adds a penalty on the optimiser's parameters to what is minimised, under a name: the *objective* is the loss of the data plus
    /// all penalties. Each is in the [history](History) under its own name. Validation, early stopping and a plateau look at the loss
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

    /// Prints the table of the [history](History) to standard output, each row when its epoch ends.
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

    /// The seed of all that is random on the tapes (dropout): the draws are a function of the seed, the epoch and the batch, as
    /// in [`train_epoch_seeded`](crate::train_epoch_seeded). A model that draws needs one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.run.seed = Some(seed);
        self
    }

    /// The settings of the run, which are saved with its checkpoints. [`resume`](Self::resume) rejects a checkpoint of other settings.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Draws no line of progress, even on a terminal.
    pub fn silent(mut self) -> Self {
        self.progress = false;
        self
    }

    /// Goes on where so many epochs are done, as after a [`Checkpoint`]: the order of samples, what is drawn at random and the
    /// schedule are those of the epochs that come then.
    pub fn epochs_done(mut self, epochs: usize) -> Self {
        self.run.restart(epochs);
        self
    }

    /// All epochs so far, those before a checkpoint included; [`fit`](Self::fit) returns its own.
    pub fn history(&self) -> &History {
        &self.run.history
    }

    /// All that training goes on from: model, optimiser, how far it has come (the batch within an epoch too), the history, and
    /// what the companions remember, as early stopping its best weights.
    ///
    /// Early stopping gives the model its best weights when `fit` ends. [`checkpoint_to`](Self::checkpoint_to) saves those of the
    /// last epoch, from which training goes on as if it had not ended.
    pub fn checkpoint(&mut self) -> Checkpoint<T> {
        let place = (self.run.epochs, self.run.batches);
        let mut checkpoint = Checkpoint::of(&*self.model, &*self.optimizer, place)
            .with(Checkpoint::<T>::RUN, &self.run)
            .with_config(self.config.clone());
        for Entry { name, companion, .. } in &mut self.companions {
            if let Some(memory) = companion.memory() {
                checkpoint = checkpoint.with(name.as_str(), memory);
            }
        }
        checkpoint
    }

    /// Writes a [`checkpoint`](Self::checkpoint) to this file after each epoch, and when a companion stops in mid-epoch. The one
    /// before it is kept too; `Checkpoints::at(path).keep(n)` in place of the path keeps more.
    pub fn checkpoint_to(mut self, files: impl Into<Checkpoints>) -> Self {
        self.files = Some(files.into());
        self
    }

    /// Writes the file of [`checkpoint_to`](Self::checkpoint_to) also after each so many steps; 0 counts as 1.
    pub fn checkpoint_every(mut self, steps: usize) -> Self {
        self.file_every = Some(steps.max(1));
        self
    }

    /// Goes on from the newest checkpoint in the files of [`checkpoint_to`](Self::checkpoint_to); without a file it begins. With
    /// [`fit_until`](Self::fit_until) it is the whole program of a run that may be killed at any moment and started again:
    ///
    /// ```
    /// use wengert_data::{DataLoader, synth};
    /// use wengert_loss::CrossEntropyLoss;
    /// use wengert_nn::{Linear, Parts};
    /// use wengert_optim::Adam;
    /// use wengert_tensor::Rng;
    /// use wengert_train::Trainer;
    ///
    /// # let file = std::env::temp_dir().join(format!("wengert-latest-{}.safetensors", std::process::id()));
    /// let loader = DataLoader::new(synth::moons::<f32>(100, 0.1, 0), 20)?.shuffle(0);
    /// let (model, criterion) = (Linear::<f32>::new(2, 2, &mut Rng::new(0)), CrossEntropyLoss::new());
    /// let mut optimizer = Adam::new(model.parameters(), 0.01);
    /// let history = Trainer::new(&model, &criterion, &mut optimizer)
    ///     .seed(0)
    ///     .checkpoint_to(&file)
    ///     .checkpoint_every(100)
    ///     .resume_latest()?
    ///     .fit_until(&loader, 4)?;
    /// assert_eq!(history.epochs.len(), 4);
    /// # for file in [&file, &file.with_extension("1.safetensors")] { std::fs::remove_file(file).unwrap() }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Checkpoints::latest`] and [`resume`](Self::resume), and if no files were named.
    #[track_caller]
    pub fn resume_latest(self) -> Result<Self> {
        let Some(files) = &self.files else {
            let rule = "Trainer: `resume_latest` needs files to look in\n  help: call `checkpoint_to(path)` before it";
            return Err(wengert_files::Error::Refused(rule.into(), Location::caller()).into());
        };
        match files.latest()? {
            Some(checkpoint) => self.resume(&checkpoint),
            None => Ok(self),
        }
    }

    /// Goes on from a checkpoint of a trainer with the same settings: the next batches are those that it would have taken, and the
    /// weights those that it would have come to, to the bit.
    ///
    /// # Errors
    /// If it does not fit the model, the optimiser or a companion, or holds the state of a companion that this trainer has not; if
    /// both have a [`config`](Self::config) or a [`seed`](Self::seed) and these differ. Then nothing is changed.
    #[track_caller]
    pub fn resume(mut self, checkpoint: &Checkpoint<T>) -> Result<Self> {
        let there = &checkpoint.config;
        if self.config.is_empty() {
            self.config = there.clone();
        } else if !there.is_empty() && self.config != *there {
            let differences = self.config.differences(there).join("; ");
            let rule = format!(
                "the settings of this run and of the checkpoint differ: {differences}\n  help: to go on with other settings, leave `config` out, or set `checkpoint.config` to them"
            );
            let at = Location::caller();
            return Err(Error::Checkpoint { file: "checkpoint".into(), rule, at });
        }
        let seeds = (self.run.seed, checkpoint.seed());
        if let (Some(here), Some(there)) = seeds
            && here != there
        {
            let rule = format!(
                "it was made with the seed {there}, and this trainer's is {here}\n  help: call `seed({there})`, or leave it out, and the seed is the checkpoint's"
            );
            let at = Location::caller();
            return Err(Error::Checkpoint { file: "checkpoint".into(), rule, at });
        }
        let remembers = |entry: &mut Entry<'_, T>| {
            entry.companion.memory().is_some().then(|| entry.name.clone())
        };
        let names: Vec<String> = self.companions.iter_mut().filter_map(remembers).collect();
        checkpoint.nothing_left(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let before = self.checkpoint();
        let done = self.load(checkpoint);
        if done.is_err() {
            self.load(&before)?;
        }
        done.map(|()| self)
    }

    #[track_caller]
    fn load(&mut self, checkpoint: &Checkpoint<T>) -> Result<()> {
        for Entry { name, companion, .. } in &mut self.companions {
            if let Some(memory) = companion.memory() {
                checkpoint.restore_into(name, memory)?;
            }
        }
        let epochs = checkpoint.restore(&*self.model, &mut *self.optimizer)?;
        // A checkpoint of a loop of one's own knows the place only.
        if checkpoint.more.contains_key(Checkpoint::<T>::RUN) {
            return checkpoint.restore_into(Checkpoint::<T>::RUN, &mut self.run);
        }
        self.run.restart(epochs);
        self.run.batches = checkpoint.batch;
        Ok(())
    }

    /// Whether the first batch uses the parameters that the model names, and no others.
    #[track_caller]
    pub(crate) fn check_parameters(&self, inputs: X, targets: &Y) -> Result<()> {
        match &self.check {
            Some(check) => check(&inputs)?,
            None => {
                let tape = Tape::no_grad();
                (self.pass)(&tape, inputs, targets)?;
                check_parameters_on(&*self.model, &tape)?;
            }
        }
        Ok(())
    }
}

impl<T: Float, X: Tensors, Y: Tensors, P: Tensors> fmt::Display for Trainer<'_, T, X, Y, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |row: Row| self.companions.iter().filter(move |entry| entry.row == row);
        let words = |of: Row| row(of).map(|entry| entry.companion.describe()).next();
        match words(Row::LearningRate) {
            Some(words) => writeln!(f, "learning rate   {words}")?,
            None => {
                writeln!(f, "learning rate   {}, and stays", self.optimizer.learning_rate())?;
            }
        }
        writeln!(f, "clipping        {}", words(Row::Clipping).as_deref().unwrap_or("none"))?;
        match &self.validation {
            None => writeln!(f, "validation      none")?,
            Some(with) => {
                writeln!(f, "validation      {} samples after each epoch", with.samples)?;
            }
        }
        for penalty in &self.run.history.penalties {
            writeln!(f, "penalty         {}", penalty.name)?;
        }
        let metric = self.metric.as_ref().map_or("none", |(name, _)| name.as_str());
        writeln!(f, "metric          {metric}")?;
        let none =
            "none: all epochs, the last weights; a loss that is not finite is an error".to_string();
        writeln!(f, "early stopping  {}", words(Row::Stopping).unwrap_or(none))?;
        for entry in row(Row::Other) {
            writeln!(f, "with            {}", entry.companion.describe())?;
        }
        let progress = if self.progress { "on a terminal" } else { "none" };
        writeln!(f, "progress        {progress}")?;
        writeln!(f, "next epoch      {}", self.run.epochs + 1)
    }
}

impl<T: Float, X: Tensors, Y: Tensors, P: Tensors> fmt::Debug for Trainer<'_, T, X, Y, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trainer:\n{self}")
    }
}
