//! Convolutions, pooling and their kin: values against loops and definitions, gradients to second order over options and sizes 0
//! and 1, errors, and the names of states.

use wengert_autograd::{GradCheck, Param, Result, Tape, Var};
use wengert_nn::functional::{self, Convolution, Interpolation, Pool};
use wengert_nn::*;
use wengert_tensor::{Border, Rng, Shape, Tensor, Window, tensor};

/// Checks the gradients of a model's result by its parameters and by `x`, to second order.
fn check(name: &str, model: &dyn Module<f64>, x: Tensor<f64>) {
    let input = Param::new(x);
    input.set_path("input");
    let mut parameters = model.parameters();
    parameters.push(input.clone());
    let report =
        GradCheck::new().check_parameters(&parameters, |tape| model.call(tape.param(&input)));
    assert!(report.is_right(), "{name}: {report}");
    assert!(!report.findings().is_empty(), "{name}");
}

fn x(shape: &[usize]) -> Tensor<f64> {
    Tensor::randn(shape, &mut Rng::new(shape.iter().sum::<usize>() as u64))
}

fn near(a: &Tensor<f64>, b: &Tensor<f64>) {
    assert_eq!(a.shape(), b.shape());
    assert!(a.allclose(b, 1e-11, 1e-11, false).unwrap(), "{a} is not {b}");
}

/// A convolution as its definition says: a loop over outputs, windows and channels.
fn by_loops<const D: usize>(
    x: &Tensor<f64>,
    w: &Tensor<f64>,
    [stride, padding, dilation]: [[usize; D]; 3],
    groups: usize,
) -> Tensor<f64> {
    let (n, outputs, mine) = (x.shape()[0], w.shape()[0], w.shape()[1]);
    let kernel = &w.shape()[2..];
    let sizes: Vec<usize> = (0..D)
        .map(|i| {
            let window = Window::new(kernel[i]).stride(stride[i]).dilation(dilation[i]);
            window.count(x.shape()[2 + i] + 2 * padding[i])
        })
        .collect();
    let shape: Vec<usize> = [n, outputs].into_iter().chain(sizes).collect();
    let mut y = Tensor::zeros(&shape);
    for place in 0..y.len() {
        let at = Shape::index_of(&shape, place);
        let mut sum = 0.0;
        for term in 0..w.shape()[1..].iter().product() {
            let seen = Shape::index_of(&w.shape()[1..], term);
            let mut from = vec![at[0], at[1] / (outputs / groups) * mine + seen[0]];
            let inside = (0..D).all(|i| {
                let place = at[2 + i] * stride[i] + seen[1 + i] * dilation[i];
                from.push(place.wrapping_sub(padding[i]));
                (padding[i]..padding[i] + x.shape()[2 + i]).contains(&place)
            });
            if inside {
                let weight = [&at[1..2], &seen[..]].concat();
                sum += x.get(&from).unwrap() * w.get(&weight).unwrap();
            }
        }
        y.set(&at, sum).unwrap();
    }
    y
}

/// A convolution as the product of its windows and the weight: the definition, in plain ops.
fn definition<'t>(
    x: Var<'t, f64>,
    weight: Var<'t, f64>,
    conv: &wengert_tensor::Conv,
) -> Result<Var<'t, f64>> {
    let d = conv.windows.len();
    let (widths, w) = (conv.padding.iter().map(|&(a, b)| (a as isize, b as isize)), weight.shape());
    let widths: Vec<_> = [(0, 0), (0, 0)].into_iter().chain(widths).collect();
    let seen = x.pad(widths, 0.0)?.windows(&conv.windows)?;
    let (shape, last) = (seen.shape(), d as isize);
    let order = [0, 1].into_iter().chain(2 + last..2 + 2 * last).chain(2..2 + last);
    let (terms, places) = (w[1..].iter().product(), shape[2..2 + d].iter().product());
    let columns = seen.permute(order.collect::<Vec<_>>())?;
    let columns = columns.reshape([shape[0], conv.groups, terms, places])?;
    let y = weight.reshape([conv.groups, w[0] / conv.groups, terms])?.matmul(columns)?;
    y.reshape([&[shape[0], w[0]], &shape[2..2 + d]].concat())
}

