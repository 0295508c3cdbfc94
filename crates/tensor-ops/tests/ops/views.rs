//! Every view of a random view is what its formula says, and no view shares what is written through another.

use crate::support::{Rng, check, copy, elements};
use wengert_tensor::{Part, REST, Slice, Tensor, Window, s};

/// Runs `test` on many random views of integers, each element telling itself from its neighbours.
fn each_view(seed: u64, mut test: impl FnMut(&mut Rng, Tensor<i64>)) {
    let mut rng = Rng::new(seed);
    for _ in 0..300 {
        let shape = rng.shape();
        let x = rng.view(&shape, |rng| rng.next() as i64);
        test(&mut rng, x);
    }
}

fn at(x: &Tensor<i64>, index: &[usize]) -> i64 {
    x.get(index).unwrap()
}

#[test]
fn reshapes_keep_the_row_major_order() {
    each_view(1, |rng, x| {
        let expected = elements(&x);
        // Sizes in another grouping: neighbours joined, ones strewn in.
        let mut shape: Vec<usize> = vec![];
        for &size in x.shape() {
            if rng.flip() && !shape.is_empty() {
                *shape.last_mut().unwrap() *= size;
            } else {
                shape.push(size);
            }
            if rng.below(3) == 0 {
                shape.push(1);
            }
        }
        let product: usize = shape.iter().product();
        if product == x.len() {
            let y = x.reshape(&shape).unwrap();
            assert_eq!((y.shape(), elements(&y)), (&shape[..], expected.clone()));
            assert_eq!(elements(&y.reshape(x.shape()).unwrap()), expected);
            if let Ok(view) = x.view(&shape) {
                assert!(view.shares_storage(&x));
                assert_eq!(elements(&view), expected);
            }
        }
        if let Some(most) = (0..shape.len()).find(|_| product > 0) {
            shape[most] = REST;
            assert_eq!(elements(&x.reshape(&shape).unwrap()), expected);
        }
        // And split: the factors of the number of elements.
        let n = x.len();
        for factor in [2, 3, 4] {
            if n > 0 && n % factor == 0 {
                assert_eq!(elements(&x.reshape([factor, n / factor]).unwrap()), expected);
                assert_eq!(elements(&x.reshape([n / factor, 1, factor]).unwrap()), expected);
            }
        }
        assert_eq!(x.flatten().to_vec(), expected);
        if x.rank() > 1 {
            let (a, b) = (rng.below(x.rank()), rng.below(x.rank()));
            let (a, b) = (a.min(b) as isize, a.max(b) as isize);
            assert_eq!(elements(&x.flatten_axes(a, b).unwrap()), expected);
        }
    });
}

#[test]
fn axes_are_exchanged_moved_added_and_dropped() {
    each_view(2, |rng, x| {
        let rank = x.rank();
        let order = rng.shuffled(rank);
        let shape: Vec<_> = order.iter().map(|&i| x.shape()[i as usize]).collect();
        let y = x.permute(&order).unwrap();
        check(&y, &shape, |to| {
            let mut from = vec![0; rank];
            for (place, &axis) in order.iter().enumerate() {
                from[axis as usize] = to[place];
            }
            at(&x, &from)
        });
        let mut longer = x.shape().to_vec();
        let place = rng.below(rank + 1);
        longer.insert(place, 1);
        let y = x.unsqueeze(place as isize).unwrap();
        check(&y, &longer, |i| at(&x, &[&i[..place], &i[place + 1..]].concat()));
        assert_eq!(y.squeeze(place as isize).unwrap(), x);
        assert_eq!(x.unsqueeze(place as isize - rank as isize - 1).unwrap(), y);
        let bare: Vec<_> = x.shape().iter().copied().filter(|&s| s != 1).collect();
        let squeezed = x.squeeze(..).unwrap();
        assert_eq!((squeezed.shape(), elements(&squeezed)), (&bare[..], elements(&x)));
        if rank < 2 {
            assert_eq!(x.t(), x);
            return;
        }
        let (a, b) = (rng.below(rank), rng.below(rank));
        let swap = |i: &[usize]| {
            let mut i = i.to_vec();
            i.swap(a, b);
            i
        };
        let y = x.transpose(a as isize, b as isize).unwrap();
        check(&y, &swap(x.shape()), |i| at(&x, &swap(i)));
        assert_eq!(x.t(), x.transpose(-2, -1).unwrap());
        let move_to = |i: &[usize]| {
            let mut i = i.to_vec();
            let moved = i.remove(a);
            i.insert(b, moved);
            i
        };
        let move_back = |i: &[usize]| {
            let mut i = i.to_vec();
            let moved = i.remove(b);
            i.insert(a, moved);
            i
        };
        let y = x.move_axis(a as isize, b as isize).unwrap();
        check(&y, &move_to(x.shape()), |i| at(&x, &move_back(i)));
    });
}

