// The graph: a frame for each layer, in it a box for each line, from operands above to results below, as in the list.

const WIDE = 132, HIGH = 54, GAP_X = 16, GAP_Y = 26, PAD = 12, TITLE = 22, FAR = 2400;
const folded = new Set();

/** A layer's path and the paths around it, from outside in. */
function around(path) {
  const words = path.split(".");
  return path ? words.map((_, i) => words.slice(0, i + 1).join(".")) : [];
}

/** A layer's title: one that has a number only is said to be a layer. */
const titled = (path) => /^\d/.test(path) ? `layer ${path}` : path;

const layers = () => [...new Set(lines.flatMap((line) => around(line.layer)))];

/** The place of each box and frame: `boxes[line]` is the box that shows the line. */
function layout() {
  const frames = new Map();
  let run = 0, before;
  const first = (line) => line.users.length ? lines[line.users[0]].layer : "";
  const frameOf = lines.map((line) => {
    // A parameter that no layer holds stands in the first that uses it.
    const layer = line.layer || (line.k === 1 ? first(line) : "");
    const fold = around(layer).find((path) => folded.has(path));
    // Other lines without a layer stand where they were recorded.
    if (layer === "" && before !== "") run += 1;
    before = layer;
    const key = fold ?? (layer || `\n${run}`);
    if (!frames.has(key)) frames.set(key, { key, title: fold ?? layer, fold: fold !== undefined, lines: [] });
    const frame = frames.get(key);
    frame.lines.push(line);
    return frame;
  });
  const boxes = new Array(lines.length);
  // An op stands one row below its lowest operand in the frame.
  const row = new Array(lines.length).fill(0);
  for (const frame of frames.values()) {
    if (frame.fold) {
      const box = { x: 0, y: 0, frame, lines: frame.lines, label: titled(frame.title), note: `${frame.lines.length} lines` };
      for (const line of frame.lines) boxes[line.index] = box;
      frame.boxes = [box]; frame.w = WIDE; frame.h = HIGH; frame.top = 0; frame.pad = 0;
      continue;
    }
    const columns = [], here = (index) => frameOf[index] === frame;
    frame.boxes = [];
    frame.titled = frame.title !== "";
    const ops = frame.lines.filter((line) => line.operands.length), leaves = frame.lines.filter((line) => !line.operands.length);
    for (const line of ops) row[line.index] = Math.max(0, ...line.operands.filter(here).map((o) => row[o] + 1));
    // A leaf stands beside what is above its first user, and leaves the first column to an edge that comes from above the frame.
    const beside = (line) => line.users.filter(here).some((u) => !lines[u].operands.every(here));
    for (const line of leaves) row[line.index] = Math.max(0, (line.users.filter(here).map((u) => row[u]).sort((a, b) => a - b)[0] ?? 0) - 1);
    for (const line of [...ops, ...leaves]) {
      const r = row[line.index], column = Math.max(columns[r] ?? 0, !line.operands.length && beside(line) ? 1 : 0);
      columns[r] = column + 1;
      const box = { x: column * (WIDE + GAP_X), y: r * (HIGH + GAP_Y), frame, lines: [line], label: line.name, note: line.shape };
      boxes[line.index] = box;
      frame.boxes.push(box);
    }
    frame.pad = frame.titled ? PAD : 0;
    frame.top = frame.titled ? TITLE : 0;
    frame.w = Math.max(...columns.map((n) => n ?? 0)) * (WIDE + GAP_X) - GAP_X + 2 * frame.pad;
    frame.h = columns.length * (HIGH + GAP_Y) - GAP_Y + frame.top + frame.pad;
  }
  // A frame stands below those that it reads, and right of those that are in its way.
  const placed = [];
  for (const frame of frames.values()) {
    const reads = new Set(frame.lines.flatMap((line) => line.operands.map((o) => frameOf[o])));
    const above = [...reads].filter((f) => f !== frame && f.y !== undefined);
    frame.y = Math.max(0, ...above.map((f) => f.y + f.h + GAP_Y));
    frame.x = 0;
    for (const other of placed) {
      if (other.y < frame.y + frame.h && frame.y < other.y + other.h) frame.x = Math.max(frame.x, other.x + other.w + GAP_X);
    }
    placed.push(frame);
    for (const box of frame.boxes) { box.x += frame.x + frame.pad; box.y += frame.y + frame.top; }
  }
  const edges = new Map(), wants = lines.map((line) => line.parts.length > 0);
  for (const line of lines) {
    for (const o of line.operands) {
      const [from, to] = [boxes[o], boxes[line.index]];
      if (from !== to) edges.set(o * lines.length + line.index, { from, to, line: line.index, passes: wants[o] });
    }
  }
  return { frames: placed, boxes, all: [...new Set(boxes)], edges: [...edges.values()] };
}

