/**
 * Owns the making of elements. Whatever comes from tasks goes in as text, never as markup.
 *
 * @module
 */
const SVG = "http://www.w3.org/2000/svg";

/** An element of HTML; attributes that begin with `on` are listeners, null ones are left out. */
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An element of SVG. */
export function s(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A name of a task, whose direction of writing does not reach beyond it. */
export function nameText(name) {
  return h("bdi", {}, visibleText(name));
}

/** Control characters, and those that change the direction of what follows, are shown and not obeyed. */
export function visibleText(text) {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text in no more than so many characters. */
export function cutText(text, most) {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, Math.max(1, most - 1)).join("")}…`;
}

/** The element of an id; the page has it. */
export function byId(id) {
  return document.getElementById(id);
}

/** Does something with the next picture, once, however often it is asked for before. */
export function oncePerFrame(act) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      act();
    });
  };
}
