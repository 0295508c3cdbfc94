//! `Link`: messages between ranks, of which none waits for a rank that has left.
//!
//! Every message carries the number of its call. Messages of one rank arrive in the order in which it sent them, so the next one tells what
//! that rank does: the same call, another one, or leaving. A rank that leaves, by an error or by its end, says so to all others
//! and takes in what they still send, until they have left too. So nobody is left waiting, whether to send or to receive.

use std::cell::{Cell, RefCell};
use std::thread;
use std::time::{Duration, Instant};

use mpi::Tag;
use mpi::point_to_point::{Message, Status};
use mpi::request::{RequestCollection, multiple_scope};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Destination, Equivalence, MatchedReceiveVec as _, Source};
use wengert_autograd::Line;

use crate::{Error, Result};

/// A call of all ranks; its number is the tag of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Broadcast = 1,
    CollectGradients,
    AverageGradients,
    Sum,
    Mean,
    Gather,
    Save,
    Resume,
    Trainer,
}

const CALLS: [Call; 9] = [
    Call::Broadcast,
    Call::CollectGradients,
    Call::AverageGradients,
    Call::Sum,
    Call::Mean,
    Call::Gather,
    Call::Save,
    Call::Resume,
    Call::Trainer,
];
/// The tag of the message of a rank that leaves.
const LEAVING: Tag = 0;

impl Call {
    /// The method's name.
    fn name(self) -> &'static str {
        match self {
            Self::Broadcast => "broadcast",
            Self::CollectGradients => "collect_gradients",
            Self::AverageGradients => "average_gradients",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Gather => "gather",
            Self::Save => "save",
            Self::Resume => "resume",
            Self::Trainer => "the trainer's `fit`",
        }
    }
}

/// The rule that the ranks have broken, and the fix.
pub(crate) struct Fault(pub(crate) String);

/// A message that has arrived.
pub(crate) type Incoming = (Message, Status);

pub(crate) struct Link {
    comm: SimpleCommunicator,
    /// The number of finished calls.
    calls: Cell<u64>,
    /// Which ranks have left.
    left: RefCell<Vec<bool>>,
    /// The reason for which this rank has left.
    parted: RefCell<Option<String>>,
}

impl Link {
    pub(crate) fn new() -> Self {
        let comm = SimpleCommunicator::world();
        let left = RefCell::new(vec![false; comm.size() as usize]);
        Self { comm, calls: Cell::new(0), left, parted: RefCell::new(None) }
    }

    pub(crate) fn rank(&self) -> usize {
        self.comm.rank() as usize
    }

    pub(crate) fn size(&self) -> usize {
        self.comm.size() as usize
    }

