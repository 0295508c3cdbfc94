//! The mean of the ranks' gradients, summed in the order of the ranks.
//!
//! All gradients of a rank, end to end, are cut into as many parts as there are ranks. Rank r gets part r of every rank, adds them up
//! in the order of the ranks, and sends the result to all. So each number is the sum that one process gets by adding the
//! gradients one after another, and each rank sends and receives about twice the size of the model, whatever the number of ranks.

use std::cell::RefMut;
use std::ops::Range;
use std::panic::Location;

use wengert_autograd::Param;
use wengert_optim::Optimizer;
use wengert_tensor::Tensor;

use crate::link::{Call, Fault, fill};
use crate::number::Room;
use crate::{Number, Result, World};

impl World {
    /// Gives every rank the mean of all ranks' gradients, and of those that were [collected](Self::collect_gradients) before. It
    /// stands between `backward` and `step`, and before what reads the gradients, such as clipping.
    ///
    /// The mean is the sum in the order of the ranks, divided by their number. A parameter that has a gradient on some ranks only
    /// counts as 0 on the others; one that has none anywhere stays without. Gradients by rows, as those of an embedding, become whole.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_optim::{Optimizer, Sgd};
    /// use wengert_tensor::tensor;
    ///
    /// let world = wengert_mpi::World::new()?;
    /// let w = Param::new(tensor![1.0_f32, 2.0]);
    /// let optimizer = Sgd::new([w.clone()], 0.1);
    /// for batch in 0..2 {
    ///     let tape = Tape::new();
    ///     tape.param(&w).mul_scalar(1.0 + f64::from(batch)).sum().backward()?;
    ///     if batch == 0 {
    ///         world.collect_gradients(&optimizer)?;
    ///     } else {
    ///         world.average_gradients(&optimizer)?;
    ///     }
    /// }
    /// assert_eq!(w.grad(), Some(tensor![1.5, 1.5]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Ranks`](crate::Error::Ranks) if a rank has left, makes another call, or has parameters of another size.
    #[track_caller]
    pub fn average_gradients<T: Number>(
        &self,
        optimizer: &(impl Optimizer<T> + ?Sized),
    ) -> Result<()> {
        self.average(optimizer.parameters(), Location::caller())
    }

    /// Adds the gradients of all ranks to a sum, in the order of the ranks, and clears them: one step of several batches. The last
    /// batch of the step is followed by [`average_gradients`](Self::average_gradients) instead, which takes the mean over all.
    ///
    /// With [`shard`](Self::shard), 4 ranks with one batch each, 2 with two and 1 with four give the same bits.
    ///
    /// # Errors
    /// As [`average_gradients`](Self::average_gradients).
    #[track_caller]
    pub fn collect_gradients<T: Number>(
        &self,
        optimizer: &(impl Optimizer<T> + ?Sized),
    ) -> Result<()> {
        let at = Location::caller();
        self.link.call(Call::CollectGradients, at, || {
            let parameters = trained(optimizer.parameters());
            let mut room = self.room();
            read(&parameters, &mut room.all);
            self.add(Call::CollectGradients, &mut room)?;
            parameters.iter().for_each(|p| p.zero_grad());
            Ok(())
        })
    }

    pub(crate) fn average<T: Number>(
        &self,
        parameters: &[Param<T>],
        at: &'static Location<'static>,
    ) -> Result<()> {
        self.link.call(Call::AverageGradients, at, || {
            let parameters = trained(parameters);
            let mut room = self.room();
            if self.size() == 1 && room.summed == 0 {
                return Ok(());
            }
            read(&parameters, &mut room.all);
            self.add(Call::AverageGradients, &mut room)?;
            self.share(&mut room)?;
            write(&parameters, &room.all);
            Ok(())
        })
    }

