// The interactive drawing. The server sends what is drawn; position, hover, selection and details are handled here.
// Position and zoom are kept when the network changes. A new level, direction or style is fitted to the window.
// One module: camera.js, scene.js, motion.js, details.js, ruler.js, find.js, hands.js and this file, in this order.

const views = new WeakMap();
const REMEMBERED_AFTER = 500; // milliseconds until a selection is written to the link

export default function (component) {
  const { parentElement, data: [data], setTriggerValue } = component;
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.send = (act) => setTriggerValue("act", act);
  view.show(data);
  return () => view.stop();
}

class View {
  constructor(parent) {
    this.root = parent.querySelector(".lab-diagram");
    this.canvas = this.root.querySelector(".canvas");
    this.panel = this.root.querySelector(".details");
    this.listing = parent.querySelector(".listing");
    this.selected = null;
    this.camera = new Camera(this.root, this.canvas, () => this.apply());
    this.hands = new Hands(this);
    this.find = new Find(this);
    this.ruler = new Ruler(this);
    this.resized = new ResizeObserver(() => this.settle());
    this.listing.addEventListener("toggle", () => this.list());
  }

  stop() {
    this.resized.disconnect();
    this.hands.leave();
  }

  show(data) {
    const fresh = !this.data || this.data.key !== data.key;
    const another = !this.data || this.data.kind !== data.kind;
    const first = !this.data;
    this.data = data;
    if (data.network !== this.unpackedOf) this.tables = data.tables.map(unpacked);
    this.unpackedOf = data.network;
    Object.assign(this.root.dataset, { scheme: data.scheme, kind: data.kind });
    this.root.setAttribute("aria-label", data.label);
    this.hands.enter();
    this.resized.observe(this.canvas);
    if (another) this.camera.byHand = false;
    if (fresh) this.draw(another);
    this.hands.anchor = null;
    this.svg.dataset.network = data.network;
    if (first || another) this.select(data.selected || this.selected, { quietly: true, shown: first });
    else this.select(this.known(this.selected) ? this.selected : null, { quietly: true });
    this.find.show(data.hits);
    if (this.listing.open) this.list();
  }

  /** Draw a new scene. The clicked part stays under the pointer; the others move to their new places. */
  draw(another) {
    const before = this.scene;
    const anchor = this.hands.anchor;
    this.hands.anchor = null;
    if (anchor && !this.camera.narrow) this.camera.byHand = true;
    this.pick();
    this.settle();
    if (!before || another || !this.scene || !before.boxes) return;
    if (anchor) keepUnderPointer(this.camera, anchor, this.scene);
    animate(before, this.scene, this.painter, this.camera);
  }

  /** Choose the scene that fits the canvas: top to bottom on a phone. */
  pick() {
    const { scenes, svg } = this.data;
    const data = scenes && ((this.camera.narrow && scenes.tall) || scenes.wide);
    if (data === this.drawn && data) return;
    this.drawn = data;
    this.scene = data ? new Scene(data) : new Picture(svg);
    this.painter = data ? new Painter(this.scene) : this.scene;
    this.svg = this.painter.svg;
    this.camera.natural = { width: this.scene.width, height: this.scene.height };
    this.canvas.replaceChildren(this.svg);
    this.ruler.show(this.scene, this.painter);
  }

  settle() {
    if (!this.data || !this.canvas.clientWidth) return;
    this.pick();
    this.svg.dataset.network = this.data.network;
    if (this.camera.byHand) this.apply();
    else this.camera.begin();
  }

  apply() {
    this.svg.setAttribute("viewBox", this.camera.viewBox());
    this.canvas.classList.toggle("zoomed", this.camera.zoomed);
    this.painter.look(this.camera.window, this.camera.scale);
    this.ruler.follow(this.camera);
    this.mark();
  }

  // ---- selection ----------------------------------------------------------------------------------------------

  known(id) {
    return Boolean(id && this.scene.byId && (this.scene.byId.has(id) || this.scene.panelById.has(id)));
  }

  /** Select a box or an opened panel, announce it, and show its details. */
  select(id, { quietly = false, shown = false } = {}) {
    this.selected = this.known(id) ? id : null;
    this.mark();
    const part = this.part(this.selected);
    const facts = part ? factsOf(part, this.scene, this.tables) : null;
    this.panel.hidden = !facts || (this.opening && this.camera.narrow); // on a phone the details would cover what opens
    if (!quietly) this.opening = false;
    if (facts) this.panel.querySelector(".facts").replaceChildren(...describe(facts, this));
    if (part && shown) this.camera.show(part, this.panel);
    if (quietly) return;
    this.root.querySelector(".spoken").textContent = facts ? spoken(facts) : "";
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => this.send({ name: "select", id: this.selected }), REMEMBERED_AFTER);
  }

  part(id) {
    if (!id) return null;
    return this.scene.byId.get(id) || this.scene.panelById.get(id);
  }

  /** Set the classes of the current elements, which change in a large drawing. */
  mark() {
    if (!this.painter.elements) return;
    for (const element of this.svg.querySelectorAll(".selected")) element.classList.remove("selected");
    const name = this.scene.byId.has(this.selected) ? this.selected : `panel ${this.selected}`;
    this.painter.elements.get(name)?.classList.add("selected");
    for (const [id, element] of this.painter.elements) element.classList.toggle("hit", this.find.has(id));
  }

  walk(step) {
    const { boxes } = this.scene;
    if (!boxes.length) return;
    const at = boxes.findIndex((box) => box.id === this.selected);
    const next = at < 0 ? (step > 0 ? 0 : boxes.length - 1) : Math.min(boxes.length - 1, Math.max(0, at + step));
    this.select(boxes[next].id, { shown: true });
  }

  // ---- opening ------------------------------------------------------------------------------------------------

  /** Open the box or close the panel. `at` is the position of the pointer, if one was used. */
  toggle(id, at = null) {
    const part = this.part(id);
    if (!part) return;
    this.hands.hold(part, at);
    this.selected = id;
    this.opening = true;
    this.send({ name: "toggle", id });
  }

  /** Close the panel around the selected box. */
  shut() {
    const part = this.part(this.selected);
    if (part && part.parent) {
      const { parent } = part;
      this.toggle(parent);
    }
  }

  // ---- for screen readers -------------------------------------------------------------------------------------

  /** A list of every box as text, made when it is opened. */
  list() {
    const list = this.listing.querySelector("ol");
    if (!this.listing.open || !this.scene.boxes) return;
    list.replaceChildren(...this.scene.boxes.map((box) => {
      const item = element("li");
      const button = element("button", spoken(factsOf(box, this.scene, this.tables)));
      button.type = "button";
      button.addEventListener("click", () => this.select(box.id, { shown: true }));
      item.append(button);
      return item;
    }));
  }
}

/** Keras's picture. It can be moved and zoomed, but boxes cannot be opened. */
class Picture {
  constructor(text) {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    const [, , width, height] = parsed.getAttribute("viewBox").split(/[\s,]+/).map(Number);
    this.svg = document.importNode(parsed, true);
    for (const name of ["width", "height"]) this.svg.setAttribute(name, "100%");
    Object.assign(this, { width, height, byId: new Map(), panelById: new Map(), boxes: [], panels: [], direction: "TB" });
    this.elements = new Map();
  }

  look() {}

  silhouette() {
    return [];
  }
}
