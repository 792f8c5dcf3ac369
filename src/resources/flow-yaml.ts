import { type Document, isAlias, isMap, isScalar, type Node, type Pair, parseDocument, visit } from 'yaml';

/**
 * Parses a flow's YAML. Whatever is wrong is in the document's `errors`; a key that stands twice is not among them,
 * because the parser compares every key of a map with every other, nor is an alias without an anchor: ask `structureErrors`.
 */
export function parseFlow(source: string): Document.Parsed {
  return parseDocument(source, {
    merge: true,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
}

/** A value of the root map; `scalar` is what stands there, or what an alias there stands for. */
export interface TopLevelValue {
  pair: Pair<Node, Node | null>;
  node: Node | null;
  scalar: { value: unknown; source?: string | undefined } | null;
}

/** Null when the root is no map or does not have the key itself. */
export function topLevel(document: Document, key: string): TopLevelValue | null {
  const root = document.contents;
  if (!isMap<Node, Node | null>(root)) return null;
  const pair = root.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair === undefined) return null;
  const node = pair.value ?? null;
  const target = isAlias(node) ? node.resolve(document) : node;
  return { pair, node, scalar: isScalar(target) ? target : null };
}

/** Keys that stand a second time in their map and aliases that stand for nothing, with their offsets. */
export function structureErrors(document: Document): { message: string; offset: number }[] {
  const found: { message: string; offset: number }[] = [];
  const anchors = new Set<string>();
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      if (!isMap(node)) return;
      const seen = new Set<unknown>();
      for (const { key } of node.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const message = `the key "${String(key.value)}" stands twice in its map`;
          found.push({ message, offset: key.range?.[0] ?? 0 });
        }
        seen.add(key.value);
      }
    },
    Alias(_, { source, range }) {
      if (!anchors.has(source)) {
        found.push({ message: `the alias "*${source}" has no anchor before it`, offset: range?.[0] ?? 0 });
      }
    },
  });
  return found;
}
