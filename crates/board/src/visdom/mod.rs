//! `Visdom`: curves, images and texts in the windows of a Visdom server.

mod base64;
mod companion;
mod http;

use std::collections::HashSet;
use std::panic::Location;

use wengert_files::quoted;
use wengert_tensor::Tensor;

use crate::{Error, Pixel, Result, pixels};
use base64::base64;

/// A Visdom server, to which curves, images and texts are posted. A window of an earlier run is replaced by the first that is posted
/// under its name, unless this [`keeps`](Self::keep) what is there.
///
/// ```no_run
/// use wengert_board::Visdom;
/// use wengert_tensor::{Rng, Tensor};
///
/// // In a terminal: python -m visdom.server
/// let mut board = Visdom::connect("127.0.0.1:8097")?;
/// for (step, loss) in [0.9, 0.5, 0.3].into_iter().enumerate() {
///     board.point("loss", "train", step as f64, loss)?;
/// }
/// board.image("noise", &Tensor::<f32>::rand([3, 8, 8], &mut Rng::new(0)))?;
/// # Ok::<(), wengert_board::Error>(())
/// ```
///
/// # As a companion of a trainer
///
/// `Trainer::new(…).with(Visdom::connect(address)?)` draws the loss of each step, a part of an epoch at a time, and, by epoch, the
/// losses, the metric, the penalties and the learning rate. A server that is gone ends the training with an error.
#[derive(Debug)]
pub struct Visdom {
    address: String,
    environment: String,
    keeps: bool,
    /// The windows that are there.
    known: HashSet<String>,
    /// As a companion: losses of steps that are not posted yet.
    steps: Vec<(f64, f64)>,
}

const START_IT: &str =
    "start it by `python -m visdom.server`, or give the address at which it listens";
const READ_ITS_LOG: &str = "the log of the server may say more";

impl Visdom {
    /// The server at an address, such as `127.0.0.1:8097`. It is asked whether it is there.
    ///
    /// # Errors
    /// [`Error::Server`] if no Visdom server answers.
    #[track_caller]
    pub fn connect(address: impl Into<String>) -> Result<Self> {
        let (environment, known) = ("main".to_string(), HashSet::new());
        let address = address.into();
        let board = Self { address, environment, keeps: false, known, steps: Vec::new() };
        board.exists("")?;
        Ok(board)
    }

