// Elements from data. Text goes in as text only, so no value of the inventory can ever become markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

export function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

export function byId(id) {
  return document.getElementById(id);
}

export function say(id, text) {
  const element = byId(id);
  // An unchanged live region must stay quiet for screen readers.
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes `parent` hold `children` by changing as little as can be: what has the focus keeps it, what a person
 * opened stays open, and a screen reader is not told the whole page again. Children with the same `data-key`
 * are the same; others go by their place. What is inside `data-keep` belongs to somebody else.
 */
export function morph(parent, ...children) {
  const wanted = flat(children).map((c) => (c instanceof Node ? c : document.createTextNode(String(c))));
  const keyed = new Map();
  for (const child of parent.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
  let at = parent.firstChild;
  for (const child of wanted) {
    const key = child.dataset?.key;
    let old = key ? keyed.get(key) : at;
    if (!key && old?.dataset?.key) old = null;
    if (old && old.nodeType === child.nodeType && old.nodeName === child.nodeName) {
      if (old === at) at = at.nextSibling;
      else parent.insertBefore(old, at);
      update(old, child);
      if (key) keyed.delete(key);
    } else {
      parent.insertBefore(child, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function update(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !mine(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!mine(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.type === "range" && old.value !== fresh.value) old.value = fresh.value;
  if (!old.hasAttribute("data-keep")) morph(old, ...fresh.childNodes);
}

/** What a person set by hand, and what a library did to its own element. */
function mine(element, name) {
  if (element.hasAttribute("data-keep") && (name === "class" || name === "style")) return true;
  return name === "data-drags" || (name === "open" && element.tagName === "DETAILS") || (name === "value" && element.tagName === "INPUT");
}

/** One listener for the page: elements name what they do in `data-do`. */
export function onDo(actions) {
  document.addEventListener("click", (event) => {
    const element = event.target.closest("[data-do]");
    const action = element && actions[element.dataset.do];
    if (action) action(element, event);
  });
}
