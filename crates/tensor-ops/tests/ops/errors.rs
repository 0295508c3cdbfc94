//! What is said about mistakes, to the letter, and that no shape overflows.

use std::panic::catch_unwind;

use wengert_tensor::{Error, REST, Result, Tensor, keep, s, tensor};

fn zeros(shape: &[usize]) -> Tensor<f32> {
    Tensor::zeros(shape)
}

/// The message, whose last line is that of the caller, here.
#[track_caller]
fn says<T: std::fmt::Debug>(result: Result<T>, expected: &str) {
    let line = std::panic::Location::caller().line();
    let message = result.unwrap_err().to_string();
    let (text, at) = message.rsplit_once("\n  at ").unwrap();
    assert_eq!(text, expected);
    assert!(at.contains("errors.rs:"), "{at}");
    let named: u32 = at.rsplit(':').nth(1).unwrap().parse().unwrap();
    assert!(named.abs_diff(line) <= 3, "line {named}, not {line}");
}

#[test]
fn shapes_that_do_not_fit() {
    let (a, b) = (zeros(&[2, 3]), zeros(&[4, 3]));
    says(
        a.try_add(&b),
        "add: [2, 3] and [4, 3]: axis 2 from the end has size 2 in one and 4 in the other; sizes must be equal or 1",
    );
    says(
        zeros(&[32, 5]).try_sub(&zeros(&[32])),
        "sub: [32, 5] and [32]: the last axis has size 5 in one and 32 in the other; sizes must be equal or 1\n  \
         help: did you mean `b.unsqueeze(1)`, one value a row?",
    );
    says(
        zeros(&[2, 3]).try_mul(&zeros(&[3, 2])),
        "mul: [2, 3] and [3, 2]: the last axis has size 3 in one and 2 in the other; sizes must be equal or 1\n  \
         help: did you mean the transpose, `.t()`, of one of them?",
    );
    says(
        a.matmul(&b),
        "matmul: [2, 3] and [4, 3]: the inner sizes differ: 3 columns meet 4 rows\n  \
         help: did you mean the second transposed, `b.t()`?",
    );
    says(
        zeros(&[4, 8]).layer_norm(&zeros(&[4]), None, 1e-5),
        "layer_norm: [4, 8] and [4]: the last axes must have the weight's sizes [4]\n  \
         help: a weight for these rows has shape [8]",
    );
    says(
        zeros(&[4, 8]).layer_norm(&zeros(&[8]), Some(&zeros(&[4])), 1e-5),
        "layer_norm: [4, 8] and [4]: the bias must have the weight's shape [8]",
    );
    says(
        zeros(&[4, 2]).matmul(&zeros(&[4, 3])),
        "matmul: [4, 2] and [4, 3]: the inner sizes differ: 2 columns meet 4 rows\n  \
         help: did you mean the first transposed, `a.t()`?",
    );
    says(a.matmul(&zeros(&[])), "matmul: [2, 3] and []: a scalar is no matrix\n  help: use `*`");
    says(a.dot(&b), "dot: [2, 3] and [4, 3]: both must be vectors");
    says(
        a.linear(&zeros(&[3, 5]), None),
        "linear: [2, 3] and [3, 5]: the input's last axis has size 3, and the weight takes 5\n  \
         help: a layer for this input is `Linear::new(3, 3, …)`; of a weight of your own, [out, in], did you mean the transpose, `.t()`?",
    );
    says(
        a.linear(&b, Some(&zeros(&[3]))),
        "linear: [2, 3], [4, 3] and [3]: the bias must have shape [4], one number an output",
    );
    says(a.item(), "item: [2, 3]: has 6 elements, and must have one");
    says(a.reshape([4, 2]), "reshape: [2, 3] and [4, 2]: 6 elements cannot become 8");
    says(
        a.reshape([4, REST]),
        "reshape: [2, 3]: to [4, REST]: REST cannot be found: 6 elements over 4",
    );
    says(a.reshape([REST, REST]), "reshape: [2, 3]: to [REST, REST]: only one size may be REST");
    says(
        a.t().view([6]),
        "view: [3, 2] and [6]: the elements lie with strides [1, 3], which no strides of the new shape can say\n  \
         help: `reshape` copies where it must",
    );
    says(
        a.expand([2, 4]),
        "expand: [2, 3] and [2, 4]: only axes of size 1 can grow, and axes are added in front",
    );
    says(a.unsqueeze(5), "unsqueeze: [2, 3]: a new axis 5 is not possible: places go from -3 to 2");
    says(
        zeros(&[]).unsqueeze(1),
        "unsqueeze: []: a new axis 1 is not possible: the only place is 0 (or -1)",
    );
    says(
        Tensor::stack(&[&a, &a], -4),
        "stack: [2, 3]: a new axis -4 is not possible: places go from -3 to 2",
    );
    says(a.squeeze(1), "squeeze: [2, 3]: axis 1 has size 3, and only an axis of size 1 can go");
    says(
        Tensor::from_vec(vec![1, 2, 3_i64], [2, 2]),
        "from_vec: [2, 2]: holds 4 elements, and 3 are given",
    );
    says(
        Tensor::from_slice(&[1, 2, 3_i64], [2, 2]),
        "from_slice: [2, 2]: holds 4 elements, and 3 are given",
    );
    says(
        a.broadcast_to([2, 4]),
        "broadcast_to: [2, 3] and [2, 4]: only axes of size 1 can grow, and axes are added in front",
    );
    says(
        a.where_(&tensor![true], &b),
        "where: [2, 3] and [4, 3]: axis 2 from the end has size 2 in one and 4 in the other; sizes must be equal or 1",
    );
    says(
        a.where_(&tensor![true, false], &a),
        "where: [2] and [2, 3]: the last axis has size 2 in one and 3 in the other; sizes must be equal or 1\n  \
         help: did you mean `a.unsqueeze(1)`, one value a row?",
    );
    says(
        zeros(&[2, 0]).max_at(1),
        "max_at: [2, 0]: axis 1 is empty, and the max_at of nothing has no answer",
    );
    says(a.sum_to([3, 3]), "sum_to: [2, 3] and [3, 3]: the second does not broadcast to the first");
    says(
        zeros(&[2, 0]).max_over(1),
        "max: [2, 0]: axis 1 is empty, and the max of nothing has no answer",
    );
}