/// The op against the definition: values, gradients, and products of the Hessian with a direction.
#[test]
fn a_convolution_is_the_product_of_windows_to_second_order() -> Result<()> {
    for (input, weight, stride, padding, dilation, groups) in [
        (vec![2, 3, 9], vec![4, 3, 3], 1, (0, 0), 1, 1),
        (vec![2, 4, 9], vec![6, 2, 3], 2, (2, 1), 2, 2),
        (vec![3, 2, 6, 7], vec![5, 2, 3, 3], 1, (1, 1), 1, 1),
        (vec![2, 4, 7, 5], vec![4, 1, 2, 2], 2, (0, 1), 2, 4),
        (vec![2, 3, 4, 5], vec![4, 3, 1, 1], 1, (0, 0), 1, 1),
        (vec![1, 2, 3, 4, 4], vec![3, 2, 2, 2, 3], 1, (1, 0), 1, 1),
        // Large enough for several threads, and for several pieces of columns.
        (vec![16, 8, 20, 21], vec![24, 8, 3, 3], 1, (1, 1), 1, 1),
        // Many channels: gradients by places of the window, of lines, of groups with dilation, and of volumes.
        (vec![2, 17, 70], vec![19, 17, 3], 1, (0, 2), 2, 1),
        (vec![2, 32, 18, 17], vec![34, 16, 2, 3], 1, (1, 0), 1, 2),
        (vec![1, 16, 3, 2, 40], vec![16, 16, 2, 1, 3], 1, (0, 1), 1, 1),
        // More terms than are summed at a time, of several places of the window and of one.
        (vec![1, 80, 9, 10], vec![5, 80, 3, 3], 1, (1, 1), 1, 1),
        (vec![1, 530, 20], vec![3, 530, 3], 1, (0, 0), 1, 1),
        (vec![1, 3, 20], vec![530, 3, 3], 1, (0, 0), 1, 1),
        // More rows of results than are kept at a time, and more zeros around a line than it has places.
        (vec![1, 3, 60, 50], vec![14, 3, 3, 3], 1, (1, 1), 1, 1),
        (vec![1, 14, 60, 50], vec![3, 14, 3, 3], 1, (1, 1), 1, 1),
        (vec![2, 3, 5], vec![4, 3, 2], 1, (6, 7), 1, 1),
    ] {
        let windows: Vec<Window> = weight[2..]
            .iter()
            .map(|&size| Window::new(size).stride(stride).dilation(dilation))
            .collect();
        let conv = wengert_tensor::Conv::new(&windows)
            .padding(vec![padding; windows.len()])
            .groups(groups);
        let run = |defined: bool| -> Result<Vec<Tensor<f64>>> {
            let tape = Tape::new();
            let (a, b) = (tape.var(x(&input)), tape.var(x(&weight)));
            let y = if defined { definition(a, b, &conv)? } else { a.conv(b, None, conv.clone())? };
            let loss = y.square().try_mul(y)?.sum();
            let [ga, gb] = loss.grad(&[a, b])?[..] else { unreachable!() };
            let along =
                ga.try_mul(x(&input).sin())?.sum().try_add(gb.try_mul(x(&weight).sin())?.sum())?;
            let second = along.gradients()?;
            let firsts = [y.value()?, ga.value()?, gb.value()?];
            Ok([&firsts[..], &[second.wrt(a).value()?, second.wrt(b).value()?]].concat())
        };
        for (op, definition) in run(false)?.iter().zip(&run(true)?) {
            let scale = definition.abs().max()?.item()?.max(1.0);
            assert!(op.allclose(definition, 1e-11, 1e-12 * scale, false)?, "{input:?}, {weight:?}");
        }
    }
    Ok(())
}

/// The gradient of a weight that never meets what is infinite is finite, and the other way round.
#[test]
fn what_is_infinite_stays_where_it_is_seen() -> Result<()> {
    let conv = wengert_tensor::Conv::new([Window::new(2); 2]);
    let (mut input, mut weight, y) = (x(&[2, 16, 9, 20]), x(&[16, 16, 2, 2]), x(&[2, 16, 8, 19]));
    // In the first column only the first place of a window is ever put.
    input.set(&[1, 3, 4, 0], f64::INFINITY)?;
    let gradient = input.conv_weight(&y, &conv)?;
    for place in 0..gradient.len() {
        let at = Shape::index_of(gradient.shape(), place);
        assert_eq!(gradient.get(&at)?.is_finite(), at[1] != 3 || at[3] != 0, "{at:?}");
    }
    weight.set(&[0, 5, 0, 1], f64::NEG_INFINITY)?;
    let gradient = y.conv_input(&weight, [9, 20], &conv)?;
    for place in 0..gradient.len() {
        let at = Shape::index_of(gradient.shape(), place);
        let seen = at[1] == 5 && at[2] < 8 && at[3] > 0;
        assert_eq!(gradient.get(&at)?.is_finite(), !seen, "{at:?}");
    }
    Ok(())
}

