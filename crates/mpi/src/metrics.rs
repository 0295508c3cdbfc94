//! Measurements over all ranks.

use std::panic::Location;

use mpi::traits::Equivalence;
use wengert_data::metrics::RunningMean;
use wengert_tensor::{Element, Tensor};

use crate::link::{Call, Fault, all, fill};
use crate::{Result, World};

impl World {
    /// The mean over the samples of all ranks, on every rank. As [`RunningMean::take`] does, it starts anew.
    ///
    /// ```
    /// use wengert_data::metrics::RunningMean;
    ///
    /// let world = wengert_mpi::World::new()?;
    /// let mut running_loss = RunningMean::of(6.0, 4);
    /// assert_eq!(world.mean(&mut running_loss)?, 1.5);
    /// assert_eq!(running_loss.count(), 0);
    /// # Ok::<(), wengert_mpi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Ranks`](crate::Error::Ranks) if a rank has left or makes another call.
    #[track_caller]
    pub fn mean(&self, running: &mut RunningMean) -> Result<f64> {
        let at = Location::caller();
        let mut total = [running.sum(), running.count() as f64];
        self.link.call(Call::Mean, at, || self.add_up(Call::Mean, &mut total))?;
        *running = RunningMean::new();
        Ok(RunningMean::of(total[0], total[1] as usize).mean())
    }

    /// Gives every rank the sums of these numbers over all ranks, each added up in the order of the ranks: counts of hits, for
    /// example.
    ///
    /// ```
    /// let world = wengert_mpi::World::new()?;
    /// let (hits, samples) = (9.0, 10.0);
    /// let mut counts = [hits, samples];
    /// world.sum(&mut counts)?;
    /// assert_eq!(counts[0] / counts[1], 0.9);
    /// # Ok::<(), wengert_mpi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Ranks`](crate::Error::Ranks) if a rank has left, makes another call, or has another number of numbers.
    #[track_caller]
    pub fn sum(&self, numbers: &mut [f64]) -> Result<()> {
        let at = Location::caller();
        self.link.call(Call::Sum, at, || self.add_up(Call::Sum, numbers))
    }

    /// The rows of all ranks, on every rank: those of rank 0 first. For measures that are no sums, such as the area under a curve;
    /// the ranks may have different numbers of rows.
    ///
    /// ```
    /// use wengert_tensor::tensor;
    ///
    /// let world = wengert_mpi::World::new()?;
    /// assert_eq!(world.gather(&tensor![[0.5_f32, 1.5]])?.shape(), [world.size(), 2]);
    /// # Ok::<(), wengert_mpi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Ranks`](crate::Error::Ranks) if a rank has left, makes another call, or has rows of another shape.
    #[track_caller]
    pub fn gather<E: Element + Equivalence>(&self, rows: &Tensor<E>) -> Result<Tensor<E>> {
        let at = Location::caller();
        let (mut numbers, mut shape) = (Vec::new(), rows.shape().to_vec());
        self.link.call(Call::Gather, at, || {
            let (mine, row) = (rows.to_vec(), shape.get(1..).unwrap_or(&[]).to_vec());
            let sends = self.link.others().map(|rank| (rank, &*mine));
            let width = row.iter().product::<usize>().max(1);
            let own: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
            let mut shapes = vec![own.clone(); self.size()];
            let heads = self.link.others().map(|rank| (rank, &*own));
            self.link.exchange(Call::Gather, heads, 0..self.size(), |rank, message| {
                if let Some(message) = message {
                    shapes[rank] = all(message);
                }
                Ok(())
            })?;
            let other = |theirs: &Vec<u64>| theirs.is_empty() || theirs[1..] != own[1..];
            if own.is_empty() || shapes.iter().any(other) {
                return Err(Fault(format!(
                    "the ranks' tensors have the shapes {shapes:?}, and can differ in the first axis only\n  help: gather rows, such as the predictions of a batch"
                )));
            }
            self.link.exchange(Call::Gather, sends, 0..self.size(), |rank, message| {
                let start = numbers.len();
                numbers.resize(start + shapes[rank][0] as usize * width, E::default());
                match message {
                    Some(message) => fill(rank, message, &mut numbers[start..])?,
                    None => numbers[start..].copy_from_slice(&mine),
                }
                Ok(())
            })?;
            shape[0] = shapes.iter().map(|shape| shape[0] as usize).sum();
            Ok(())
        })?;
        Ok(Tensor::from_vec(numbers, shape)?)
    }

    /// Adds up numbers over the ranks, in their order.
    fn add_up(&self, call: Call, numbers: &mut [f64]) -> Result<(), Fault> {
        let own = numbers.to_vec();
        let mut theirs = own.clone();
        let sends = self.link.others().map(|rank| (rank, &*own));
        self.link.exchange(call, sends, 0..self.size(), |rank, message| {
            match message {
                Some(message) => fill(rank, message, &mut theirs)?,
                None => theirs.copy_from_slice(&own),
            }
            if rank == 0 {
                numbers.copy_from_slice(&theirs);
            } else {
                numbers.iter_mut().zip(&theirs).for_each(|(sum, x)| *sum += x);
            }
            Ok(())
        })
    }
}
