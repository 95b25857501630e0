// The position of the drawing in its window: pan, zoom, fit. Points are units of the drawing, pixels of the screen.

const ZOOM_STEP = 1.25;
const DEEPEST_ZOOM = 12;
const EDGE = 16;
const TOP = 44; // the buttons cover the upper edge of the drawing
const NARROW = 640;
const LARGEST_FIT = 1.6;
const LONGEST = 6000;
const READABLE = 0.5;
const COMFORTABLE = 0.9;

/** The element that scrolls the page. */
function scroller(root) {
  const host = root.getRootNode().host || root;
  return host.closest('[data-testid="stMain"]') || document.scrollingElement;
}

class Camera {
  /** `canvas` contains the drawing and `root` may grow with it. `moved` is called after every move. */
  constructor(root, canvas, moved) {
    Object.assign(this, { root, canvas, moved });
    this.natural = { width: 1, height: 1 };
    this.window = { x: 0, y: 0, width: 1, height: 1 };
    this.byHand = false;
  }

  get scale() {
    return this.canvas.clientWidth / this.window.width;
  }

  get narrow() {
    return this.canvas.clientWidth < NARROW;
  }

  get fitScale() {
    const { clientWidth, clientHeight } = this.canvas;
    const across = (clientWidth - 2 * EDGE) / this.natural.width;
    const down = (clientHeight - EDGE - TOP) / this.natural.height;
    return Math.max(0.001, Math.min(across, down, LARGEST_FIT));
  }

  get zoomed() {
    return this.scale > this.fitScale * 1.01;
  }

  /** Show the whole drawing. If its text would be too small to read, show its beginning. */
  begin() {
    this.grow();
    const whole = this.fitScale;
    if (whole >= READABLE || this.narrow) return this.place(whole);
    const across = (this.canvas.clientWidth - 2 * EDGE) / this.natural.width;
    return this.place(Math.max(whole, across < READABLE ? COMFORTABLE : Math.min(across, COMFORTABLE)), true);
  }

  fit() {
    this.place(this.fitScale);
    this.byHand = this.fitScale < READABLE;
  }

  place(scale, atStart = false) {
    const width = this.canvas.clientWidth / scale;
    const height = this.canvas.clientHeight / scale;
    const start = -EDGE / scale;
    const centred = (whole, part) => (atStart && whole > part ? start : (whole - part) / 2);
    const y = centred(this.natural.height, height) - (TOP - EDGE) / 2 / scale;
    this.window = { x: centred(this.natural.width, width), y, width, height };
    this.byHand = false;
    this.moved();
  }

  /** On a phone the drawing is shown at full length, and the page scrolls. */
  grow() {
    const scale = Math.min(LARGEST_FIT, this.canvas.clientWidth / this.natural.width);
    const whole = this.narrow ? Math.min(LONGEST, this.natural.height * scale + EDGE + TOP + 40) : null;
    this.root.style.height = whole ? `${whole}px` : "";
  }

  zoom(factor, clientX, clientY) {
    const frame = this.canvas.getBoundingClientRect();
    const least = Math.min(this.fitScale, 1) * 0.5;
    const before = frame.width / this.window.width;
    const after = Math.min(DEEPEST_ZOOM, Math.max(least, before * factor));
    const across = clientX === undefined ? 0.5 : (clientX - frame.left) / frame.width;
    const down = clientY === undefined ? 0.5 : (clientY - frame.top) / frame.height;
    const width = frame.width / after;
    const height = frame.height / after;
    this.window.x += (this.window.width - width) * across;
    this.window.y += (this.window.height - height) * down;
    this.window.width = width;
    this.byHand = true;
    this.moved();
  }

  pan(dx, dy) {
    this.shift(-dx / this.scale, -dy / this.scale);
  }

  shift(x, y) {
    this.window.x += x;
    this.window.y += y;
    this.byHand = true;
    this.moved();
  }

  /** If needed, move a box into the part of the window that `over` does not cover. */
  show(box, over) {
    if (this.narrow) return this.scrollTo(box);
    if (this.scale < READABLE) this.zoom(COMFORTABLE / this.scale);
    const { window } = this;
    const covered = over.hidden ? 0 : (over.offsetWidth + EDGE) / this.scale;
    const free = { x: window.x, y: window.y, width: window.width - covered, height: window.height };
    const margin = 24 / this.scale;
    const seen = box.x >= free.x + margin && box.y >= free.y + 2 * margin
      && box.x + box.width <= free.x + free.width - margin && box.y + box.height <= free.y + free.height - margin;
    if (!seen) this.centre(box, free);
  }

  centre(box, free) {
    const y = box.y + Math.min(box.height, free.height) / 2 - free.y - free.height / 2;
    this.shift(box.x + box.width / 2 - free.x - free.width / 2, y);
  }

  /** Scroll the page to a box: on a phone the page scrolls, not the drawing. */
  scrollTo(box) {
    const page = scroller(this.root);
    const top = this.canvas.getBoundingClientRect().top + (box.y - this.window.y) * this.scale;
    if (top < 60 || top > page.clientHeight * 0.45) page.scrollBy({ top: top - page.clientHeight * 0.25 });
  }

  viewBox() {
    this.window.height = this.canvas.clientHeight / this.scale;
    const { x, y, width, height } = this.window;
    return `${x} ${y} ${width} ${height}`;
  }
}
