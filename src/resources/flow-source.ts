import { isAlias, isMap, isPair, isScalar, type Node, type Pair, parse, parseDocument, visit } from 'yaml';

/**
 * Edits of a flow's text that leave every other byte alone: comments, order, quoting, line ends, final newline.
 * Callers pass sources that `inspectFlow` found to be flows.
 */

/** Replaces the value of the top-level `namespace`. The source itself comes back when nothing has to change. */
export function rewriteNamespace(source: string, namespace: string): string {
  const plain = plainNamespace(source);
  if (plain !== null) {
    if (plain.value === namespace) return source;
    const spelled = readsAsText(namespace) ? namespace : `"${namespace}"`;
    return source.slice(0, plain.start) + spelled + source.slice(plain.start + plain.value.length);
  }
  const node = topLevelPair(source, 'namespace')?.value;
  if (!node?.range || (!isScalar(node) && !isAlias(node))) return source;
  if (isScalar(node) && node.value === namespace) return source;
  const [start, end] = node.range;
  return source.slice(0, start) + spell(namespace, node, source.slice(start, end)) + source.slice(end);
}

/**
 * Finds `namespace: some.name` written the ordinary way, without parsing the flow: only a key of the top-level map can
 * begin a line, since all other text of a YAML map is indented. Anything out of the ordinary is left to the parser.
 */
function plainNamespace(source: string): { start: number; value: string } | null {
  const keys = [...source.matchAll(/^(?:namespace|["'{?].*namespace)/gm)];
  const match = /^namespace:[ \t]+([a-zA-Z][a-zA-Z0-9_-]*(?:\.[a-zA-Z0-9_-]+)*)[ \t]*(?:[ \t]#.*)?\r?$/m.exec(
    source,
  );
  const value = match?.[1];
  if (keys.length !== 1 || value === undefined || !readsAsText(value) || /^(?:---|\.\.\.)/m.test(source))
    return null;
  return {
    start: match?.index === undefined ? 0 : source.indexOf(value, match.index + 'namespace:'.length),
    value,
  };
}

/** Whether the flow is marked `draft: true`. */
export function saysDraft(source: string): boolean {
  if (!source.includes('draft')) return false;
  const value = topLevelPair(source, 'draft')?.value;
  return isScalar(value) && value.value === true;
}

/** Drops the line of a top-level `revision`, which a server adds and git must not keep. */
export function withoutRevision(source: string): string {
  if (!source.includes('revision')) return source;
  const pair = topLevelPair(source, 'revision');
  const start = pair?.key.range?.[0];
  const end = pair?.value?.range?.[1] ?? pair?.key.range?.[1];
  if (start === undefined || end === undefined) return source;
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  // In `{id: a, revision: 3}` the key does not begin its line, and no line can go.
  if (source.slice(lineStart, start).replace('\uFEFF', '').trim() !== '') return source;
  const lineEnd = source.indexOf('\n', end);
  return source.slice(0, start) + (lineEnd === -1 ? '' : source.slice(lineEnd + 1));
}

/**
 * Moves references to flows of a namespace: `namespace` beside a `flowId` (subflows, flow conditions), and any
 * `namespace` of a trigger. The top-level one is `rewriteNamespace`'s.
 */
export function rewriteReferences(source: string, move: (namespace: string) => string): string {
  const document = parseDocument(source, { merge: true, logLevel: 'silent' });
  const edits: { start: number; end: number; text: string }[] = [];
  visit(document, {
    Pair(_, pair, path) {
      if (!isScalar(pair.key) || pair.key.value !== 'namespace' || path.length <= 2) return;
      const node = pair.value;
      if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return;
      const parent = path.at(-1);
      const isReference = (isMap(parent) && parent.has('flowId')) || isInTriggers(path);
      const moved = move(node.value);
      if (!isReference || moved === node.value) return;
      const [start, end] = node.range;
      edits.push({ start, end, text: spell(moved, node, source.slice(start, end)) });
    },
  });
  return edits.reduceRight(
    (text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end),
    source,
  );
}

function isInTriggers(path: readonly unknown[]): boolean {
  return path.some((step) => isPair(step) && isScalar(step.key) && step.key.value === 'triggers');
}

/** The new value, quoted the way the old one was. */
function spell(namespace: string, node: Node, old: string): string {
  if (isScalar(node)) {
    if (node.type === 'QUOTE_SINGLE') return `'${namespace}'`;
    if (node.type === 'QUOTE_DOUBLE') return `"${namespace}"`;
  }
  const plain = readsAsText(namespace) ? namespace : `"${namespace}"`;
  const lineEnd = /\r?\n$/.exec(old)?.[0] ?? '';
  return plain + lineEnd;
}

const otherThanText = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** False for `2024.05`, `null`, `on` and the like, which YAML 1.1 or 1.2 reads as something other than text. */
function readsAsText(namespace: string): boolean {
  if (/^[a-z][a-z0-9_.-]*$/i.test(namespace)) return !otherThanText.test(namespace);
  return parse(namespace) === namespace && parse(namespace, { version: '1.1' }) === namespace;
}

function topLevelPair(source: string, key: string): Pair<Node, Node | null> | null {
  const root = parseDocument(source, { merge: true, logLevel: 'silent' }).contents;
  if (!isMap<Node, Node | null>(root)) return null;
  return root.items.find((pair) => isScalar(pair.key) && pair.key.value === key) ?? null;
}
