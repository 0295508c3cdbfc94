//! Convolutions and their two adjoints against loops, in small whole numbers, whose sums are exact.

use wengert_tensor::{Conv, Shape, Tensor, Window};

/// Whole numbers from -3 to 3.
fn whole(shape: &[usize], step: usize) -> Tensor<f32> {
    Tensor::from_fn(shape, |at| {
        let place = at.iter().fold(1, |sum, i| sum * 11 + i * step);
        (place % 7) as f32 - 3.0
    })
}

/// The sum over all triples of an input, a weight and an output that meet, of their product.
fn triples(x: &Tensor<f32>, w: &Tensor<f32>, y: &Tensor<f32>, conv: &Conv) -> f32 {
    let mut sum = 0.0;
    let each = w.shape()[0] / conv.groups;
    for place in 0..y.len() {
        let at = Shape::index_of(y.shape(), place);
        for term in 0..w.shape()[1..].iter().product() {
            let seen = Shape::index_of(&w.shape()[1..], term);
            let mut from = vec![at[0], at[1] / each * w.shape()[1] + seen[0]];
            let inside =
                conv.windows.iter().zip(&conv.padding).enumerate().all(|(i, (window, before))| {
                    let place = at[2 + i] * window.stride + seen[1 + i] * window.dilation;
                    from.push(place.wrapping_sub(before.0));
                    (before.0..before.0 + x.shape()[2 + i]).contains(&place)
                });
            if inside {
                let weight = [&at[1..2], &seen[..]].concat();
                sum += x.get(&from).unwrap() * w.get(&weight).unwrap() * y.get(&at).unwrap();
            }
        }
    }
    sum
}

#[test]
fn a_convolution_and_its_adjoints_meet_in_one_number() {
    // Shapes of the input and of the weight, groups, dilation, padding.
    type Case = (&'static [usize], &'static [usize], usize, usize, (usize, usize));
    let all: &[Case] = &[
        (&[2, 2, 9], &[3, 2, 3], 1, 1, (0, 0)),
        (&[1, 2, 4], &[2, 1, 2], 2, 1, (3, 4)),
        (&[1, 1, 3, 9], &[2, 1, 2, 3], 1, 1, (1, 1)),
        (&[1, 1, 2, 2, 6], &[1, 1, 1, 2, 2], 1, 2, (0, 1)),
        (&[1, 16, 1, 4], &[16, 16, 1, 2], 1, 1, (0, 0)),
        // From here on for Miri too long.
        (&[1, 2, 9], &[2, 2, 3], 1, 2, (1, 0)),
        (&[1, 1, 8, 17], &[2, 1, 3, 3], 1, 1, (1, 1)),
        (&[1, 2, 5, 18], &[3, 2, 2, 3], 1, 1, (0, 0)),
        (&[1, 16, 4, 10], &[17, 16, 2, 2], 1, 1, (0, 1)),
        (&[1, 1, 6, 7], &[2, 1, 3, 2], 1, 2, (1, 0)),
        (&[1, 1, 2, 3, 20], &[2, 1, 2, 2, 2], 1, 1, (0, 1)),
    ];
    let all = if cfg!(miri) { &all[..5] } else { all };
    for (case, &(input, weight, groups, dilation, padding)) in all.iter().enumerate() {
        let windows: Vec<_> =
            weight[2..].iter().map(|&size| Window::new(size).dilation(dilation)).collect();
        let conv = Conv::new(&windows).padding(vec![padding; windows.len()]).groups(groups);
        let (x, w) = (whole(input, 1), whole(weight, 2));
        let y = x.conv(&w, None, &conv).unwrap();
        let g = whole(y.shape(), 3);
        let sum = triples(&x, &w, &g, &conv);
        let dot = |a: &Tensor<f32>, b: &Tensor<f32>| (a * b).sum().item().unwrap();
        assert_eq!(dot(&y, &g), sum, "case {case}");
        assert_eq!(
            dot(&g.conv_input(&w, &input[2..], &conv).unwrap(), &x),
            sum,
            "input, case {case}"
        );
        assert_eq!(dot(&x.conv_weight(&g, &conv).unwrap(), &w), sum, "weight, case {case}");
        let bias = whole(&[weight[0]], 1);
        let mut column = vec![1; y.rank() - 1];
        column[0] = weight[0];
        let with = x.conv(&w, Some(&bias), &conv).unwrap();
        assert_eq!(with, &y + &bias.reshape(column).unwrap(), "bias, case {case}");
    }
}
