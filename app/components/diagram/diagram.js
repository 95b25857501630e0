// The drawing under a person's hand: pan, zoom, select. Everything here answers without the server.
// A network that changes keeps its place and zoom; only a change of level or direction fits anew.

const views = new WeakMap();

const ZOOM_STEP = 1.25;
const DEEPEST_ZOOM = 12;
const MARGIN = 16;
const DRAG_THRESHOLD = 4;
const NARROW = 640;
const LARGEST_FIT = 1.6;
const LONGEST = 6000;
const READABLE = 0.5;
const COMFORTABLE = 0.9;

export default function (component) {
  const { parentElement, data: [data] } = component;
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement.querySelector(".lab-diagram"));
    views.set(parentElement, view);
  }
  view.show(data);
  return () => view.stop();
}

class View {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector(".canvas");
    this.details = root.querySelector(".details");
    this.box = { x: 0, y: 0, width: 1, height: 1 };
    this.moved = false;
    this.selected = null;
    this.pointers = new Map();
    this.resized = new ResizeObserver(() => this.settle());
    this.listen();
  }

  show(data) {
    Object.assign(this, { data, facts: data.details });
    this.root.dataset.scheme = data.scheme;
    this.root.setAttribute("aria-label", data.label);
    if (this.kind !== data.kind) this.moved = false;
    this.kind = data.kind;
    this.resized.observe(this.canvas);
    this.settle();
    this.select(this.facts[this.selected] ? this.selected : null);
  }

  /** Put the picture that suits the canvas in place; the same one again costs nothing. */
  paint() {
    const text = (this.narrow && this.data.svgs.tall) || this.data.svgs.wide;
    if (text === this.painted) return;
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    if (parsed.nodeName !== "svg") return;
    const [, , width, height] = parsed.getAttribute("viewBox").split(/[\s,]+/).map(Number);
    this.natural = { width, height };
    this.svg = document.importNode(parsed, true);
    for (const name of ["width", "height"]) this.svg.setAttribute(name, "100%");
    this.canvas.replaceChildren(this.svg);
    this.painted = text;
  }

  stop() {
    this.resized.disconnect();
  }

  // ---- where the drawing stands -------------------------------------------------------------------------------

  settle() {
    if (!this.data || !this.canvas.clientWidth) return;
    this.paint();
    this.svg.dataset.network = this.data.network;
    if (this.moved) this.apply();
    else this.begin();
  }

  /** The whole drawing, unless its letters would be too small to read: then its beginning. */
  begin() {
    this.grow();
    const whole = this.fitScale();
    if (whole >= READABLE || this.narrow) return this.place(whole);
    const across = (this.canvas.clientWidth - 2 * MARGIN) / this.natural.width;
    return this.place(Math.max(whole, Math.min(across, COMFORTABLE)), true);
  }

  fit() {
    this.place(this.fitScale());
    this.moved = this.fitScale() < READABLE;
  }

  place(scale, atStart = false) {
    const width = this.canvas.clientWidth / scale;
    const height = this.canvas.clientHeight / scale;
    const start = -MARGIN / scale;
    const centred = (whole, part) => (atStart && whole > part ? start : (whole - part) / 2);
    this.box = { x: centred(this.natural.width, width), y: centred(this.natural.height, height), width, height };
    this.moved = false;
    this.apply();
  }

  /** On a phone the drawing is as long as it is, and the page scrolls along it. */
  grow() {
    const scale = Math.min(LARGEST_FIT, this.canvas.clientWidth / this.natural.width);
    const whole = this.narrow ? Math.min(LONGEST, this.natural.height * scale + 2 * MARGIN) : null;
    this.root.style.height = whole ? `${whole}px` : "";
  }

  get narrow() {
    return this.canvas.clientWidth < NARROW;
  }

  fitScale() {
    const { clientWidth, clientHeight } = this.canvas;
    const across = (clientWidth - 2 * MARGIN) / this.natural.width;
    const down = (clientHeight - 2 * MARGIN) / this.natural.height;
    return Math.max(0.001, Math.min(across, down, LARGEST_FIT));
  }

  apply() {
    const scale = this.canvas.clientWidth / this.box.width;
    this.box.height = this.canvas.clientHeight / scale;
    this.svg.setAttribute("viewBox", `${this.box.x} ${this.box.y} ${this.box.width} ${this.box.height}`);
    this.canvas.classList.toggle("zoomed", scale > this.fitScale() * 1.01);
  }

  zoom(factor, clientX, clientY) {
    const frame = this.canvas.getBoundingClientRect();
    const least = Math.min(this.fitScale(), 1) * 0.5;
    const before = frame.width / this.box.width;
    const after = Math.min(DEEPEST_ZOOM, Math.max(least, before * factor));
    const fractionX = clientX === undefined ? 0.5 : (clientX - frame.left) / frame.width;
    const fractionY = clientY === undefined ? 0.5 : (clientY - frame.top) / frame.height;
    const width = frame.width / after;
    const height = frame.height / after;
    this.box.x += (this.box.width - width) * fractionX;
    this.box.y += (this.box.height - height) * fractionY;
    this.box.width = width;
    this.moved = true;
    this.apply();
  }

  pan(dx, dy) {
    const scale = this.canvas.clientWidth / this.box.width;
    this.box.x -= dx / scale;
    this.box.y -= dy / scale;
    this.moved = true;
    this.apply();
  }

  // ---- hands --------------------------------------------------------------------------------------------------

  listen() {
    const on = (element, name, act, options) => element.addEventListener(name, act, options);
    on(this.canvas, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.canvas, "pointerdown", (event) => this.press(event));
    on(this.canvas, "pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) on(this.canvas, name, (event) => this.release(event));
    on(this.canvas, "dblclick", () => this.fit());
    on(this.root, "keydown", (event) => this.key(event));
    for (const button of this.root.querySelectorAll("[data-act]")) on(button, "click", () => this.act(button.dataset.act));
  }

  act(name) {
    if (name === "in") this.zoom(ZOOM_STEP);
    if (name === "out") this.zoom(1 / ZOOM_STEP);
    if (name === "fit") this.fit();
    if (name === "close") this.select(null);
  }

  wheel(event) {
    const outwards = event.deltaY > 0 && !event.ctrlKey;
    if (outwards && !this.canvas.classList.contains("zoomed")) return; // nothing left to zoom out of: the page scrolls
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX, event.clientY);
  }

  press(event) {
    if (event.button) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.start = { x: event.clientX, y: event.clientY, target: event.target, far: false };
  }

  drag(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    const here = { x: event.clientX, y: event.clientY };
    if (Math.hypot(here.x - this.start.x, here.y - this.start.y) > DRAG_THRESHOLD && !this.start.far) {
      this.start.far = true;
      this.canvas.setPointerCapture(event.pointerId);
    }
    if (this.pointers.size === 2) this.pinch(event.pointerId, last, here);
    else if (this.start.far) this.pan(here.x - last.x, here.y - last.y);
    if (this.start.far || this.pointers.size === 2) this.pointers.set(event.pointerId, here);
  }

  pinch(id, last, here) {
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const before = Math.hypot(last.x - other.x, last.y - other.y);
    const after = Math.hypot(here.x - other.x, here.y - other.y);
    this.zoom(after / Math.max(1, before), (here.x + other.x) / 2, (here.y + other.y) / 2);
  }

  release(event) {
    const pressed = this.pointers.delete(event.pointerId);
    if (!pressed || this.start.far || event.type === "pointercancel") return;
    const box = this.start.target.closest?.(".box");
    this.select(box ? box.dataset.id : null);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { "+": "in", "=": "in", "-": "out", 0: "fit", Escape: "close" }[event.key];
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const focused = event.target.closest?.(".box");
    if (act) this.act(act);
    else if (step) this.walk(step);
    else if (focused && (event.key === "Enter" || event.key === " ")) this.select(focused.dataset.id);
    else return;
    event.preventDefault();
  }

  // ---- selection ----------------------------------------------------------------------------------------------

  walk(step) {
    const ids = [...this.svg.querySelectorAll(".box")].map((box) => box.dataset.id);
    const at = ids.indexOf(this.selected);
    const next = at < 0 ? (step > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + step));
    this.select(ids[next]);
    this.boxOf(ids[next])?.focus({ preventScroll: true });
  }

  boxOf(id) {
    return id === null ? null : this.svg.querySelector(`.box[data-id="${CSS.escape(id)}"]`);
  }

  select(id) {
    this.selected = id;
    for (const box of this.svg.querySelectorAll(".box.selected")) box.classList.remove("selected");
    this.boxOf(id)?.classList.add("selected");
    const facts = id === null ? null : this.facts[id];
    this.details.hidden = !facts;
    if (facts) this.details.querySelector(".facts").replaceChildren(...describe(facts));
  }
}
