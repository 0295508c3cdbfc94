//! `Number`: the floats that are sent, and the room in which their gradients are summed.

use std::cell::RefCell;

use mpi::traits::Equivalence;
use wengert_tensor::Float;

/// `f32` or `f64`: what parameters are made of, and MPI sends.
pub trait Number: Float + Equivalence + sealed::Sealed {}

impl Number for f32 {}
impl Number for f64 {}

/// The vectors in which gradients are summed, which are used again in each step.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Room<T> {
    /// The gradients of this rank, end to end; then the averages.
    pub(crate) all: Vec<T>,
    /// The part of another rank's gradients that this rank sums.
    pub(crate) incoming: Vec<T>,
    /// The sum so far of the part that this rank sums.
    pub(crate) sum: Vec<T>,
    /// The number of gradients in the sum.
    pub(crate) summed: usize,
}

/// The rooms of both kinds of floats.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Rooms(RefCell<Room<f32>>, RefCell<Room<f64>>);

mod sealed {
    use super::{RefCell, Room, Rooms};

    /// Keeps [`Number`](super::Number) to the floats of this crate.
    pub trait Sealed: Sized {
        /// The room of this kind of floats.
        fn room(rooms: &Rooms) -> &RefCell<Room<Self>>;
    }

    impl Sealed for f32 {
        fn room(rooms: &Rooms) -> &RefCell<Room<f32>> {
            &rooms.0
        }
    }

    impl Sealed for f64 {
        fn room(rooms: &Rooms) -> &RefCell<Room<f64>> {
            &rooms.1
        }
    }
}
