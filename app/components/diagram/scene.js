// What is drawn: rows from the server become boxes, panels and lines. The visible ones become SVG elements.
// One module with the other files in this folder.

const SVG = "http://www.w3.org/2000/svg";
const TITLE = "\ufffc";
const MANY = 700; // with more boxes than this, only visible boxes are elements
const FAR = 0.28; // pixels per point; below this, text cannot be read
const AROUND = 0.6; // margin around the window, as a share of it, drawn so that a short pan needs no new elements

class Scene {
  constructor(data) {
    Object.assign(this, { width: data.width, height: data.height, direction: data.direction, data });
    this.boxes = [];
    this.panels = [];
    this.edges = [];
    for (const row of data.panels) this.panels.push(this.panel(row));
    for (const row of data.boxes) this.boxes.push(this.box(row));
    for (const row of data.edges) this.edges.push(this.edge(row, 0, 0));
    for (const row of data.stamps) this.stamp(row);
    this.boxes.sort((one, other) => one.network - other.network || one.first - other.first);
    this.byId = new Map(this.boxes.map((box) => [box.id, box]));
    this.panelById = new Map(this.panels.map((panel) => [panel.id, panel]));
    this.large = this.boxes.length > MANY;
  }

  box([id, look, title, x, y, width, height, parent, first, own, repeat, step, can]) {
    const network = id.startsWith("other:") ? 1 : 0;
    return { id, look, title, x, y, width, height, parent, first, own, repeat, step, can, network };
  }

  panel([id, kind, title, x, y, width, height, parent, markup]) {
    return { id, kind, title, x, y, width, height, parent, markup };
  }

  edge([source, target, line, x, y], dx, dy) {
    const [kind, look, d, markup, label] = this.data.lines[line];
    return { source, target, kind, look, d, markup, label, x: x + dx, y: y + dy };
  }

  /** A block from its template: the same boxes and lines, with the names and the place of this block. */
  stamp([index, name, title, x, y, parent, source, first, repeat, step]) {
    const template = this.data.templates[index];
    const [dx, dy, width, height, markup] = template.panel;
    this.panels.push({ id: name, kind: "block", title, x: x + dx, y: y + dy, width, height, parent, markup, stamped: true });
    for (const [suffix, look, said, bx, by, w, h, places, can] of template.boxes) {
      const own = places.map((place) => place - places[0]);
      this.boxes.push({ id: name + suffix, look, title: said, x: x + bx, y: y + by, width: w, height: h, parent: name,
        first: first + places[0], own, repeat, step, can, network: name.startsWith("other:") ? 1 : 0 });
    }
    const named = (end) => (end === "entry" ? source : name + end);
    for (const [from, to, ...rest] of template.edges) this.edges.push(this.edge([named(from), named(to), ...rest], x, y));
  }

  /** The numbers of all layers of a box; with `onlyFirst`, only those of its first repeat. */
  layersOf(box, onlyFirst = false) {
    const own = typeof box.own === "number" ? [...Array(box.own).keys()] : box.own;
    const offsets = typeof box.own === "number" || own[0] === 0 ? own : own.map((place) => place - own[0]);
    const repeats = onlyFirst ? 1 : box.repeat;
    const found = [];
    for (let k = 0; k < repeats; k += 1) for (const offset of offsets) found.push(box.first + k * box.step + offset);
    return found;
  }

  /** The boxes inside a panel, and inside the panels in it. */
  inside(panel) {
    const names = new Set([panel.id]);
    for (const other of this.panels) if (names.has(other.parent)) names.add(other.id);
    return this.boxes.filter((box) => names.has(box.parent));
  }

  /** The box that contains a layer. */
  boxOfLayer(number, network = 0) {
    return this.boxes.find((box) => box.network === network && this.layersOf(box).includes(number)) || null;
  }
}

/** Turns a scene into elements: all parts of a small scene; of a large scene the visible parts, or only colours if it is zoomed out. */
class Painter {
  constructor(scene) {
    this.scene = scene;
    this.looks = prototypes(scene.data.looks);
    this.svg = make("svg", { class: "lab-drawing" });
    this.layer = Object.fromEntries(["grounds", "afar", "boxes", "lines", "words"].map((name) => {
      const group = make("g", { class: name });
      this.svg.append(group);
      return [name, group];
    }));
    this.layer.words.innerHTML = `<g class="legend">${scene.data.legend}</g><g class="notes">${scene.data.notes}</g>`;
    this.elements = new Map();
    this.shown = null;
    if (!scene.large) this.fill(scene.panels, scene.boxes, scene.edges);
  }

