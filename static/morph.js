// Changes an element's children to match HTML, and keeps the nodes that stay the same, so that they can be animated.
export function morph(parent, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  morphChildren(parent, template.content);
}

function morphChildren(old, fresh) {
  const wantedIds = new Set([...fresh.children].map((child) => child.id));
  for (const child of [...old.children]) if (child.id && !wantedIds.has(child.id)) child.remove(); // so that no other child has to move
  const byId = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const kept = wanted.id ? byId.get(wanted.id) : isSameKind(at, wanted) ? at : null;
    if (!kept) {
      old.insertBefore(wanted, at);
      continue;
    }
    if (kept === at) at = at.nextSibling;
    else old.insertBefore(kept, at);
    morphNode(kept, wanted);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function isSameKind(node, wanted) {
  return node && !node.id && node.nodeName === wanted.nodeName && node.dataset?.scene === wanted.dataset?.scene;
}

function morphNode(node, wanted) {
  if (node.isEqualNode(wanted)) return;
  if (node.nodeType !== Node.ELEMENT_NODE) {
    node.nodeValue = wanted.nodeValue;
    return;
  }
  for (const name of node.getAttributeNames()) {
    if (!wanted.hasAttribute(name) && name !== "open") node.removeAttribute(name); // people open <details> themselves
  }
  for (const { name, value } of wanted.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  morphChildren(node, wanted);
}
