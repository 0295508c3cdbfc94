//! The pool under many jobs, from many threads, with panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use wengert_tensor::kernel::pool;

fn sums(rounds: usize, seed: usize) {
    for round in 0..rounds {
        let chunks = (round * 7 + seed) % 23;
        let seen: Vec<AtomicUsize> = (0..chunks).map(|_| AtomicUsize::new(0)).collect();
        let mut plain = vec![0usize; chunks];
        let p = plain.as_mut_ptr() as usize;
        pool::run(chunks, &|i| {
            seen[i].fetch_add(1, Relaxed);
            // SAFETY: every chunk has its own element: what a race detector checks the pool's order by.
            unsafe { *(p as *mut usize).add(i) += i + 1 };
        });
        assert!(seen.iter().all(|s| s.load(Relaxed) == 1));
        assert_eq!(plain, (1..=chunks).collect::<Vec<_>>());
    }
}

#[test]
fn stress() {
    pool::set_threads(3);
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::scope(|s| {
        for t in 0..3 {
            s.spawn(move || sums(if cfg!(miri) { 30 } else { 20_000 }, t));
        }
        s.spawn(|| {
            for round in 0..if cfg!(miri) { 10 } else { 2000 } {
                let bad = round % 5;
                let got = catch_unwind(AssertUnwindSafe(|| {
                    pool::run(5, &|i| {
                        if i == bad {
                            panic!("chunk {i}");
                        }
                    });
                }));
                let payload = got.expect_err("the panic comes out");
                let text = payload.downcast_ref::<String>().expect("with its message");
                assert_eq!(*text, format!("chunk {bad}"));
            }
        });
        s.spawn(|| {
            for _ in 0..if cfg!(miri) { 10 } else { 2000 } {
                let count = AtomicUsize::new(0);
                pool::run(4, &|_| {
                    pool::run(3, &|_| {
                        count.fetch_add(1, Relaxed);
                    });
                });
                assert_eq!(count.load(Relaxed), 12);
            }
        });
        s.spawn(|| {
            for round in 0..if cfg!(miri) { 5 } else { 200 } {
                pool::set_threads(1 + round % 4);
                // Long enough that helpers fall asleep now and then.
                std::thread::sleep(std::time::Duration::from_micros(300));
                sums(10, round);
            }
            pool::set_threads(3);
        });
    });
    std::panic::set_hook(quiet);
}

/// More chunks than the pool counts.
const MANY: usize = 100_003;

#[test]
#[cfg_attr(miri, ignore = "too long")]
fn many_chunks() {
    let count = AtomicUsize::new(0);
    let sum = AtomicU64::new(0);
    pool::run(MANY, &|i| {
        count.fetch_add(1, Relaxed);
        sum.fetch_add(i as u64, Relaxed);
    });
    assert_eq!(count.load(Relaxed), MANY);
    assert_eq!(sum.load(Relaxed), MANY as u64 * (MANY as u64 - 1) / 2);
}

#[test]
#[ignore = "a race on purpose, which .ci/tsan must find"]
fn a_race() {
    let mut number = 0_u64;
    let (p, here) = (&raw mut number as usize, AtomicUsize::new(0));
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| {
                // Both at once, and without an order: that of one thread's end and another's start is one.
                here.fetch_add(1, Relaxed);
                while here.load(Relaxed) < 2 {
                    std::hint::spin_loop();
                }
                // Many times: of two writes in the same moment the sanitizer may note neither before it looks for the other.
                for _ in 0..1000 {
                    let p = p as *mut u64;
                    // SAFETY: none. Two threads write one number, and only the sanitizer runs this.
                    unsafe { p.write_volatile(p.read_volatile() + 1) };
                }
            });
        }
    });
    assert!(number > 0);
}
