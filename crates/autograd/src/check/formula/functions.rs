//! The functions that formulas name.

use wengert_tensor::{Part, Shape, Slice, Tensor, keep};

use super::Place;
use crate::ops::{
    Diagonal, Gather, IndexSelect, MaxPool, Permute, Slicing, SumBags, Unbag, Undiagonal, Ungather,
    Unindex, Unslice, Unwindows, Where, Windows,
};

impl Place<'_> {
    pub(super) fn call(&self, function: &str, of: &[Tensor<f64>]) -> Tensor<f64> {
        let shape = self.x[self.k].shape();
        let op = self.op;
        let kept = || keep(self.axes());
        match (function, of) {
            ("spread", [g]) => self.spread(g),
            ("sum", [v]) => v.sum_over(kept()).unwrap(),
            ("mean", [v]) => v.mean_over(kept()).unwrap(),
            ("var", [v]) => v.var_over(kept(), 0.0).unwrap(),
            ("exp", [v]) => v.exp(),
            ("abs", [v]) => v.abs(),
            ("sign", [v]) => v.sign(),
            ("sqrt", [v]) => v.sqrt(),
            ("pow", [v, p]) => v.pow(p).unwrap(),
            ("transposed", [v]) => v.t(),
            ("reshape", [g]) => g.reshape(shape).unwrap(),
            ("expand", [g]) => g.expand(shape).unwrap(),
            ("sum_to", [g]) => g.sum_to(shape).unwrap(),
            ("permute", [g]) => {
                let order = &op.get::<Permute>().unwrap().0;
                let back: Vec<isize> = (0..order.len() as isize)
                    .map(|axis| order.iter().position(|&o| o == axis).unwrap() as isize)
                    .collect();
                g.permute(back).unwrap()
            }
            ("where", [_, yes, no]) => op.get::<Where>().unwrap().0.values.pick(yes, no).unwrap(),
            ("others", [x]) => {
                // By differences of logarithms no zero could be told: each element is set to 1 in turn.
                let mut product = x.clone();
                for i in 0..x.len() {
                    let mut without = x.contiguous();
                    without.as_mut_slice()[i] = 1.0;
                    let all = without.prod_over(keep(self.axes())).unwrap().expand(x.shape());
                    product.as_mut_slice()[i] = all.unwrap().iter().nth(i).unwrap();
                }
                product
            }
            ("ties", [x, y]) => {
                let equal = x.equal(&self.spread(y)).unwrap().cast::<f64>();
                &equal / equal.sum_over(kept()).unwrap()
            }
            ("cumsum_from_end", [v]) => {
                let axis = self.axis() as isize;
                v.flip(axis).unwrap().cumsum(axis).unwrap().flip(axis).unwrap()
            }
            ("part", [g, number]) => {
                let axis = self.axis();
                let k = number.item().unwrap() as usize;
                let start: usize = self.x[..k].iter().map(|x| x.shape()[axis]).sum();
                g.narrow(axis as isize, start, self.x[k].shape()[axis]).unwrap()
            }
            ("slice", [g]) => g.slice(&op.get::<Unslice>().unwrap().1).unwrap(),
            ("unslice", [g]) => {
                Tensor::zeros(shape).slice_assign(&op.get::<Slicing>().unwrap().0, g).unwrap()
            }
            ("conv", [x, w]) => x.conv(w, None, self.conv()).unwrap(),
            ("conv_input", [g, w]) => g.conv_input(w, &shape[2..], self.conv()).unwrap(),
            ("conv_weight", [x, g]) => x.conv_weight(g, self.conv()).unwrap(),
            ("channels", [g]) => {
                let others: Vec<isize> = (0..g.rank() as isize).filter(|&axis| axis != 1).collect();
                g.sum_over(others).unwrap()
            }
            ("windows", [g]) => g.windows(&op.get::<Unwindows>().unwrap().1.0).unwrap(),
            ("unpool", [g]) => {
                let parts = &op.get::<MaxPool>().unwrap().parts;
                let lead = shape.len() - parts.len();
                let mut sum = Tensor::zeros(shape);
                for n in 0..g.len() {
                    let at = Shape::index_of(g.shape(), n);
                    // The first of the largest places that the part sees.
                    let seen: Vec<Part> =
                        parts.iter().zip(&at[lead..]).map(|(p, &i)| p[i]).collect();
                    let lens: Vec<usize> = seen.iter().map(|part| part.len).collect();
                    let place = |k: usize| -> Vec<usize> {
                        let inside = Shape::index_of(&lens, k);
                        let places = seen.iter().zip(&*inside).map(|(p, i)| p.start + i * p.step);
                        at[..lead].iter().copied().chain(places).collect()
                    };
                    let x = |k: &usize| self.x[0].get(&place(*k)).unwrap();
                    let all = (0..lens.iter().product()).rev();
                    let largest = all.max_by(|a, b| x(a).total_cmp(&x(b))).unwrap();
                    let old = sum.get(&place(largest)).unwrap();
                    sum.set(&place(largest), old + g.get(&at).unwrap()).unwrap();
                }
                sum
            }
            ("unwindows", [g]) => {
                let windows = &op.get::<Windows>().unwrap().0;
                let at = shape.len() - windows.len();
                // Each place of a window by itself, into the places that it sees.
                let mut sum = Tensor::zeros(shape);
                let seen: Vec<usize> = windows.iter().map(|w| w.size).collect();
                for n in 0..seen.iter().product() {
                    let i = Shape::index_of(&seen, n);
                    let mut part = g.clone();
                    for &i in &i {
                        part = part.select(shape.len() as isize, i).unwrap();
                    }
                    let places: Vec<Slice> = (0..shape.len())
                        .map(|axis| match axis.checked_sub(at) {
                            None => Slice::from(..),
                            Some(k) => {
                                let from = i[k] * windows[k].dilation;
                                let last = from + (g.shape()[axis] - 1) * windows[k].stride;
                                Slice::from(from as isize..last as isize + 1)
                                    .step(windows[k].stride as isize)
                            }
                        })
                        .collect();
                    sum = sum + Tensor::zeros(shape).slice_assign(&places, &part).unwrap();
                }
                sum
            }
            ("diagonal", [g]) => {
                let Diagonal(offset, a, b) = op.get::<Undiagonal>().unwrap().1;
                g.diagonal(offset, a, b).unwrap()
            }
            ("undiagonal", [g]) => {
                assert_eq!(*op.get::<Diagonal>().unwrap(), Diagonal(1, 0, 1));
                let mut all = Tensor::zeros(shape);
                for i in 0..g.len() {
                    all.set(&[i, i + 1], g.get(&[i]).unwrap()).unwrap();
                }
                all
            }
            ("gather", [g, _]) => {
                let Gather(axis, index) = &op.get::<Ungather>().unwrap().1;
                g.gather(*axis, &index.values).unwrap()
            }
            ("scatter_add", [_, g]) => {
                let Gather(axis, index) = op.get::<Gather>().unwrap();
                Tensor::zeros(shape).scatter_add(*axis, &index.values, g).unwrap()
            }
            ("index_select", [g, _]) => {
                let IndexSelect(axis, index) = &op.get::<Unindex>().unwrap().1;
                g.index_select(*axis, &index.values).unwrap()
            }
            ("index_add", [_, g]) => {
                let IndexSelect(axis, index) = op.get::<IndexSelect>().unwrap();
                Tensor::zeros(shape).index_add(*axis, &index.values, g).unwrap()
            }
            ("sum_bags", [g, _]) => {
                let SumBags(index, starts) = &op.get::<Unbag>().unwrap().1;
                g.sum_bags(&index.values, &starts.values).unwrap()
            }
            ("add_bags", [_, g]) => {
                let SumBags(index, starts) = op.get::<SumBags>().unwrap();
                Tensor::zeros(shape).add_bags(&index.values, &starts.values, g).unwrap()
            }
            _ => panic!("{function} of {} arguments is not known", of.len()),
        }
    }
}