#[test]
fn axes_and_places_that_are_not_there() {
    let x = zeros(&[2, 3]);
    says(x.sum_over(2), "sum: [2, 3]: there is no axis 2: axes go from -2 to 1");
    says(x.mean_over([0, -2]), "mean: [2, 3]: axis -2 is named twice");
    says(x.var_over(5, 1.0), "var: [2, 3]: there is no axis 5: axes go from -2 to 1");
    says(x.softmax(-3), "softmax: [2, 3]: there is no axis -3: axes go from -2 to 1");
    says(x.cumsum(2), "cumsum: [2, 3]: there is no axis 2: axes go from -2 to 1");
    says(x.logsumexp_over(keep(2)), "logsumexp: [2, 3]: there is no axis 2: axes go from -2 to 1");
    says(zeros(&[3]).max_over(1), "max: [3]: there is no axis 1: the only one is 0 (or -1)");
    says(zeros(&[]).softmax(1), "softmax: []: there is no axis 1: a scalar has none");
    says(x.permute([0]), "permute: [2, 3]: [0] names 1 of 2 axes");
    says(x.norm(f64::NAN), "norm: [2, 3]: p is not a number");
    says(x.get(&[2, 0]), "get: [2, 3]: [2, 0]: axis 0 has size 2, so there is no 2");
    says(x.get(&[2]), "get: [2, 3]: [2] has 1 numbers for 2 axes");
    says(x.narrow(1, 2, 2), "narrow: [2, 3]: axis 1 has 3 places, not 2 from 2 on");
    says(x.select(0, 2), "select: [2, 3]: axis 0 has size 2, so there is no place 2");
    says(x.slice(s![0, 0, 0]), "slice: [2, 3]: 3 axes are named, and there are 2");
    says(x.slice(s![..5]), "slice: [2, 3]: axis 0 has size 2, and 0..5 reaches outside");
    says(x.slice(s![-3]), "slice: [2, 3]: axis 0 has size 2, so there is no place -3");
    says(x.slice(s![..;0]), "slice: [2, 3]: the step along axis 0 is 0");
    says(
        tensor![0, 5_usize].one_hot::<f32>(3),
        "one_hot: [2]: class 5 (place 1) is not below 3, the number of classes",
    );
}