/// No bit depends on the number of threads.
#[test]
fn the_bits_of_a_convolution_are_those_of_one_thread() -> Result<()> {
    use wengert_tensor::{set_threads, threads};
    let before = threads();
    let run = |n: usize| -> Result<Vec<Tensor<f32>>> {
        set_threads(n);
        let jobs = wengert_tensor::kernel::pool::shared_jobs();
        let mut all = Vec::new();
        for (shape, outputs, kernel, stride) in [
            ([13, 1, 28, 28], 6, 5, 1),
            ([13, 16, 20, 20], 33, 3, 1),
            ([7, 24, 15, 15], 40, 1, 1),
            ([1, 9, 60, 60], 30, 3, 2),
        ] {
            let rng = &mut Rng::new(9);
            let conv = wengert_tensor::Conv::new([Window::new(kernel).stride(stride); 2])
                .padding([(1, 1); 2]);
            let input = Tensor::<f32>::randn(shape, rng);
            let weight = Tensor::<f32>::randn([outputs, shape[1], kernel, kernel], rng);
            let bias = Tensor::<f32>::randn([outputs], rng);
            let y = input.conv(&weight, Some(&bias), &conv)?;
            all.push(y.conv_input(&weight, &shape[2..], &conv)?);
            all.push(input.conv_weight(&y, &conv)?);
            all.push(y);
        }
        assert!(n == 1 || wengert_tensor::kernel::pool::shared_jobs() > jobs, "no thread helped");
        Ok(all)
    };
    let one = run(1)?;
    for n in [2, 3, 5] {
        assert!(one == run(n)?, "{n} threads");
    }
    set_threads(before);
    Ok(())
}

fn convolved<const D: usize>(
    x: &Tensor<f64>,
    w: &Tensor<f64>,
    [stride, padding, dilation]: [[usize; D]; 3],
    groups: usize,
) -> Tensor<f64> {
    let options = Convolution::<D>::new().stride(stride).padding(padding).dilation(dilation);
    let tape = Tape::no_grad();
    let (x, w) = (tape.constant(x.clone()), tape.constant(w.clone()));
    functional::conv(x, w, None, options.groups(groups)).unwrap().value().unwrap()
}

#[test]
fn a_convolution_is_what_its_definition_says() {
    for (shape, weight, groups, options) in [
        ([2, 3, 7, 8], [4, 3, 3, 3], 1, [[1, 1], [0, 0], [1, 1]]),
        ([2, 3, 7, 8], [4, 3, 3, 2], 1, [[2, 1], [1, 2], [1, 2]]),
        ([2, 4, 9, 8], [6, 2, 3, 3], 2, [[3, 2], [2, 1], [2, 1]]),
        ([1, 4, 5, 5], [4, 1, 5, 5], 4, [[1, 1], [0, 0], [1, 1]]),
        ([3, 5, 6, 4], [7, 5, 1, 1], 1, [[1, 1], [0, 0], [1, 1]]),
        ([3, 5, 6, 4], [7, 5, 1, 1], 1, [[2, 3], [1, 0], [1, 1]]),
        ([1, 1, 40, 37], [9, 1, 5, 5], 1, [[1, 1], [2, 2], [1, 1]]),
        ([2, 17, 20, 19], [33, 17, 3, 3], 1, [[1, 1], [1, 1], [1, 1]]),
        ([0, 2, 5, 5], [3, 2, 3, 3], 1, [[1, 1], [0, 0], [1, 1]]),
        ([2, 2, 5, 5], [0, 2, 3, 3], 1, [[1, 1], [0, 0], [1, 1]]),
        ([2, 0, 5, 5], [3, 0, 3, 3], 1, [[1, 1], [0, 0], [1, 1]]),
        ([1, 1, 1, 1], [1, 1, 1, 1], 1, [[1, 1], [0, 0], [1, 1]]),
    ] {
        let (x, w) = (x(&shape), x(&weight));
        near(&convolved(&x, &w, options, groups), &by_loops(&x, &w, options, groups));
        // Views: channels last, and every second place of something larger.
        let last = x.permute([0, 2, 3, 1]).unwrap().contiguous().permute([0, 3, 1, 2]).unwrap();
        near(&convolved(&last, &w, options, groups), &by_loops(&x, &w, options, groups));
        let flipped = w.flip(..).unwrap();
        near(&convolved(&x, &flipped, options, groups), &by_loops(&x, &flipped, options, groups));
    }
    let (line, kernel) = (x(&[2, 3, 11]), x(&[4, 3, 5]));
    let options = [[2], [3], [2]];
    near(&convolved(&line, &kernel, options, 1), &by_loops(&line, &kernel, options, 1));
    let (cube, kernel) = (x(&[2, 2, 4, 5, 6]), x(&[3, 2, 2, 3, 2]));
    let options = [[1, 2, 1], [1, 1, 0], [1, 1, 3]];
    near(&convolved(&cube, &kernel, options, 1), &by_loops(&cube, &kernel, options, 1));
}

