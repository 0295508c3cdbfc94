//! `sweep`: a trial for each configuration and seed, in threads, and the table of their scores.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Config, Result, Setting, Space};

/// Runs a trial for each configuration of a space and each seed, and gives the table of the scores, the lowest mean first. A trial
/// trains a model of its own and returns its score, such as the loss of the validation samples; it must depend on nothing but the
/// configuration and the seed.
///
/// Trials run in as many threads as [`threads`](wengert_tensor::threads()) says; the table does not depend on it, to the last bit. A
/// trial that returns an error or panics, or whose score is not finite, is a failure in its row and ends nothing else.
///
/// ```
/// use wengert_data::{DataLoader, synth};
/// use wengert_loss::CrossEntropyLoss;
/// use wengert_nn::{Linear, Parts, Sequential, Tanh};
/// use wengert_optim::Adam;
/// use wengert_tensor::Rng;
/// use wengert_train::{Space, Trainer, sweep};
///
/// let space = Space::grid().values("lr", [0.05, 1e-5]).values("width", [4, 8]);
/// let table = sweep(&space, 0..2, |config, seed| {
///     let (train, test) = synth::moons::<f32>(200, 0.1, seed).split(0.3, seed)?;
///     let (train, test) = (DataLoader::new(train, 35)?.shuffle(seed), DataLoader::full(test)?);
///     let (rng, width) = (&mut Rng::new(seed), config.count("width")?);
///     let model = Sequential::new().with(Linear::new(2, width, rng)).with(Tanh).with(Linear::new(width, 2, rng));
///     let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), config.number("lr")?));
///     let history = Trainer::new(&model, &criterion, &mut optimizer).validation(&test).silent().fit(&train, 5)?;
///     Ok(history.best().and_then(|epoch| epoch.validation_loss).unwrap_or(f64::NAN))
/// })?;
/// assert_eq!(table.best().unwrap().config.number("lr")?, 0.05);
/// println!("{table}");
/// # Ok::<(), wengert_train::Error>(())
/// ```
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) if the space is none; see [`Space::configs`].
pub fn sweep(
    space: &Space,
    seeds: impl IntoIterator<Item = u64>,
    trial: impl Fn(&Config, u64) -> Result<f64, Box<dyn std::error::Error>> + Sync,
) -> Result<SweepTable> {
    let configs = space.configs()?;
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let count = configs.len() * seeds.len();
    let scores: Vec<Mutex<Option<Score>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let k = next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = scores.get(k) else { break };
            let score = one(&trial, &configs[k / seeds.len()], seeds[k % seeds.len()]);
            if let Ok(mut place) = place.lock() {
                *place = Some(score);
            }
        }
    };
    std::thread::scope(|scope| {
        // This thread works too.
        for _ in 1..wengert_tensor::threads().min(count) {
            scope.spawn(work);
        }
        work();
    });
    let mut scores = scores.into_iter().map(|place| {
        let score = place.into_inner().ok().flatten();
        score.unwrap_or_else(|| Err("the trial has no score".to_string()))
    });
    let row = |config| {
        let scores = seeds.iter().copied().zip(scores.by_ref()).collect();
        SweepRow { config, scores }
    };
    let mut table = SweepTable { rows: configs.into_iter().map(row).collect() };
    table.sort(|mean| mean);
    Ok(table)
}

/// A score, or why there is none.
type Score = Result<f64, String>;

fn one(
    trial: &(impl Fn(&Config, u64) -> Result<f64, Box<dyn std::error::Error>> + Sync),
    config: &Config,
    seed: u64,
) -> Score {
    match catch_unwind(AssertUnwindSafe(|| trial(config, seed))) {
        Ok(Ok(score)) if score.is_finite() => Ok(score),
        Ok(Ok(score)) => Err(format!("the score is {score}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("a panic: {}", text.unwrap_or("without a message")))
        }
    }
}

/// The result of a [`sweep`]. `{}` prints it as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SweepTable {
    /// A row for each configuration, the best first; then those of which some trials failed, and those of which all did.
    pub rows: Vec<SweepRow>,
}

/// A configuration, and the scores of its trials.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SweepRow {
    /// The settings.
    pub config: Config,
    /// Each seed, and its score or the text of its failure.
    pub scores: Vec<(u64, Result<f64, String>)>,
}

