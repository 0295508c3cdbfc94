// The page: the list of lines, the graph and the line that is chosen, and the keys and buttons that move through the pass.

const at = (id) => document.getElementById(id);
const ROW = 24;
let moment = 0, selected = -1, timer = 0, follow = true, found = lines.map((line) => line.index);
let plan = layout();
const view = { x: 16, y: 16, zoom: 1 };
let waiting = false;

/** Renders once, before the next frame. */
function soon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; render(); });
}

function render() {
  at("moment").value = moment;
  at("moment").setAttribute("aria-valuetext", happening(moment));
  at("happening").textContent = `Step ${moment} of ${LAST}. ${happening(moment)}`;
  list();
  draw(at("canvas"), plan, view, moment, selected);
  at("detail").replaceChildren(...detail(selected, moment));
}

/** The rows of the list that are in sight. */
function list() {
  const box = at("list"), now = about(moment);
  at("space").style.height = `${found.length * ROW}px`;
  const from = Math.max(0, Math.floor(box.scrollTop / ROW) - 5), to = Math.min(found.length, from + Math.ceil(box.clientHeight / ROW) + 10);
  const row = (place) => {
    const line = lines[found[place]], is = state(line, moment);
    const words = { nothing: "not computed yet", value: "value known", part: "adjoint known in part", adjoint: "adjoint known" };
    const row = make("div", { id: `line${line.index}`, role: "option", "aria-selected": line.index === selected, "aria-posinset": place + 1,
      "aria-setsize": found.length, class: `line ${is}${line.index === now ? " now" : ""}`,
      "aria-label": `line ${line.index}, ${line.name}, shape ${line.shape}, ${words[is]}` },
      `%${line.index} ${line.name} `, make("small", {}, is === "nothing" ? line.shape : brief(line.v)), make("small", { class: "slope" }, ` ${arrived(line, moment)}`));
    row.style.top = `${place * ROW}px`;
    row.addEventListener("click", () => select(line.index));
    return row;
  };
  const rows = [];
  for (let place = from; place < to; place++) rows.push(row(place));
  // The option that is announced exists also when it is out of sight.
  const place = found.indexOf(selected);
  if (place >= 0 && (place < from || place >= to)) rows.push(row(place));
  at("space").replaceChildren(...rows);
  if (place >= 0) box.setAttribute("aria-activedescendant", `line${selected}`); else box.removeAttribute("aria-activedescendant");
}

/** Brings a line into sight, in the list and in the graph. */
function reveal(index) {
  const place = found.indexOf(index), box = at("list");
  if (place >= 0) {
    const top = place * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  }
  const node = plan.boxes[index], canvas = at("canvas");
  if (!node) return;
  const x = node.x * view.zoom + view.x, y = node.y * view.zoom + view.y;
  if (x < 0 || x + WIDE * view.zoom > canvas.clientWidth) view.x = canvas.clientWidth / 2 - (node.x + WIDE / 2) * view.zoom;
  if (y < 0 || y + HIGH * view.zoom > canvas.clientHeight) view.y = canvas.clientHeight / 2 - (node.y + HIGH / 2) * view.zoom;
}

function select(index, following = false) {
  if (index < 0 || index >= lines.length) return;
  [selected, follow] = [index, following];
  reveal(index);
  soon();
}

/** Goes to a moment. The line that it is about is shown, unless another was chosen. */
function go(to) {
  moment = Math.max(0, Math.min(LAST, to));
  const now = about(moment);
  if (follow && now >= 0) selected = now;
  if (now >= 0) reveal(follow ? selected : now);
  if (moment === LAST) pause();
  soon();
}

function pause() {
  clearInterval(timer);
  timer = 0;
  at("play").textContent = "Play";
}

function play() {
  if (timer) return pause();
  if (moment === LAST) go(0);
  follow = true;
  timer = setInterval(() => go(moment + 1), Math.max(40, Math.min(700, 20000 / LAST)));
  at("play").textContent = "Pause";
}

function fold(path) {
  if (!folded.delete(path)) folded.add(path);
  plan = layout();
  buttons();
  if (selected >= 0) reveal(selected);
  soon();
}

