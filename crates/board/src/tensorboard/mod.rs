//! `TbWriter`: event files that TensorBoard reads.

mod buckets;
mod companion;
mod event;
mod graph;
mod hyper;
mod record;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use wengert_autograd::Tape;
use wengert_tensor::{Float, Tensor};
use wengert_train::Config;

use crate::{Error, Pixel, Result, pixels};
use event::{Buckets, Value};
use record::Records;

/// Writes what TensorBoard shows: numbers by step, distributions, images, text, hyper-parameters and the graph of a model. A
/// directory is a run; several below one folder are compared on one page.
///
/// ```
/// use wengert_board::TbWriter;
/// use wengert_tensor::{Rng, Tensor};
///
/// let dir = std::env::temp_dir().join(format!("wengert-doc-runs-{}", std::process::id()));
/// let mut board = TbWriter::new(dir.join("one"))?;
/// board.scalar("loss", 0, 0.5)?;
/// board.histogram("weights", 0, &Tensor::<f32>::randn([100], &mut Rng::new(0)))?;
/// board.image("noise", 0, &Tensor::<f32>::rand([3, 8, 8], &mut Rng::new(1)))?;
/// board.text("notes", 0, "The **first** run.")?;
/// // In a terminal: tensorboard --logdir runs
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Each call is one write to the file, so a program that is killed loses at most the record that it is writing, and TensorBoard
/// shows the others while the program runs.
///
/// # As a companion of a trainer
///
/// It writes the loss of each step (`loss/step`) and, by epoch, the losses, the metric, the penalties and the learning rate; with
/// [`histograms`](Self::histograms), the parameters and their gradients too. Lent, as `&mut board`, it stays yours for the rest.
///
/// ```
/// use wengert_board::TbWriter;
/// # use wengert_data::{DataLoader, synth};
/// # use wengert_loss::MseLoss;
/// # use wengert_nn::{Linear, Parts};
/// # use wengert_optim::Sgd;
/// # use wengert_train::Trainer;
/// # let loader = DataLoader::new(synth::linear::<f32>(40, 3.0, 4.0, 0.5, 0), 10)?;
/// # let model = Linear::new(1, 1, &mut wengert_tensor::Rng::new(0));
/// # let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.01));
/// # let dir = std::env::temp_dir().join(format!("wengert-doc-trainer-{}", std::process::id()));
///
/// let mut board = TbWriter::new(&dir)?.histograms();
/// Trainer::new(&model, &criterion, &mut optimizer).with(&mut board).fit(&loader, 3)?;
/// # assert!(std::fs::metadata(board.path())?.len() > 1000);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TbWriter {
    records: Records,
    /// As a companion: after how many steps the loss is written.
    every: usize,
    /// As a companion: whether parameters and gradients are written.
    histograms: bool,
}

impl TbWriter {
    /// A new file in this directory, which is created if it is not there.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be created.
    #[track_caller]
    pub fn new(directory: impl AsRef<Path>) -> Result<Self> {
        let (directory, time) = (directory.as_ref(), now());
        let start =
            format!("events.out.tfevents.{:010}.wengert.{}", time as u64, std::process::id());
        let records = match Records::create(directory, &start) {
            Ok(records) => records,
            Err(error) => return Err(Error::io(directory, &error)),
        };
        let mut board = Self { records, every: 1, histograms: false };
        board.append(&event::version(time))?;
        Ok(board)
    }

    /// As a companion: writes the loss of every `steps`-th step only. 1 by default; 0 counts as 1.
    #[must_use]
    pub fn every(mut self, steps: usize) -> Self {
        self.every = steps.max(1);
        self
    }

    /// As a companion: also writes the distributions of each parameter and of its last gradient, by epoch.
    #[must_use]
    pub fn histograms(mut self) -> Self {
        self.histograms = true;
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.records.path
    }

    /// A number. TensorBoard holds it in single precision; it may be infinite or NaN.
    ///
    /// # Errors
    /// [`Error::Value`] for an empty tag, [`Error::Io`] if it cannot be written.
    #[track_caller]
    pub fn scalar(&mut self, tag: &str, step: usize, value: impl Into<f64>) -> Result<()> {
        self.value("scalar", tag, step, Value::Scalar(value.into()))
    }

