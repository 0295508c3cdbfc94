// The playground: an expression of single numbers becomes a pass, which the page shows like a recorded one.
//
// Formulas and rules are the table's own, in `table`: name → [formula, rules, values that each rule reads]. Here stand the
// functions as numbers, which the test in a browser compares with the tape.

const table = JSON.parse(document.getElementById("table").textContent);
const sigmoid = (x) => x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));

/** The value of each function, and its slope for each operand. */
const functions = {
  neg: [(x) => -x, () => -1],
  tanh: [Math.tanh, (x, y) => 1 - y * y],
  sigmoid: [sigmoid, (x, y) => y * (1 - y)],
  relu: [(x) => Math.max(x, 0), (x) => x > 0 ? 1 : 0],
  exp: [Math.exp, (x, y) => y],
  ln: [Math.log, (x) => 1 / x],
  sqrt: [Math.sqrt, (x, y) => 0.5 / y],
  square: [(x) => x * x, (x) => 2 * x],
  recip: [(x) => 1 / x, (x, y) => -y * y],
  abs: [Math.abs, (x) => Math.sign(x)],
  sin: [Math.sin, (x) => Math.cos(x)],
  cos: [Math.cos, (x) => -Math.sin(x)],
  silu: [(x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
  add: [(a, b) => a + b, () => 1, () => 1],
  sub: [(a, b) => a - b, () => 1, () => -1],
  mul: [(a, b) => a * b, (a, b) => b, (a, b) => a],
  div: [(a, b) => a / b, (a, b) => 1 / b, (a, b, y) => -y / b],
  pow: [(a, b) => a ** b, (a, b) => b === 0 ? 0 : b * a ** (b - 1), (a, b, y) => a === 0 ? 0 : y * Math.log(a)],
  maximum: [Math.max, (a, b) => a > b ? 1 : a === b ? 0.5 : 0, (a, b) => b > a ? 1 : a === b ? 0.5 : 0],
  minimum: [Math.min, (a, b) => a < b ? 1 : a === b ? 0.5 : 0, (a, b) => b < a ? 1 : a === b ? 0.5 : 0],
};

/** The words and signs of an expression, each with its place. */
function words(expression) {
  const found = [], pattern = /\s*(?:(\d+\.?\d*(?:e[-+]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\*\*|[-+*\/().,]))/gy;
  while (pattern.lastIndex < expression.trimEnd().length) {
    const place = pattern.lastIndex, match = pattern.exec(expression);
    if (!match) throw new Error(`“${expression.slice(place).trim()[0]}” cannot be read`);
    found.push({ number: match[1], name: match[2], sign: match[3] });
  }
  return found;
}

/** Reads an expression, and calls `leaf` and `apply` in the order in which a tape would record it. */
function read(expression, leaf, apply) {
  const all = words(expression);
  let place = 0;
  const sign = (wanted) => all[place]?.sign === wanted && ++place > 0;
  const expect = (wanted) => { if (!sign(wanted)) throw new Error(`“${wanted}” is missing${all[place] ? ` before “${Object.values(all[place]).find(Boolean)}”` : " at the end"}`); };
  const call = (name, first) => {
    const given = first === undefined ? [] : [first];
    expect("(");
    if (!sign(")")) {
      do given.push(sum()); while (sign(","));
      expect(")");
    }
    const wanted = functions[name] && Object.hasOwn(functions, name) ? functions[name].length - 1 : 0;
    if (!wanted) throw new Error(`there is no function “${name}”; there are ${Object.keys(functions).join(", ")}`);
    if (wanted !== given.length) throw new Error(`“${name}” takes ${wanted} operand${wanted > 1 ? "s" : ""}, and has ${given.length}`);
    return apply(name, given);
  };
  function primary() {
    const word = all[place++];
    if (!word) throw new Error("the expression ends too early");
    if (word.number) return leaf(undefined, Number(word.number));
    if (word.name) return all[place]?.sign === "(" ? call(word.name) : leaf(word.name);
    if (word.sign !== "(") throw new Error(`“${word.sign}” stands where a value must be`);
    const inner = sum();
    expect(")");
    return inner;
  }
  function method() {
    let value = primary();
    while (sign(".")) {
      const name = all[place++]?.name;
      if (!name) throw new Error("a function's name is missing after “.”");
      value = call(name, value);
    }
    return value;
  }
  function power() {
    const base = method();
    return sign("**") ? apply("pow", [base, negative()]) : base;
  }
  function negative() { return sign("-") ? apply("neg", [negative()]) : power(); }
  function product() {
    let value = negative();
    for (;;) {
      if (sign("*")) value = apply("mul", [value, negative()]);
      else if (sign("/")) value = apply("div", [value, negative()]);
      else return value;
    }
  }
  function sum() {
    let value = product();
    for (;;) {
      if (sign("+")) value = apply("add", [value, product()]);
      else if (sign("-")) value = apply("sub", [value, product()]);
      else return value;
    }
  }
  const value = sum();
  if (place < all.length) throw new Error(`“${Object.values(all[place]).find(Boolean)}” is not expected here`);
  return value;
}

/** The pass of an expression: what the page shows. `inputs` has the numbers of names, and gets those of new ones. */
function record(expression, inputs) {
  const pass = { lines: [], texts: [""], loss: 0 }, leaves = new Map(), used = [];
  const note = (words) => {
    const known = pass.texts.indexOf(words);
    return known >= 0 ? known : pass.texts.push(words) - 1;
  };
  const line = (more) => pass.lines.push({ s: note("[]"), p: note("the playground"), b: 8, ...more }) - 1;
  const leaf = (name, number) => {
    if (name === undefined) return line({ n: note("constant"), k: 2, v: [number] });
    if (!leaves.has(name)) {
      inputs[name] ??= [2, -0.5, 1.5, -1, 3][leaves.size % 5];
      leaves.set(name, line({ n: note(name), k: 1, v: [inputs[name]] }));
      used.push(name);
    }
    return leaves.get(name);
  };
  const apply = (name, i) => {
    const [formula, rules, reads] = table[name];
    const wanted = i.some((o) => ![2, 3].includes(pass.lines[o].k));
    return line({ n: note(name), f: note(formula), i, r: rules.map(note), e: reads.map(note), k: wanted ? 0 : 3,
      v: [functions[name][0](...i.map((o) => pass.lines[o].v[0]))] });
  };
  const last = read(expression, leaf, apply);
  const wants = (line) => line.k === 0 || line.k === 1;
  if (wants(pass.lines[last])) {
    pass.loss = last + 1;
    pass.lines[last].a = [1];
    for (let from = last; from >= 0; from--) {
      const { a, i = [], v, n } = pass.lines[from];
      if (!a) continue;
      const operands = i.map((o) => pass.lines[o].v[0]);
      i.forEach((to, k) => {
        const operand = pass.lines[to];
        if (!wants(operand)) return;
        const slope = functions[pass.texts[n]][k + 1](...operands, v[0]);
        const part = a[0] === 0 ? 0 : a[0] * slope;
        (operand.c ??= []).push([from, k, [part]]);
        operand.a = [(operand.a?.[0] ?? 0) + part];
      });
    }
  }
  return { pass, used };
}
