//! A process that is forked while the pool is there, or at work, has no helpers: its products are made on one thread, with the same
//! bits, and none of them waits for a thread that is not there. One test, since threads are the whole process's.
#![cfg(all(unix, not(miri)))]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use wengert_tensor::kernel::pool;
use wengert_tensor::{Rng, Tensor};

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn kill(process: i32, signal: i32) -> i32;
    fn _exit(status: i32) -> !;
}

const NO_HANG: i32 = 1;
const KILL: i32 = 9;

/// The exit status of a child whose work gives true, and of one that panics.
const TRUE: i32 = 40;
const PANICKED: i32 = 42;

/// The exit status of a forked process that does this work; one that takes longer than a minute is said to hang.
fn forked(work: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child never returns from this block, runs no destructor of the parent's, and takes no lock but those of the
    // allocator, which `fork` leaves free.
    let child = unsafe { fork() };
    if child == 0 {
        let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // SAFETY: it ends the process.
        unsafe { _exit(status.map_or(PANICKED, |right| if right { TRUE } else { TRUE + 1 })) }
    }
    assert!(child > 0, "no process to be had");
    let (mut status, begun) = (0, Instant::now());
    // SAFETY: the child is ours, and `status` is a number of ours.
    while unsafe { waitpid(child, &raw mut status, NO_HANG) } == 0 {
        if begun.elapsed() > Duration::from_secs(60) {
            // SAFETY: the child is ours, and was not waited for.
            unsafe {
                kill(child, KILL);
                waitpid(child, &raw mut status, 0);
            }
            panic!("a forked process hangs");
        }
        sleep(Duration::from_micros(200));
    }
    assert_eq!(status & 0x7f, 0, "a forked process ended by a signal");
    status >> 8 & 0xff
}

#[test]
fn a_forked_process_computes_the_same_bits_and_does_not_wait() {
    pool::set_threads(4);
    let rng = &mut Rng::new(0);
    let [a, b] = [(); 2].map(|()| Tensor::<f32>::randn([192, 192], rng));
    let long = Tensor::<f32>::randn([1 << 18], rng);
    // The helpers are started by a thread that is gone when they are used.
    let expected =
        std::thread::scope(|s| s.spawn(|| (a.matmul(&b).unwrap(), long.exp())).join().unwrap());
    let before = pool::shared_jobs();
    let right = || a.matmul(&b).unwrap() == expected.0 && long.exp() == expected.1;
    assert!(right());
    assert!(pool::shared_jobs() >= before + 2, "the pool was not used");

    // While the helpers look for work, and when they sleep.
    for pause in [0, 0, 5, 20] {
        sleep(Duration::from_millis(pause));
        assert_eq!(forked(|| (0..5).all(|_| right())), TRUE);
    }
    // A child that asks for more threads than the parent had gets new ones; and a child has children.
    assert_eq!(
        forked(|| {
            pool::set_threads(7);
            (0..5).all(|_| right()) && forked(right) == TRUE
        }),
        TRUE
    );
    // From a chunk of a job, which in the child never ends.
    pool::run(3, &|_| assert_eq!(forked(right), TRUE));

    // While another thread's jobs are on: at any moment of one.
    let stop = AtomicBool::new(false);
    std::thread::scope(|s| {
        let busy = s.spawn(|| {
            while !stop.load(Relaxed) {
                assert!(right());
            }
        });
        for _ in 0..100 {
            assert_eq!(forked(right), TRUE);
        }
        stop.store(true, Relaxed);
        busy.join().unwrap();
    });
    // The parent has its helpers still.
    let before = pool::shared_jobs();
    assert!(right() && pool::shared_jobs() >= before + 2);
}
