//! The helper threads of the process, and how a job is shared among them.
//!
//! One job at a time: a function of a chunk's number. The whole state is one word, epoch ≪ 32 | next ≪ 16 | chunks, and
//! a chunk is claimed by a compare-exchange on all of it, so that a helper that comes late, with a word of an earlier
//! job in its hand, can never enter a later one. The caller claims chunks like everyone, and then waits for those that
//! helpers have claimed: for a helper that sleeps, or has lost its core between two chunks, nobody waits.

use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The number of threads of large operations, the caller's among them; see [`set_threads`].
#[inline]
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => find(),
        n => n,
    }
}

/// Sets how many threads large operations of the whole process run on from now on, the caller's among them; 0 and 1 both mean
/// the caller's alone. Results do not depend on it, to the last bit.
///
/// Without it, as many threads run as the environment variable `WENGERT_THREADS` says, or as the machine has processors.
/// There are never more threads than processors, or than 64 if that is more.
///
/// ```
/// wengert_tensor::set_threads(1);
/// assert_eq!(wengert_tensor::threads(), 1);
/// wengert_tensor::set_threads(usize::MAX);
/// assert!(wengert_tensor::threads() >= 64);
/// ```
pub fn set_threads(n: usize) {
    THREADS.store(n.clamp(1, most_threads()), Ordering::Relaxed);
}

