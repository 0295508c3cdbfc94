//! Blocks of elements: their classes of sizes, and who may write to them.
#![allow(clippy::unwrap_used)]

use wengert_tensor::{Element, Tensor, tensor};

#[allow(dead_code)]
#[path = "../src/storage/classes.rs"]
mod classes;
use classes::{bytes_of, class_of};

#[test]
fn classes_hold_what_they_promise_and_waste_little() {
    let sizes = (0..100_000).step_by(if cfg!(miri) { 31 } else { 1 });
    for bytes in sizes.chain((20..40).flat_map(|p| (1 << p) - 3..(1 << p) + 3)) {
        let class = class_of(bytes);
        assert!(bytes_of(class) >= bytes);
        assert!(class == 0 || bytes_of(class - 1) < bytes, "{bytes} fits class {}", class - 1);
        assert!(bytes < 256 || bytes_of(class) <= bytes + bytes / 4 + 64);
    }
}

/// The address of the first element.
fn place<T: Element>(x: &Tensor<T>) -> *const T {
    x.as_slice().unwrap().as_ptr()
}

#[test]
#[cfg_attr(any(miri, wengert_no_reuse), ignore = "nothing is kept")]
fn a_dropped_buffer_is_handed_out_again() {
    let first = Tensor::full([1000], 1.0_f32);
    let at = place(&first);
    assert_eq!(at as usize % 64, 0);
    drop(first);
    let second = Tensor::full([1000], 2.0_f32);
    assert_eq!((place(&second), second.get(&[999]).unwrap()), (at, 2.0));
}

#[test]
fn only_a_lone_handle_writes_in_place() {
    let mut a = tensor![1_i64, 2, 3];
    let b = a.clone();
    a.as_mut_slice()[0] = 6;
    assert!(!a.shares_storage(&b));
    assert_eq!(b, tensor![1, 2, 3]);
    let at = place(&a);
    a.as_mut_slice()[0] = 7;
    assert_eq!((place(&a), a), (at, tensor![7, 2, 3]));
}

#[test]
fn a_view_holds_the_elements_and_writes_in_place_when_alone() {
    let a = tensor![1_i64, 2, 3];
    let at = place(&a);
    let mut view = a.narrow(0, 0, 2).unwrap();
    let again = view.narrow(0, 0, 1).unwrap();
    drop(a);
    assert!(view.shares_storage(&again) && place(&again) == at);
    drop(again);
    view.as_mut_slice()[0] = 7;
    assert_eq!(place(&view), at);
    let twin = view.clone();
    view.as_mut_slice()[0] = 8;
    assert_eq!((view, twin), (tensor![8, 2], tensor![7, 2]));
}