impl SweepRow {
    /// The scores of the trials that did not fail.
    pub fn found(&self) -> impl Iterator<Item = f64> + '_ {
        self.scores.iter().filter_map(|(_, score)| score.as_ref().ok().copied())
    }

    /// The seeds of the trials that failed, and why.
    pub fn failures(&self) -> impl Iterator<Item = (u64, &str)> + '_ {
        self.scores.iter().filter_map(|(seed, score)| Some((*seed, score.as_ref().err()?.as_str())))
    }

    /// The mean of the scores; none if all trials failed.
    pub fn mean(&self) -> Option<f64> {
        mean_and_spread(self.found()).map(|(mean, _)| mean)
    }

    /// Their standard deviation, with n - 1; none of fewer than two.
    pub fn spread(&self) -> Option<f64> {
        mean_and_spread(self.found())?.1
    }
}

/// The mean and, of two or more, the standard deviation.
fn mean_and_spread(scores: impl Iterator<Item = f64>) -> Option<(f64, Option<f64>)> {
    let scores: Vec<f64> = scores.collect();
    if scores.is_empty() {
        return None;
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let squares: f64 = scores.iter().map(|x| (x - mean).powi(2)).sum();
    let spread = (scores.len() > 1).then(|| (squares / (scores.len() - 1) as f64).sqrt());
    Some((mean, spread))
}

impl SweepTable {
    /// The first row, if any of its trials has a score.
    pub fn best(&self) -> Option<&SweepRow> {
        self.rows.first().filter(|row| row.mean().is_some())
    }

    /// The same table with the highest mean first: for accuracies.
    #[must_use]
    pub fn highest_first(mut self) -> Self {
        self.sort(|mean| -mean);
        self
    }

    /// The values of one setting, each with the mean and the standard deviation of all its scores, whatever the other settings were: how
    /// much the setting matters. In the order of the rows.
    pub fn by(&self, name: &str) -> Vec<(Setting, f64, Option<f64>)> {
        let mut values: Vec<&Setting> = Vec::new();
        for value in self.rows.iter().filter_map(|row| row.config.get(name)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let of = |value: &Setting| {
            let rows = self.rows.iter().filter(|row| row.config.get(name) == Some(value));
            let (mean, spread) = mean_and_spread(rows.flat_map(SweepRow::found))?;
            Some((value.clone(), mean, spread))
        };
        values.into_iter().filter_map(of).collect()
    }

    /// Sorts by a key of the mean; equal rows keep their order.
    fn sort(&mut self, key: impl Fn(f64) -> f64) {
        let place = |row: &SweepRow| match row.mean() {
            Some(mean) => (row.failures().next().is_some() as u8, key(mean)),
            None => (2, 0.0),
        };
        self.rows.sort_by(|a, b| {
            let ((a, x), (b, y)) = (place(a), place(b));
            a.cmp(&b).then(x.total_cmp(&y))
        });
    }
}

impl fmt::Display for SweepTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self
            .rows
            .first()
            .into_iter()
            .flat_map(|row| row.config.iter())
            .map(|(n, _)| n)
            .collect();
        let cell = |row: &SweepRow, name: &str| {
            row.config.get(name).map_or(String::new(), ToString::to_string)
        };
        let wide = |name: &&str| {
            let cells = self.rows.iter().map(|row| cell(row, name).chars().count());
            cells.chain([name.chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = names.iter().map(wide).collect();
        for (name, &wide) in names.iter().zip(&widths) {
            write!(f, "{name:>wide$}  ")?;
        }
        write!(f, "{:>10}  {:>10}  trials", "mean", "spread")?;
        let number = |x: Option<f64>| x.map_or(String::new(), |x| format!("{x:.4}"));
        for row in &self.rows {
            writeln!(f)?;
            for (name, &wide) in names.iter().zip(&widths) {
                write!(f, "{:>wide$}  ", cell(row, name))?;
            }
            let (mean, spread) = (number(row.mean()), number(row.spread()));
            write!(f, "{mean:>10}  {spread:>10}  {}", row.found().count())?;
            if let Some((seed, why)) = row.failures().next() {
                let why = why.lines().next().unwrap_or_default();
                write!(f, ", {} failed: seed {seed}: {why}", row.failures().count())?;
            }
        }
        Ok(())
    }
}