/// The most threads that are ever used: beyond the processors more help nobody, but some must be there for tests.
fn most_threads() -> usize {
    processors().clamp(64, MOST)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Calls `f` once for every number below `chunks`, on this thread and the helpers, and returns when all calls have.
///
/// Where there is one thread, or the helpers are at another job (this one's caller's, or another thread's), all calls
/// are made here, in order. A panic in `f` comes out here; which chunks have run by then is not said.
pub fn run(chunks: usize, f: &(dyn Fn(usize) + Sync)) {
    let helpers = threads() - 1;
    if helpers == 0 || chunks < 2 {
        (0..chunks).for_each(f);
    } else if chunks > MOST {
        // Too many for the word: several at a time.
        let size = chunks.div_ceil(MOST);
        run(chunks.div_ceil(size), &|i| (i * size..chunks.min((i + 1) * size)).for_each(f));
    } else if imp::run(chunks, helpers, f) {
        SHARED.set(SHARED.get() + 1);
    } else {
        (0..chunks).for_each(f);
    }
}

/// The number of jobs of this thread that the helpers were called to: a test that is to show something of threads asserts that
/// there were some. Those of other threads do not count.
pub fn shared_jobs() -> usize {
    SHARED.get()
}

thread_local! {
    static SHARED: Cell<usize> = const { Cell::new(0) };
}

/// Pointers that the threads of one job share. Who shares them sees to it that each chunk writes places of its own, and that
/// they are good until [`run`] returns.
#[derive(Clone, Copy)]
pub(crate) struct Shared<P>(pub(crate) P);
// SAFETY: see above.
unsafe impl<P> Send for Shared<P> {}
// SAFETY: see above.
unsafe impl<P> Sync for Shared<P> {}
impl<P: Copy> Shared<P> {
    /// By a method, so that closures capture the whole and not the pointer in it.
    pub(crate) fn get(&self) -> P {
        self.0
    }
}

/// More chunks than this are not counted.
const MOST: usize = 1 << 15;

/// 0: not looked yet.
static THREADS: AtomicUsize = AtomicUsize::new(0);

#[cold]
fn find() -> usize {
    let n = match std::env::var_os("WENGERT_THREADS") {
        None => processors(),
        Some(text) => match text.to_str().and_then(|text| text.trim().parse().ok()) {
            Some(n) => n,
            None => {
                let n = processors();
                // Said once: what is not obeyed must not pass unseen, and is no reason to stop.
                eprintln!(
                    "wengert: WENGERT_THREADS is {text:?}, which is no number of threads; {n} are used"
                );
                n
            }
        },
    };
    let n = n.clamp(1, most_threads());
    // Somebody may have set it meanwhile, and is right.
    match THREADS.compare_exchange(0, n, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => n,
        Err(set) => set,
    }
}

/// No threads to be had: every job runs where it is called.
#[cfg(target_family = "wasm")]
mod imp {
    pub(super) fn run(_: usize, _: usize, _: &(dyn Fn(usize) + Sync)) -> bool {
        false
    }
}

#[cfg(not(target_family = "wasm"))]
mod imp {
    use std::any::Any;
    use std::sync::atomic::AtomicU64;
    use std::sync::{Mutex, PoisonError};
    use std::thread::{Builder, Thread, park, yield_now};

    use super::*;

    type Job = *const (dyn Fn(usize) + Sync);

    struct Pool {
        /// epoch ≪ 32 | next ≪ 16 | chunks.
        word: AtomicU64,
        /// The number of chunks that are done.
        done: AtomicUsize,
        /// The function that a chunk calls. It is written while no chunk can be claimed.
        job: UnsafeCell<Option<Job>>,
        /// Whether some thread's job is on.
        busy: AtomicBool,
        /// The number of helpers that are to work: the first ones.
        wanted: AtomicUsize,
        /// The number of these that sleep, or are about to.
        asleep: AtomicUsize,
        /// The first panic of the job.
        panic: Mutex<Option<Box<dyn Any + Send>>>,
        /// The helpers that there are.
        helpers: Mutex<Vec<Thread>>,
    }

    // SAFETY: `job` is written only by the thread that made `busy` true, while all chunks are done, and read only by who
    // has claimed a chunk of the job that was published after it.
    unsafe impl Sync for Pool {}

    static POOL: Pool = Pool {
        word: AtomicU64::new(0),
        done: AtomicUsize::new(0),
        job: UnsafeCell::new(None),
        busy: AtomicBool::new(false),
        wanted: AtomicUsize::new(0),
        asleep: AtomicUsize::new(0),
        panic: Mutex::new(None),
        helpers: Mutex::new(Vec::new()),
    };

    const NEXT: u64 = 1 << 16;

    fn chunks(word: u64) -> u64 {
        word & 0xffff
    }
    fn next(word: u64) -> u64 {
        word >> 16 & 0xffff
    }
    fn epoch(word: u64) -> u64 {
        word >> 32
    }

    /// False: the pool is at another job, and nothing was done.
    pub(super) fn run(count: usize, helpers: usize, f: &(dyn Fn(usize) + Sync)) -> bool {
        if POOL.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        // SAFETY: the pool is ours, and nothing of an earlier job can be claimed. The borrow outlives the job: this
        // function returns when all chunks are done.
        unsafe {
            *POOL.job.get() =
                Some(std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), Job>(f));
        }
        POOL.done.store(0, Ordering::Relaxed);
        let epoch = epoch(POOL.word.load(Ordering::Relaxed)).wrapping_add(1) & 0xffff_ffff;
        // SeqCst here and at `asleep`: either a helper on its way to sleep sees the job, or we see the helper.
        POOL.word.store(epoch << 32 | count as u64, Ordering::SeqCst);
        wake(helpers, count - 1);
        work();
        let mut turns = 0;
        while POOL.done.load(Ordering::Acquire) != count {
            turns += 1;
            // The helper may have no core to itself: leave this one to it.
            if turns < 1000 { spin_loop() } else { yield_now() }
        }
        let panic = POOL.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        POOL.busy.store(false, Ordering::Release);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
        true
    }

    /// Sees to it that `wanted` helpers look for work, and that so many of them are awake as there is work for.
    fn wake(wanted: usize, work: usize) {
        let as_before = POOL.wanted.load(Ordering::Relaxed) == wanted;
        if as_before && POOL.asleep.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut helpers = POOL.helpers.lock().unwrap_or_else(PoisonError::into_inner);
        POOL.wanted.store(wanted, Ordering::SeqCst);
        while helpers.len() < wanted {
            let index = helpers.len();
            let name = format!("wengert-{}", index + 1);
            match Builder::new().name(name).spawn(move || serve(index)) {
                Ok(handle) => helpers.push(handle.thread().clone()),
                // Without them the caller does the work alone.
                Err(_) => break,
            }
        }
        // Those that were not wanted until now are not counted as asleep: they are all called.
        let calls = if as_before { work.min(wanted) } else { wanted };
        for helper in helpers.iter().take(calls) {
            helper.unpark();
        }
    }

    /// Claims chunks and does them, until none are left.
    fn work() {
        let mut word = POOL.word.load(Ordering::Acquire);
        while next(word) < chunks(word) {
            let claim = POOL.word.compare_exchange_weak(
                word,
                word + NEXT,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match claim {
                Err(now) => word = now,
                Ok(_) => {
                    // SAFETY: a chunk of this job is claimed and not done: its caller waits, and nobody writes `job`.
                    let f = unsafe { (*POOL.job.get()).map(|f| &*f) };
                    let call = AssertUnwindSafe(|| f.inspect(|f| f(next(word) as usize)));
                    if let Err(payload) = catch_unwind(call) {
                        let mut first = POOL.panic.lock().unwrap_or_else(PoisonError::into_inner);
                        first.get_or_insert(payload);
                    }
                    // From here on the job may end and another begin.
                    POOL.done.fetch_add(1, Ordering::Release);
                    word = POOL.word.load(Ordering::Acquire);
                }
            }
        }
    }

    /// The number of turns for which a helper waits for the next job with its core to itself (about 35 µs), and then how many while
    /// others may have it, before it sleeps.
    const SPINS: u32 = 4000;
    const YIELDS: u32 = 200;

    /// A helper's life.
    fn serve(index: usize) {
        let mut turns = 0;
        loop {
            // Only set before a call of `unpark`, so that who reads an old value here does not sleep through a new one.
            if POOL.wanted.load(Ordering::SeqCst) <= index {
                park();
                continue;
            }
            let word = POOL.word.load(Ordering::Acquire);
            if next(word) < chunks(word) {
                work();
                turns = 0;
                continue;
            }
            turns += 1;
            if turns < SPINS {
                spin_loop();
            } else if turns < SPINS + YIELDS {
                yield_now();
            } else {
                POOL.asleep.fetch_add(1, Ordering::SeqCst);
                let word = POOL.word.load(Ordering::SeqCst);
                if next(word) >= chunks(word) {
                    park();
                }
                POOL.asleep.fetch_sub(1, Ordering::SeqCst);
                turns = 0;
            }
        }
    }
}