#[test]
fn gradients_of_convolutions_over_their_options() {
    let rng = &mut Rng::new(1);
    check("Conv1d", &Conv1d::new(2, 3, 3, rng), x(&[2, 2, 6]));
    check("Conv1d of one sample", &Conv1d::new(2, 3, 2, rng).padding(Padding::Same), x(&[2, 5]));
    check(
        "Conv1d reflected",
        &Conv1d::new(1, 2, 3, rng).padding(2).padding_mode(Border::Reflect),
        x(&[2, 1, 4]),
    );
    check(
        "Conv1d round",
        &Conv1d::new(1, 2, 3, rng).padding(1).padding_mode(Border::Circular),
        x(&[2, 1, 3]),
    );
    check("Conv2d", &Conv2d::new(2, 3, [2, 3], rng), x(&[2, 2, 3, 4]));
    check("Conv2d without bias", &Conv2d::new(2, 2, 2, rng).without_bias(), x(&[1, 2, 3, 3]));
    check(
        "Conv2d strided",
        &Conv2d::new(1, 2, 3, rng).stride([2, 3]).padding([1, 2]),
        x(&[2, 1, 4, 4]),
    );
    check(
        "Conv2d dilated",
        &Conv2d::new(1, 2, 2, rng).dilation([2, 1]).padding(1),
        x(&[2, 1, 4, 3]),
    );
    check(
        "Conv2d same",
        &Conv2d::new(1, 2, [2, 3], rng).dilation(2).padding(Padding::Same),
        x(&[1, 1, 3, 4]),
    );
    check(
        "Conv2d replicated",
        &Conv2d::new(1, 1, 3, rng).padding(1).padding_mode(Border::Replicate),
        x(&[1, 1, 3, 2]),
    );
    check("Conv2d in groups", &Conv2d::grouped(4, 6, 2, 2, rng), x(&[2, 4, 3, 3]));
    check(
        "Conv2d in strided groups",
        &Conv2d::grouped(4, 2, 2, 2, rng).stride(2).padding(1),
        x(&[1, 4, 3, 4]),
    );
    check("Conv2d of depth", &Conv2d::depthwise(3, 2, rng), x(&[2, 3, 3, 3]));
    check("Conv2d 1x1", &Conv2d::new(3, 2, 1, rng), x(&[2, 3, 2, 2]));
    check("Conv2d 1x1 strided", &Conv2d::new(3, 2, 1, rng).stride(2), x(&[2, 3, 3, 3]));
    check("Conv3d", &Conv3d::new(1, 2, [2, 1, 2], rng).stride([1, 1, 2]), x(&[1, 1, 3, 2, 3]));
    check(
        "ConvTranspose1d",
        &ConvTranspose1d::new(2, 3, 3, rng).stride(2).output_padding(1),
        x(&[2, 2, 3]),
    );
    check("ConvTranspose1d of one sample", &ConvTranspose1d::new(2, 1, 2, rng), x(&[2, 3]));
    check(
        "ConvTranspose2d",
        &ConvTranspose2d::new(2, 3, [2, 3], rng).stride(2).padding(1),
        x(&[1, 2, 2, 3]),
    );
    check(
        "ConvTranspose2d in groups",
        &ConvTranspose2d::grouped(4, 2, 2, 2, rng).dilation(2),
        x(&[2, 4, 2, 2]),
    );
}

#[test]
fn one_place_one_channel_and_nothing() {
    let rng = &mut Rng::new(2);
    check("one place", &Conv2d::new(1, 1, 1, rng), x(&[1, 1, 1, 1]));
    let tape = Tape::<f64>::new();
    for (layer, shape, wanted) in [
        (&Conv2d::new(2, 3, 3, rng) as &dyn Module<f64>, &[0, 2, 5, 5][..], &[0, 3, 3, 3][..]),
        (&Conv2d::new(0, 3, 3, rng), &[2, 0, 5, 5], &[2, 3, 3, 3]),
        (&Conv2d::new(2, 0, 3, rng), &[2, 2, 5, 5], &[2, 0, 3, 3]),
        (&ConvTranspose2d::new(2, 3, 3, rng), &[0, 2, 5, 5], &[0, 3, 7, 7]),
        (&MaxPool2d::new(2), &[0, 2, 4, 4], &[0, 2, 2, 2]),
        (&AvgPool2d::new(2), &[2, 0, 4, 4], &[2, 0, 2, 2]),
        (&AdaptiveAvgPool2d::new([0, 3]), &[1, 2, 4, 4], &[1, 2, 0, 3]),
        (&Upsample::to([0, 3]), &[1, 2, 4, 4], &[1, 2, 0, 3]),
        (&PixelShuffle::new(2), &[0, 8, 2, 2], &[0, 2, 4, 4]),
    ] {
        let input = tape.var(x(shape));
        let y = layer.call(input).unwrap();
        assert_eq!(*y.shape(), *wanted);
        let value = y.value().unwrap();
        let gradient = y.pull_tensors(&[input], &value.ones_like()).unwrap();
        assert_eq!(gradient[0].shape(), shape);
        for param in layer.parameters() {
            let on_tape = tape.param(&param);
            let gradient = y.pull_tensors(&[on_tape], &value.ones_like()).unwrap();
            assert_eq!(gradient[0].shape(), &*param.shape());
        }
    }
}

