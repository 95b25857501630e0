// The details panel: the numbers of a box. The server sends facts, never markup.

const SUMMED = ["trainable_params", "non_trainable_params", "macs", "activation_bytes"];
const LISTED = 40;

/** The facts of a box, or of an opened panel. */
function factsOf(part, scene, tables) {
  const table = tables[networkOf(part)];
  const boxes = part.can === undefined ? scene.inside(part) : [part];
  const numbers = boxes.flatMap((box) => scene.layersOf(box)).sort((one, other) => one - other);
  const own = boxes.flatMap((box) => scene.layersOf(box, true)).sort((one, other) => one - other);
  const kindOf = (number) => table.kinds[table.rows[number][1]];
  const sums = Object.fromEntries(SUMMED.map((key) => [key, numbers.reduce((sum, number) => sum + kindOf(number)[key], 0)]));
  const [first] = own;
  const last = own[own.length - 1];
  return { part, table, numbers, own, sums, first: kindOf(first), last: kindOf(last), kindOf,
    repeat: part.repeat || repeatOf(part, boxes), seen: table.rows[last][3], title: titleOf(part, own, kindOf), totals: table.totals, labels: table.labels };
}

/** How many repeats an opened block stands for, if it is drawn once for all of them. */
function repeatOf(panel, boxes) {
  return panel.kind === "section" || !boxes.length ? 1 : boxes[0].repeat;
}

/** The full layer table. The server sends equal blocks only once. */
function unpacked({ kinds, patterns, blocks, seen, image, totals, labels }) {
  const rows = [];
  for (const [prefix, pattern] of blocks) {
    const start = rows.length;
    for (const [name, kind, inputs] of patterns[pattern]) {
      const [top, bottom, left = top, right = bottom] = seen[rows.length];
      rows.push([prefix + name, kind, inputs.map((input) => start + input), [top, bottom, left, right]]);
    }
  }
  return { kinds, rows, image, totals, labels };
}

const networkOf = (part) => (part.id.startsWith("other:") ? 1 : 0);

function titleOf(part, own, kindOf) {
  if (part.title) return part.title;
  const main = own.map(kindOf).find((kind) => !["norm", "relu"].includes(kind.kind));
  return (main || kindOf(own[0])).text;
}

function describe(facts, view) {
  const { part, own, repeat, table } = facts;
  const name = part.id.replace("other:", "");
  const parts = [element("h3", facts.title), element("p", sentence(facts))];
  const buttons = actions(part, repeat, view);
  if (buttons.length) parts.push(row("actions", buttons));
  parts.push(rows("totals", totals(facts)));
  const twin = counterpart(part, view.scene);
  if (twin) parts.push(rows("beside", compared(facts, factsOf(twin, view.scene, view.tables))));
  if (own.length === 1) parts.push(...single(facts));
  if (own.length > 1 && own.length <= LISTED) parts.push(rows("layers", own.map((number) => layer(facts.kindOf(number)))));
  if (facts.last.out.length > 1 || facts.first.in.length > 1) parts.push(field(facts.seen, table.image));
  const id = element("p", name);
  id.className = "id";
  parts.push(id);
  return parts;
}

function actions(part, repeat, view) {
  const buttons = [];
  const offer = (text, act) => {
    const button = element("button", text);
    button.type = "button";
    button.addEventListener("click", act);
    buttons.push(button);
  };
  if (part.can === undefined) offer("Close", () => view.toggle(part.id));
  else if (part.can.includes("o")) offer("Open", () => view.toggle(part.id));
  if (part.can?.includes("u") || (part.can === undefined && repeat > 1)) offer(`Show all ${repeat}`, () => view.send({ name: "refold", id: part.id, network: networkOf(part) }));
  const around = part.parent && view.scene.panelById.get(part.parent);
  if (around?.title) offer(`Close ${around.title}`, () => view.toggle(around.id));
  const stage = stageOf(part);
  if (stage) offer("Fold or unfold repeats", () => view.send({ name: "refold", id: stage, network: networkOf(part) }));
  return buttons;
}

/** The stage whose repeats can be folded: for the stage itself, or for a block that is drawn separately. */
function stageOf(part) {
  const [, stage, block] = part.id.match(/^((?:other:)?stage\d+)(?:\.block(\d+))?$/) || [];
  return block === undefined || (Number(block) > 1 && !(part.repeat > 1)) ? stage : null;
}

function sentence({ own, repeat }) {
  const layers = own.length === 1 ? "1 layer" : `${own.length.toLocaleString("en-US")} layers`;
  if (repeat > 1) return `${repeat} ${own.length > 1 ? "blocks" : "layers"}, each with its own weights`;
  return layers;
}

