// An overview map: the stages in a line, in proportion to the drawing, with a frame for the visible part.

class Ruler {
  constructor(view) {
    this.view = view;
    this.nav = view.root.querySelector(".ruler");
    this.nav.addEventListener("pointerdown", (event) => this.press(event));
  }

  show(scene, painter) {
    this.scene = scene;
    const sections = scene.panels.filter((panel) => panel.kind === "section");
    this.nav.hidden = sections.length < 2;
    if (this.nav.hidden) return void this.nav.replaceChildren();
    const across = scene.direction === "LR";
    this.along = across ? (part) => [part.x, part.width] : (part) => [part.y, part.height];
    this.length = across ? scene.width : scene.height;
    const map = make("svg", { class: "lab-drawing", preserveAspectRatio: "none", "aria-hidden": "true" });
    map.setAttribute("viewBox", across ? `0 0 ${scene.width} ${scene.height}` : `0 0 ${scene.height} ${scene.width}`);
    const turned = make("g", across ? {} : { transform: "matrix(0 1 1 0 0 0)" });
    requestAnimationFrame(() => setTimeout(() => turned.append(...painter.silhouette()))); // after the drawing itself
    map.append(turned);
    this.frame = element("div");
    this.frame.className = "window";
    this.nav.replaceChildren(map, this.frame, ...sections.map((panel) => this.button(panel)));
  }

  button(panel) {
    const [start, length] = this.along(panel);
    const button = element("button", panel.title);
    button.type = "button";
    button.style.left = `${(100 * start) / this.length}%`;
    button.style.width = `${(100 * length) / this.length}%`;
    button.addEventListener("click", () => this.go(panel));
    return button;
  }

  go(panel) {
    const { camera } = this.view;
    const { window } = camera;
    if (camera.narrow) return void camera.scrollTo(panel);
    camera.shift(panel.x + Math.min(panel.width, window.width) / 2 - window.x - window.width / 2,
      panel.y + Math.min(panel.height, window.height) / 2 - window.y - window.height / 2);
  }

  /** Move the frame to the visible part. */
  follow(camera) {
    if (this.nav.hidden || !this.frame) return;
    const [start, length] = this.along(camera.window);
    const from = Math.max(0, start / this.length);
    const to = Math.min(1, (start + length) / this.length);
    this.frame.style.left = `${100 * from}%`;
    this.frame.style.width = `${Math.max(1, 100 * (to - from))}%`;
    this.frame.hidden = from <= 0 && to >= 1;
  }

  press(event) {
    if (event.button || event.target.closest("button")) return;
    const move = (at) => this.scroll(at.clientX);
    const stop = () => {
      this.nav.removeEventListener("pointermove", move);
      this.nav.removeEventListener("pointerup", stop);
    };
    this.nav.setPointerCapture(event.pointerId);
    this.nav.addEventListener("pointermove", move);
    this.nav.addEventListener("pointerup", stop);
    move(event);
  }

  scroll(clientX) {
    const frame = this.nav.getBoundingClientRect();
    const { camera } = this.view;
    const [start, length] = this.along(camera.window);
    const wanted = ((clientX - frame.left) / frame.width) * this.length - length / 2;
    if (this.scene.direction === "LR") camera.shift(wanted - start, 0);
    else camera.shift(0, wanted - start);
  }
}
