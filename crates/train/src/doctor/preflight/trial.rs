//! A model that is tried before training: on a few samples, on half a batch, with one sample changed.

use wengert_autograd::{Tape, Tensors, Var};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_optim::{Adam, Optimizer};
use wengert_tensor::{Float, Rng, Tensor};

use crate::Result;
use crate::doctor::rows::shuffled;
use crate::doctor::{Fault, Finding};
use crate::epoch::{loss_on, value_of};
use crate::held::Held;

/// The samples that are to be learnt by heart, and the steps that there are for it.
const BY_HEART: usize = 16;
const STEPS: usize = 120;

/// A model and its loss, to be tried.
pub(super) struct Trial<'a, T, M: ?Sized, L, X, Y, P> {
    pub(super) model: &'a M,
    pub(super) criterion: &'a L,
    pub(super) of: std::marker::PhantomData<fn(T, X, Y) -> P>,
}

impl<T, M, L, X, Y, P> Trial<'_, T, M, L, X, Y, P>
where
    T: Float,
    X: Tensors,
    Y: Tensors,
    P: Tensors,
    M: Module<T, X, P> + ?Sized,
    L: for<'l, 'a> Loss<'l, T, &'a Y, P>,
{
    #[track_caller]
    pub(super) fn loss<'t>(&self, tape: &'t Tape<T>, x: &X, y: &Y) -> Result<Var<'t, T>> {
        Ok(loss_on(tape, self.model, self.criterion, x.clone(), y)?)
    }

    /// The numbers of the prediction, tensor by tensor, in evaluation.
    fn numbers(&self, tape: &Tape<T>, x: &X) -> Result<Vec<usize>> {
        let out: Var<'_, T, P> = Var::pack(self.model.call(tape.input(x.clone()).unpack())?)?;
        let mut lines = Vec::new();
        out.each_line(&mut |line| lines.push(line));
        Ok(lines)
    }

    /// Changes one sample and compares the predictions of the others.
    pub(super) fn mixes(&self, x: &X) -> Result<Option<Finding>> {
        let n = x.samples();
        let mut rows: Vec<usize> = (0..n).collect();
        let same = x.pick(&rows)?;
        rows[0] = n - 1;
        let other = x.pick(&rows)?;
        let (a, b) = (Tape::<T>::new().evaluating(), Tape::<T>::new().evaluating());
        let (of_a, of_b) = (self.numbers(&a, &same)?, self.numbers(&b, &other)?);
        if a.len() != b.len() || of_a != of_b {
            return Ok(None);
        }
        let (a, b) = (a.lines(), b.lines());
        let differs = |k: usize| -> bool {
            let (Some(x), Some(y)) = (a.get(k), b.get(k)) else { return false };
            if x.shape().first() != Some(&n) || x.shape() != y.shape() {
                return false;
            }
            let (Some(x), Some(y)) = (x.value(), y.value()) else { return false };
            let row = x.len() / n;
            x.iter()
                .zip(y.iter())
                .skip(row)
                .any(|(x, y)| x.to_f64().to_bits() != y.to_f64().to_bits())
        };
        if !of_a.iter().any(|&k| differs(k)) {
            return Ok(None);
        }
        let first = (0..a.len()).find(|&k| differs(k)).and_then(|k| a.get(k));
        Ok(first.map(|line| {
            Finding::certain(Fault::RowsMixed)
                .layer(line.layer())
                .op(line.op().name(), line.at())
                .noting("predictions of other samples change with sample 0; samples", n as f64)
        }))
    }

    /// Trains on some rows from the weights as they are, and returns the losses of the first and of the last step.
    fn train(&self, x: &X, y: &Y, steps: usize) -> Result<(f64, f64)> {
        let mut optimizer = Adam::new(self.model.parameters(), 0.01).allow_unused();
        let (mut first, mut last) = (f64::NAN, f64::NAN);
        for step in 0..steps {
            let tape = Tape::new().seeded(step as u64);
            optimizer.zero_grad();
            let loss = self.loss(&tape, x, y)?;
            last = value_of("preflight", loss)?;
            if step == 0 {
                first = last;
            }
            // Known by heart, or past help.
            if !last.is_finite() || last.abs() < 0.02 * first.abs() || loss.backward().is_err() {
                break;
            }
            if optimizer.step().is_err() {
                break;
            }
        }
        Ok((first, last))
    }

    /// Whether some samples can be learnt by heart, and whether the inputs are needed for it. `None` where that cannot be
    /// tried.
    pub(super) fn by_heart(
        &self,
        x: &X,
        y: &Y,
        held: &mut Held<'_, T>,
    ) -> Result<Option<Vec<Finding>>> {
        let n = x.samples().min(BY_HEART);
        // Fewer numbers than samples cannot know them by heart.
        if n < 4 || y.samples() != x.samples() || self.model.num_parameters() < 16 * n {
            return Ok(None);
        }
        let rows: Vec<usize> = (0..n).map(|k| k * x.samples() / n).collect();
        let (x, y) = (x.pick(&rows)?, y.pick(&rows)?);
        let (first, last) = self.train(&x, &y, STEPS)?;
        let mut found = Vec::new();
        let tape = Tape::<T>::new().evaluating();
        let out = self.numbers(&tape, &x)?;
        let lines = tape.lines();
        let alike =
            out.iter().filter_map(|&k| lines.get(k)?.value()).all(|out| equal_rows(&out, n));
        drop(lines);
        held.put_back();
        if alike && n > 1 {
            found.push(
                Finding::certain(Fault::InputUnused)
                    .noting("samples whose predictions are equal after training", n as f64),
            );
        }
        if last.is_nan() || first > 0.0 && last > 0.8 * first {
            found.push(
                Finding::likely(Fault::CannotOverfit)
                    .because("loss of 16 samples over its start", last / first, 0.8)
                    .noting("steps", STEPS as f64),
            );
        }
        Ok(Some(found))
    }

    /// Whether the model, trained on one half, does better on the other than one that was trained on shuffled targets.
    pub(super) fn tells(&self, x: &X, y: &Y, held: &mut Held<'_, T>) -> Result<bool> {
        let n = x.samples();
        let order = shuffled(n, &mut Rng::new(1));
        let (train, test) = order.split_at(n / 2);
        let (x_train, x_test) = (x.pick(train)?, x.pick(test)?);
        let (y_train, y_test) = (y.pick(train)?, y.pick(test)?);
        let control = y_train.pick(&shuffled(train.len(), &mut Rng::new(2)))?;
        let mut after = |targets: &Y, steps: usize| -> Result<f64> {
            self.train(&x_train, targets, steps)?;
            let tape = Tape::<T>::no_grad();
            let loss = value_of("preflight", self.loss(&tape, &x_test, &y_test)?)?;
            held.put_back();
            Ok(loss)
        };
        let (start, real, control) =
            (after(&y_train, 0)?, after(&y_train, 40)?, after(&control, 40)?);
        // Better than the control by luck is not better than the start.
        Ok(real < control - 0.1 * control.abs() && real < start - 0.05 * start.abs())
    }
}

/// Whether all rows are the same numbers.
fn equal_rows<T: Float>(x: &Tensor<T>, n: usize) -> bool {
    let all: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
    let width = all.len() / n.max(1);
    width > 0 && all.chunks_exact(width).all(|row| row == &all[..width])
}
