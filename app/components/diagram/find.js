// Search: the server reads the search text and names the layers. This class steps through them.

const PAUSE = 90; // milliseconds after the last letter

class Find {
  constructor(view) {
    this.view = view;
    const form = view.root.querySelector(".find");
    this.form = form;
    this.input = form.querySelector("input");
    this.output = form.querySelector("output");
    this.buttons = [...form.querySelectorAll("button")];
    this.hits = [];
    this.boxes = new Set();
    this.at = -1;
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.key(event));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  ask() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.view.send({ name: "find", text: this.input.value }), PAUSE);
  }

  key(event) {
    if (event.key === "Enter") this.walk(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") this.clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  clear() {
    if (this.input.value) {
      this.input.value = "";
      this.ask();
    }
    this.view.root.focus();
  }

  /** Show what the server found: row numbers of layers, or why the search text could not be read. */
  show(found) {
    this.form.hidden = !this.view.scene.boxes.length;
    const { text = "", layers = [], problem = "" } = found || {};
    const hits = layers.flatMap((own, network) => own.map((layer) => ({ network, layer })));
    const another = text !== this.text;
    if (another && document.activeElement !== this.input && !this.input.matches(":focus")) this.input.value = text;
    this.text = text;
    this.hits = hits;
    if (another) Object.assign(this, { at: -1, revealing: undefined });
    this.locate();
    this.output.textContent = problem || this.count();
    this.form.classList.toggle("problem", Boolean(problem));
    for (const button of this.buttons) button.hidden = !hits.length;
    this.view.mark();
    if (this.revealing !== undefined) this.arrive();
  }

  count() {
    if (!this.text) return "";
    if (!this.hits.length) return "no layers";
    const layers = this.hits.length === 1 ? "1 layer" : `${this.hits.length.toLocaleString("en-US")} layers`;
    return this.at < 0 ? layers : `${(this.at + 1).toLocaleString("en-US")} of ${layers}`;
  }

  /** Find the boxes that contain the hits. */
  locate() {
    const { scene } = this.view;
    this.boxes.clear();
    if (!this.hits.length) return;
    const hits = [0, 1].map((network) => new Set(this.hits.filter((hit) => hit.network === network).map((hit) => hit.layer)));
    for (const box of scene.boxes) if (scene.layersOf(box).some((layer) => hits[box.network].has(layer))) this.boxes.add(box.id);
  }

  has(id) {
    return this.boxes.has(id);
  }

  walk(step) {
    if (!this.hits.length) return;
    this.at = (this.at + step + this.hits.length) % this.hits.length;
    this.output.textContent = this.count();
    const { layer, network } = this.hits[this.at];
    const box = this.view.scene.boxOfLayer(layer, network);
    if (box && !box.can.includes("o")) return void this.view.select(box.id, { shown: true });
    this.revealing = { layer, network };
    this.view.send({ name: "reveal", layer, network });
  }

  /** Select the hit, once the server has opened the boxes around it. Earlier answers belong to other actions. */
  arrive() {
    const box = this.view.scene.boxOfLayer(this.revealing.layer, this.revealing.network);
    if (box && box.can.includes("o")) return;
    this.revealing = undefined;
    if (box) this.view.select(box.id, { shown: true });
  }
}
