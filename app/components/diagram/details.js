// The details panel: what a box stands for, in numbers. The server sends facts, never markup.
// One module with diagram.js, which calls describe().

function describe(facts) {
  const parts = [element("h4", facts.title), element("p", facts.sentence), table("totals", totals(facts))];
  if (facts.layers.length > 0) parts.push(table("layers", facts.layers.map(layer)));
  return parts;
}

function totals(facts) {
  const rows = [
    ["Input", facts.input_shape ? shape(facts.input_shape) : "the image"],
    ["Output", shape(facts.output_shape)],
    ["Parameters", exact(facts.trainable_params), share(facts, "trainable_params")],
    ["Not trained", exact(facts.non_trainable_params), share(facts, "non_trainable_params")],
    ["MACs", short(facts.macs), share(facts, "macs")],
    ["Memory", `${short(facts.activation_bytes)}B`, share(facts, "activation_bytes")],
    ["Sees", `${exact(facts.receptive_field)} px`],
  ];
  return rows.map(([name, value, part = ""]) => [name, value, part]);
}

function layer([text, output, parameters]) {
  return [text, shape(output), parameters ? exact(parameters) : ""];
}

const exact = (number) => number.toLocaleString("en-US");
const shape = (sides) => sides.join("×");

function share(facts, key) {
  return facts[key] ? `${(100 * facts.share[key]).toFixed(1)} %` : "";
}

/** The same steps as resnet.quantity.short: millions begin at a tenth of one. */
function short(number) {
  const scales = [[1e9, 1e9, "G"], [1e5, 1e6, "M"], [1e3, 1e3, "k"]];
  const scale = scales.find(([start]) => number >= start);
  if (!scale) return `${number} `;
  const [, factor, prefix] = scale;
  return `${(number / factor).toFixed(number >= 10 * factor ? 1 : 2)} ${prefix}`;
}

function table(name, rows) {
  const body = element("table");
  body.className = name;
  for (const row of rows) {
    const line = element("tr");
    row.forEach((text, index) => line.append(element(index ? "td" : "th", text)));
    body.append(line);
  }
  return body;
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