    /// Shows windows in another environment than `main`: the server's page has a list of them.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = name.into();
        self
    }

    /// Adds to the curves of windows that are there already, as a run does that goes on.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// A point of a curve in a window.
    ///
    /// # Errors
    /// As [`curve`](Self::curve).
    #[track_caller]
    pub fn point(&mut self, window: &str, curve: &str, x: f64, y: f64) -> Result<()> {
        self.curve(window, curve, [(x, y)])
    }

    /// Adds points to a curve in a window. A `y` that is not finite leaves a gap.
    ///
    /// # Errors
    /// [`Error::Value`] for an empty name, or an `x` that is not finite; [`Error::Server`] if the server cannot be reached, or refuses.
    #[track_caller]
    pub fn curve(
        &mut self,
        window: &str,
        curve: &str,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Result<()> {
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        if let Some(x) = x.iter().find(|x| !x.is_finite()) {
            let rule = format!("an `x` of `{curve}` is {x}");
            return Err(Error::value("curve", rule, "give the step or the epoch"));
        }
        if curve.is_empty() {
            return Err(Error::value(
                "curve",
                "the curve has no name",
                "give it one, such as \"train\"",
            ));
        }
        if x.is_empty() {
            return Ok(());
        }
        let trace = format!(
            r#"{{"type":"scatter","mode":"lines","name":{},"x":{},"y":{}}}"#,
            quoted(curve),
            list(&x),
            list(&y)
        );
        if self.has(window)? {
            let name = format!(r#","name":{},"append":true"#, quoted(curve));
            return self.send("curve", "/update", window, &trace, &name);
        }
        let title = quoted(window);
        let layout = format!(
            r#","layout":{{"title":{title},"showlegend":true,"margin":{{"l":60,"r":60,"t":60,"b":60}}}},"opts":{{"title":{title}}}"#
        );
        self.send("curve", "/events", window, &trace, &layout)
    }

    /// An image in a window, which replaces the one before it: `[rows, columns]` for grey, or `[channels, rows, columns]` with 1 (grey), 2
    /// (grey, alpha), 3 (red, green, blue) or 4 (with alpha) channels. [`Pixel`] says how bright a number is.
    ///
    /// # Errors
    /// [`Error::Value`] for another shape, a pixel that is NaN, or an empty name; [`Error::Server`] as [`curve`](Self::curve).
    #[track_caller]
    pub fn image<P: Pixel>(&mut self, window: &str, image: &Tensor<P>) -> Result<()> {
        let png = pixels::image(image)?.to_png();
        let data = format!(
            r#"{{"type":"image","content":{{"src":"data:image/png;base64,{}","caption":{}}}}}"#,
            base64(&png),
            quoted(window)
        );
        let opts = format!(r#","opts":{{"title":{}}}"#, quoted(window));
        self.send("image", "/events", window, &data, &opts)
    }

    /// A text in a window, which replaces the one before it. It is HTML.
    ///
    /// # Errors
    /// [`Error::Value`] for an empty name; [`Error::Server`] as [`curve`](Self::curve).
    #[track_caller]
    pub fn text(&mut self, window: &str, html: &str) -> Result<()> {
        let data = format!(r#"{{"type":"text","content":{}}}"#, quoted(html));
        let opts = format!(r#","opts":{{"title":{}}}"#, quoted(window));
        self.send("text", "/events", window, &data, &opts)
    }

    /// True once the window exists: points are added to it from then on.
    #[track_caller]
    fn has(&mut self, window: &str) -> Result<bool> {
        if self.keeps && !self.known.contains(window) && self.exists(window)? {
            self.known.insert(window.to_string());
        }
        Ok(self.known.contains(window))
    }

    /// Posts what a window shows.
    #[track_caller]
    fn send(
        &mut self,
        op: &'static str,
        path: &str,
        window: &str,
        data: &str,
        more: &str,
    ) -> Result<()> {
        if window.is_empty() {
            return Err(Error::value(
                op,
                "the window has no name",
                "give it one, such as \"loss\"",
            ));
        }
        let (name, environment) = (quoted(window), quoted(&self.environment));
        let json = format!(r#"{{"win":{name},"eid":{environment},"data":[{data}]{more}}}"#);
        // The answer is the name of the window, or the reason why not.
        let answer = self.post(path, &json)?;
        if answer != window {
            return Err(self.refusal(answer, READ_ITS_LOG));
        }
        self.known.insert(window.to_string());
        Ok(())
    }

    #[track_caller]
    fn exists(&self, window: &str) -> Result<bool> {
        let (name, environment) = (quoted(window), quoted(&self.environment));
        match &*self.post("/win_exists", &format!(r#"{{"win":{name},"eid":{environment}}}"#))? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.refusal("it is not a Visdom server".into(), START_IT)),
        }
    }

    #[track_caller]
    fn post(&self, path: &str, json: &str) -> Result<String> {
        match http::post(&self.address, path, json) {
            Ok((200, answer)) => Ok(answer),
            Ok((404, _)) => Err(self.refusal("it is not a Visdom server".into(), START_IT)),
            Ok((status, _)) => {
                Err(self.refusal(format!("it answers {status} to {path}"), READ_ITS_LOG))
            }
            Err(error) => Err(self.refusal(error.to_string(), START_IT)),
        }
    }

    #[track_caller]
    #[cold]
    fn refusal(&self, what: String, help: &'static str) -> Error {
        Error::Server { address: self.address.clone(), what, help, at: Location::caller() }
    }
}

/// Numbers as JSON has them, which has none that are not finite.
fn list(numbers: &[f64]) -> String {
    let shown = |x: &f64| if x.is_finite() { format!("{x:?}") } else { "null".into() };
    format!("[{}]", numbers.iter().map(shown).collect::<Vec<_>>().join(","))
}
