//! `Trainer`: the loop as an object, and its settings.

mod print;
mod resume;
mod with;

use wengert_autograd::{Param, Tape, Tensors, Var};
use wengert_data::{DataLoader, Dataset};
use wengert_loss::Loss;
use wengert_nn::{Module, Parts, check_parameters, check_parameters_on};
use wengert_optim::Optimizer;
use wengert_tensor::{Float, Tensor};

use crate::run::Run;
use crate::{Checkpoints, Companion, Config, History, Result};

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
    /// Their names are in the run, at the same places.
    pub(crate) metrics: Vec<Metric<'a, Y, P>>,
    pub(crate) penalties: Vec<PenaltyOf<'a, T>>,
    pub(crate) validation: Option<Validation<'a, X, Y>>,
    pub(crate) progress: bool,
    pub(crate) files: Option<Checkpoints>,
    /// After how many steps the file is written, besides the end of each epoch.
    pub(crate) file_every: Option<usize>,
    pub(crate) run: Run,
    config: Config,
}

/// The trainer of class numbers, and of numbers: for these two the long code is compiled in this crate.
pub(crate) type OfClasses<'a, T> = Trainer<'a, T, Tensor<T>, Tensor<usize>>;
pub(crate) type OfNumbers<'a, T> = Trainer<'a, T, Tensor<T>, Tensor<T>>;

/// The prediction and the loss of a batch.
type Pass<'a, T, X, Y, P> = Box<
    dyn for<'t> Fn(&'t Tape<T>, X, &Y) -> wengert_autograd::Result<(Var<'t, T, P>, Var<'t, T>)>
        + 'a,
>;
/// The check of a model by inputs; `None` where only a pass can tell.
type Check<'a, X> = Option<Box<dyn Fn(&X) -> wengert_nn::Result<()> + 'a>>;
/// A measure of predictions and targets.
pub(crate) type Metric<'a, Y, P> = Box<dyn Fn(&P, &Y) -> wengert_data::Result<f64> + 'a>;

/// A penalty on parameters; its name is in the run, at the same place.
type PenaltyOf<'a, T> =
    Box<dyn for<'t> Fn(&'t Tape<T>, &[Param<T>]) -> wengert_autograd::Result<Var<'t, T>> + 'a>;

/// Makes the batches of a pass over samples.
type Batches<'a, X, Y> =
    Box<dyn Fn() -> Box<dyn Iterator<Item = wengert_data::Result<(X, Y)>> + 'a> + 'a>;

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

/// The row of a trainer's print.
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
            metrics: Vec::new(),
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
        let batches = Box::new(|| Box::new(loader.try_epoch(0)) as Box<dyn Iterator<Item = _>>);
        self.validation = Some(Validation { samples: loader.samples(), batches });
        self
    }

    /// The seed of all that is random on the tapes (dropout): the draws are a function of the seed, the epoch and the batch, as
    /// in [`train_epoch_seeded`](crate::train_epoch_seeded). A model that draws needs one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.run.seed = Some(seed);
        self
    }

    /// Draws no line of progress, even on a terminal.
    pub fn silent(mut self) -> Self {
        self.progress = false;
        self
    }

    /// All epochs so far, those before a checkpoint included; [`fit`](Self::fit) returns its own.
    pub fn history(&self) -> &History {
        &self.run.history
    }

    /// Whether the first batch uses the parameters that the model names, and no others.
    #[track_caller]
    #[inline(never)]
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
