//! Layers of a transformer one after another, which its encoder and its decoder are.

/// Declares layers one after another, and a normalisation after the last.
macro_rules! stack {
    ($(#[$doc:meta])* $Stack:ident of $Layer:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $Stack<T> {
            /// The layers.
            pub layers: Vec<$Layer<T>>,
            /// The normalisation of the result.
            pub norm: Option<LayerNorm<T>>,
        }

        impl<T: Float> $Stack<T> {
            /// These layers. A clone of a layer is the same layer: `vec![layer.clone(); 6]` has the weights of one, and the gradients of all
            /// six add up in them, where PyTorch makes copies. Make each with `new`, as in the example, or by [`deep_copy`](Parts::deep_copy), which
            /// begins with the same weights.
            pub fn new(layers: Vec<$Layer<T>>) -> Self {
                Self { layers, norm: None }
            }

            /// With this normalisation of the result.
            #[must_use]
            pub fn norm(mut self, norm: LayerNorm<T>) -> Self {
                self.norm = Some(norm);
                self
            }

            #[track_caller]
            fn run<'t>(
                &self,
                mut x: Var<'t, T>,
                layer: impl Fn(&$Layer<T>, Var<'t, T>) -> Result<Var<'t, T>>,
            ) -> Result<Var<'t, T>> {
                for each in &self.layers {
                    x = layer(each, x)?;
                }
                self.norm.as_ref().map_or(Ok(x), |norm| norm.call(x))
            }
        }

        debug_as_described!($Stack<T>);
        several_inputs!($Stack<T> -> Tensor<T>);

        impl<T: Float> Parts<T> for $Stack<T> {
            fn visit(&self, v: &mut Visitor<'_, T>) {
                v.module("layers", &self.layers);
                v.module("norm", &self.norm);
            }
        }
    };
}
pub(super) use stack;
