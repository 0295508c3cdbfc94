use super::*;

fn of(len: usize) -> Layout {
    Layout::contiguous(&[len])
}

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

#[test]
#[cfg_attr(any(miri, wengert_no_reuse), ignore = "nothing is kept")]
fn a_dropped_buffer_is_handed_out_again() {
    let first = Storage::full(&[1000], 1.0_f32).unwrap();
    let place = first.as_slice().as_ptr();
    assert_eq!(place as usize % 64, 0);
    drop(first);
    let second = Storage::full(&[1000], 2.0_f32).unwrap();
    assert_eq!(second.as_slice().as_ptr(), place);
    assert_eq!(second.as_slice()[999], 2.0);
}

#[test]
fn only_a_lone_handle_writes() {
    let mut a = Storage::from_slice(&[3], &[1, 2, 3_i64]).unwrap();
    let b = a.clone();
    assert!(a.as_mut().is_none());
    drop(b);
    a.as_mut().unwrap()[0] = 7;
    assert_eq!(a.as_slice(), [7, 2, 3]);
}

#[test]
fn a_view_holds_the_elements_and_writes_when_alone() {
    let a = Storage::from_slice(&[3], &[1, 2, 3_i64]).unwrap();
    let mut view = a.view(of(2));
    assert!(view.is_same(&a) && view.as_mut().is_none() && view.handles() == 2);
    drop(a);
    let again = view.view(of(1));
    assert!(view.as_mut().is_none());
    drop(again);
    view.as_mut().unwrap()[0] = 7;
    assert_eq!(view.as_slice(), [7, 2, 3]);
    let twin = view.clone();
    assert!(view.as_mut().is_none() && view.handles() == 2);
    drop(view);
    assert_eq!((twin.as_slice(), twin.layout().len(), twin.handles()), (&[7, 2, 3][..], 2, 1));
}
