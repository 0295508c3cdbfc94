//! Loops that are warm ask the system for no memory.
#![allow(clippy::unwrap_used)]
#![cfg(not(any(miri, wengert_no_reuse)))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use wengert_tensor::{Tensor, keep, s};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // While a thread ends its counter is gone; nobody asks for it then.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `round` allocates, after three rounds to get warm.
#[track_caller]
fn silent(name: &str, mut round: impl FnMut()) {
    for _ in 0..3 {
        round();
    }
    let before = COUNT.get();
    for _ in 0..100 {
        round();
    }
    let made = COUNT.get() - before;
    assert_eq!(made, 0, "{name}: {made} allocations in 100 rounds");
}

#[test]
fn warm_loops_allocate_nothing() {
    let x = Tensor::<f32>::from_fn([64, 10], |i| (i[0] * 10 + i[1]) as f32 / 320.0 - 1.0);
    let row = Tensor::<f32>::ones([10]);
    let images = Tensor::<f32>::ones([4, 3, 8, 8]);
    silent("pointwise", || {
        let y = (&x + &row).tanh() * 2.0 - &x;
        drop(&y / &y.sum_over(keep(1)).unwrap());
        drop(y.relu().sigmoid().exp());
    });
    silent("views", || {
        let y = x.t().unsqueeze(0).unwrap().expand([3, 10, 64]).unwrap();
        let y = y.permute([2, 0, 1]).unwrap().flip(0).unwrap().slice(s![..;2, 1]).unwrap();
        let y = y.narrow(1, 2, 5).unwrap().move_axis(0, -1).unwrap().select(0, 1).unwrap();
        assert_eq!(y.reshape([4, 8]).unwrap().squeeze(..).unwrap().flatten().shape(), [32]);
        drop(x.transpose(0, 1).unwrap().contiguous());
        drop(images.flatten_axes(1, -1).unwrap());
        drop(images.permute([0, 2, 3, 1]).unwrap().reshape([256, 3]).unwrap());
    });
    silent("reductions", || {
        drop((x.sum(), x.mean(), x.max().unwrap(), x.prod()));
        drop((x.sum_over(0).unwrap(), x.sum_over(-1).unwrap(), x.t().sum_over([0, 1]).unwrap()));
        drop((images.sum_over([0, 2, 3]).unwrap(), images.mean_over(keep([1, 3])).unwrap()));
        drop((x.sum_to([1, 10]).unwrap(), x.sum_to([10]).unwrap()));
    });
    silent("statistics", || {
        drop((x.var(), x.std_over(0, 1.0).unwrap(), x.norm(2.0).unwrap(), x.norm(3.0).unwrap()));
        drop((x.softmax(1).unwrap(), x.log_softmax(0).unwrap(), x.logsumexp_over(1).unwrap()));
        drop((x.count_nonzero(), x.cumsum(0).unwrap(), x.cumsum(1).unwrap()));
    });
    silent("matmul", || {
        let w = x.t();
        drop(x.matmul(&w).unwrap().matmul(&x).unwrap());
        drop(x.linear(&x, None).unwrap());
        drop(x.select(0, 0).unwrap().matmul(&w).unwrap());
        drop(images.matmul(&images).unwrap());
    });
    silent("writing in place", || {
        let mut y = x.zeros_like();
        y.as_mut_slice()[3] = 1.0;
        y.set(&[1, 1], 2.0).unwrap();
        y += &x;
        assert_eq!(y.get(&[1, 1]).unwrap(), 2.0 + x.get(&[1, 1]).unwrap());
    });
}
