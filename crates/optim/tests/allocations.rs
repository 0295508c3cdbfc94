//! A step of a warm optimiser asks the system for no memory.
#![allow(clippy::unwrap_used)]

#[path = "optim/common.rs"]
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{param, tensor};
use wengert_optim::{Adam, Adan, Lamb, Lars, Lion, Lookahead, Muon, Optimizer, Sgd};
use wengert_tensor::Tensor;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does the work; the count is a thread's own and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_warm_step_allocates_nothing() {
    let all: Vec<_> =
        (0..6).map(|k| param::<f32>(&format!("w{k}"), &vec![0.5; 10 + 50 * k])).collect();
    let matrix = wengert_autograd::Param::new(Tensor::full([6, 8], 0.5));
    matrix.set_path("matrix");
    let all = [all, vec![matrix]].concat();
    let optimizers: [Box<dyn Optimizer<f32>>; 9] = [
        Box::new(Sgd::new(all.clone(), 0.1)),
        Box::new(Sgd::new(all.clone(), 0.1).momentum(0.9).group("w1", |g| g.momentum(0.5))),
        Box::new(Adam::new(all.clone(), 0.1).amsgrad()),
        Box::new(Lion::new(all.clone(), 0.1)),
        Box::new(Adan::new(all.clone(), 0.1)),
        Box::new(Lars::new(all.clone(), 0.1)),
        Box::new(Lamb::new(all.clone(), 0.1)),
        Box::new(Muon::new(all.clone(), 0.1)),
        Box::new(Lookahead::new(Adam::new(all.clone(), 0.1), 2, 0.5)),
    ];
    for mut optimizer in optimizers {
        for p in &all {
            p.set_grad(Some(tensor(&vec![0.1; p.len()]).reshape(p.shape()).unwrap()));
        }
        // What a step frees, the next one takes.
        for _ in 0..3 {
            optimizer.step().unwrap();
        }
        let before = COUNT.get();
        for t in 0..10 {
            optimizer.set_learning_rate(0.1 / f64::from(t + 1));
            optimizer.step().unwrap();
        }
        optimizer.zero_grad();
        assert_eq!(COUNT.get() - before, 0);
    }
}