/** A button for each layer that is not within a folded one. */
function buttons() {
  const shown = layers().filter((path) => !around(path).slice(0, -1).some((p) => folded.has(p))).slice(0, 200);
  at("layers").hidden = shown.length === 0;
  at("layers").replaceChildren("Fold: ", ...shown.map((path) => {
    const button = make("button", { "aria-expanded": !folded.has(path), "data-layer": path }, titled(path));
    button.addEventListener("click", () => { fold(path); at("layers").querySelector(`[data-layer="${CSS.escape(path)}"]`)?.focus(); });
    return button;
  }));
}

function search(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (line) => {
    const all = `%${line.index} ${line.name} ${line.layer} ${line.shape} ${text(line.p)}`.toLowerCase();
    return wanted.every((word) => all.includes(word));
  };
  found = lines.filter(holds).map((line) => line.index);
  at("list").setAttribute("aria-label", `Lines of the tape${words ? `, ${found.length} found` : ""}`);
  at("list").scrollTop = 0;
  soon();
}

function theme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  soon();
}

/** Changes the scale and keeps a point where it is. */
function scale(factor, x = at("canvas").clientWidth / 2, y = at("canvas").clientHeight / 2) {
  const zoom = Math.max(0.05, Math.min(4, view.zoom * factor));
  view.x = x - (x - view.x) * zoom / view.zoom;
  view.y = y - (y - view.y) * zoom / view.zoom;
  view.zoom = zoom;
  soon();
}

/** The whole graph, at a scale of `least` or more. */
function fit(least) {
  const canvas = at("canvas"), [right, bottom] = ["x", "y"].map((axis) => Math.max(1, ...plan.all.map((box) => box[axis])));
  const zoom = Math.min((canvas.clientWidth - 32) / (right + WIDE), (canvas.clientHeight - 32) / (bottom + HIGH), 1);
  view.zoom = Math.max(least, zoom) || 1;
  [view.x, view.y] = [Math.max(16, (canvas.clientWidth - (right + WIDE) * view.zoom) / 2), 16];
  soon();
}
/** At this scale the words in a box can be read. */
const LEGIBLE = 0.8;

/** The next line of the list, so many rows on. */
function along(rows) {
  const place = found.indexOf(selected);
  const index = found[place < 0 ? 0 : Math.max(0, Math.min(found.length - 1, place + rows))];
  if (index !== undefined) select(index);
}

/** Shows a pass. The moment and the line stay if it is the same expression with other numbers. */
function show_pass(pass, stays) {
  take(pass);
  if (!stays) { pause(); folded.clear(); [selected, follow] = [-1, true]; }
  at("search").value = "";
  found = lines.map((line) => line.index);
  plan = layout();
  range();
  buttons();
  if (!stays) fit(LEGIBLE);
  go(stays ? moment : LAST);
}

/** The slider: a part for the forward pass, and one for the sweep. */
function range() {
  const turn = `${lines.length / Math.max(1, LAST) * 100}%`;
  at("moment").max = LAST;
  at("passes").style.backgroundImage = `linear-gradient(to right, var(--value) ${turn}, var(--adjoint) ${turn})`;
}

const inputs = {};
let shown = "";

/** Reads the expression and shows its pass, or says what is wrong with it. */
function playground() {
  const expression = at("expression").value;
  let made;
  try { made = record(expression, inputs); } catch (error) {
    at("problem").textContent = error.message;
    at("expression").setAttribute("aria-invalid", "true");
    return;
  }
  at("problem").textContent = "";
  at("expression").removeAttribute("aria-invalid");
  const fields = made.used.map((name) => {
    const field = make("input", { type: "number", step: "any", value: inputs[name], "aria-label": `the number ${name}`, "data-input": name });
    field.addEventListener("input", () => { if (Number.isFinite(field.valueAsNumber)) { inputs[name] = field.valueAsNumber; playground(); } });
    return make("label", {}, `${name} = `, field);
  });
  const same = shown === expression;
  // A field that is written in stays as it is.
  if (!same) at("inputs").replaceChildren(...fields);
  shown = expression;
  show_pass(made.pass, same);
}