#[test]
fn parts_are_cut_out() {
    each_view(3, |rng, x| {
        let rank = x.rank();
        if rank == 0 {
            return;
        }
        let axis = rng.below(rank);
        let size = x.shape()[axis];
        let with = |i: &[usize], place: usize| {
            let mut i = i.to_vec();
            i[axis] = place;
            i
        };
        let resized = |len: usize| with(x.shape(), len);
        let start = rng.below(size + 1);
        let len = rng.below(size - start + 1);
        let y = x.narrow(axis as isize, start, len).unwrap();
        check(&y, &resized(len), |i| at(&x, &with(i, start + i[axis])));
        let y = x.flip(axis as isize).unwrap();
        check(&y, x.shape(), |i| at(&x, &with(i, size - 1 - i[axis])));

        // A slice by steps, on that axis alone.
        let step = 1 + rng.below(3);
        let places: Vec<usize> = (start..start + len).step_by(step).collect();
        let mut slices = vec![Slice::from(..); axis];
        slices.push(Slice::from(start as isize..(start + len) as isize).step(step as isize));
        let y = x.slice(&slices).unwrap();
        check(&y, &resized(places.len()), |i| at(&x, &with(i, places[i[axis]])));
        let backwards: Vec<usize> = (start..start + len).rev().step_by(step).collect();
        slices[axis] = Slice::from(start as isize..(start + len) as isize).step(-(step as isize));
        let y = x.slice(&slices).unwrap();
        check(&y, &resized(backwards.len()), |i| at(&x, &with(i, backwards[i[axis]])));

        let piece = 1 + rng.below(4);
        let pieces = x.split(axis as isize, piece).unwrap();
        assert_eq!(pieces.iter().map(|p| p.shape()[axis]).sum::<usize>(), size);
        let mut start = 0;
        for part in &pieces {
            let first = start;
            check(part, &resized(part.shape()[axis]), |i| at(&x, &with(i, first + i[axis])));
            start += part.shape()[axis];
        }
        let sizes: Vec<usize> = pieces.iter().map(|p| p.shape()[axis]).collect();
        assert_eq!(x.split_sizes(axis as isize, &sizes).unwrap(), pieces);
        let chunks = x.chunk(axis as isize, piece).unwrap();
        assert_eq!(chunks.iter().map(|p| p.shape()[axis]).sum::<usize>(), size);
        assert!(chunks.len() <= piece);

        let unbound = x.unbind(axis as isize).unwrap();
        assert_eq!(unbound.len(), size);
        for (place, part) in unbound.iter().enumerate() {
            let shape = [&x.shape()[..axis], &x.shape()[axis + 1..]].concat();
            check(part, &shape, |i| at(&x, &[&i[..axis], &[place], &i[axis..]].concat()));
            let selected = x.select(axis as isize, place).unwrap();
            assert_eq!(selected, *part);
        }
    });
}

#[test]
fn a_slice_of_all_axes_at_once() {
    let x = Tensor::from_fn([4, 5, 6], |i| (100 * i[0] + 10 * i[1] + i[2]) as i64);
    check(&x.slice(s![1..3, -1, ..;-2]).unwrap(), &[2, 3], |i| {
        (100 * (1 + i[0]) + 40 + 5 - 2 * i[1]) as i64
    });
    check(&x.slice(s![new, ..=2, new, 0]).unwrap(), &[1, 3, 1, 6], |i| (100 * i[1] + i[3]) as i64);
    check(&x.slice(s![]).unwrap(), &[4, 5, 6], |i| at(&x, i));
    check(&x.slice(s![2..2]).unwrap(), &[0, 5, 6], |_| 0);
    let none = Slice::Range { start: 3, end: Some(1), step: -1 };
    check(&x.slice([none]).unwrap(), &[0, 5, 6], |_| 0);
}

#[test]
fn broadcasts_repeat() {
    each_view(4, |rng, x| {
        let mut shape = x.shape().to_vec();
        for size in &mut shape {
            if *size == 1 {
                *size = rng.below(4);
            }
        }
        let added = rng.below(3);
        for _ in 0..added {
            shape.insert(0, 1 + rng.below(3));
        }
        let y = x.expand(&shape).unwrap();
        check(&y, &shape, |i| {
            let from: Vec<_> = i[added..]
                .iter()
                .zip(x.shape())
                .map(|(&i, &n)| if n == 1 { 0 } else { i })
                .collect();
            at(&x, &from)
        });
        assert!(y.shares_storage(&x));
        assert_eq!(x.broadcast_to(&shape).unwrap(), y);
    });
}

