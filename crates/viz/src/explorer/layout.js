// The graph: a frame for each layer, in it a box for each line, from operands on the left to results on the right.

const WIDE = 116, HIGH = 40, GAP_X = 34, GAP_Y = 14, PAD = 12, TITLE = 22, FAR = 2400;
const folded = new Set();

/** A layer's path and the paths around it, from outside in. */
function around(path) {
  const words = path.split(".");
  return path ? words.map((_, i) => words.slice(0, i + 1).join(".")) : [];
}

const layers = () => [...new Set(lines.flatMap((line) => around(line.layer)))];

/** The place of each box and frame: `boxes[line]` is the box that shows the line. */
function layout() {
  const frames = new Map();
  let run = 0, before;
  const frameOf = lines.map((line) => {
    const fold = around(line.layer).find((path) => folded.has(path));
    // Lines without a layer stand where they were recorded: those at the start left, those at the end right.
    if (line.layer === "" && before !== "") run += 1;
    before = line.layer;
    const key = fold ?? (line.layer || `\n${run}`);
    if (!frames.has(key)) frames.set(key, { key, title: fold ?? line.layer, fold: fold !== undefined, lines: [] });
    const frame = frames.get(key);
    frame.lines.push(line);
    return frame;
  });
  const boxes = new Array(lines.length);
  // A line stands one column right of its rightmost operand in the frame.
  const column = new Array(lines.length).fill(0);
  for (const frame of frames.values()) {
    if (frame.fold) {
      const box = { x: 0, y: 0, frame, lines: frame.lines, label: frame.title, note: `${frame.lines.length} lines` };
      for (const line of frame.lines) boxes[line.index] = box;
      frame.boxes = [box]; frame.w = WIDE; frame.h = HIGH; frame.top = 0; frame.pad = 0;
      continue;
    }
    const rows = [];
    frame.boxes = [];
    for (const line of frame.lines) {
      for (const o of line.operands) if (frameOf[o] === frame) column[line.index] = Math.max(column[line.index], column[o] + 1);
      const c = column[line.index], row = rows[c] ?? 0;
      rows[c] = row + 1;
      const box = { x: c * (WIDE + GAP_X), y: row * (HIGH + GAP_Y), frame, lines: [line], label: line.name, note: line.shape };
      boxes[line.index] = box;
      frame.boxes.push(box);
    }
    frame.titled = frame.title !== "";
    frame.pad = frame.titled ? PAD : 0;
    frame.top = frame.titled ? TITLE : 0;
    frame.w = rows.length * (WIDE + GAP_X) - GAP_X + 2 * frame.pad;
    frame.h = Math.max(...rows.map((n) => n ?? 0)) * (HIGH + GAP_Y) - GAP_Y + frame.top + frame.pad;
  }
  // A frame stands right of those that it reads, and below those that are in its way.
  const placed = [];
  for (const frame of frames.values()) {
    const reads = new Set(frame.lines.flatMap((line) => line.operands.map((o) => frameOf[o])));
    const left = [...reads].filter((f) => f !== frame && f.x !== undefined);
    frame.x = Math.max(0, ...left.map((f) => f.x + f.w + GAP_X));
    frame.y = 0;
    for (const other of placed) {
      if (other.x < frame.x + frame.w && frame.x < other.x + other.w) frame.y = Math.max(frame.y, other.y + other.h + GAP_Y);
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
    pen.fillText(f.title, f.x + 8, f.y + TITLE / 2, f.w - 12);
  }
  for (const strong of [false, true]) {
    pen.strokeStyle = strong ? colour("now") : colour("edge");
    pen.lineWidth = strong ? 2.5 : 1;
    pen.beginPath();
    for (const { from, to, line, passes } of plan.edges) {
      // On the way back, the line hands its adjoint only to operands that want one.
      if ((line === now && (!back || passes)) !== strong) continue;
      const [ax, ay, bx, by] = [from.x + WIDE, from.y + HIGH / 2, to.x, to.y + HIGH / 2];
      const [a, b] = [seen(from.x, from.y, WIDE, HIGH), seen(to.x, to.y, WIDE, HIGH)];
      if (!a && !b) continue;
      // An edge to far away is a stub: a parameter of a loop has thousands.
      if (!strong && Math.abs(bx - ax) > FAR) {
        if (a) { pen.moveTo(ax, ay); pen.lineTo(ax + 14, ay); }
        if (b) { pen.moveTo(bx - 14, by); pen.lineTo(bx, by); }
        continue;
      }
      const bend = Math.max(16, Math.abs(bx - ax) / 2);
      pen.moveTo(ax, ay);
      pen.bezierCurveTo(ax + bend, ay, bx - bend, by, bx, by);
      // The arrow's head: at the result on the way forward, at the operand on the way back.
      const [hx, hy, d] = strong && back ? [ax, ay, 6] : [bx, by, -6];
      pen.moveTo(hx + d, hy - 4); pen.lineTo(hx, hy); pen.lineTo(hx + d, hy + 4);
    }
    pen.stroke();
  }
  const order = ["nothing", "value", "part", "adjoint"];
  for (const box of plan.all) {
    if (!seen(box.x, box.y, WIDE, HIGH)) continue;
    const states = box.lines.map((line) => state(line, moment));
    // A folded layer is as far as the line of it that is least far among those that the sweep reaches.
    const reached = states.filter((_, i) => box.lines[i].a !== undefined && moment > lines.length);
    const least = Math.min(...(reached.length ? reached : states).map((s) => order.indexOf(s)));
    pen.fillStyle = fill[order[least]];
    pen.beginPath();
    pen.roundRect(box.x, box.y, WIDE, HIGH, box.lines[0].k === 1 || box.lines[0].k === 2 ? 18 : 5);
    pen.fill();
    const holds = (index) => box.lines.some((line) => line.index === index);
    pen.strokeStyle = holds(selected) ? colour("focus") : holds(now) ? colour("now") : colour("edge");
    pen.lineWidth = holds(selected) || holds(now) ? 3 : 1;
    pen.setLineDash(box.lines[0].k === 3 ? [4, 3] : []);
    pen.stroke();
    pen.setLineDash([]);
    if (view.zoom < 0.3) continue;
    pen.fillStyle = ink;
    pen.textAlign = "center";
    pen.font = "600 13px system-ui, sans-serif";
    pen.fillText(box.label, box.x + WIDE / 2, box.y + 14, WIDE - 12);
    pen.font = "11px system-ui, sans-serif";
    const single = box.lines.length === 1 && Array.isArray(box.lines[0].v) && box.lines[0].v.length === 1;
    pen.fillText(single && states[0] !== "nothing" ? show(box.lines[0].v[0]) : box.note, box.x + WIDE / 2, box.y + 29, WIDE - 12);
    pen.textAlign = "start";
  }
}
