//! Backpropagation in three gradients, each by hand, by the formula, and by the tape.
//!
//! # 1. A value used twice: `b = a + a`, `c = b · b`
//!
//! By hand: c = (2a)² = 4a², so dc/da = 8a: 24 at a = 3.
//!
//! By the formula: going back, each line hands its gradient on. c's gradient is 1. `b · b` gives b once for each operand:
//! b + b = 12. `a + a` gives 12 once for each operand: 24. What several uses give is *added*; a program that overwrote
//! instead would answer 12 or 6.
//!
//! Why in this order? b's gradient must be complete before it is handed on to a, so c comes before b, and b before a. A tape
//! is already in that order, because nothing can be computed before its operands: going back over it is enough.
//!
//! ```
//! use wengert_autograd::Tape;
//!
//! let tape = Tape::new();
//! let a = tape.scalar(3.0_f64);
//! let b = a + a;
//! let c = b * b;
//! let g = c.gradients()?;
//! assert_eq!(g.wrt(c).value()?.item()?, 1.0);
//! assert_eq!(g.wrt(b).value()?.item()?, 12.0);
//! assert_eq!(g.wrt(a).value()?.item()?, 24.0);
//!
//! // The tape: each line with its op, operands, shape, value, and the gradients of the operands, of a gradient g.
//! let printed: Vec<String> = tape.to_string().lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
//! assert!(printed[1].starts_with("%0 input [] 3.0000"));
//! assert!(printed[2].starts_with("%1 add(%0, %0) [] 6.0000 g, g"));
//! assert!(printed[3].starts_with("%2 mul(%1, %1) [] 36.0000 g·b, g·a"));
//! # Ok::<(), wengert_autograd::Error>(())
//! ```
//!
//! # 2. A broadcast: a row added to every row of a matrix
//!
//! By hand: with yᵢⱼ = xᵢⱼ + bⱼ and L = Σ yᵢⱼ², dL/dyᵢⱼ = 2yᵢⱼ. Each bⱼ is used once in every row, so dL/dbⱼ = Σᵢ 2yᵢⱼ: where a
//! value was spread, its gradient is summed.
//!
//! ```
//! use wengert_autograd::Tape;
//! use wengert_tensor::tensor;
//!
//! let tape = Tape::new();
//! let x = tape.constant(tensor![[1.0_f64, 2.0], [3.0, 4.0], [5.0, 6.0]]);
//! let b = tape.var(tensor![10.0, 20.0]);
//! let y = x + b;
//! let loss = y.square().sum();
//! let g = loss.gradients()?;
//! assert_eq!(g.wrt(y).value()?, y.value()? * 2.0);
//! assert_eq!(g.wrt(b).value()?, (y.value()? * 2.0).sum_over(0)?);
//! assert_eq!(g.wrt(b).value()?, tensor![78.0, 144.0]);
//! # Ok::<(), wengert_autograd::Error>(())
//! ```
//!
//! # 3. Softmax and cross-entropy: p - q
//!
//! By hand: with p = softmax(z) and L = -Σ q·ln p, where Σ q = 1: ln pᵢ = zᵢ - ln Σ eᶻ, so L = ln Σ eᶻ - Σ q·z, and
//! dL/dz = eᶻ / Σ eᶻ - q = p - q. The logarithm and the exponential have cancelled: nothing can overflow, and a
//! confident mistake has a gradient near 1, not near 0.
//!
//! ```
//! use wengert_autograd::Tape;
//! use wengert_autograd::cross_entropy::Targets;
//! use wengert_tensor::tensor;
//!
//! let logits = tensor![[2.0_f64, 1.0, -1.0]];
//! let q = tensor![[0.0, 1.0, 0.0]];
//!
//! // In small steps, as the formula says.
//! let tape = Tape::new();
//! let z = tape.var(logits.clone());
//! let loss = -(z.log_softmax(-1)? * &q).sum();
//! let in_steps = loss.gradients()?.wrt(z).value()?;
//!
//! // In one node.
//! let loss = z.cross_entropy(Targets::classes(tensor![1]))?.sum();
//! let fused = loss.gradients()?.wrt(z).value()?;
//!
//! let by_hand = logits.softmax(-1)? - q;
//! assert!(in_steps.allclose(&by_hand, 1e-12, 1e-12, false)?);
//! assert!(fused.allclose(&by_hand, 1e-12, 1e-12, false)?);
//! # Ok::<(), wengert_autograd::Error>(())
//! ```
