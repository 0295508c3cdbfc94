// A line in full: op, rule, value, adjoint and the sum of contributions, as far as they are known at a moment.

/** The most contributions and users that are listed. */
const SHOWN = 24;

const operandName = (line, k) => {
  const floats = (line.r ?? []).length;
  return floats === 1 ? "x" : String.fromCharCode(97 + k % 26);
};

/** A formula of a rule, or the values that it reads, with the numbers of lines: an `a` may be a variable of the reader's own. */
function numbered(line, words) {
  const names = new Map([["y", line.index], ...line.operands.map((o, k) => [operandName(line, k), o])]);
  return plain(words.replace(/\b[a-z]\b/g, (name) => names.has(name) ? `%${names.get(name)}` : name));
}

/** The place after the bracket that closes the one before `from`. */
function closed(words, from) {
  let depth = 1;
  while (depth && from < words.length) depth += { "(": 1, ")": -1 }[words[from++]] ?? 0;
  return from;
}

/** A formula with its choices as one reads them: `x.when_gt(0, 1, 0)` is `(1 if x > 0, else 0)`. */
function plain(words) {
  for (;;) {
    const choice = /((?:[%\w.·]|\([^()]*\))+)\.when_(gt|eq)\(/.exec(words);
    if (!choice) return words;
    const from = choice.index + choice[0].length, end = closed(words, from), parts = [""];
    let depth = 0;
    for (const sign of words.slice(from, end - 1)) {
      depth += { "(": 1, ")": -1 }[sign] ?? 0;
      if (sign === "," && depth === 0) parts.push(""); else parts[parts.length - 1] += sign;
    }
    const [than, then, other] = parts.map((part) => part.trim());
    const written = `${then} if ${choice[1]} ${choice[2] === "gt" ? ">" : "="} ${than}, else ${other}`;
    const bare = words[choice.index - 1] === "(" && words[end] === ")";
    words = words.slice(0, choice.index) + (bare ? written : `(${written})`) + words.slice(end);
  }
}

function link(index) {
  const button = make("button", { class: "link", "data-line": index }, `%${index} ${lines[index].name}`);
  button.addEventListener("click", () => select(index));
  return button;
}

function heading(title, ...children) {
  return [make("h3", {}, title), ...children];
}

/** A contribution: who makes it, by which rule, from which shape it is summed, and its numbers. */
function contribution(part, line, moment) {
  const [from, k, numbers, summed] = part, consumer = lines[from], later = from < swept(moment);
  const item = make("li", { class: later ? "later" : "", "data-from": from, "data-operand": k },
    link(from), ` adds, from its own adjoint g${later ? "" : ` = ${brief(consumer.a)}`}: `, make("code", {}, numbered(consumer, text(consumer.r[k]))));
  if (summed) item.append(make("p", {}, `The operand was broadcast: summed back from ${summed} to ${line.shape}.`));
  item.append(later ? make("p", {}, "not yet passed on") : picture(numbers, line.shape));
  return item;
}

/** Whether the adjoint of a small tensor is another than the sum of its contributions. */
function changed(line) {
  return Array.isArray(line.a) && line.parts.every((part) => Array.isArray(part[2])) && line.a.some((total, e) => {
    const terms = line.parts.map((part) => part[2][e]);
    const size = terms.reduce((a, b) => a + Math.abs(b), 0);
    return Math.abs(terms.reduce((a, b) => a + b) - total) > 1e-4 * size;
  });
}

/** The sum, written out if the tensor is small and there is something to add. */
function sum(line, moment) {
  if (line.parts.length === 1 && known(line, moment).length === 1 && !changed(line)) return [];
  const parts = known(line, moment), whole = parts.length === line.parts.length;
  if (parts.length === 0) return [make("p", {}, "No contribution has arrived yet.")];
  if (parts.some((part) => part[2] === null)) return [make("p", { class: "sum" }, "The sum cannot be written out.")];
  if (!Array.isArray(line.a)) return [make("p", { class: "sum" }, `Sum of ${parts.length}: ${whole ? digest(line.a) : "not complete yet"}`)];
  const rows = line.a.slice(0, 8).map((total, e) => {
    const terms = parts.map((part) => part[2][e]);
    const written = terms.slice(0, SHOWN).map((x, i) => (i && !(x < 0) ? " + " : i ? " - " : "") + show(i && x < 0 ? -x : x)).join("") + (terms.length > SHOWN ? " + …" : "");
    const so_far = terms.every((x) => typeof x === "number") ? terms.reduce((a, b) => a + b) : NaN;
    return make("p", { class: "terms" }, `${written} = ${whole ? show(total) : show(so_far) + " so far"}`);
  });
  if (line.a.length > 8) rows.push(make("p", {}, `… ${line.a.length - 8} elements more`));
  if (whole && changed(line)) rows.push(make("p", {}, "The adjoint is not this sum: a watcher changed it."));
  return [make("div", { class: "sum" }, ...rows)];
}

/** The title of an adjoint, which says what it is. */
const slope = (index) => `Adjoint: the gradient ∂%${loss} / ∂%${index}`;

function detail(index, moment) {
  const line = lines[index];
  if (!line) return [make("p", {}, "Choose a line in the list or a box in the graph.")];
  const now = state(line, moment), rules = (line.r ?? []).map((rule, k) =>
    make("li", {}, "to ", link(line.operands[k]), ": ", make("code", {}, numbered(line, text(rule))),
      `; it reads ${numbered(line, text(line.e?.[k])) || "no value, g alone"}`));
  const operands = line.operands.flatMap((o, i) => [i ? ", " : "", link(o)]);
  const out = [make("h2", { id: "title" }, `%${index} ${line.name}`), make("p", {}, `shape ${line.shape}${line.shape === "[]" ? ", a single number" : ""}`, line.o ? `; ${text(line.o)}` : "")];
  if (operands.length) out.push(make("p", {}, "of ", ...operands));
  if (line.f) out.push(make("p", {}, make("code", { id: "formula" }, plain(text(line.f)))));
  out.push(...heading("Value", now === "nothing" ? make("p", {}, "not computed yet") : picture(line.v, line.shape)));
  if (now !== "nothing") out.at(-1).id = "value";
  if (rules.length) out.push(...heading("What it passes on, from its adjoint g", make("ul", { class: "parts" }, ...rules)));
  if (index === loss) {
    out.push(...heading(slope(index), now === "adjoint" ? picture(line.a, line.shape) : make("p", {}, "not known yet"),
      make("p", {}, "The sweep starts here: the adjoint of the loss is 1.")));
  } else if (line.parts.length) {
    const whole = now === "adjoint";
    const shown = whole ? picture(line.a, line.shape) : make("p", {}, now === "part" ? "known in part" : "not known yet");
    shown.id = "adjoint";
    out.push(...heading(slope(index), shown));
    out.push(...heading(line.parts.length === 1 ? "It comes from" : `The sum of ${line.parts.length} contributions`,
      make("ol", { class: "parts", id: "parts" }, ...line.parts.slice(0, SHOWN).map((part) => contribution(part, line, moment))),
      ...(line.parts.length > SHOWN ? [make("p", {}, `… ${line.parts.length - SHOWN} more`)] : []), ...sum(line, moment)));
  } else {
    out.push(...heading("Adjoint", make("p", {}, loss < 0 ? "This page was made without a reverse sweep."
      : line.k === 2 || line.k === 3 ? "None: it is no parameter and depends on none, so no gradient is wanted." : "None: the loss does not depend on it.")));
  }
  const used = line.users.slice(0, SHOWN).flatMap((u, i) => [i ? ", " : "", link(u)]);
  if (line.users.length > SHOWN) used.push(`, … ${line.users.length - SHOWN} more`);
  out.push(...heading("Used by", make("p", {}, ...(used.length ? used : ["nothing"]))));
  const held = line.users.map((u) => lines[u]).filter((user) => (user.r ?? []).some((_, k) =>
    text(user.e?.[k]).split(", ").some((name) => user.operands.some((o, j) => o === index && operandName(user, j) === name))));
  const own = (line.r ?? []).some((_, k) => text(line.e?.[k]).split(", ").includes("y"));
  const readers = [...(own ? ["its own rule"] : []), ...held.map((user) => `the rule of %${user.index}`)];
  out.push(...heading("Memory", make("p", {}, `${line.b ?? 0} bytes. ${readers.length ? `The sweep reads them by ${readers.slice(0, SHOWN).join(", ")}` : "The sweep does not read them"}${readers.length > SHOWN ? ", …" : "."}`)));
  out.push(...heading("Recorded", make("p", {}, make("code", {}, text(line.p)), line.layer ? ` in layer ${line.layer}` : "")));
  return out;
}