function totals(facts) {
  const { sums, first, last, seen, labels } = facts;
  return [
    ["Input", first.in.length ? shape(first.in) : "the image"],
    ["Output", shape(last.out)],
    [labels.trainable_params, exact(sums.trainable_params), share(facts, "trainable_params")],
    [labels.non_trainable_params, exact(sums.non_trainable_params), share(facts, "non_trainable_params")],
    [labels.macs, `${short(sums.macs)}`, share(facts, "macs")],
    [labels.activation_bytes, `${short(sums.activation_bytes)}B`, share(facts, "activation_bytes")],
    [labels.receptive_field, `${exact(Math.max(seen[1] - seen[0], seen[3] - seen[2]) + 1)} px`],
  ];
}

/** The same box of the other network, if two networks are drawn. */
function counterpart(part, scene) {
  const name = part.id.startsWith("other:") ? part.id.slice(6) : `other:${part.id}`;
  return scene.byId.get(name) || scene.panelById.get(name);
}

function compared({ part, sums, labels }, { sums: others }) {
  const sign = part.id.startsWith("other:") ? 1 : -1;
  const difference = (key) => {
    const more = sign * (sums[key] - others[key]);
    return more ? `${more > 0 ? "+" : "\u2212"}${exact(Math.abs(more))}` : "the same";
  };
  return [["Second \u2212 first network", ""], ...["trainable_params", "macs", "activation_bytes"].map((key) => [labels[key], difference(key)])];
}

/** One layer: its attributes, and the formulas of its counts. */
function single({ first, numbers, table, labels }) {
  const reads = table.rows[numbers[0]][2].map((number) => table.rows[number][0]).join(" + ");
  const said = Object.entries(first.attributes);
  const list = reads ? [["reads", reads], ...said] : said;
  const [parameters, macs, memory] = first.formulas;
  const sums = [[labels.trainable_params, parameters], [labels.macs, macs], [labels.activation_bytes, memory]].filter(([, text]) => text);
  return [rows("attributes", list), rows("formulas", sums)];
}

/** The receptive field of the middle of the output, drawn on the input image. */
function field([top, bottom, left, right], [height, width]) {
  const picture = make("svg", { class: "field", role: "img" });
  const reach = { top: Math.min(0, top), left: Math.min(0, left), bottom: Math.max(height, bottom + 1), right: Math.max(width, right + 1) };
  const margin = Math.max(height, width) * 0.6;
  const x = Math.max(reach.left, -margin);
  const y = Math.max(reach.top, -margin);
  const wide = Math.min(reach.right, width + margin) - x;
  const high = Math.min(reach.bottom, height + margin) - y;
  picture.setAttribute("viewBox", `${x - 1} ${y - 1} ${wide + 2} ${high + 2}`);
  picture.setAttribute("aria-label", `Receptive field ${bottom - top + 1} by ${right - left + 1} pixels on an image of ${height} by ${width}`);
  picture.append(
    make("rect", { class: "image", x: 0, y: 0, width, height }),
    make("rect", { class: "sees", x: left, y: top, width: right - left + 1, height: bottom - top + 1 }),
  );
  const words = element("p", `Receptive field of the middle of its output, on the ${height}×${width} image`);
  return row("receptive", [picture, words]);
}

/** The text next to the pointer. */
function briefly(facts) {
  const { sums, last, title } = facts;
  const parts = [title, shape(last.out)];
  if (sums.trainable_params) parts.push(`${exact(sums.trainable_params)} parameters`);
  if (sums.macs) parts.push(`${short(sums.macs)} MACs`);
  return parts.join("  \u00b7  ");
}

/** The text for a screen reader. */
function spoken(facts) {
  const { part, sums, repeat, last } = facts;
  const state = part.can === undefined ? ", open" : part.can.includes("o") ? ", closed" : "";
  const times = repeat > 1 ? `, ${repeat} times` : "";
  return `${facts.title}${times}${state}; output ${last.out.join(" by ")}; ${exact(sums.trainable_params)} parameters; ${short(sums.macs).trim()} MACs`;
}

function layer(kind) {
  return [kind.text, shape(kind.out), kind.trainable_params ? exact(kind.trainable_params) : ""];
}

const exact = (number) => number.toLocaleString("en-US");
const shape = (sides) => sides.join("\u00d7");

function share({ sums, totals: whole }, key) {
  return sums[key] ? `${((100 * sums[key]) / whole[key]).toFixed(1)} %` : "";
}

/** The same units as in resnet.quantity.short; "M" is used from 0.1 million. */
function short(number) {
  const scales = [[1e9, 1e9, "G"], [1e5, 1e6, "M"], [1e3, 1e3, "k"]];
  const scale = scales.find(([start]) => number >= start);
  if (!scale) return `${number} `;
  const [, factor, prefix] = scale;
  return `${(number / factor).toFixed(number >= 10 * factor ? 1 : 2)} ${prefix}`;
}

function rows(name, lines) {
  const body = element("table");
  body.className = name;
  for (const cells of lines) {
    const line = element("tr");
    cells.forEach((text, index) => line.append(element(index ? "td" : "th", text)));
    body.append(line);
  }
  return body;
}

function row(name, children) {
  const node = element("div");
  node.className = name;
  node.append(...children);
  return node;
}

function element(name, text = "") {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}