    /// The distribution of numbers, in 64 buckets.
    ///
    /// # Errors
    /// [`Error::Value`] if there are none, or one is not finite; and as [`scalar`](Self::scalar).
    #[track_caller]
    pub fn histogram<T: Float>(
        &mut self,
        tag: &str,
        step: usize,
        values: &Tensor<T>,
    ) -> Result<()> {
        let values: Vec<f64> = values.iter().map(|x| x.to_f64()).collect();
        let unfit = values.iter().filter(|x| !x.is_finite()).count();
        if unfit > 0 {
            let rule = format!("{unfit} of the {} numbers of `{tag}` are not finite", values.len());
            let help = "look for the op that made them: `tape.first_non_finite()`";
            return Err(Error::value("histogram", rule, help));
        }
        let Some(buckets) = Buckets::of(&values) else {
            let rule = format!("`{tag}` has no numbers");
            return Err(Error::value("histogram", rule, "leave it out where the tensor is empty"));
        };
        self.value("histogram", tag, step, Value::Histogram(buckets))
    }

    /// An image: `[rows, columns]` for grey, or `[channels, rows, columns]` with 1 (grey), 2 (grey, alpha), 3 (red, green, blue) or 4
    /// (with alpha) channels. [`Pixel`] says how bright a number is.
    ///
    /// # Errors
    /// [`Error::Value`] for another shape, or a pixel that is NaN; and as [`scalar`](Self::scalar).
    #[track_caller]
    pub fn image<P: Pixel>(&mut self, tag: &str, step: usize, pixels: &Tensor<P>) -> Result<()> {
        let image = pixels::image(pixels)?;
        self.value("image", tag, step, Value::Image(&image))
    }

    /// A text, which may use Markdown.
    ///
    /// # Errors
    /// As [`scalar`](Self::scalar).
    #[track_caller]
    pub fn text(&mut self, tag: &str, step: usize, text: &str) -> Result<()> {
        self.value("text", tag, step, Value::Text(text))
    }

    /// The settings of this run, and the tags of the scalars by which runs are compared.
    ///
    /// ```
    /// use wengert_board::TbWriter;
    /// use wengert_train::Config;
    ///
    /// # let dir = std::env::temp_dir().join(format!("wengert-doc-hyper-{}", std::process::id()));
    /// let mut board = TbWriter::new(&dir)?;
    /// let config = Config::new().with("lr", 0.01).with("optimizer", "Adam");
    /// board.hyper_parameters(&config, &["loss/validation"])?;
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`scalar`](Self::scalar).
    #[track_caller]
    pub fn hyper_parameters(&mut self, config: &Config, metrics: &[&str]) -> Result<()> {
        let time = now();
        for (tag, message) in hyper::messages(time, config, metrics) {
            self.value("hyper_parameters", tag, 0, Value::HyperParameters(message))?;
        }
        Ok(())
    }

    /// The ops of a tape as a graph, in folders by layer, with their attributes, shapes and lines of your program. Parameters have
    /// names once `model.parameters()` has given them.
    ///
    /// ```
    /// use wengert_board::TbWriter;
    /// use wengert_autograd::Tape;
    /// use wengert_nn::{Linear, Module, Parts, Relu, sequential};
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// # let dir = std::env::temp_dir().join(format!("wengert-doc-graph-{}", std::process::id()));
    /// let model = sequential![Linear::<f32>::new(4, 8, &mut Rng::new(0)), Relu];
    /// let parameters = model.parameters();
    /// let tape = Tape::new();
    /// model.call(tape.constant(Tensor::zeros([1, 4])))?;
    /// TbWriter::new(&dir)?.graph(&tape)?;
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    #[track_caller]
    pub fn graph<T: Float>(&mut self, tape: &Tape<T>) -> Result<()> {
        self.append(&event::graph(now(), &graph::message(tape)))
    }

    #[track_caller]
    fn value(&mut self, op: &'static str, tag: &str, step: usize, value: Value<'_>) -> Result<()> {
        if tag.is_empty() {
            let help =
                "give it a name, such as \"loss\"; a slash makes a group, as in \"loss/train\"";
            return Err(Error::value(op, "the tag is empty", help));
        }
        self.append(&event::values(now(), step, &[(tag, value)]))
    }

    #[track_caller]
    fn append(&mut self, event: &[u8]) -> Result<()> {
        match self.records.append(event) {
            Ok(()) => Ok(()),
            Err(error) => Err(Error::io(&self.records.path, &error)),
        }
    }
}

/// The seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