/** Draws what is in sight. */
function draw(canvas, plan, view, moment, selected) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue("--" + name).trim();
  const ink = colour("ink"), dim = colour("dim"), now = about(moment), back = moment > lines.length;
  const fill = { nothing: colour("nothing"), value: colour("value"), part: colour("part"), adjoint: colour("adjoint") };
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.translate(view.x, view.y);
  pen.scale(view.zoom, view.zoom);
  const x0 = -view.x / view.zoom, y0 = -view.y / view.zoom, x1 = x0 + width / view.zoom, y1 = y0 + height / view.zoom;
  const seen = (x, y, w, h) => x < x1 && x + w > x0 && y < y1 && y + h > y0;
  pen.textBaseline = "middle";
  for (const f of plan.frames) {
    if (f.fold || !f.titled || !seen(f.x, f.y, f.w, f.h)) continue;
    pen.fillStyle = colour("band");
    pen.fillRect(f.x, f.y, f.w, f.h);
    pen.strokeStyle = colour("rule");
    pen.lineWidth = 1;
    pen.strokeRect(f.x, f.y, f.w, f.h);
    pen.fillStyle = dim;
    pen.font = "12px system-ui, sans-serif";
    pen.fillText(titled(f.title), f.x + 8, f.y + TITLE / 2, f.w - 12);
  }
  const edges = (strong) => {
    pen.strokeStyle = strong ? colour("now") : colour("edge");
    pen.lineWidth = strong ? 2.5 : 1;
    pen.beginPath();
    for (const { from, to, line, passes } of plan.edges) {
      // On the way back, the line hands its adjoint only to operands that want one.
      if ((line === now && (!back || passes)) !== strong) continue;
      const [ax, ay, bx, by] = [from.x + WIDE / 2, from.y + HIGH, to.x + WIDE / 2, to.y];
      const [a, b] = [seen(from.x, from.y, WIDE, HIGH), seen(to.x, to.y, WIDE, HIGH)];
      if (!a && !b) continue;
      // An edge to far away is a stub: a parameter of a loop has thousands.
      if (!strong && Math.abs(by - ay) > FAR) {
        if (a) { pen.moveTo(ax, ay); pen.lineTo(ax, ay + 12); }
        if (b) { pen.moveTo(bx, by - 12); pen.lineTo(bx, by); }
        continue;
      }
      const bend = Math.max(12, Math.abs(by - ay) / 2);
      pen.moveTo(ax, ay);
      pen.bezierCurveTo(ax, ay + bend, bx, by - bend, bx, by);
      // The arrow's head: at the result on the way forward, at the operand on the way back.
      const [hx, hy, d] = strong && back ? [ax, ay, 6] : [bx, by, -6];
      pen.moveTo(hx - 4, hy + d); pen.lineTo(hx, hy); pen.lineTo(hx + 4, hy + d);
    }
    pen.stroke();
  };
  edges(false);
  const order = ["nothing", "value", "part", "adjoint"];
  for (const box of plan.all) {
    if (!seen(box.x, box.y, WIDE, HIGH)) continue;
    const states = box.lines.map((line) => state(line, moment));
    // A folded layer is as far as the line of it that is least far among those that the sweep reaches.
    const reached = states.filter((_, i) => box.lines[i].a !== undefined && moment > lines.length);
    const least = Math.min(...(reached.length ? reached : states).map((s) => order.indexOf(s)));
    pen.fillStyle = fill[order[least]];
    pen.beginPath();
    const [line] = box.lines, alone = !box.frame.fold;
    pen.roundRect(box.x, box.y, WIDE, HIGH, alone && (line.k === 1 || line.k === 2) ? 18 : 5);
    pen.fill();
    const holds = (index) => box.lines.some((line) => line.index === index);
    pen.strokeStyle = holds(selected) ? colour("focus") : holds(now) ? colour("now") : colour("edge");
    pen.lineWidth = holds(selected) || holds(now) ? 3 : 1;
    pen.setLineDash(alone && line.k === 3 ? [4, 3] : []);
    pen.stroke();
    pen.setLineDash([]);
    if (view.zoom < 0.3) continue;
    pen.fillStyle = ink;
    pen.textAlign = "center";
    pen.font = "600 13px system-ui, sans-serif";
    pen.fillText(box.label, box.x + WIDE / 2, box.y + 14, WIDE - 12);
    pen.font = "12px system-ui, sans-serif";
    const single = alone && Array.isArray(line.v) && line.v.length === 1;
    pen.fillText(single && states[0] !== "nothing" ? show(line.v[0]) : box.note, box.x + WIDE / 2, box.y + 29, WIDE - 12);
    // What is known of its adjoint, in words too: a colour alone is not seen by all.
    if (alone) pen.fillText(arrived(line, moment), box.x + WIDE / 2, box.y + 44, WIDE - 12);
    pen.textAlign = "start";
  }
  // What the moment moves lies above all.
  edges(true);
}
