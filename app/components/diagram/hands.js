// Mouse, wheel, touch and keyboard.

const DRAG_THRESHOLD = 4;
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const KEYS = { "+": "in", "=": "in", "-": "out", 0: "fit", Escape: "close" };

class Hands {
  constructor(view) {
    this.view = view;
    this.pointers = new Map();
    this.anchor = null;
    this.hint = view.root.querySelector(".hint");
    this.searching = (event) => this.global(event);
    const { root, canvas } = view;
    const on = (element, name, act, options) => element.addEventListener(name, act, options);
    on(canvas, "wheel", (event) => this.wheel(event), { passive: false });
    on(canvas, "pointerdown", (event) => this.press(event));
    on(canvas, "pointermove", (event) => this.move(event));
    on(canvas, "pointerleave", () => this.point(null));
    for (const name of ["pointerup", "pointercancel"]) on(canvas, name, (event) => this.release(event));
    on(root, "keydown", (event) => this.key(event));
    for (const button of root.querySelectorAll("[data-act]")) on(button, "click", () => this.act(button.dataset.act));
  }

  enter() {
    document.addEventListener("keydown", this.searching);
  }

  leave() {
    document.removeEventListener("keydown", this.searching);
  }

  act(name) {
    const { camera, find } = this.view;
    if (name === "in") camera.zoom(ZOOM_STEP);
    if (name === "out") camera.zoom(1 / ZOOM_STEP);
    if (name === "fit") camera.fit();
    if (name === "close") this.view.select(null);
    if (name === "next") find.walk(1);
    if (name === "previous") find.walk(-1);
  }

  /** Remember where a part is before it is opened or closed. `at` is the pointer, in pixels of the screen. */
  hold(part, at) {
    const { camera, canvas } = this.view;
    const frame = canvas.getBoundingClientRect();
    const point = at
      ? { x: camera.window.x + (at.x - frame.left) / camera.scale, y: camera.window.y + (at.y - frame.top) / camera.scale }
      : { x: part.x, y: part.y };
    const clientY = at ? at.y : frame.top + (part.y - camera.window.y) * camera.scale;
    this.anchor = { id: part.id, clientY, x: point.x, y: point.y, across: Math.max(0, point.x - part.x), down: Math.max(0, point.y - part.y) };
    camera.before = { ...camera.window };
  }

  // ---- pointer ------------------------------------------------------------------------------------------------

  wheel(event) {
    const outwards = event.deltaY > 0 && !event.ctrlKey;
    if (outwards && !this.view.camera.zoomed) return; // the drawing cannot be zoomed out further, so the page scrolls
    event.preventDefault();
    this.view.camera.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX, event.clientY);
  }

  press(event) {
    if (event.button) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.start = { x: event.clientX, y: event.clientY, target: event.target, far: false };
    this.point(null);
  }

  move(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return void (event.pointerType === "mouse" && this.point(event));
    const here = { x: event.clientX, y: event.clientY };
    if (Math.hypot(here.x - this.start.x, here.y - this.start.y) > DRAG_THRESHOLD && !this.start.far) {
      this.start.far = true;
      this.view.canvas.setPointerCapture(event.pointerId);
    }
    if (this.pointers.size === 2) this.pinch(event.pointerId, last, here);
    else if (this.start.far) this.view.camera.pan(here.x - last.x, here.y - last.y);
    if (this.start.far || this.pointers.size === 2) this.pointers.set(event.pointerId, here);
  }

  pinch(id, last, here) {
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const before = Math.hypot(last.x - other.x, last.y - other.y);
    const after = Math.hypot(here.x - other.x, here.y - other.y);
    this.view.camera.zoom(after / Math.max(1, before), (here.x + other.x) / 2, (here.y + other.y) / 2);
  }

  release(event) {
    const pressed = this.pointers.delete(event.pointerId);
    if (!pressed || this.start.far || event.type === "pointercancel") return;
    const at = { x: event.clientX, y: event.clientY };
    const box = this.start.target.closest?.(".box");
    const header = this.start.target.closest?.(".header")?.parentNode;
    if (box?.classList.contains("openable")) this.view.toggle(box.dataset.id, at);
    else if (box) this.view.select(box.dataset.id);
    else if (header) this.view.toggle(header.dataset.id, at);
    else this.view.select(null);
  }

  /** Show a short text about the part under the pointer. */
  point(event) {
    const said = event && this.said(event.target);
    this.hint.hidden = !said;
    if (!said) return;
    this.hint.textContent = said;
    const frame = this.view.root.getBoundingClientRect();
    const left = Math.min(event.clientX - frame.left + 14, frame.width - this.hint.offsetWidth - 8);
    const top = event.clientY - frame.top + 18;
    const fits = top + this.hint.offsetHeight < frame.height;
    this.hint.style.transform = `translate(${Math.max(8, left)}px, ${fits ? top : top - this.hint.offsetHeight - 30}px)`;
  }

  said(target) {
    const { scene, tables } = this.view;
    const line = target.closest?.(".reach");
    if (line) return line.dataset.label;
    const box = target.closest?.(".box");
    const part = box && scene.byId.get(box.dataset.id);
    return part ? briefly(factsOf(part, scene, tables)) : "";
  }

  // ---- keys ---------------------------------------------------------------------------------------------------

  key(event) {
    if (event.target.matches?.("input")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { view } = this;
    const act = KEYS[event.key];
    const step = STEPS[event.key];
    const onButton = event.target.matches?.("button");
    if (act) this.act(act);
    else if (step) view.walk(step);
    else if (event.key === "Enter" && !onButton) this.enterKey(event.shiftKey);
    else if (event.key === "Backspace") view.shut();
    else return;
    event.preventDefault();
  }

  /** Open or close the selected part; with Shift, close the panel around it. */
  enterKey(outwards) {
    const { view } = this;
    const part = view.part(view.selected);
    if (!part) return;
    if (outwards) view.shut();
    else if (part.can === undefined || part.can.includes("o")) view.toggle(part.id);
  }

  /** Ctrl+F searches the drawing, unless the focus is in another text field. */
  global(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "f" || event.shiftKey) return;
    if (!this.view.root.isConnected || !this.view.scene.boxes.length) return;
    const [field] = event.composedPath();
    if (field.matches?.("input, textarea") && !this.view.root.contains(field)) return;
    event.preventDefault();
    this.view.find.focus();
  }
}
