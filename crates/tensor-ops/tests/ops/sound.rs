//! No safe call reads memory that is not a tensor's: these run under Miri and AddressSanitizer too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Error, Order, Tensor, keep, s, tensor};

#[test]
fn a_hollow_tensor_is_nan_under_every_operation() {
    for whole in [Tensor::<f32>::ones([6, 6]), Tensor::ones([6, 6]).t(), Tensor::ones([6, 6])] {
        let x = whole.hollow();
        assert_eq!((x.shape(), x.len()), (&[6, 6][..], 36));
        let views = [
            x.contiguous(),
            x.t(),
            x.flip(..).unwrap(),
            x.slice(s![1..;2, ..;-1]).unwrap(),
            x.reshape([4, 9]).unwrap(),
            x.exp(),
            &x + &Tensor::ones([6]),
            x.matmul(&Tensor::ones([6, 2])).unwrap(),
            Tensor::ones([2, 6]).matmul(&x.t()).unwrap(),
            x.linear(&Tensor::ones([3, 6]), None).unwrap(),
            x.sum_over(0).unwrap(),
            x.sum_over(1).unwrap(),
            x.max().unwrap(),
            x.softmax(-1).unwrap(),
            x.cumsum(0).unwrap(),
            x.gather(0, &Tensor::full([2, 6], 5)).unwrap(),
            x.tril(0).unwrap().select(0, 5).unwrap(),
            Tensor::cat(&[&x, &x], 1).unwrap(),
            x.sort(0, Order::Ascending).unwrap().0,
            x.var_over(keep(..), 1.0).unwrap(),
        ];
        for (i, y) in views.iter().enumerate() {
            assert!(y.iter().all(f32::is_nan), "{i}: {y:?}");
        }
        assert!(x.as_slice().is_none_or(|x| x.iter().all(|x| x.is_nan())));
        let mut written = x.clone();
        written.as_mut_slice()[35] = 1.0;
        assert_eq!(written.get(&[5, 5]).unwrap(), 1.0);
        assert!(written.get(&[0, 0]).unwrap().is_nan());
        assert!(x.to_string().contains("NaN"));
    }
    assert_eq!(Tensor::<f64>::ones([2, 0]).hollow().to_vec(), []);
    assert!(Tensor::<f64>::scalar(1.0).hollow().item().unwrap().is_nan());
}

#[test]
fn operands_that_do_not_broadcast_are_never_read() {
    let (empty, three) = (Tensor::<f32>::zeros([0]), Tensor::<f32>::ones([3]));
    let error = three.clone().accumulate(&empty).unwrap_err();
    assert!(matches!(error, Error::Shape(_)), "{error}");
    assert!(three.clone().accumulate(&Tensor::ones([1, 3])).is_err());
    assert_eq!(three.clone().accumulate(&three).unwrap(), tensor![2.0, 2.0, 2.0]);
    let pull = || UnaryOp::Exp.pull(three.clone(), &empty, &empty);
    assert!(catch_unwind(AssertUnwindSafe(pull)).is_err());
    let pull = || UnaryOp::Exp.pull(three.clone(), &Tensor::ones([2, 3]), &three);
    assert!(catch_unwind(AssertUnwindSafe(pull)).is_err());
}

#[test]
fn views_that_are_read_backwards() {
    let a = Tensor::arange(0.0_f32, 35.0, 1.0).unwrap().reshape([5, 7]).unwrap();
    for axes in [&[0][..], &[1], &[0, 1]] {
        let back = a.flip(axes).unwrap();
        let copy = Tensor::from_slice(&back.to_vec(), [5, 7]).unwrap();
        assert_eq!(back.contiguous(), copy);
        assert_eq!(
            back.matmul(&Tensor::ones([7, 2])).unwrap(),
            copy.matmul(&Tensor::ones([7, 2])).unwrap()
        );
        assert_eq!(
            Tensor::ones([2, 7]).matmul(&back.t()).unwrap(),
            Tensor::ones([2, 7]).matmul(&copy.t()).unwrap()
        );
        assert_eq!(back.sum_over(0).unwrap(), copy.sum_over(0).unwrap());
        assert_eq!(back.sum_over(1).unwrap(), copy.sum_over(1).unwrap());
        assert_eq!(&back + &Tensor::ones([7]), &copy + &Tensor::ones([7]));
        assert_eq!(&back + &Tensor::ones([5, 1]), &copy + &Tensor::ones([5, 1]));
        assert_eq!(back.greater_scalar(3.0).pick(&back, &copy).unwrap().shape(), [5, 7]);
        // Written backwards.
        let assigned = Tensor::zeros([5, 7]).assign_through(|x| x.flip(axes), &a).unwrap();
        assert_eq!(assigned, copy);
    }
}

#[test]
fn short_rows_beside_columns() {
    // A row that repeats, a value for each row, and rows laid out again for each block.
    let a = Tensor::arange(0.0_f32, 600.0, 1.0).unwrap().reshape([200, 3]).unwrap();
    let column = a.narrow(1, 1, 1).unwrap();
    let sum = &(&a + &column) + &tensor![1.0, 2.0, 3.0];
    for (i, x) in sum.iter().enumerate() {
        let (row, j) = (i / 3, i % 3);
        assert_eq!(x, (i + 3 * row + 1 + j + 1) as f32);
    }
    assert_eq!(a.reshape([3, 200]).unwrap().softmax(0).unwrap().shape(), [3, 200]);
}

#[test]
fn nested_lists_have_as_many_elements_as_their_sizes_say() {
    let x: Tensor<f32> = tensor![[[1.0, 2.0], [3.0, 4.0]]];
    assert_eq!((x.shape(), x.len()), (&[1, 2, 2][..], 4));
    let none = Tensor::from_nested([[0.0_f32; 0]; 3]);
    assert_eq!((none.shape(), none.sum().item().unwrap()), (&[3, 0][..], 0.0));
}

/// The numbers in UNSAFE.md, against the sources.
#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn the_list_of_unsafe_is_complete() {
    let root = &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tensor");
    let count = |file: &std::path::Path| -> usize {
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
            .filter(|w| *w == "unsafe")
            .count()
    };
    let page = std::fs::read_to_string(root.join("UNSAFE.md")).unwrap();
    let mut listed = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let names: Vec<&str> = cells[1].split(", ").map(|name| name.trim_matches('`')).collect();
        // Of several the first says the folder.
        let folder = names[0].rsplit_once('/').map_or("", |(folder, _)| folder);
        let files = names.iter().enumerate().map(|(i, name)| match i {
            0 => root.join("src").join(name),
            _ => root.join("src").join(folder).join(name),
        });
        let files: Vec<_> = files.collect();
        let found: usize = files.iter().map(|file| count(file)).sum();
        assert_eq!(cells[2], found.to_string(), "{}", cells[1]);
        listed.extend(files);
    }
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if count(&path) > 0 {
                assert!(listed.contains(&path), "{} is not in UNSAFE.md", path.display());
            }
        }
    }
}
