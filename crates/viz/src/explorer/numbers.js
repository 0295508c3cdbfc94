// Numbers as the tape prints them, and pictures of large tensors.

/** A decimal text, rounded half to even at `keep` digits after the point, as Rust rounds. */
function rounded(exact, keep) {
  const [, sign, whole, tail, power] = /^(-?)(\d+)\.(\d+)(e.*)?$/.exec(exact);
  let digits = BigInt(whole + tail.slice(0, keep));
  const rest = tail.slice(keep);
  const up = /^50*$/.test(rest) ? digits % 2n === 1n : rest[0] >= "5";
  if (up) digits += 1n;
  let text = digits.toString().padStart(keep + 1, "0");
  let exponent = power ? Number(power.slice(1)) : 0;
  if (power && text.length > keep + 1) { text = text.slice(0, -1); exponent += 1; }
  return sign + text.slice(0, -keep) + "." + text.slice(-keep) + (power ? "e" + exponent : "");
}

/** A number with four digits after the point, or in powers of ten if it is very small or large. */
function show(x) {
  if (typeof x !== "number") return String(x);
  const size = Math.abs(x);
  if (x === 0 || (size >= 1e-3 && size < 1e5)) return rounded(x.toFixed(60), 4);
  return rounded(x.toExponential(60), 3);
}

const isLarge = (numbers) => numbers && !Array.isArray(numbers) && typeof numbers === "object";

/** The numbers in one line of text. */
function digest(numbers) {
  if (numbers == null) return "gone: a parameter was changed since";
  if (typeof numbers === "string") return numbers;
  if (isLarge(numbers)) {
    return `${show(numbers.lo ?? 0)}…${show(numbers.hi ?? 0)} mean ${show(numbers.mean ?? 0)}`;
  }
  return numbers.map(show).join(" ");
}

/** The numbers in a few words: one or two of them, or the least and the most. */
function brief(numbers) {
  if (numbers == null || typeof numbers === "string") return digest(numbers);
  if (isLarge(numbers)) return `${show(numbers.lo ?? 0)}…${show(numbers.hi ?? 0)}`;
  if (numbers.length <= 2) return numbers.map(show).join(" ") || "empty";
  if (numbers.some((x) => typeof x !== "number")) return `${show(numbers[0])} …`;
  return `${show(Math.min(...numbers))}…${show(Math.max(...numbers))}`;
}

/** An element with attributes and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SHADES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The colour of a fraction: blue, through the page's own ground in the middle, to orange; safe for the colour-blind. */
function shade(fraction) {
  const ends = document.documentElement.dataset.theme === "dark"
    ? [[100, 170, 240], [38, 45, 54], [245, 150, 70]] : [[33, 102, 172], [240, 240, 240], [200, 80, 10]];
  const [from, to, t] = fraction < 0.5
    ? [ends[0], ends[1], fraction * 2] : [ends[1], ends[2], fraction * 2 - 1];
  return `rgb(${from.map((c, i) => Math.round(c + (to[i] - c) * t)).join(",")})`;
}

function heatMap(numbers) {
  const across = numbers.w, down = numbers.map.length / across, cell = Math.max(4, Math.floor(192 / Math.max(across, down)));
  const canvas = make("canvas", { width: across * cell, height: down * cell, role: "img",
    "aria-label": `heat map, ${down} by ${across} cells, ${digest(numbers)}` });
  const pen = canvas.getContext("2d");
  [...numbers.map].forEach((letter, i) => {
    pen.fillStyle = letter === "?" ? "#ff00d4" : shade(SHADES.indexOf(letter) / 63);
    pen.fillRect(i % across * cell, Math.floor(i / across) * cell, cell, cell);
  });
  // Zero is in the middle, so that a colour says the sign.
  const most = show(Math.max(Math.abs(numbers.from ?? 0), Math.abs(numbers.to ?? 0)));
  const scale = make("span", { class: "scale" });
  scale.style.background = `linear-gradient(to right, ${[0, 0.5, 1].map(shade).join(", ")})`;
  const ends = make("figcaption", {}, make("span", {}, `-${most}`), make("span", {}, "0"), make("span", {}, most));
  return make("figure", {}, canvas, scale, ends);
}

function histogram(numbers) {
  const bars = numbers.bars, most = Math.max(...bars);
  const box = make("div", { class: "bars", role: "img",
    "aria-label": `histogram from ${show(numbers.from ?? 0)} to ${show(numbers.to ?? 0)}, the fullest of ${bars.length} bars holds ${most}` });
  for (const count of bars) {
    const bar = make("i", { title: String(count) });
    bar.style.height = `${count ? Math.max(2, count / most * 100) : 0}%`;
    box.append(bar);
  }
  return make("figure", {}, box,
    make("figcaption", {}, make("span", {}, show(numbers.from ?? 0)), make("span", {}, show(numbers.to ?? 0))));
}

/** The numbers as an element: a table of digits, or pictures. */
function picture(numbers, shape) {
  if (numbers == null || typeof numbers === "string") return make("p", {}, digest(numbers));
  if (isLarge(numbers)) {
    const bad = numbers.bad ? `, ${numbers.bad} not finite` : "";
    return make("div", { class: "large" }, make("p", {}, digest(numbers) + bad), heatMap(numbers), histogram(numbers));
  }
  const columns = Number(/(\d+)\]$/.exec(shape)?.[1] ?? 1) || 1;
  const table = make("table", { class: "numbers" });
  for (let at = 0; at < numbers.length; at += columns) {
    const row = numbers.slice(at, at + columns).map((x) => make("td", { title: String(x) }, show(x)));
    table.append(make("tr", {}, ...row));
  }
  return table;
}