/// <conv(x), y> = <x, transpose(y)>, whatever the options.
#[test]
fn a_transposed_convolution_is_the_adjoint() -> Result<()> {
    for (stride, padding, dilation, groups, size, more) in
        [(1, 0, 1, 1, 7, 0), (2, 1, 1, 2, 7, 0), (3, 2, 2, 1, 9, 2), (2, 0, 1, 2, 8, 1)]
    {
        let options = Convolution::<2>::new().stride(stride).padding(padding).dilation(dilation);
        let options = options.groups(groups);
        let tape = Tape::no_grad();
        let input = tape.constant(x(&[2, 4, size, size]));
        let weight = tape.constant(x(&[6, 4 / groups, 3, 3]));
        let y = functional::conv(input, weight, None, options)?;
        let other = tape.constant(x(&y.shape()));
        let back = functional::conv_transpose(other, weight, None, options, more)?;
        assert_eq!(back.shape(), input.shape(), "{options:?}");
        let (one, two) = (y.try_mul(other)?.sum().item()?, input.try_mul(back)?.sum().item()?);
        assert!((one - two).abs() < 1e-9, "{options:?}: {one} and {two}");
    }
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error() {
    let rng = &mut Rng::new(3);
    let image = || Tape::<f64>::no_grad().constant(x(&[1, 4, 5, 5])).value().unwrap();
    for (layer, says) in [
        (
            &Conv2d::new(3, 2, 3, rng) as &dyn Module<f64>,
            "the weight takes 3 channels; the input has 4",
        ),
        (&Conv2d::grouped(4, 3, 3, 2, rng), "do not divide 3 outputs"),
        (&Conv2d::grouped(4, 4, 3, 0, rng), "at least 1"),
        (&Conv2d::new(4, 2, 6, rng), "a window spans 6 places, and axis 2 has 5"),
        (&Conv2d::new(4, 2, 3, rng).stride(0), "at least 1"),
        (&Conv2d::new(4, 2, 3, rng).stride(2).padding(Padding::Same), "keeps the sizes"),
        (&Conv1d::new(4, 2, 3, rng), "must be [N, C, L], or [C, L] for one sample"),
        (&Conv2d::new(4, 2, 3, rng).padding(6).padding_mode(Border::Reflect), "reflecting"),
        (
            &ConvTranspose2d::new(4, 2, 3, rng).output_padding(1),
            "must be less than stride or dilation",
        ),
        (&ConvTranspose2d::new(4, 2, 1, rng).padding(3), "leaves no place"),
        (&ConvTranspose2d::new(5, 2, 1, rng), "of 5 channels in 1 groups, and the input has 4"),
        (&MaxPool2d::new(2).padding(2), "more than half of the kernel"),
        (&MaxPool2d::new(6), "a window spans 6 places, and axis 2 has 5"),
        (&MaxPool2d::new(0), "at least 1"),
        (&AvgPool2d::new(2).divisor(0), "the divisor is 0"),
        (&AvgPool1d::new(2), "[N, C, L], or [C, L] for one sample"),
        (&LpPool2d::new(0.0, 2), "the power is not 0"),
        (&PixelShuffle::new(3), "must divide"),
        (&ChannelShuffle::new(3), "3 groups must divide the channels"),
        (&Upsample::to([3]), "a size for each"),
        (&Upsample::by([-1.0, 2.0]), "a factor is positive"),
        (&Fold::new(5, 2), "must be [N, C·4, windows]"),
        (&Dropout1d::new(0.5), "must be [N, C, L], or [C, L]"),
    ] {
        let error = layer.predict(&image()).map(|y| y.shape().to_vec()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}\n does not say: {says}");
        assert!(error.contains("tests/nn/conv.rs"), "{error}");
    }
}

/// The maximum of each window, from windows of the padded input: its definition.
fn max_of_windows(x: &Tensor<f64>, windows: [Window; 2], padding: isize) -> Tensor<f64> {
    let widths = [(0, 0), (0, 0), (padding, padding), (padding, padding)];
    let seen = x.pad(widths, f64::NEG_INFINITY).unwrap().windows(windows).unwrap();
    seen.max_over([-2, -1]).unwrap()
}

#[test]
fn pooling_is_a_reduction_of_windows() -> Result<()> {
    let x = x(&[2, 3, 9, 8]);
    let tape = Tape::no_grad();
    for (kernel, stride, padding, dilation) in
        [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2), (2, 3, 1, 1)]
    {
        let pool = Pool::<2>::new(kernel).stride(stride).padding(padding);
        let window = Window::new(kernel).stride(stride);
        let of = tape.constant(x.clone());
        let dilated = [window.dilation(dilation); 2];
        let (y, places) = functional::max_pool_at(of, pool.dilation(dilation))?;
        assert_eq!(y.value()?, max_of_windows(&x, dilated, padding as isize));
        // Each place is where its element lies.
        let planes = x.reshape([2, 3, 72])?;
        let found = planes.gather(2, &places.reshape([2, 3, places.len() / 6])?)?;
        assert_eq!(found, y.value()?.reshape(found.shape())?);

        let p = padding as isize;
        let padded = |x: &Tensor<f64>| x.pad([(0, 0), (0, 0), (p, p), (p, p)], 0.0);
        let sums = |x: &Tensor<f64>| padded(x)?.windows([window; 2])?.sum_over([-2, -1]);
        let mean = sums(&x)?.div_scalar((kernel * kernel) as f64);
        near(&functional::avg_pool(of, pool)?.value()?, &mean);
        let of_elements = sums(&x)?.try_div(&sums(&x.ones_like())?)?;
        near(&functional::avg_pool_of_elements(of, pool)?.value()?, &of_elements);
        near(&functional::avg_pool_by(of, pool, -3)?.value()?, &sums(&x)?.div_scalar(-3.0));
    }
    let of = tape.constant(x.abs());
    let norm = x.square().windows([Window::new(2).stride(2); 2])?.sum_over([-2, -1])?.sqrt();
    near(&functional::lp_pool(of, 2.0, Pool::<2>::new(2))?.value()?, &norm);
    Ok(())
}

