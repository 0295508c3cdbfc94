//! PyTorch's products of matrices and vectors, and what each is here.

use wengert::autograd::einsum;
use wengert::nn::functional;

use super::super::call::{Answer, IntoAnswer};
use crate::table;

table! {
    fn call -> Answer<'t, T>, IntoAnswer::into_answer;

    matmul(x: Var, other: Var) => x.matmul(other);
    mm(x: Var, other: Var) => x.mm(other);
    mv(x: Var, vec: Var) => x.mv(vec);
    bmm(x: Var, other: Var) => x.bmm(other);
    dot(x: Var, other: Var) => x.dot(other);
    outer(x: Var, other: Var) => x.outer(other);
    addmm(x: Var, mat1: Var, mat2: Var, beta: f64, alpha: f64) => x.addmm(mat1, mat2, beta, alpha);
    linear(x: Var, weight: Var, bias: MaybeVar) => x.linear(weight, bias);
    bilinear(x: Var, x2: Var, weight: Var, bias: MaybeVar) => functional::bilinear(x, x2, weight, bias);
    einsum(xs: Vars, equation: Text) => einsum(&equation, &xs);

    // The same by PyTorch's names of the parameters; not on the page.
    mm(x: Var, mat2: Var) => x.mm(mat2), as "";
    bmm(x: Var, mat2: Var) => x.bmm(mat2), as "";
    mv(x: Var, other: Var) => x.mv(other), as "";
    dot(x: Var, tensor: Var) => x.dot(tensor), as "";
    outer(x: Var, vec2: Var) => x.outer(vec2), as "";
}
