//! `Space`: the configurations of a search, as a grid or drawn at random.

use std::ops::Range;
use std::panic::Location;

use wengert_autograd::Line;
use wengert_tensor::{Rng, Tensor};

use crate::{Config, Error, Result, Setting};

/// The settings that a [`sweep`](crate::sweep) tries.
///
/// ```
/// use wengert_train::Space;
///
/// // Every learning rate with every width.
/// let grid = Space::grid().values("lr", [0.1, 0.01]).values("width", [8, 16, 32]);
/// assert_eq!(grid.configs()?.len(), 6);
///
/// // Twenty draws; a rate is as likely to lie between 10⁻⁴ and 10⁻³ as between 10⁻² and 10⁻¹.
/// let random = Space::random(20, 0)
///     .log_uniform("lr", 1e-4..1e-1)
///     .uniform("momentum", 0.0..0.99)
///     .values("width", [8, 16, 32]);
/// assert_eq!(random.configs()?.len(), 20);
/// # Ok::<(), wengert_train::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Space {
    /// The number of draws, and their seed; `None` for a grid.
    random: Option<(usize, u64)>,
    axes: Vec<Axis>,
    made: Line,
}

/// A setting and its values.
#[derive(Clone, Debug)]
struct Axis {
    name: String,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    These(Vec<Setting>),
    Uniform(Range<f64>),
    LogUniform(Range<f64>),
}

/// The most configurations that are listed.
const MOST: usize = 1_000_000;

impl Space {
    /// Every value of every setting with every value of the others. The last setting changes fastest.
    #[track_caller]
    pub fn grid() -> Self {
        Self { random: None, axes: Vec::new(), made: Location::caller() }
    }

    /// So many draws of all settings, from this seed. The draws of a setting depend neither on how many there are nor on the settings
    /// that are named after it. With several settings of which few matter, random draws try more values of these than a grid of as many trials.
    #[track_caller]
    pub fn random(count: usize, seed: u64) -> Self {
        Self { random: Some((count, seed)), axes: Vec::new(), made: Location::caller() }
    }

    /// A setting with these values; a random search draws one of them.
    pub fn values<S: Into<Setting>>(self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        self.axis(name, Values::These(values.into_iter().map(Into::into).collect()))
    }

    /// A number drawn from this range, all of it as likely. For a random search.
    pub fn uniform(self, name: &str, range: Range<f64>) -> Self {
        self.axis(name, Values::Uniform(range))
    }

    /// A number drawn from this range, whose logarithm is drawn uniformly: for learning rates and penalties. For a random search.
    pub fn log_uniform(self, name: &str, range: Range<f64>) -> Self {
        self.axis(name, Values::LogUniform(range))
    }

    fn axis(mut self, name: &str, values: Values) -> Self {
        self.axes.push(Axis { name: name.to_string(), values });
        self
    }

    /// The configurations, in order.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no setting or one of them has no values, a range is empty or, for a logarithm, not above 0, a name
    /// comes twice, or a grid has a range. It names the line that made this space.
    pub fn configs(&self) -> Result<Vec<Config>> {
        self.check().map_err(|rule| Error::Config { rule, at: self.made })?;
        let each = |axis: &Axis| match &axis.values {
            Values::These(values) => values.len(),
            _ => 1,
        };
        let all = self.axes.iter().fold(1, |n: usize, axis| n.saturating_mul(each(axis)));
        let count = self.random.map_or(all, |(count, _)| count);
        if count > MOST {
            let rule = format!("a search of {count} configurations, more than {MOST}, has no end");
            return Err(Error::Config { rule, at: self.made });
        }
        if let Some((count, seed)) = self.random {
            let mut configs = vec![Config::new(); count];
            for (axis, k) in self.axes.iter().zip(0..) {
                let rng = &mut Rng::new(seed).stream(k);
                for config in &mut configs {
                    let share = Tensor::<f64>::rand([1], rng).iter().next().unwrap_or_default();
                    *config = std::mem::take(config).with(&*axis.name, axis.values.at(share));
                }
            }
            return Ok(configs);
        }
        let mut configs = vec![Config::new()];
        for Axis { name, values } in &self.axes {
            let Values::These(values) = values else { continue };
            let with_each = |config: &Config| -> Vec<Config> {
                values.iter().map(|value| config.clone().with(&**name, value.clone())).collect()
            };
            configs = configs.iter().flat_map(with_each).collect();
        }
        Ok(configs)
    }

    fn check(&self) -> Result<(), String> {
        if self.axes.is_empty() || self.random.is_some_and(|(count, _)| count == 0) {
            return Err("a search needs one setting and one draw at least".to_string());
        }
        for (k, Axis { name, values }) in self.axes.iter().enumerate() {
            if self.axes[..k].iter().any(|other| other.name == *name) {
                return Err(format!("`{name}` is given twice"));
            }
            let (range, above) = match values {
                Values::These(values) if values.is_empty() => {
                    return Err(format!("`{name}` has no values"));
                }
                Values::These(_) => continue,
                Values::Uniform(range) => (range, f64::NEG_INFINITY),
                Values::LogUniform(range) => (range, 0.0),
            };
            if self.random.is_none() {
                return Err(format!(
                    "`{name}` is a range, and a grid needs values\n  help: give values, or draw with `Space::random`"
                ));
            }
            let Range { start, end } = *range;
            if !(start > above && start < end && end.is_finite()) {
                let least = if above == 0.0 { "above 0 and " } else { "" };
                return Err(format!(
                    "`{name}` is drawn from {start} to {end}; the first must be {least}below the second"
                ));
            }
        }
        Ok(())
    }
}

impl Values {
    /// The value at this share of the way, 0 to 1.
    fn at(&self, share: f64) -> Setting {
        match self {
            Self::These(values) => {
                let index = ((share * values.len() as f64) as usize).min(values.len() - 1);
                values[index].clone()
            }
            Self::Uniform(Range { start, end }) => Setting::Number(start + share * (end - start)),
            Self::LogUniform(Range { start, end }) => {
                let (low, high) = (start.ln(), end.ln());
                Setting::Number((low + share * (high - low)).exp().clamp(*start, *end))
            }
        }
    }
}
