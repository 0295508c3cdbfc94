//! Reading and writing by index on every kind of view, against loops over single elements.

use crate::common::{assert_same, cases, indices};
use wengert_tensor::{Error, Slice, Tensor, s, tensor};

/// A shape for an index that fits `shape`: any size along `at`, at most the others'.
fn index_shape(c: &mut crate::common::Cases, shape: &[usize], at: usize) -> Vec<usize> {
    (0..shape.len()).map(|i| if i == at { c.size() } else { c.below(shape[i] + 1) }).collect()
}

#[test]
fn gather_scatter_and_scatter_add() {
    cases(400, |c| {
        let shape = c.shape_with_axes();
        let (axis, at) = c.axis(&shape);
        let x = c.tensor(&shape, |c| c.small());
        let size = shape[at];
        let wanted = index_shape(c, &shape, at);
        let index = c.tensor(&wanted, |c| c.below(size.max(1)));
        if size == 0 && !index.is_empty() {
            assert!(matches!(x.gather(axis, &index), Err(Error::Index(_))));
            return;
        }
        let moved = |i: &[usize]| {
            let mut to = i.to_vec();
            to[at] = index.get(i).unwrap();
            to
        };
        let expected = Tensor::from_fn(&wanted, |i| x.get(&moved(i)).unwrap());
        assert_same(&x.gather(axis, &index).unwrap(), &expected);

        let larger: Vec<usize> = wanted.iter().map(|&s| s + c.below(2)).collect();
        let src = c.tensor(&larger, |c| c.small());
        let (mut assigned, mut added) = (x.contiguous(), x.contiguous());
        for i in indices(&wanted) {
            let to = moved(&i);
            assigned.set(&to, src.get(&i).unwrap()).unwrap();
            added.set(&to, added.get(&to).unwrap() + src.get(&i).unwrap()).unwrap();
        }
        assert_same(&x.scatter(axis, &index, &src).unwrap(), &assigned);
        assert_same(&x.scatter_add(axis, &index, &src).unwrap(), &added);
    });
}

#[test]
fn places_are_selected_and_added() {
    cases(400, |c| {
        let shape = c.shape_with_axes();
        let (axis, at) = c.axis(&shape);
        let x = c.tensor(&shape, |c| c.small());
        let size = shape[at];
        let count = if size == 0 { 0 } else { c.size() };
        let index = c.tensor(&[count], |c| c.below(size.max(1)));
        let mut wanted = shape.clone();
        wanted[at] = count;
        let moved = |i: &[usize]| {
            let mut to = i.to_vec();
            to[at] = index.get(&[i[at]]).unwrap();
            to
        };
        let expected = Tensor::from_fn(&wanted, |i| x.get(&moved(i)).unwrap());
        assert_same(&x.index_select(axis, &index).unwrap(), &expected);

        let src = c.tensor(&wanted, |c| c.small());
        let mut added = x.contiguous();
        for i in indices(&wanted) {
            let to = moved(&i);
            added.set(&to, added.get(&to).unwrap() + src.get(&i).unwrap()).unwrap();
        }
        assert_same(&x.index_add(axis, &index, &src).unwrap(), &added);
    });
}

#[test]
fn rows_of_a_table() {
    cases(200, |c| {
        let shape = c.shape_with_axes();
        let table = c.tensor(&shape, |c| c.small());
        let wanted = if shape[0] == 0 { vec![0, 2] } else { c.shape() };
        if wanted.len() > 4 || shape.len() > 4 {
            return;
        }
        let words = c.tensor(&wanted, |c| c.below(shape[0].max(1)));
        let rows = table.take_rows(&words).unwrap();
        assert_eq!(rows.shape(), [&wanted, &shape[1..]].concat());
        let expected = Tensor::from_fn(rows.shape(), |i| {
            let (word, rest) = i.split_at(wanted.len());
            table.get(&[&[words.get(word).unwrap()], rest].concat()).unwrap()
        });
        assert_same(&rows, &expected);

        let mut added = table.contiguous();
        for i in indices(rows.shape()) {
            let (word, rest) = i.split_at(wanted.len());
            let to = [&[words.get(word).unwrap()], rest].concat();
            added.set(&to, added.get(&to).unwrap() + rows.get(&i).unwrap()).unwrap();
        }
        assert_same(&table.add_rows(&words, &rows).unwrap(), &added);
    });
}

#[test]
fn slices_are_assigned() {
    cases(300, |c| {
        let shape = c.shape();
        let x = c.tensor(&shape, |c| c.small());
        let slices: Vec<Slice> = shape
            .iter()
            .map(|&size| {
                let start = c.below(size + 1) as isize;
                let end = start + c.below(size + 1 - start as usize) as isize;
                match c.below(4) {
                    0 if size > 0 => Slice::At(c.below(size) as isize),
                    _ => Slice::from(start..end).step(c.one_of(&[1, 2, -1, -2])),
                }
            })
            .collect();
        let part = x.slice(&slices).unwrap();
        let wanted = c.smaller(part.shape());
        let src = c.tensor(&wanted, |c| c.number());
        let y = x.slice_assign(&slices, &src).unwrap();
        assert_same(&y.slice(&slices).unwrap(), &src.expand(part.shape()).unwrap());
        // What the slice does not see has stayed: put back what it saw, and all is as before.
        assert_same(&y.slice_assign(&slices, &part).unwrap(), &x);
        assert_same(&x.assign_through(|x| x.slice(&slices), &src).unwrap(), &y);
    });
}

