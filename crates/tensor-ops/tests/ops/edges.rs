//! No shape panics, hangs or ends the process: rank 0, sizes 0, and sizes near 2⁶⁴ beside an axis without elements.

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::{Conv, Error, REST, Result, Rng, Slice, Tensor, Window, s, tensor};

const VAST: usize = if usize::BITS == 64 { 1 << 44 } else { 1 << 29 };

/// A result that memory cannot hold is an error, and none of its memory was touched.
#[track_caller]
fn too_large<T>(result: Result<T>) {
    match result {
        Err(Error::Size(_)) => {}
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn what_memory_cannot_hold_is_an_error() {
    let rng = &mut Rng::new(0);
    too_large(Tensor::try_full([VAST], 0.0_f32));
    too_large(Tensor::<f32>::try_from_fn([VAST], |_| 0.0));
    too_large(Tensor::<f32>::try_eye(1 << 22));
    too_large(Tensor::try_linspace(0.0_f32, 1.0, VAST));
    too_large(Tensor::try_permutation(VAST, rng));
    too_large(Tensor::<f32>::uniform([VAST], 0.0, 1.0, rng));
    too_large(Tensor::<f32>::normal([VAST], 0.0, 1.0, rng));
    too_large(Tensor::arange(0_i64, VAST as i64, 1));
    // Views of one number, of which a result of their size is asked.
    let wide = Tensor::<f32>::ones([1]).expand([2; 40]).unwrap();
    too_large(wide.try_add(&wide));
    too_large(wide.equal(&wide));
    let pairs = Tensor::<f32>::ones([1, 2]).expand([VAST, 2]).unwrap();
    too_large(pairs.reshape([REST]));
    too_large(tensor![true].pick(&wide, &wide));
    too_large(wide.masked_fill(&tensor![true], 0.0));
    too_large(wide.masked_select(&tensor![true]));
    too_large(tensor![1.0_f32].masked_select(&tensor![false].expand([VAST]).unwrap()));
    let (none, one) = (tensor![[false], [true]], tensor![1.0_f32].expand([2, VAST]).unwrap());
    too_large(one.masked_select(&none));
    too_large(Tensor::cat(&[&wide, &wide], 0));
    too_large(wide.tril(0));
    too_large(wide.slice_assign(s![0], &tensor![1.0]));
    let line = Tensor::<f32>::ones([1]).expand([1 << 24]).unwrap();
    too_large(line.outer(&line));
    let (column, row) = (line.reshape([1 << 24, 1]).unwrap(), line.reshape([1, 1 << 24]).unwrap());
    too_large(column.matmul(&row));
    too_large(column.linear(&column, None));
    let batches = Tensor::<f32>::ones([1, 2, 2]).expand([VAST, 2, 2]).unwrap();
    too_large(batches.matmul(&batches));
    too_large(Tensor::<f32>::ones([1]).expand([VAST]).unwrap().unbind(0));
}

#[test]
fn constructors_name_the_method_that_returns_the_error() {
    let says = |call: &dyn Fn(), twin: &str| {
        let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        let text = payload.downcast_ref::<String>().unwrap();
        assert!(text.contains(&format!("({twin} returns this as an error)")), "{text}");
    };
    let rng = || Rng::new(0);
    says(&|| drop(Tensor::full([VAST], 0.0_f32)), "Tensor::try_full");
    says(&|| drop(Tensor::<f32>::zeros([VAST, VAST])), "Tensor::try_full");
    says(&|| drop(Tensor::<i64>::ones([VAST])), "Tensor::try_full");
    says(&|| drop(Tensor::<f32>::eye(crate::WIDE)), "Tensor::try_eye");
    says(&|| drop(Tensor::linspace(0.0_f32, 1.0, usize::MAX)), "Tensor::try_linspace");
    says(&|| drop(Tensor::from_fn([VAST], |_| 0.0_f32)), "Tensor::try_from_fn");
    says(&|| drop(Tensor::<f32>::rand([VAST], &mut rng())), "Tensor::uniform");
    says(&|| drop(Tensor::<f32>::randn([VAST], &mut rng())), "Tensor::normal");
    says(&|| drop(Tensor::permutation(VAST, &mut rng())), "Tensor::try_permutation");
    let wide = Tensor::<f32>::ones([1]).expand([VAST]).unwrap();
    says(&|| drop(wide.zeros_like()), "Tensor::try_full");
}

/// A function that returns no `Result` names itself, the shape, the caller's line, and the function that returns one.
#[test]
fn a_function_beyond_memory_names_itself_the_shape_and_the_line() {
    type Call<'a> = (&'a str, Option<&'a str>, Box<dyn Fn() + 'a>);
    let wide = Tensor::<f32>::ones([1]).expand([VAST]).unwrap();
    let whole = tensor![1_i64].expand([VAST]).unwrap();
    let mask = tensor![true].expand([VAST]).unwrap();
    let pairs = tensor![[1.0_f32], [2.0]].expand([2, VAST]).unwrap();
    let calls: Vec<Call<'_>> = vec![
        ("exp", Some("`UnaryOp::Exp.try_apply(&x)`"), Box::new(|| drop(wide.exp()))),
        (
            "leaky_relu",
            Some("`UnaryOp::LeakyRelu { negative: 0.1 }.try_apply(&x)`"),
            Box::new(|| drop(wide.leaky_relu(0.1))),
        ),
        ("add_scalar", Some("try_add"), Box::new(|| drop(&wide + 1.0))),
        ("add_scalar", Some("try_sub"), Box::new(|| drop(&wide - 1.0))),
        ("rsub_scalar", Some("try_sub"), Box::new(|| drop(1.0 - &wide))),
        ("mul_scalar", Some("try_mul"), Box::new(|| drop(2.0 * wide.clone()))),
        ("rdiv_scalar", Some("try_div"), Box::new(|| drop(2.0 / &wide))),
        ("neg", Some("`UnaryOp::Neg.try_apply(&x)`"), Box::new(|| drop(-&wide))),
        ("mul", Some("try_mul"), Box::new(|| drop(&wide * &wide))),
        ("add", Some("try_add"), Box::new(|| drop(&whole + 1))),
        ("try_mul", Some("try_mul"), Box::new(|| drop(&whole * &whole))),
        ("neg", None, Box::new(|| drop(-&whole))),
        ("greater_scalar", Some("greater"), Box::new(|| drop(wide.greater_scalar(0.0)))),
        ("is_nan", None, Box::new(|| drop(wide.is_nan()))),
        ("logical_not", None, Box::new(|| drop(!&mask))),
        ("cast", None, Box::new(|| drop(wide.cast::<f64>()))),
        ("map", None, Box::new(|| drop(wide.map(|x| x)))),
        ("contiguous", None, Box::new(|| drop(wide.contiguous()))),
        ("contiguous", None, Box::new(|| drop(wide.to_vec()))),
        ("reshape", Some("reshape"), Box::new(|| drop(pairs.flatten()))),
    ];
    for (op, twin, call) in calls {
        let line = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        let text = line.downcast_ref::<String>().unwrap();
        assert!(text.starts_with(&format!("{op}: [")), "{op}: {text}");
        assert!(text.contains(&VAST.to_string()), "{op}: {text}");
        assert!(text.contains("no memory for it") && text.contains("edges.rs:"), "{op}: {text}");
        let twin = twin.map(|twin| format!("({twin} returns this as an error"));
        assert!(twin.is_none_or(|twin| text.contains(&twin)), "{op}: {text}");
    }
    for op in UnaryOp::ALL {
        too_large(op.try_apply(&wide));
    }
    let rows = tensor![[1.0_f32, 2.0]].expand([VAST, 2]).unwrap();
    let places = tensor![0_usize].expand([VAST]).unwrap();
    let two = tensor![1.0_f32, 1.0];
    too_large(rows.layer_norm(&two, None, 0.0));
    too_large(rows.rms_norm(&two, 0.0));
    too_large(rows.affine_normalize(1, &two, None, 0.0));
    too_large(wide.topk(2, 0, wengert_tensor::Order::Ascending));
    too_large(two.index_select(0, &places));
    too_large(two.take_rows(&places));
    too_large(places.one_hot::<f32>(2));
    too_large(mask.any_over(0));
    too_large(mask.count_over(0));
}