  /** Draw what the window (in points) needs at this scale (pixels per point). */
  look(window, scale) {
    if (!this.scene.large) return;
    const far = scale < FAR;
    const needed = this.shown && this.shown.far === far && (far || contains(this.shown, window));
    if (needed) return;
    const x = window.x - window.width * AROUND;
    const y = window.y - window.height * AROUND;
    this.shown = { far, x, y, width: window.width * (1 + 2 * AROUND), height: window.height * (1 + 2 * AROUND) };
    if (far) this.fromAfar();
    else this.nearby(this.shown);
  }

  nearby(frame) {
    this.layer.afar.replaceChildren();
    const { scene } = this;
    const boxes = scene.boxes.filter((box) => meets(box, frame));
    const ids = new Set(boxes.map((box) => box.id));
    const edges = scene.edges.filter((edge) => ids.has(edge.source) || ids.has(edge.target));
    this.fill(scene.panels.filter((panel) => meets(panel, frame)), boxes, edges);
  }

  /** One path for each colour, so that thousands of boxes are drawn as fast as eight. */
  fromAfar() {
    this.fill(this.scene.panels.filter((panel) => !panel.stamped), [], []);
    this.layer.afar.replaceChildren(...this.silhouette());
  }

  silhouette() {
    const tones = new Map();
    for (const { look, x, y, width, height } of this.scene.boxes) {
      const tone = this.scene.data.tones[look];
      const drawn = tones.get(tone) || [];
      drawn.push(`M${x} ${y}h${width}v${height}h${-width}z`);
      tones.set(tone, drawn);
    }
    return [...tones].map(([tone, drawn]) => make("path", { class: tone, d: drawn.join("") }));
  }

  fill(panels, boxes, edges) {
    this.elements.clear();
    this.layer.grounds.replaceChildren(...panels.map((panel) => this.ground(panel)));
    this.layer.boxes.replaceChildren(...boxes.map((box) => this.card(box)));
    this.layer.lines.replaceChildren(...edges.map((edge) => this.line(edge)));
  }

  card(box) {
    const group = this.looks[box.look].cloneNode(true);
    set(group, { class: "box", "data-id": box.id, transform: `translate(${box.x} ${box.y})` });
    retitle(group, box.title, box.can.includes("o") ? " \u25b8" : "");
    if (box.can) group.classList.add("openable");
    group.append(make("rect", { class: "outline", width: box.width, height: box.height, rx: 4 }));
    this.elements.set(box.id, group);
    return group;
  }

  ground(panel) {
    const group = make("g", { class: "group", "data-kind": panel.kind, "data-id": panel.id, transform: `translate(${panel.x} ${panel.y})` });
    group.innerHTML = panel.markup;
    if (panel.markup) {
      retitle(group, panel.title, " \u25be");
      group.append(make("rect", { class: "header", width: panel.width, height: 17, rx: 4 }));
    } else if (panel.kind !== "section") {
      group.append(...handle(panel));
    }
    this.elements.set(`panel ${panel.id}`, group);
    return group;
  }

  line(edge) {
    const group = make("g", { transform: `translate(${edge.x} ${edge.y})`, "data-kind": edge.kind, "data-source": edge.source, "data-target": edge.target });
    group.append(make("path", { class: `edge ${edge.look}`, d: edge.d }));
    group.insertAdjacentHTML("beforeend", edge.markup);
    if (edge.label) group.append(make("path", { class: "reach", d: edge.d, "data-label": edge.label }));
    return group;
  }
}

function prototypes(looks) {
  const text = `<svg xmlns="${SVG}">${looks.map((look) => `<g>${look}</g>`).join("")}</svg>`;
  return [...new DOMParser().parseFromString(text, "image/svg+xml").documentElement.children];
}

/** A small symbol in the upper right corner that closes a panel without a visible frame. */
function handle(panel) {
  const sign = make("text", { class: "row sign", x: panel.width - 9, y: 9 });
  sign.textContent = "\u25be";
  return [sign, make("rect", { class: "header", x: panel.width - 14, y: -2, width: 16, height: 16, rx: 4 })];
}

function retitle(group, title, sign) {
  const place = group.querySelector("text.title, text.heading");
  if (!place) return;
  if (place.textContent === TITLE) place.textContent = title;
  if (!sign) return;
  const more = make("tspan", { class: "sign" });
  more.textContent = sign;
  place.append(more);
}

function make(name, attributes = {}) {
  return set(document.createElementNS(SVG, name), attributes);
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const meets = (part, frame) =>
  part.x < frame.x + frame.width && frame.x < part.x + part.width && part.y < frame.y + frame.height && frame.y < part.y + part.height;

const contains = (frame, part) =>
  part.x >= frame.x && part.y >= frame.y && part.x + part.width <= frame.x + frame.width && part.y + part.height <= frame.y + frame.height;
