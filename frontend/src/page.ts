/** Finding things on the page: by data attributes, never by style classes. */

/** The one element with this data attribute. Throws if the template lacks it. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows its template
export function the<E extends HTMLElement = HTMLElement>(name: string, root: ParentNode = document): E {
  const found = root.querySelector<E>(`[data-${name}]`);
  if (!found) throw new Error(`nothing on the page has data-${name}`);
  return found;
}

/** All elements with this data attribute. */
export function all<E extends Element = HTMLElement>(name: string, root: ParentNode = document): E[] {
  return [...root.querySelectorAll<E>(`[data-${name}]`)];
}

/** A copy of what the <template> with this data attribute holds. */
export function copyOf(template: string): HTMLElement {
  const first = the<HTMLTemplateElement>(template).content.firstElementChild;
  if (!(first instanceof HTMLElement)) throw new Error(`data-${template} is empty`);
  return first.cloneNode(true) as HTMLElement;
}

/** Sets the text only if it changed: screen readers announce, and browsers lay out, what is set. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Calls `draw` at the next animation frame, once, however often it is asked for. */
export function oncePerFrame(draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    // A hidden page gets no animation frames, and a reader of its title should still see the end.
    const soon = document.hidden ? (call: () => void) => setTimeout(call, 250) : requestAnimationFrame;
    soon(() => {
      asked = false;
      draw();
    });
  };
}

export function prefersLessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