#[test]
fn what_is_printed_is_bounded() {
    let wide = Tensor::<f32>::ones([1]).expand([2; 40]).unwrap();
    assert!(format!("{wide}").len() < 20_000);
    let real = Tensor::<f32>::ones([2; 20]);
    let text = real.to_string();
    assert!(text.len() < 20_000 && text.starts_with('[') && text.ends_with(']'), "{}", text.len());
    for rank in [80, 81, 82, 200, 1000] {
        let text = Tensor::<f32>::ones(vec![1; rank]).to_string();
        assert_eq!(text.matches('[').count(), rank);
    }
    // Of the outermost axes only the first place is shown, and that there are others.
    let text = Tensor::arange(0_i64, 1 << 12, 1).unwrap().reshape([2; 12]).unwrap().to_string();
    assert!(text.contains("...") && text.contains("[  0,   1]"), "{text}");
    assert!(text.contains("511") && !text.contains("512"), "{text}");
}

#[test]
fn lists_of_pieces_end() {
    let none = Tensor::<f32>::zeros([crate::QUARTER, 0]);
    too_large(none.unbind(0));
    too_large(none.split(0, 1));
    too_large(none.chunk(1, usize::MAX));
    assert_eq!(none.split(0, crate::QUARTER / 2).unwrap().len(), 2);
    assert_eq!(none.chunk(0, 4).unwrap().len(), 4);
}