#[test]
fn diagonals() {
    each_view(5, |rng, x| {
        if x.rank() < 2 {
            return;
        }
        let axes = rng.shuffled(x.rank());
        let (a, b) = (axes[0], axes[1]);
        let (rows, columns) = (x.shape()[a as usize] as isize, x.shape()[b as usize] as isize);
        let offset = rng.below(7) as isize - 3;
        let y = x.diagonal(offset, a, b).unwrap();
        let len = (0..rows).filter(|i| (0..columns).contains(&(i + offset))).count();
        let mut shape = x.shape().to_vec();
        shape.remove(a.max(b) as usize);
        shape.remove(a.min(b) as usize);
        shape.push(len);
        check(&y, &shape, |i| {
            let (k, rest) = i.split_last().unwrap();
            let mut from = rest.to_vec();
            let row = *k as isize + (-offset).max(0);
            let mut places = [(a, row), (b, row + offset)];
            places.sort_unstable();
            for (axis, place) in places {
                from.insert(axis as usize, place as usize);
            }
            at(&x, &from)
        });
    });
}

#[test]
fn what_is_written_through_one_handle_is_not_seen_through_another() {
    each_view(6, |rng, x| {
        if x.is_empty() {
            return;
        }
        let before = copy(&x);
        let index: Vec<usize> = x.shape().iter().map(|&n| rng.below(n)).collect();
        let mut y = x.clone();
        y.set(&index, 7).unwrap();
        assert_eq!(x, before);
        check(&y, x.shape(), |i| if i == index { 7 } else { at(&before, i) });
        let mut z = x.clone();
        z.as_mut_slice().fill(3);
        assert_eq!(x, before);
        assert_eq!(z, x.full_like(3));
        // Alone, it is written in place.
        drop((x, y));
        let place = z.as_slice().unwrap().as_ptr();
        z.set(&index, 5).unwrap();
        assert_eq!(z.as_slice().unwrap().as_ptr(), place);
    });
}

#[test]
fn casts_and_maps_follow_the_view() {
    each_view(7, |_, x| {
        check(&x.map(|x| (x & 1) as u8), x.shape(), |i| (at(&x, i) & 1) as u8);
        check(&x.cast::<bool>(), x.shape(), |i| at(&x, i) != 0);
        check(&x.cast::<f64>(), x.shape(), |i| at(&x, i) as f64);
    });
}

#[test]
fn large_transposes_of_every_element_size() {
    let mut rng = Rng::new(8);
    for (rows, columns) in [(64, 64), (65, 130), (16, 200), (7, 3), (33, 17), (129, 63)] {
        let numbers: Tensor<i64> = Tensor::from_fn([rows, columns], |_| rng.next() as i64);
        let turned = |i: &[usize]| at(&numbers, &[i[1], i[0]]);
        check(&numbers.t().contiguous(), &[columns, rows], turned);
        let x = numbers.cast::<u8>().t().contiguous();
        check(&x, &[columns, rows], |i| turned(i) as u8);
        let floats: Tensor<f32> = numbers.cast();
        let x = floats.t().contiguous();
        check(&x, &[columns, rows], |i| turned(i) as f32);
        // From rows that are apart, and backwards.
        let part = floats.slice(s![..;2, 1..;-1]).unwrap();
        let x = part.t().contiguous();
        check(&x, &[part.shape()[1], part.shape()[0]], |i| part.get(&[i[1], i[0]]).unwrap());
    }
}

/// A window that fits an axis of so many places, if one does.
fn fitting(rng: &mut Rng, places: usize) -> Option<Window> {
    let size = 1 + rng.below(places.max(1));
    let window = Window::new(size).stride(1 + rng.below(3)).dilation(1 + rng.below(2));
    (window.count(places) > 0).then_some(window)
}