/** Chooses a tab: the recorded pass, or the playground. */
function tab(id) {
  const plays = id === "tab-play";
  at("playground").hidden = !plays;
  for (const other of ["tab-tape", "tab-play"]) {
    at(other).setAttribute("aria-selected", other === id);
    at(other).tabIndex = other === id ? 0 : -1;
  }
  shown = "";
  if (plays) playground(); else show_pass(recorded, false);
}
for (const id of ["tab-tape", "tab-play"]) at(id).addEventListener("click", () => tab(id));
at("expression").addEventListener("input", playground);
at("playground").addEventListener("submit", (event) => { event.preventDefault(); at("list").focus(); });

const steps = { first: () => go(0), back: () => go(moment - 1), next: () => go(moment + 1), last: () => go(LAST), turn: () => go(lines.length) };
const keys = {
  ArrowRight: steps.next, ArrowLeft: steps.back, Home: steps.first, End: steps.last, t: steps.turn, " ": play,
  ArrowDown: () => along(1), ArrowUp: () => along(-1), j: () => along(1), k: () => along(-1),
  PageDown: () => along(20), PageUp: () => along(-20), d: theme, "/": () => at("search").focus(),
  "+": () => scale(1.25), "-": () => scale(0.8), 0: () => fit(0.05),
  o: () => select(lines[selected]?.operands[0] ?? -1), u: () => select(lines[selected]?.users[0] ?? -1), e: () => { tab("tab-play"); at("expression").focus(); },
  f: () => { const path = around(lines[selected]?.layer ?? "").find((p) => folded.has(p)) ?? lines[selected]?.layer; if (path) fold(path); },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const on = event.target;
  if (on.role === "tab" && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    const other = on.id === "tab-tape" ? "tab-play" : "tab-tape";
    tab(other);
    return at(other).focus();
  }
  if (on.closest("#playground")) {
    if (event.key === "Escape") at("list").focus();
    return;
  }
  if (on.id === "search") {
    if (event.key === "Escape") { on.value = ""; search(""); }
    if (event.key === "Escape" || event.key === "Enter") { at("list").focus(); along(0); }
    return;
  }
  // A button keeps its space, the slider its arrows, and the text on the right scrolls.
  if (event.key === " " && on.tagName === "BUTTON") return;
  if (on.id === "moment" && event.key !== " ") return;
  if (on.id === "detail" && /^(Arrow(Up|Down)|Page)/.test(event.key)) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") pause();
  act();
});
for (const [id, act] of Object.entries(steps)) at(id).addEventListener("click", () => { pause(); act(); });
at("play").addEventListener("click", play);
at("theme").addEventListener("click", theme);
at("smaller").addEventListener("click", () => scale(0.8));
at("larger").addEventListener("click", () => scale(1.25));
at("whole").addEventListener("click", () => fit(0.05));
at("search").addEventListener("input", (event) => search(event.target.value));
at("moment").addEventListener("input", (event) => { pause(); go(Number(event.target.value)); });
at("list").addEventListener("scroll", soon);
addEventListener("resize", soon);

const canvas = at("canvas");
let drag;
canvas.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, moved: false };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
  if (!drag.moved && Math.hypot(x, y) < 4) return;
  view.x += x; view.y += y;
  drag = { x: event.clientX, y: event.clientY, moved: true };
  soon();
});
canvas.addEventListener("pointerup", (event) => {
  const moved = drag?.moved;
  drag = undefined;
  if (moved) return;
  const x = (event.offsetX - view.x) / view.zoom, y = (event.offsetY - view.y) / view.zoom;
  const box = plan.all.find((b) => x >= b.x && x <= b.x + WIDE && y >= b.y && y <= b.y + HIGH);
  if (box?.frame.fold) return fold(box.frame.key);
  if (box) return select(box.lines[0].index);
  const frame = plan.frames.find((f) => f.titled && !f.fold && x >= f.x && x <= f.x + f.w && y >= f.y && y <= f.y + TITLE);
  if (frame) fold(frame.key);
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  scale(Math.exp(-event.deltaY / 500), event.offsetX, event.offsetY);
}, { passive: false });

if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";
range();
buttons();
fit(LEGIBLE);
go(LAST);
