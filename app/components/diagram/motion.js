// Animation when a box opens or closes: all parts move to their new places; the clicked one stays where it is.

const GLIDE = { duration: 220, easing: "cubic-bezier(0.2, 0, 0, 1)" };
const MOST_MOVING = 800;

/** Move the window so that the clicked part stays under the pointer. */
function keepUnderPointer(camera, anchor, scene) {
  const part = scene.panelById.get(anchor.id) || scene.byId.get(anchor.id);
  if (!part) return undefined;
  const across = Math.min(anchor.across, part.width - 2);
  const down = Math.min(anchor.down, part.height - 2);
  if (!camera.narrow) return camera.shift(part.x + across - anchor.x, part.y + down - anchor.y);
  const top = camera.canvas.getBoundingClientRect().top + (part.y + down - camera.window.y) * camera.scale;
  return scroller(camera.root).scrollBy(0, top - anchor.clientY);
}

/** Move parts from old to new places; new parts fade in. Places are relative to the window, which moved too. */
function animate(before, scene, painter, camera) {
  const was = camera.before || { x: camera.window.x, y: camera.window.y };
  camera.before = null;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  if (painter.elements.size > MOST_MOVING) return;
  const shift = { x: camera.window.x - was.x, y: camera.window.y - was.y };
  for (const [name, group] of painter.elements) {
    const panel = name.startsWith("panel ");
    const id = panel ? name.slice(6) : name;
    const now = panel ? scene.panelById.get(id) : scene.byId.get(id);
    const old = panel ? before.panelById.get(id) : before.byId.get(id);
    if (!old) group.animate([{ opacity: 0 }, { opacity: 1 }], GLIDE);
    else glide(group, { x: old.x + shift.x, y: old.y + shift.y }, now);
  }
  painter.layer.lines.animate([{ opacity: 0 }, { opacity: 0, offset: 0.5 }, { opacity: 1 }], GLIDE);
}

function glide(group, from, to) {
  if (Math.abs(from.x - to.x) + Math.abs(from.y - to.y) < 0.5) return;
  const place = ({ x, y }) => ({ transform: `translate(${x}px, ${y}px)` });
  group.animate([place(from), place(to)], GLIDE);
}