#[test]
fn windows_see_what_their_formula_says() {
    let mut seen = 0;
    each_view(9, |rng, x| {
        let d = rng.below(x.rank() + 1);
        let lead = x.rank() - d;
        let windows: Option<Vec<Window>> =
            x.shape()[lead..].iter().map(|&places| fitting(rng, places)).collect();
        let Some(windows) = windows else { return };
        let y = x.windows(&windows).unwrap();
        assert!(y.shares_storage(&x));
        let counts = windows.iter().zip(&x.shape()[lead..]).map(|(w, &n)| w.count(n));
        let shape: Vec<usize> = x.shape()[..lead]
            .iter()
            .copied()
            .chain(counts)
            .chain(windows.iter().map(|w| w.size))
            .collect();
        check(&y, &shape, |i| {
            let mut from = i[..lead].to_vec();
            for (k, w) in windows.iter().enumerate() {
                from.push(i[lead + k] * w.stride + i[lead + d + k] * w.dilation);
            }
            at(&x, &from)
        });
        // The adjoint, by a loop over all elements; the numbers are small, so that no sum overflows.
        let small = y.map(|x| x % 100);
        let mut sums = Tensor::<i64>::zeros(x.shape());
        for n in 0..small.len() {
            let i = wengert_tensor::Shape::index_of(&shape, n);
            let mut to = i[..lead].to_vec();
            for (k, w) in windows.iter().enumerate() {
                to.push(i[lead + k] * w.stride + i[lead + d + k] * w.dilation);
            }
            let sum = at(&sums, &to) + at(&small, &i);
            sums.set(&to, sum).unwrap();
        }
        assert_eq!(small.unwindows(&x.shape()[lead..], &windows).unwrap(), sums);
        seen += usize::from(d > 0 && !x.is_empty());
    });
    assert!(seen > 50, "{seen}");
}

#[test]
fn windows_that_do_not_fit_are_errors() {
    let x = Tensor::<i64>::zeros([2, 5]);
    for (windows, says) in [
        (vec![Window::new(6)], "a window spans 6 places, and axis 1 has 5"),
        (vec![Window::new(3).dilation(3)], "spans 7 places"),
        (vec![Window::new(0)], "at least 1"),
        (vec![Window::new(2).stride(0)], "at least 1"),
        (vec![Window::new(usize::MAX).dilation(usize::MAX)], "and axis 1 has 5"),
        (vec![Window::new(1); 3], "3 windows need as many axes"),
    ] {
        let error = x.windows(&windows).unwrap_err().to_string();
        assert!(error.starts_with("windows: [2, 5]") && error.contains(says), "{error}");
    }
    let y = Tensor::<i64>::zeros([2, 4, 2]);
    assert_eq!(y.unwindows([5], [Window::new(2)]).unwrap().shape(), [2, 5]);
    let error = y.unwindows([6], [Window::new(2)]).unwrap_err().to_string();
    assert!(error.contains("[2, 5, 2]"), "{error}");
    assert!(Tensor::<i64>::zeros([3]).unwindows([6], [Window::new(2)]).is_err());
}

#[test]
fn what_overlaps_is_copied_before_it_is_written() {
    let mut y = Tensor::from(vec![0_i64, 1, 2, 3]).windows([Window::new(2)]).unwrap();
    y.set(&[0, 1], 9).unwrap();
    assert_eq!(elements(&y), [0, 9, 1, 2, 2, 3]);
    let x = Tensor::from(vec![0_i64, 1, 2, 3]);
    let two = |w: Window| x.assign_through(|x| x.windows([w]), &Tensor::scalar(7));
    assert!(two(Window::new(2)).unwrap_err().to_string().contains("more than once"));
    assert_eq!(elements(&two(Window::new(2).stride(2)).unwrap()), [7; 4]);
}

#[test]
fn parts_that_cannot_be_pooled_are_errors() {
    let x = Tensor::<f32>::zeros([2, 5]);
    for (start, len, step) in
        [(0, 0, 1), (5, 1, 1), (4, 2, 1), (0, crate::QUARTER, 0), (1, 2, usize::MAX)]
    {
        let error = x.max_pool(&[vec![Part { start, len, step }]]).unwrap_err().to_string();
        assert!(error.contains("in axis 1's 5 places"), "{error}");
    }
    assert!(x.max_pool(&[]).is_err() && x.max_pool(&[vec![], vec![], vec![]]).is_err());
    assert_eq!(x.max_pool(&[vec![]]).unwrap().0.shape(), [2, 0]);
    let (values, places) = x.max_pool(&[vec![Part { start: 1, len: 3, step: 1 }]]).unwrap();
    assert_eq!(values.max_pool_back(&places, &[2]).unwrap().shape(), [2, 2]);
    for sizes in [&[1][..], &[0], &[2, 5, 1]] {
        let error = values.max_pool_back(&places, sizes).unwrap_err().to_string();
        assert!(error.contains("place") && error.contains("ops/views.rs"), "{error}");
    }
    assert!(x.max_pool_back(&places, &[5]).is_err());
}
