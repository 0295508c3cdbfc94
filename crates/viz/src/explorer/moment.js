// The moments of a pass: what is known when.
//
// Moment t ≤ lines: the first t lines have their values. The next moment seeds the reverse sweep with the adjoint 1 of the
// loss. Each moment after it passes the adjoint of one more line on to its operands, from the last line to the first.

const recorded = JSON.parse(document.getElementById("data").textContent);
let data, lines, loss, LAST;
/** The lines that pass an adjoint on, in the order of the sweep. */
let sweep;

const text = (number) => data.texts?.[number ?? 0] ?? "";

/** Takes a pass to be shown. */
function take(pass) {
  data = pass;
  lines = (data.lines ?? []).map((line, index) => ({ ...line, index, operands: line.i ?? [], parts: line.c ?? [], users: [] }));
  loss = (data.loss ?? 0) - 1;
  for (const line of lines) {
    line.name = text(line.n);
    line.layer = text(line.l);
    line.shape = text(line.s);
    for (const operand of new Set(line.operands)) lines[operand].users.push(line.index);
  }
  sweep = [...new Set(lines.flatMap((line) => line.parts.map((part) => part[0])))].sort((a, b) => b - a);
  LAST = loss < 0 ? lines.length : lines.length + 1 + sweep.length;
}
take(recorded);

/** The lines that the sweep has gone over at a moment: those of at least this number. */
function swept(moment) {
  const done = moment - lines.length - 1;
  if (loss < 0 || done < 0) return Infinity;
  // The seed is the whole adjoint of the loss; after the last line of the sweep, that of each leaf is complete.
  return done === 0 ? loss + 1 : done >= sweep.length ? -1 : sweep[done - 1];
}

/** The line that a moment is about. */
function about(moment) {
  if (moment === 0) return -1;
  if (moment <= lines.length) return moment - 1;
  return moment === lines.length + 1 ? loss : sweep[moment - lines.length - 2];
}

/** The contributions to a line's adjoint that are known at a moment. */
const known = (line, moment) => line.parts.filter((part) => part[0] >= swept(moment));

/** What is known of a line at a moment: "nothing", "value", "part" or "adjoint". */
function state(line, moment) {
  if (line.index >= moment) return "nothing";
  const from = swept(moment);
  if (line.a === undefined || from === Infinity) return "value";
  if (line.index === loss) return "adjoint";
  const have = known(line, moment).length;
  return have === 0 ? "value" : have < line.parts.length ? "part" : "adjoint";
}

/** What is known of a line's adjoint at a moment, in short. */
function arrived(line, moment) {
  const is = state(line, moment);
  if (is === "part") return `∂ ${known(line, moment).length} of ${line.parts.length} parts`;
  return is === "adjoint" ? `∂ ${brief(line.a)}` : "";
}

/** What happens at a moment, in words. */
function happening(moment) {
  const line = lines[about(moment)];
  if (!line) return lines.length ? "Nothing is computed yet. Play goes forward line by line, and then back." : "The tape is empty.";
  const name = `%${line.index} ${line.name}`;
  if (moment <= lines.length) {
    const from = line.operands.length ? ` from ${line.operands.map((o) => "%" + o).join(" and ")}` : "";
    return `Forward: ${name}${from} is ${brief(line.v)}.`;
  }
  if (moment === lines.length + 1) return `Reverse: the adjoint of ${name}, which is its own gradient, is 1. From it the sweep starts.`;
  const adds = new Map();
  line.operands.forEach((o, k) => {
    const part = lines[o].parts.find((part) => part[0] === line.index && part[1] === k);
    if (part) adds.set(k, `${numbered(line, text(line.r[k]))}${part[2] === null ? "" : ` = ${brief(part[2])}`} to %${o} ${lines[o].name}`);
  });
  const done = moment === LAST ? " The sweep is complete." : "";
  return `Reverse: ${name}, with the adjoint g = ${brief(line.a)}, adds ${[...adds.values()].join(", and ")}.${done}`;
}
