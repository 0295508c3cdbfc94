//! `Pulse`: a thread that tells the next rank that this one lives, and looks after the rank before it.
//!
//! A process that was stopped, or whose machine is gone, sends nothing and does not leave. Each rank hears of the one before it several
//! times a second; if it does not for a while, it says so and ends all ranks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Destination, Source};

use crate::Error;
use crate::link::say;

/// The time between two beats.
const PERIOD: Duration = Duration::from_millis(100);
/// The beat of a rank that lives.
const ALIVE: u8 = 1;
/// The last beat of a rank.
const LAST: u8 = 0;

pub(crate) struct Pulse {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Pulse {
    /// Starts it; a rank that is silent for as long as `patience` ends all.
    pub(crate) fn start(patience: Duration) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = thread::Builder::new()
            .name("wengert-mpi pulse".into())
            .spawn(move || beat(&told, patience))
            .map_err(|error| Error::Start(format!("no thread could be started: {error}")))?;
        Ok(Self { stop, thread })
    }

    /// Ends it, when the ranks have left.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        // If the thread has panicked, it has said so.
        let _ = self.thread.join();
    }
}

fn beat(stop: &AtomicBool, patience: Duration) {
    // Its own communicator, so that beats are not taken for other messages.
    let comm = SimpleCommunicator::world().duplicate();
    let (rank, size) = (comm.rank(), comm.size());
    let [next, before] = [1, size - 1].map(|step| comm.process_at_rank((rank + step) % size));
    let (mut said_last, mut heard_last, mut silence) = (false, false, Duration::ZERO);
    while !(said_last && heard_last) {
        if !said_last {
            said_last = stop.load(Ordering::Acquire);
            next.send(&if said_last { LAST } else { ALIVE });
        }
        while let Some((message, _)) = before.immediate_matched_probe() {
            heard_last = message.matched_receive::<u8>().0 == LAST;
            silence = Duration::ZERO;
        }
        if said_last && heard_last {
            break;
        }
        // Counted in beats of this rank, so that the sleep of a whole machine is no silence.
        if silence > patience && !heard_last {
            let (dead, silence) = ((rank + size - 1) % size, silence.as_secs_f64());
            say(&format!(
                "rank {dead} was silent for {silence:.1} s: it was stopped or killed, or its machine cannot be reached. Rank {rank} ends all {size} ranks\n  help: where a rank may be silent for longer, `World::patient(…)`"
            ));
            comm.abort(1);
        }
        thread::park_timeout(PERIOD);
        silence += PERIOD;
    }
}