#[test]
fn pools_that_reach_over_the_end() -> Result<()> {
    let x = tensor![[[1.0_f64, 2.0, 3.0, 4.0, 5.0]]];
    assert_eq!(MaxPool1d::new(2).predict(&x)?, tensor![[[2.0, 4.0]]]);
    assert_eq!(MaxPool1d::new(2).ceil().predict(&x)?, tensor![[[2.0, 4.0, 5.0]]]);
    // A window that begins in the padding is left out.
    let pool = MaxPool1d::new(2).stride(3).padding(1).ceil();
    assert_eq!(pool.predict(&x)?, tensor![[[1.0, 4.0]]]);
    let pool = AvgPool1d::new(3).stride(2).padding(1).ceil();
    assert_eq!(pool.predict(&x)?, tensor![[[1.0, 3.0, 3.0]]]);
    assert_eq!(pool.of_elements().predict(&x)?, tensor![[[1.5, 3.0, 4.5]]]);
    let pool = AvgPool1d::new(4).ceil();
    assert_eq!(pool.predict(&x)?, tensor![[[2.5, 5.0]]]);
    // NaN is larger than any number; of equal elements the first gets the gradient.
    let y = MaxPool1d::new(3).predict(&tensor![[[1.0, f64::NAN, 2.0]]])?;
    assert!(y.iter().all(f64::is_nan));
    let tape = Tape::new();
    let x = tape.var(tensor![[[7.0, 7.0, 7.0]]]);
    let y = MaxPool1d::new(2).stride(1).call(x)?;
    assert_eq!(y.sum().gradients()?.wrt(x).value()?, tensor![[[1.0, 1.0, 0.0]]]);
    Ok(())
}

#[test]
fn adaptive_pools_take_parts_as_equal_as_can_be() -> Result<()> {
    let x = x(&[2, 3, 7, 6]);
    let (avg, max) = (AdaptiveAvgPool2d::new([3, 4]), AdaptiveMaxPool2d::new([3, 4]));
    let (means, maxima) = (avg.predict(&x)?, max.predict(&x)?);
    for i in 0..3 {
        for j in 0..4 {
            let (top, bottom) = (i * 7 / 3, ((i + 1) * 7usize).div_ceil(3));
            let (left, right) = (j * 6 / 4, ((j + 1) * 6usize).div_ceil(4));
            let part = x.narrow(2, top, bottom - top)?.narrow(3, left, right - left)?;
            let at = |y: &Tensor<f64>| y.select(3, j)?.select(2, i);
            near(&at(&means)?, &part.mean_over([2, 3])?);
            assert_eq!(at(&maxima)?, part.max_over([2, 3])?);
        }
    }
    near(&AdaptiveAvgPool2d::new(1).predict(&x)?.flatten(), &x.mean_over([2, 3])?.flatten());
    near(&AdaptiveAvgPool2d::new([wengert_tensor::REST, 2]).predict(&x)?, &avg_of_thirds(&x)?);
    Ok(())
}

fn avg_of_thirds(x: &Tensor<f64>) -> Result<Tensor<f64>> {
    AvgPool2d::new([1, 3]).predict(x)
}

