//! The weights of rank 0, for all.

use std::panic::Location;

use wengert_nn::Parts;
use wengert_tensor::Tensor;

use crate::link::{Call, Fault, all, fill};
use crate::{Number, Result, World};

impl World {
    /// Gives the model of every rank the parameters and buffers of rank 0. The models must have the same ones.
    ///
    /// A model that is made from one seed is the same everywhere without it; this call holds for any.
    ///
    /// # Errors
    /// [`Error::Ranks`](crate::Error::Ranks), which names the first parameter or buffer that differs.
    #[track_caller]
    pub fn broadcast<T: Number>(&self, model: &(impl Parts<T> + ?Sized)) -> Result<()> {
        let at = Location::caller();
        self.link.call(Call::Broadcast, at, || {
            let (parameters, buffers) = (model.named_parameters(), model.named_buffers());
            let values = || {
                let parameters = parameters.iter().map(|(name, p)| (name, p.value()));
                parameters.chain(buffers.iter().map(|(name, buffer)| (name, buffer.value())))
            };
            let names: String =
                values().map(|(name, x)| format!("{name} {:?}\n", x.shape())).collect();
            let theirs = self.bytes_of_first(Call::Broadcast, names.as_bytes())?;
            same_names(&names, &String::from_utf8_lossy(&theirs), self.rank())?;

            let mut numbers: Vec<T> = values().flat_map(|(_, x)| x.to_vec()).collect();
            self.of_first(Call::Broadcast, &mut numbers)?;
            let mut rest = &*numbers;
            let mut next = |shape: &[usize]| {
                let (these, more) = rest.split_at(shape.iter().product());
                rest = more;
                Tensor::from_vec(these.to_vec(), shape)
            };
            let unfit = |error: wengert_tensor::Error| Fault(error.to_string());
            for (_, parameter) in &parameters {
                parameter.set(next(&parameter.shape()).map_err(unfit)?);
            }
            for (_, buffer) in &buffers {
                buffer.set(next(buffer.value().shape()).map_err(unfit)?);
            }
            Ok(())
        })
    }

    /// Numbers of rank 0 in place of one's own, which are as many.
    fn of_first<T: Number>(&self, call: Call, numbers: &mut [T]) -> Result<(), Fault> {
        if self.is_first() {
            let sends = self.link.others().map(|rank| (rank, &*numbers));
            return self.link.exchange(call, sends, 0..0, |_, _| Ok(()));
        }
        self.link.exchange::<T>(call, [], 0..1, |rank, message| match message {
            Some(message) => fill(rank, message, numbers),
            None => Ok(()),
        })
    }

    /// The bytes of rank 0, of any number.
    pub(crate) fn bytes_of_first(&self, call: Call, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut theirs = bytes.to_vec();
        if self.is_first() {
            let sends = self.link.others().map(|rank| (rank, bytes));
            self.link.exchange(call, sends, 0..0, |_, _| Ok(()))?;
        } else {
            self.link.exchange::<u8>(call, [], 0..1, |_, message| {
                theirs = message.map_or_else(Vec::new, all);
                Ok(())
            })?;
        }
        Ok(theirs)
    }
}

/// Compares the lines of this rank with those of rank 0.
fn same_names(here: &str, first: &str, rank: usize) -> Result<(), Fault> {
    if here == first {
        return Ok(());
    }
    let or_none =
        |line: Option<&str>| line.map_or("nothing".to_string(), |line| format!("`{line}`"));
    let (mut ours, mut theirs) = (here.lines(), first.lines());
    loop {
        let (our, their) = (ours.next(), theirs.next());
        if our != their || our.is_none() {
            let (our, their) = (or_none(our), or_none(their));
            return Err(Fault(format!(
                "the models differ: rank 0 has {their} where rank {rank} has {our}\n  help: make the same model on all ranks"
            )));
        }
    }
}
