/** Walking parse5's tree. */
import type { DefaultTreeAdapterTypes } from "parse5";

export type Element = DefaultTreeAdapterTypes.Element;
export type ChildNode = DefaultTreeAdapterTypes.ChildNode;
type ParentNode = DefaultTreeAdapterTypes.ParentNode;

export function isElement(node: ChildNode): node is Element {
  return "tagName" in node;
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((one) => one.name === name)?.value;
}

/** All elements below a node, in document order. Without recursion: a hostile page is nested as deep as it likes. */
export function* elementsOf(root: ParentNode): Generator<Element> {
  const open: ChildNode[] = root.childNodes.toReversed();
  for (let node = open.pop(); node; node = open.pop()) {
    if (!isElement(node)) continue;
    yield node;
    for (let place = node.childNodes.length - 1; place >= 0; place--) open.push(node.childNodes[place]!);
  }
}

export function findElement(root: ParentNode, wanted: (element: Element) => boolean): Element | undefined {
  for (const element of elementsOf(root)) if (wanted(element)) return element;
  return undefined;
}

export function contains(outer: Element, inner: Element): boolean {
  for (let parent = inner.parentNode; parent; parent = "parentNode" in parent ? parent.parentNode : null) if (parent === outer) return true;
  return false;
}
