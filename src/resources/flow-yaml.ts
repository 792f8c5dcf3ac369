import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  type LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';

/**
 * Parses a flow's YAML. Whatever is wrong is in the document's `errors`; a key that stands twice is not among them,
 * because the parser compares every key of a map with every other: ask `duplicateKeys`.
 */
export function parseFlow(source: string, lineCounter?: LineCounter): Document.Parsed {
  return parseDocument(source, {
    merge: true,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
    ...(lineCounter !== undefined && { lineCounter }),
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

/** Keys that stand a second time in their map, with their offset. */
export function duplicateKeys(document: Document): { key: string; offset: number }[] {
  const found: { key: string; offset: number }[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found.push({ key: String(key.value), offset: key.range?.[0] ?? 0 });
        seen.add(key.value);
      }
    },
  });
  return found;
}