#[test]
fn gradients_of_layers_without_parameters() {
    let image = || x(&[2, 3, 4, 6]);
    let layers: Vec<(&str, Box<dyn Module<f64>>)> = vec![
        ("MaxPool2d", Box::new(MaxPool2d::new(2))),
        ("MaxPool2d padded", Box::new(MaxPool2d::new([3, 2]).stride([2, 1]).padding(1).ceil())),
        ("MaxPool2d dilated", Box::new(MaxPool2d::new(2).dilation(2))),
        ("AvgPool2d", Box::new(AvgPool2d::new([2, 3]))),
        ("AvgPool2d padded", Box::new(AvgPool2d::new(3).stride(2).padding(1).ceil())),
        ("AvgPool2d of elements", Box::new(AvgPool2d::new(2).padding(1).of_elements())),
        ("AvgPool2d by", Box::new(AvgPool2d::new(2).divisor(3))),
        ("AdaptiveAvgPool2d", Box::new(AdaptiveAvgPool2d::new([3, 4]))),
        ("AdaptiveMaxPool2d", Box::new(AdaptiveMaxPool2d::new([3, 4]))),
        ("Upsample", Box::new(Upsample::by([1.5, 2.0]))),
        ("Upsample linear", Box::new(Upsample::to([5, 3]).mode(Interpolation::Linear))),
        (
            "Upsample by corners",
            Box::new(Upsample::to([1, 9]).mode(Interpolation::LinearByCorners)),
        ),
        ("ChannelShuffle", Box::new(ChannelShuffle::new(3))),
        ("PixelUnshuffle", Box::new(PixelUnshuffle::new(2))),
        ("Unfold", Box::new(Unfold::new([2, 3]).stride(2).padding(1).dilation([2, 1]))),
        ("Dropout2d", Box::new(Dropout2d::new(0.4))),
        ("InstanceNorm2d", Box::new(InstanceNorm2d::new(3))),
    ];
    for (name, layer) in layers {
        check(name, &layer, image());
    }
    check("LpPool2d", &LpPool2d::new(2.0, 2).stride(1), image().abs().add_scalar(0.5));
    check("PixelShuffle", &PixelShuffle::new(2), x(&[1, 4, 2, 3]));
    check("Fold", &Fold::new([4, 5], 2).padding(1).stride([2, 1]), x(&[2, 8, 18]));
    check("MaxPool1d", &MaxPool1d::new(3).stride(2), x(&[2, 7]));
    check("AvgPool3d", &AvgPool3d::new(2), x(&[1, 2, 4, 4, 2]));
    check("MaxPool3d", &MaxPool3d::new(2).stride(1), x(&[1, 2, 3, 3, 2]));
    check("BatchNorm3d", &BatchNorm3d::new(2), x(&[2, 2, 2, 1, 2]));
    check("InstanceNorm3d", &InstanceNorm3d::new(2).affine(), x(&[2, 2, 1, 2]));
}

#[test]
fn unpooled_elements_are_back_in_their_places() -> Result<()> {
    let tape = Tape::new();
    let x = tape.var(tensor![[[1.0_f64, 4.0, 2.0, 3.0]]]);
    let (y, places) = MaxPool1d::new(2).forward_at(x)?;
    assert_eq!(places, tensor![[[1_usize, 3]]]);
    let back = functional::max_unpool(y, &places, [4])?;
    assert_eq!(back.value()?, tensor![[[0.0, 4.0, 0.0, 3.0]]]);
    assert_eq!(back.square().sum().gradients()?.wrt(x).value()?, tensor![[[0.0, 8.0, 0.0, 6.0]]]);
    // Of two elements for one place the last stays, and it alone gets a gradient.
    let twice = tape.var(tensor![[[1.0_f64, 4.0]]]);
    let y = functional::max_unpool(twice, &tensor![[[2_usize, 2]]], [3])?;
    assert_eq!(y.value()?, tensor![[[0.0, 0.0, 4.0]]]);
    assert_eq!(y.sum().gradients()?.wrt(twice).value()?, tensor![[[0.0, 1.0]]]);
    assert!(functional::max_unpool(twice, &tensor![[[2_usize, 3]]], [3]).is_err());
    Ok(())
}

/// Sizes beyond memory are errors, also where the result has no elements.
#[test]
fn unpooling_beyond_memory_is_an_error() {
    let tape = Tape::new();
    let unpooled = |batch: usize, sizes: [usize; 2]| {
        let shape = [batch, 1, 2, 2];
        let places = Tensor::<usize>::zeros(shape);
        functional::max_unpool(tape.constant(Tensor::<f32>::ones(shape)), &places, sizes)
    };
    for (batch, sizes) in [(1, [1 << 22, 1 << 22]), (0, [usize::MAX, 2])] {
        let error = unpooled(batch, sizes).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("max_unpool: [") && error.contains("conv.rs:"), "{error}");
    }
    assert_eq!(*unpooled(0, [4, 4]).unwrap().shape(), [0, 1, 4, 4]);
}

#[test]
fn shuffles_and_folds_undo_one_another() -> Result<()> {
    let image = x(&[2, 8, 3, 5]);
    let shuffled = PixelShuffle::new(2).predict(&image)?;
    assert_eq!(shuffled.get(&[1, 1, 3, 2])?, image.get(&[1, 4 + 2, 1, 1])?);
    assert_eq!(PixelUnshuffle::new(2).predict(&shuffled)?, image);
    let channels = Tensor::arange(0.0, 6.0, 1.0)?.reshape([1, 6, 1])?;
    let wanted = tensor![[[0.0_f64], [3.0], [1.0], [4.0], [2.0], [5.0]]];
    assert_eq!(ChannelShuffle::new(2).predict(&channels)?, wanted);
    assert_eq!(
        ChannelShuffle::new(3).predict(&ChannelShuffle::new(2).predict(&channels)?)?,
        channels
    );
    let columns = Unfold::new(2).stride(2).predict(&x(&[1, 3, 4, 6]))?;
    assert_eq!(columns.shape(), [1, 12, 6]);
    assert_eq!(Fold::new([4, 6], 2).stride(2).predict(&columns)?, x(&[1, 3, 4, 6]));
    Ok(())
}