#[test]
fn shapes_beyond_memory_are_refused() {
    let most = crate::WIDE;
    let refused = |result: Result<Tensor<f32>>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Size(_)), "{error}");
        assert!(error.to_string().contains("more elements than memory can address"));
    };
    refused(Tensor::try_full([most, most], 0.0));
    refused(Tensor::try_full([usize::MAX], 0.0));
    refused(
        Tensor::try_full([usize::MAX, 0, usize::MAX, 1], 0.0)
            .and_then(|_| Tensor::try_full([usize::MAX / 4], 0.0)),
    );
    let one = Tensor::scalar(1.0_f32);
    refused(one.expand([most, most]));
    // Wide views are legal, and their sums and shapes are refused where they would not fit.
    let (wide, tall) = (one.expand([1, most]).unwrap(), one.expand([most, 1]).unwrap());
    refused(tall.matmul(&wide));
    refused(tall.reshape([most, REST]).and_then(|x| x.expand([most, most])));
    assert!(wide.narrow(1, usize::MAX, 2).is_err());
    assert!(wide.reshape([1 << 20, 1 << 20]).is_ok());
    assert!(wide.reshape([most, most]).is_err());
    assert!(wide.split_sizes(1, &[usize::MAX, 2]).is_err());
    refused(tall.try_add(&wide));
    refused(tall.linear(&tall, None));
    refused(tall.unsqueeze(0).unwrap().linear(&tall, None));
    // Behind an axis of size 0 the others may be as large as they like, until that axis goes.
    let empty = Tensor::<f32>::zeros([0, most, most]);
    assert_eq!((empty.len(), empty.bytes()), (0, 0));
    refused(empty.sum_over(0));
    refused(empty.mean_over(keep(0)));
    refused(empty.var_over(0, 1.0));
    refused(empty.norm_over(0, 2.0));
    refused(empty.logsumexp_over(0));
    refused(empty.sum_to([1, most, most]));
    refused(empty.flatten_axes(1, 2));
    assert_eq!(empty.mean_over([1, 2]).unwrap().shape(), [0]);
    assert_eq!(empty.var_over([1, 2], 0.0).unwrap().shape(), [0]);
    assert!(empty.var().item().unwrap().is_nan());
    assert_eq!(empty.softmax(0).unwrap().shape(), empty.shape());
    assert_eq!(empty.t().contiguous().flatten().shape(), [0]);
    assert_eq!(empty.to_string(), format!("[] of shape {:?}", empty.shape()));
}

#[test]
fn operators_panic_with_the_whole_message_at_the_callers_line() {
    let panic = catch_unwind(|| &zeros(&[2]) + &zeros(&[3])).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("add: [2] and [3]: the last axis has size 2 in one and 3 in the other")
    );
    assert!(message.contains("errors.rs:"));
    assert!(message.ends_with("(try_add returns this as an error)"), "{message}");
}

#[test]
fn the_way_back_of_a_recurrent_net_takes_what_the_way_there_gave() {
    use wengert_tensor::recurrent::{Direction, Recurrence, Step};
    let [x, h, u] = [&[3, 2, 16][..], &[2, 4], &[16, 4]].map(Tensor::<f32>::ones);
    let (step, direction) = (Step::Lstm, Direction::Forward);
    let net = Recurrence { step, direction, x: &x, h: &h, c: Some(&h), u: &u, d: None };
    let (y, kept) = net.forward().unwrap();
    assert!(net.back(&y, &y, &kept).is_ok());
    let short = y.narrow(0, 0, 3).unwrap();
    for (g, y, kept) in [(&short, &y, &kept), (&short, &short, &kept), (&y, &y, &y)] {
        let error = net.back(g, y, kept).unwrap_err().to_string();
        assert!(error.contains("as `forward` gives") && error.contains("errors.rs"), "{error}");
    }
}