    fn room<T: Number>(&self) -> RefMut<'_, Room<T>> {
        T::room(&self.rooms).borrow_mut()
    }

    /// Adds this rank's part of all ranks' gradients to the sum.
    fn add<T: Number>(&self, call: Call, room: &mut Room<T>) -> Result<(), Fault> {
        let Room { all, incoming, sum, summed } = room;
        let (n, size) = (all.len(), self.size());
        let own = part(n, self.rank(), size);
        incoming.resize(own.len(), T::default());
        let sends = self.link.others().map(|rank| (rank, &all[part(n, rank, size)]));
        self.link.exchange(call, sends, 0..size, |rank, message| {
            let theirs = match message {
                Some(message) => {
                    fill(rank, message, incoming)?;
                    &*incoming
                }
                None => &all[own.clone()],
            };
            if *summed == 0 {
                sum.clear();
                sum.extend_from_slice(theirs);
            } else if sum.len() == theirs.len() {
                sum.iter_mut().zip(theirs).for_each(|(sum, &x)| *sum = sum.plus(x));
            } else {
                return Err(Fault(format!(
                    "the parameters have {n} numbers, and had others when gradients were collected\n  help: collect and average the gradients of one optimizer"
                )));
            }
            *summed += 1;
            Ok(())
        })
    }

    /// Divides the sum, and gives every rank all parts of the mean.
    fn share<T: Number>(&self, room: &mut Room<T>) -> Result<(), Fault> {
        let Room { all, sum, summed, .. } = room;
        let (n, size) = (all.len(), self.size());
        let count = T::from_f64(*summed as f64);
        sum.iter_mut().for_each(|sum| *sum = sum.over(count));
        *summed = 0;
        let sends = self.link.others().map(|rank| (rank, &**sum));
        self.link.exchange(Call::AverageGradients, sends, 0..size, |rank, message| {
            let place = part(n, rank, size);
            match message {
                Some(message) => fill(rank, message, &mut all[place])?,
                None => all[place].copy_from_slice(sum),
            }
            Ok(())
        })
    }
}

/// The parameters that are trained.
fn trained<T: Number>(parameters: &[Param<T>]) -> Vec<&Param<T>> {
    parameters.iter().filter(|p| !p.is_frozen()).collect()
}

/// The part of `n` numbers that a rank sums.
fn part(n: usize, rank: usize, size: usize) -> Range<usize> {
    let border = |rank: usize| n / size * rank + (n % size).min(rank);
    border(rank)..border(rank + 1)
}

/// The gradients end to end, after a number for each parameter: 1 if it has a gradient, else 0.
fn read<T: Number>(parameters: &[&Param<T>], all: &mut Vec<T>) {
    all.clear();
    all.resize(parameters.len(), T::default());
    for (i, parameter) in parameters.iter().enumerate() {
        let Some(gradient) = parameter.grad() else {
            all.resize(all.len() + parameter.len(), T::default());
            continue;
        };
        all[i] = T::from_f64(1.0);
        match gradient.as_slice() {
            Some(numbers) => all.extend_from_slice(numbers),
            None => all.extend(gradient.iter()),
        }
    }
}

/// The means as gradients, where any rank had one.
fn write<T: Number>(parameters: &[&Param<T>], all: &[T]) {
    let (has, mut rest) = all.split_at(parameters.len());
    for (parameter, &has) in parameters.iter().zip(has) {
        let (numbers, more) = rest.split_at(parameter.len());
        rest = more;
        let gradient = Tensor::from_vec(numbers.to_vec(), parameter.shape());
        parameter.set_grad(gradient.ok().filter(|_| has > T::default()));
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_are_the_whole() {
        for size in 1..9 {
            for n in 0..40 {
                let parts: Vec<usize> = (0..size).flat_map(|rank| part(n, rank, size)).collect();
                assert_eq!(parts, (0..n).collect::<Vec<_>>());
                let sizes: Vec<_> = (0..size).map(|rank| part(n, rank, size).len()).collect();
                assert!(sizes[0] - sizes[size - 1] <= 1, "{sizes:?}");
            }
        }
    }
}