    /// The numbers of the other ranks, rising.
    pub(crate) fn others(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.size()).filter(|&rank| rank != self.rank())
    }

    /// A call: what `body` exchanges. If it fails, this rank leaves.
    pub(crate) fn call<R>(
        &self,
        call: Call,
        at: Line,
        body: impl FnOnce() -> Result<R, Fault>,
    ) -> Result<R> {
        let (name, here) = (call.name(), self.rank());
        let error = |rule: String| Error::Ranks { call: name, here, rule, at };
        if let Some(reason) = &*self.parted.borrow() {
            return Err(error(format!("this world has ended, since {reason}")));
        }
        match body() {
            Ok(result) => {
                self.calls.set(self.calls.get() + 1);
                Ok(result)
            }
            Err(Fault(rule)) => {
                let error = error(rule);
                // A launcher may end this process as soon as another one has failed, before the program prints the error.
                say(&error.to_string());
                self.part(&error.to_string());
                Err(error)
            }
        }
    }

    /// Sends to ranks, and gives `take` the message of each rank of `from` in order; `None` at this rank's own place.
    pub(crate) fn exchange<'a, M: Equivalence + 'a>(
        &self,
        call: Call,
        sends: impl IntoIterator<Item = (usize, &'a [M])>,
        from: std::ops::Range<usize>,
        mut take: impl FnMut(usize, Option<Incoming>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        multiple_scope(self.size(), |scope, sent: &mut RequestCollection<'a, [M]>| {
            for (to, part) in sends {
                let to = self.comm.process_at_rank(to as i32);
                sent.add(to.immediate_send_with_tag(scope, part, call as Tag));
            }
            let result = from.into_iter().try_for_each(|rank| {
                let own = rank == self.rank();
                take(rank, if own { None } else { Some(self.next_of(rank, call)?) })
            });
            let mut done = Vec::new();
            if result.is_ok() {
                sent.wait_all(&mut done);
            } else {
                // Another rank may have failed in the same call, and wait for its own messages to be taken.
                let mut patience = Patience::new();
                while !sent.test_all(&mut done) {
                    self.take_in();
                    patience.pause();
                }
            }
            result
        })
    }

    /// The next message of a rank, which must be of this call.
    fn next_of(&self, rank: usize, call: Call) -> Result<Incoming, Fault> {
        let process = self.comm.process_at_rank(rank as i32);
        let mut patience = Patience::new();
        let incoming = loop {
            match process.immediate_matched_probe() {
                Some(incoming) => break incoming,
                None => patience.pause(),
            }
        };
        let tag = incoming.1.tag();
        if tag == call as Tag {
            return Ok(incoming);
        }
        let their = CALLS.into_iter().find(|&call| call as Tag == tag);
        let (name, mine) = (call.name(), self.calls.get());
        let theirs = self.swallow(rank, incoming);
        Err(Fault(match their {
            Some(their) => format!(
                "rank {rank} is at `{}` as call {} of its world, and this rank at `{name}`\n  help: all ranks must make the same calls in the same order",
                their.name(),
                mine + 1
            ),
            None => format!(
                "rank {rank} has left after {theirs} calls of its world, and this rank is at call {}\n  help: look at what rank {rank} has printed; if it ended well, it had fewer batches: shard the loader, `world.shard(loader)?`",
                mine + 1
            ),
        }))
    }

    /// Takes in a message that nobody needs, or that says that its rank leaves; of that, the number of its calls.
    fn swallow(&self, rank: usize, incoming: Incoming) -> u64 {
        if incoming.1.tag() == LEAVING {
            self.left.borrow_mut()[rank] = true;
            return incoming.0.matched_receive::<u64>().0;
        }
        drop(incoming.matched_receive_vec::<u8>());
        0
    }

    /// Takes in whatever has arrived.
    fn take_in(&self) {
        for rank in self.others() {
            let process = self.comm.process_at_rank(rank as i32);
            while !self.left.borrow()[rank] {
                match process.immediate_matched_probe() {
                    Some(incoming) => drop(self.swallow(rank, incoming)),
                    None => break,
                }
            }
        }
    }

    /// Whether a call has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.parted.borrow().is_some()
    }

    /// Leaves: says so to all others, and waits until they have left too.
    pub(crate) fn part(&self, reason: &str) {
        if self.parted.borrow().is_some() {
            return;
        }
        *self.parted.borrow_mut() = Some(reason.to_string());
        for rank in self.others() {
            self.comm.process_at_rank(rank as i32).send_with_tag(&self.calls.get(), LEAVING);
        }
        let mut patience = Patience::new();
        loop {
            self.take_in();
            if self.others().all(|rank| self.left.borrow()[rank]) {
                return;
            }
            patience.pause();
        }
    }
}

/// Fills a slice with the numbers of a message, which must be as many.
pub(crate) fn fill<M: Equivalence>(
    rank: usize,
    incoming: Incoming,
    into: &mut [M],
) -> Result<(), Fault> {
    let there = incoming.1.count(M::equivalent_datatype());
    if there as usize == into.len() {
        incoming.0.matched_receive_into(into);
        return Ok(());
    }
    drop(incoming.matched_receive_vec::<u8>());
    Err(Fault(format!(
        "rank {rank} sends {there} numbers, and this rank expects {}\n  help: all ranks need the same model, and tensors of the same sizes; `world.broadcast(&model)?` names what differs",
        into.len()
    )))
}

/// All numbers of a message.
pub(crate) fn all<M: Equivalence>(incoming: Incoming) -> Vec<M> {
    incoming.matched_receive_vec::<M>().0
}

/// Prints a line to the standard error in one piece, since other ranks print there too.
pub(crate) fn say(text: &str) {
    let line = format!("wengert-mpi: {text}\n");
    eprint!("{line}");
}

/// A wait: at first only other threads may run; after a while the processor may rest.
struct Patience(Instant);

impl Patience {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn pause(&mut self) {
        if self.0.elapsed() < Duration::from_millis(20) {
            thread::yield_now();
        } else {
            thread::sleep(Duration::from_micros(100));
        }
    }
}
