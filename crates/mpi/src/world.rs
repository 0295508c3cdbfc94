//! `World`: the ranks that train together.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;
use wengert_autograd::Line;
use wengert_data::{DataLoader, Dataset};

use crate::link::Link;
use crate::number::Rooms;
use crate::pulse::Pulse;
use crate::{Error, Result};

/// The silence after which a rank counts as dead.
const PATIENCE: Duration = Duration::from_secs(10);

/// The ranks that train together, as one of them sees them. A program that is started without `mpirun` is a world of one rank.
///
/// All ranks must make the same calls in the same order. When a world is dropped, its rank leaves, and waits for the others to
/// leave.
///
/// ```
/// let world = wengert_mpi::World::new()?;
/// assert_eq!((world.rank(), world.size()), (0, 1));
/// assert!(world.is_first());
/// # Ok::<(), wengert_mpi::Error>(())
/// ```
pub struct World {
    pub(crate) link: Link,
    pub(crate) rooms: Rooms,
    /// The line that made it, which errors within a trainer name.
    pub(crate) made: Line,
    pulse: Option<Pulse>,
    /// Ends MPI when it is dropped, after all that uses it.
    _universe: Universe,
    /// The last to be dropped.
    farewell: Farewell,
}

/// Waits a moment at the end of a rank that has failed because of another. `mpirun` ends all processes when the first fails, and the
/// one with the reason should have printed it by then.
#[derive(Default)]
struct Farewell {
    waits: bool,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        if self.waits {
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

impl World {
    /// Starts MPI. There is one world in a process, once.
    ///
    /// Unless the environment variable `WENGERT_THREADS` is set, the ranks of a machine divide its processors among the threads of
    /// their kernels.
    ///
    /// # Errors
    /// [`Error::Start`] if there is or was a world in this process, or the MPI library allows no calls from several threads.
    #[track_caller]
    pub fn new() -> Result<Self> {
        Self::patient(PATIENCE)
    }

    /// [`new`](Self::new), with the silence after which a rank counts as dead; 10 seconds otherwise. A rank that computes is not silent.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[track_caller]
    pub fn patient(silence: Duration) -> Result<Self> {
        let made = Location::caller();
        let Some((universe, threading)) = mpi::initialize_with_threading(Threading::Multiple)
        else {
            let rule = "MPI was started in this process before\n  help: make one world, in `main`, and lend it";
            return Err(Error::Start(rule.into()));
        };
        if threading < Threading::Multiple {
            let rule = "this MPI library allows calls from one thread only\n  help: use one that was built with support for threads, such as Open MPI 4";
            return Err(Error::Start(rule.into()));
        }
        let link = Link::new();
        if std::env::var_os("WENGERT_THREADS").is_none() {
            let here = SimpleCommunicator::world().split_shared(0).size() as usize;
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            wengert_tensor::set_threads(processors / here);
        }
        let pulse = if link.size() > 1 { Some(Pulse::start(silence)?) } else { None };
        let (rooms, farewell) = (Rooms::default(), Farewell::default());
        Ok(Self { link, rooms, made, pulse, _universe: universe, farewell })
    }

    /// The number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.link.rank()
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.link.size()
    }

    /// Whether this is rank 0, which prints and writes files.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// This rank's part of a loader: every [`size`](Self::size)-th batch, as [`DataLoader::shard`] says.
    ///
    /// ```
    /// # use wengert_data::DataLoader;
    /// # use wengert_tensor::Tensor;
    /// # let world = wengert_mpi::World::new()?;
    /// let loader = world.shard(DataLoader::new(Tensor::<f32>::zeros([10, 1]), 2)?.shuffle(0))?;
    /// assert_eq!(loader.batches(), 5 / world.size());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there is no batch for each rank.
    #[track_caller]
    pub fn shard<D: Dataset>(&self, loader: DataLoader<D>) -> Result<DataLoader<D>> {
        Ok(loader.shard(self.rank(), self.size())?)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.farewell.waits = self.link.has_failed();
        self.link.part("it was dropped");
        if let Some(pulse) = self.pulse.take() {
            pulse.stop();
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "World: rank {} of {}", self.rank(), self.size())
    }
}