#[test]
fn a_scalar_has_no_axes_to_permute() {
    let x = Tensor::scalar(1.0_f32);
    assert!(matches!(x.permute([0]), Err(Error::Axis(_))));
    assert!(matches!(x.permute([-1, 0]), Err(Error::Axis(_))));
    assert_eq!(x.permute([]).unwrap(), x);
    assert!(Tensor::<f32>::ones([2, 3]).permute([1]).is_err());
}

#[test]
fn steps_of_any_length() {
    let x = tensor![1.0_f32, 2.0, 3.0];
    assert_eq!(x.slice(s![..; isize::MAX]).unwrap(), tensor![1.0]);
    assert_eq!(x.slice(s![..; isize::MIN]).unwrap(), tensor![3.0]);
    assert_eq!(x.slice([Slice::from(..).step(isize::MAX).step(isize::MAX)]).unwrap(), tensor![1.0]);
    // Of a convolution too, where there is one window or one place of it.
    let image = Tensor::<f32>::ones([1, 1, 3, 3]);
    let of = |size: usize| Tensor::<f32>::ones([1, 1, size, size]);
    let steps = Conv::new([Window::new(2).stride(usize::MAX); 2]);
    assert_eq!(image.conv(&of(2), None, &steps).unwrap(), tensor![[[[4.0]]]]);
    let y = of(1);
    assert_eq!(y.conv_input(&of(2), [3, 3], &steps).unwrap().sum().item().unwrap(), 4.0);
    assert_eq!(image.conv_weight(&y, &steps).unwrap(), of(2));
    let one = Conv::new([Window { dilation: usize::MAX, ..Window::new(1) }; 2]);
    assert_eq!(image.conv(&of(1), None, &one).unwrap(), image);
    // One place of three is not all of them.
    let far = Conv::new([Window::new(1).stride(usize::MAX); 2]);
    assert_eq!(image.conv(&of(1), None, &far).unwrap().shape(), [1, 1, 1, 1]);
    let thin = Tensor::<f32>::zeros([usize::MAX, 0]);
    assert_eq!(thin.slice(s![..; isize::MAX]).unwrap().shape(), [3, 0]);
}

#[test]
fn a_refused_layer_of_vast_shapes() {
    let x = Tensor::<f32>::zeros([0, crate::QUARTER, crate::QUARTER]);
    assert!(matches!(x.linear(&Tensor::zeros([2, 3]), None), Err(Error::Shape(_))));
    assert!(matches!(
        Tensor::scalar(1.0_f32).linear(&Tensor::zeros([2, 3]), None),
        Err(Error::Shape(_))
    ));
}
