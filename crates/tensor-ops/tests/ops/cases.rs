//! The cases that other tests run are of every kind; and whatever the arguments, an operation gives a result or an error.
use crate::common::{Cases, cases};
use wengert_tensor::{Axes, Border, Order, Rng, Slice, Tensor, keep};

#[test]
fn the_cases_are_of_every_kind() {
    let mut seen = [0; 8];
    cases(300, |c| {
        let shape = c.shape();
        let x = c.tensor(&shape, |c| c.special());
        let y = c.view(&x);
        let long = |x: &Tensor<f64>, stride: fn(isize) -> bool| {
            x.shape().iter().zip(x.strides()).any(|(&n, &s)| n > 1 && stride(s))
        };
        let kinds = [
            x.is_empty(),
            x.rank() == 0,
            x.rank() == 8,
            !x.is_contiguous(),
            long(&x, |s| s < 0),
            long(&x, |s| s == 0),
            x.shape().contains(&1),
            !y.is_contiguous(),
        ];
        for (count, is) in seen.iter_mut().zip(kinds) {
            *count += usize::from(is);
        }
        let (a, b, both) = c.broadcasting();
        assert_eq!(wengert_tensor::Shape::broadcast(&a, &b).as_deref(), Some(&both[..]));
    });
    assert!(seen.iter().all(|&count| count > 10), "{seen:?}");
}

/// A tensor of any shape, among them empty ones with axes longer than memory.
fn any<T: wengert_tensor::Element>(c: &mut Cases, value: impl FnMut(&mut Cases) -> T) -> Tensor<T> {
    let huge: [&[usize]; 5] = [
        &[0, usize::MAX],
        &[usize::MAX, 0],
        &[crate::QUARTER, 3, 0],
        &[2, 0, 2 * crate::QUARTER],
        &[0, crate::QUARTER / 2, crate::QUARTER / 2],
    ];
    if c.one_in(8) {
        let shape = c.one_of(&huge);
        return Tensor::full(shape, T::default());
    }
    let shape = c.shape();
    c.tensor(&shape, value)
}

fn any_number(c: &mut Cases) -> isize {
    let near = c.between(-6, 6);
    c.one_of(&[
        near,
        near,
        near,
        near,
        near,
        near,
        isize::MIN,
        isize::MAX,
        (crate::QUARTER / 2) as isize,
    ])
}

fn any_axes(c: &mut Cases) -> Axes {
    let axes = match c.below(4) {
        0 => Axes::ALL,
        1 => Axes::from(any_number(c)),
        _ => Axes::from((0..c.below(4)).map(|_| c.between(-3, 3)).collect::<Vec<_>>()),
    };
    if c.one_in(2) { keep(axes) } else { axes }
}

/// The sizes that are too large are so for any address space: what merely exhausts memory aborts, as it does everywhere.
#[test]
fn whatever_the_arguments_there_is_a_result_or_an_error() {
    let mut done = 0;
    cases(3000, |c| {
        let (x, y) = (any(c, |c| c.special()), any(c, |c| c.special()));
        let mask = any(c, |c| c.one_in(2));
        let most = 1 + c.below(5);
        let index = any(c, |c| c.below(most));
        let (axis, k) = (any_number(c), any_number(c));
        let axes = any_axes(c);
        let order = if k > 0 { Order::Descending } else { Order::Ascending };
        let widths: Vec<(isize, isize)> = (0..if c.one_in(8) { 2 } else { x.rank() })
            .map(|_| (c.between(-3, 3), c.between(-3, 3)))
            .collect();
        let huge_widths = vec![(any_number(c), any_number(c)); x.rank()];
        let border = c.one_of(&[Border::Reflect, Border::Replicate, Border::Circular]);
        let counts: Vec<usize> = (0..c.below(6)).map(|_| c.below(3)).collect();
        let slices: Vec<Slice> = (0..c.below(4))
            .map(|_| match c.below(3) {
                0 => Slice::At(any_number(c)),
                1 => Slice::New,
                _ => Slice::Range {
                    start: c.between(-3, 3),
                    end: c.one_in(2).then(|| c.between(-3, 3)),
                    step: c.between(-2, 2),
                },
            })
            .collect();
        let few = x.rank() < 8;
        let results = [
            x.less(&y).is_ok(),
            x.is_close(&y, c.number(), c.number(), true).is_ok(),
            mask.logical_xor(&mask.t()).is_ok(),
            mask.any_over(axes.clone()).is_ok(),
            mask.all_over(axes.clone()).is_ok(),
            mask.count_over(axes.clone()).is_ok(),
            mask.pick(&x, &y).is_ok(),
            x.masked_fill(&mask, 1.0).is_ok(),
            x.masked_select(&mask).is_ok(),
            mask.nonzero().rank() == 2,
            Tensor::cat(&[&x, &y], axis).is_ok(),
            Tensor::cat(&[&x, &x], axis).is_ok(),
            Tensor::stack(&[&x, &y], axis).is_ok(),
            Tensor::stack(&[&x, &x], axis).is_ok(),
            few && x.repeat(&counts).is_ok(),
            x.roll(k, axis).is_ok(),
            few && x.pad(&widths, 1.0).is_ok(),
            few && x.pad_with(&widths, border).is_ok(),
            x.is_empty() && x.pad(&huge_widths, 0.0).is_ok_and(|x| x.len() > 1 << 20),
            x.tril(k).is_ok(),
            x.triu(k).is_ok(),
            x.diag(c.between(-4, 4)).is_ok(),
            x.diag_embed(c.between(-4, 4)).is_ok(),
            x.gather(axis, &index).is_ok(),
            x.scatter(axis, &index, &y).is_ok(),
            x.scatter_add(axis, &index, &x).is_ok(),
            x.index_select(axis, &index).is_ok(),
            x.index_select(axis, &index.flatten()).is_ok(),
            x.index_add(axis, &index, &y).is_ok(),
            few && x.take_rows(&index).is_ok(),
            x.add_rows(&index, &y).is_ok(),
            x.slice_assign(&slices, &y).is_ok(),
            x.slice_assign(&slices, &Tensor::scalar(1.0)).is_ok(),
            x.sort(axis, order).is_ok(),
            x.topk(c.below(4), axis, order).is_ok(),
            x.topk(k as usize, axis, order).is_ok(),
            x.median().is_ok(),
            x.median_over(axes.clone()).is_ok(),
            x.argmax().is_ok(),
            x.argmax_over(axes.clone()).is_ok(),
            x.argmin_over(axes).is_ok(),
            Tensor::<f64>::uniform([2, 0], c.special(), c.special(), &mut Rng::new(1)).is_ok(),
        ];
        done += results.iter().filter(|&&ok| ok).count();
    });
    // Most of them are refused, but by far not all.
    assert!(done > 10_000, "{done}");
}