#[test]
fn the_source_is_not_written() {
    let x = Tensor::<f32>::zeros([3]);
    let y = x.slice_assign(s![1..], &tensor![1.0, 2.0]).unwrap();
    let z = x.index_add(0, &tensor![0_usize], &tensor![5.0]).unwrap();
    assert_eq!((x.to_vec(), y.to_vec()), (vec![0.0; 3], vec![0.0, 1.0, 2.0]));
    assert_eq!(z, tensor![5.0, 0.0, 0.0]);
}

#[test]
fn an_index_outside_is_named() {
    let x = Tensor::<f32>::zeros([2, 3]);
    let index = tensor![[0_usize, 1, 2], [0, 3, 7]];
    let told = "index 3 (at [1, 1]) is not below 3, the size of axis 1";
    for error in [
        x.gather(1, &index).unwrap_err(),
        x.scatter(1, &index, &x).unwrap_err(),
        x.scatter_add(-1, &index, &x).unwrap_err(),
        x.t().contiguous().t().gather(1, &index).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Index(_)));
        assert!(error.to_string().contains(told), "{error}");
        assert!(error.fault().at.file().ends_with("tests/ops/index.rs"), "{error}");
    }
    let list = tensor![0_usize, 5];
    let told = "index 5 (at [1]) is not below 2, the size of axis 0";
    for error in [
        x.index_select(0, &list).unwrap_err(),
        x.t().contiguous().t().index_select(0, &list).unwrap_err(),
        x.index_add(0, &list, &x).unwrap_err(),
        x.take_rows(&list).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Index(_)));
        assert!(error.to_string().contains(told), "{error}");
        assert!(error.fault().at.file().ends_with("tests/ops/index.rs"), "{error}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = Tensor::<f32>::zeros([2, 3]);
    let list = tensor![0_usize, 1];
    assert!(matches!(x.gather(0, &list), Err(Error::Shape(_))));
    assert!(matches!(x.gather(2, &list), Err(Error::Axis(_))));
    assert!(matches!(x.gather(0, &Tensor::zeros([1, 4])), Err(Error::Shape(_))));
    assert!(matches!(x.scatter(0, &Tensor::zeros([2, 3]), &tensor![[1.0]]), Err(Error::Shape(_))));
    assert!(matches!(x.scatter(0, &Tensor::zeros([2, 3]), &tensor![1.0]), Err(Error::Shape(_))));
    assert!(matches!(x.index_select(0, &Tensor::zeros([1, 1])), Err(Error::Shape(_))));
    assert!(matches!(x.index_add(0, &list, &tensor![[1.0]]), Err(Error::Shape(_))));
    assert!(matches!(x.add_rows(&list, &tensor![[1.0]]), Err(Error::Shape(_))));
    assert!(matches!(Tensor::scalar(1.0_f32).take_rows(&list), Err(Error::Axis(_))));
    let error = x.slice_assign(s![0], &Tensor::zeros([2])).unwrap_err();
    assert!(matches!(error, Error::Shape(_)));
    assert!(error.fault().at.file().ends_with("tests/ops/index.rs"), "{error}");
    assert!(matches!(x.slice_assign(s![5], &x), Err(Error::Index(_))));
    let one = Tensor::scalar(1.0);
    assert!(matches!(x.assign_through(|x| Ok(x.exp()), &one), Err(Error::Value(_))));
    let row = Tensor::<f32>::zeros([1, 3]);
    assert!(matches!(row.assign_through(|x| x.expand([2, 3]), &one), Err(Error::Value(_))));
    // The result is larger than memory, though table and index are not.
    let wide = Tensor::scalar(0_usize).expand([crate::WIDE]).unwrap();
    let table = Tensor::scalar(1.0_f32).expand([1, crate::WIDE]).unwrap();
    assert!(matches!(table.index_select(0, &wide), Err(Error::Size(_))));
    let error = table.take_rows(&wide).unwrap_err();
    assert!(matches!(error, Error::Size(_)));
    assert!(error.fault().at.file().ends_with("tests/ops/index.rs"), "{error}");
}

#[test]
fn bags_are_added_to_one_number_everywhere_as_to_a_table_that_was_written() {
    let (index, starts) = (tensor![4_usize, 1, 4, 0], tensor![0_usize, 1, 1]);
    let src = tensor![[1.0_f32, 2.0], [9.0, 9.0], [-1.0, 0.5]];
    for start in [0.0, 3.0] {
        let written = Tensor::full([6, 2], start);
        let everywhere = Tensor::scalar(start).expand([6, 2]).unwrap();
        let sums = everywhere.add_bags(&index, &starts, &src).unwrap();
        assert_eq!(sums, written.add_bags(&index, &starts, &src).unwrap());
        assert_eq!(sums.select(0, 4).unwrap(), tensor![start, start + 2.5]);
        assert_eq!(sums.select(0, 5).unwrap(), tensor![start, start]);
    }
}