#[test]
fn whole_channels_are_dropped() -> Result<()> {
    let tape = Tape::new().seeded(5);
    let x = tape.constant(Tensor::<f64>::ones([50, 40, 3, 2]));
    let y = Dropout2d::new(0.3).call(x)?.value()?.reshape([2000, 6])?;
    let (low, high) = (y.min_over(1)?, y.max_over(1)?);
    assert_eq!(low, high);
    let dropped = low.equal_scalar(0.0).count() as f64 / 2000.0;
    assert!((dropped - 0.3).abs() < 0.05, "{dropped}");
    assert!(high.iter().all(|y| y == 0.0 || (y - 1.0 / 0.7).abs() < 1e-12));
    let one = Dropout1d::new(0.5).call(tape.constant(Tensor::ones([1000, 4])))?.value()?;
    assert_eq!(one.min_over(1)?, one.max_over(1)?);
    Ok(())
}

#[test]
fn states_and_prints_have_the_names_of_pytorch() {
    let rng = &mut Rng::new(4);
    let names = |parts: &dyn Parts<f32>| -> Vec<(String, Vec<usize>)> {
        parts.named_parameters().into_iter().map(|(n, p)| (n, p.shape().to_vec())).collect()
    };
    let layer = Conv2d::<f32>::grouped(4, 6, [3, 5], 2, rng).stride(2).padding([1, 2]);
    let shapes = [("weight".to_string(), vec![6, 2, 3, 5]), ("bias".to_string(), vec![6])];
    assert_eq!(names(&layer), shapes);
    assert_eq!(
        format!("{layer:?}"),
        "Conv2d(4 -> 6, kernel [3, 5], stride 2, padding [1, 2], groups 2)"
    );
    let layer = ConvTranspose1d::<f32>::grouped(4, 6, 3, 2, rng).without_bias();
    assert_eq!(names(&layer), [("weight".to_string(), vec![4, 3, 3])]);
    assert_eq!(format!("{layer:?}"), "ConvTranspose1d(4 -> 6, kernel 3, groups 2, no bias)");
    // Uniform within ±1/√(elements that a window sees).
    let layer = Conv2d::<f32>::new(4, 64, 3, rng);
    let bound = 1.0 / 36.0_f32.sqrt();
    let largest = layer.weight.value().abs().max().unwrap().item().unwrap();
    assert!(largest <= bound && largest > 0.98 * bound, "{largest}");
    let pool: &dyn Parts<f32> = &MaxPool2d::new(3).stride(2).padding(1).ceil();
    assert_eq!(pool.describe().unwrap(), "MaxPool2d(kernel 3, stride 2, padding 1, ceil)");
}

#[test]
fn a_function_of_vars_takes_weights_that_are_computed() -> Result<()> {
    let report = GradCheck::new().check(
        |v: &[Var<'_, f64>]| {
            let options = Convolution::<1>::new().padding(1);
            functional::conv(v[0], v[1].square(), Some(v[2]), options)
        },
        &[x(&[1, 2, 4]), x(&[3, 2, 3]), x(&[3])],
    );
    assert!(report.is_right(), "{report}");
    Ok(())
}

/// Convolution, pooling by maximum and a linear layer: the gradients of all samples come from one sweep.
#[test]
fn the_gradients_of_each_sample_come_from_one_sweep() {
    let sweeps = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let rng = &mut Rng::new(3);
    let parameters = [Tensor::randn([2, 1, 3, 3], rng), Tensor::randn([3, 8], rng)];
    fn losses<'t>(x: Var<'t, f64>, p: &[Var<'t, f64>]) -> Result<Var<'t, f64>> {
        let y = functional::conv(x, p[0], None, Convolution::<2>::default())?.tanh();
        let y = functional::max_pool(y, Pool::<2>::new(2))?.flatten_axes(1, -1)?;
        y.linear(p[1], None)?.square().sum_over(1)
    }
    let batch = Tensor::randn([4, 1, 6, 6], rng);
    let all = wengert_autograd::per_sample_gradients(
        |x, p| {
            let losses = losses(x, p)?;
            let sweeps = sweeps.clone();
            losses.watch(move |_| {
                sweeps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                None
            });
            Ok(losses)
        },
        &batch,
        &parameters,
    );
    let all = all.unwrap();
    assert_eq!(sweeps.load(std::sync::atomic::Ordering::Relaxed), 1);
    for i in 0..4 {
        let tape = Tape::new();
        let p = parameters.each_ref().map(|p| tape.var(p.clone()));
        let loss = losses(tape.constant(batch.narrow(0, i, 1).unwrap()), &p).unwrap();
        let alone = loss.sum().gradients().unwrap();
        for (all, p) in all.iter().zip(p) {
            near(&all.select(0, i).unwrap(), &alone.wrt(p).value().unwrap());
        }
    }
}
