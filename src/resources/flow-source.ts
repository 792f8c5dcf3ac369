import { isAlias, isMap, isPair, isScalar, type Node, parse, visit } from 'yaml';
import { parseFlow, topLevel } from './flow-yaml.js';

/**
 * Edits of a flow's text that leave every other byte alone: comments, order, quoting, line ends, final newline.
 * Callers pass sources that `inspectFlow` found to be flows; of others, what cannot be told comes back as it was.
 */

/** Replaces the value of the top-level `namespace`. The source itself comes back when nothing has to change. */
export function rewriteNamespace(source: string, namespace: string): string {
  const plain = plainNamespace(source);
  if (plain !== null) {
    if (plain.value === namespace) return source;
    const end = plain.start + plain.value.length;
    return splice(source, { start: plain.start, end, text: spellPlain(namespace) });
  }
  const found = topLevel(parseFlow(source), 'namespace');
  if (found?.node == null || found.scalar === null || found.scalar.value === null) return source;
  return found.scalar.value === namespace
    ? source
    : splice(source, replacement(source, found.node, namespace));
}

/** A root in `{…}`, or one with an anchor or a tag, which may be in `{…}` as well. */
const unusualRoot = /^\uFEFF?(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*[{&!]/;
// `^` would also match behind a lone CR and U+2028, which are no line ends in YAML.
const namespaceKeys = /(?<![^\n])(?:namespace|["'?].*namespace)/g;
const plainEntry =
  /(?<![^\n])namespace:[ \t]+([a-zA-Z][a-zA-Z0-9_-]*(?:\.[a-zA-Z0-9_-]+)*)[ \t]*(?:[ \t]#[^\n]*)?(?:\r?\n|$)(?!\s*?[ \t]+[^\s#])/;
const documentMarkers = /(?<![^\n])(?:---|\.\.\.)/;

/**
 * Finds `namespace: some.name` written the ordinary way, without parsing the flow: only a key of the top-level map can
 * begin a line, since all other text of a YAML map is indented. Anything out of the ordinary is left to the parser.
 */
function plainNamespace(source: string): { start: number; value: string } | null {
  const match = plainEntry.exec(source);
  const value = match?.[1];
  if (match === null || value === undefined || !readsAsText(value)) return null;
  if ([...source.matchAll(namespaceKeys)].length !== 1) return null;
  if (documentMarkers.test(source) || unusualRoot.test(source)) return null;
  return { start: source.indexOf(value, match.index + 'namespace:'.length), value };
}

/** Whether the flow is marked `draft: true`. */
export function saysDraft(source: string): boolean {
  return source.includes('draft') && topLevel(parseFlow(source), 'draft')?.scalar?.value === true;
}

/** Drops the line of a top-level `revision`, which a server adds and git must not keep. */
export function withoutRevision(source: string): string {
  if (!source.includes('revision')) return source;
  const pair = topLevel(parseFlow(source), 'revision')?.pair;
  const start = pair?.key.range?.[0];
  const end = pair?.value?.range?.[1] ?? pair?.key.range?.[1];
  if (start === undefined || end === undefined) return source;
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  const [indent = ''] = /^\uFEFF?[ \t]*/.exec(source.slice(lineStart)) ?? [];
  // In `{id: a, revision: 3}` no line can go: the key has to begin its line, and nothing may follow but a comma.
  if (lineStart + indent.length !== start) return source;
  const rest = /^(?:(?<=\n)|[ \t]*,?[ \t]*(?:#[^\n]*)?\r?(?:\n|$))(?!\s*,)/.exec(source.slice(end));
  const blockEnd = source[end - 1] === '\n';
  if (rest === null && !blockEnd) return source;
  const bom = indent.startsWith('\uFEFF') ? 1 : 0;
  return source.slice(0, lineStart + bom) + source.slice(blockEnd ? end : end + (rest?.[0].length ?? 0));
}

/**
 * Moves references to flows of a namespace: `namespace` beside a `flowId` (subflows, flow conditions), and any
 * `namespace` of a trigger. The top-level one is `rewriteNamespace`'s.
 */
export function rewriteReferences(source: string, move: (namespace: string) => string): string {
  const edits: Edit[] = [];
  visit(parseFlow(source), {
    Pair(_, pair, path) {
      if (!isScalar(pair.key) || pair.key.value !== 'namespace' || path.length <= 2) return;
      const node = pair.value;
      if (!isScalar(node) || typeof node.value !== 'string') return;
      const parent = path.at(-1);
      if (!(isMap(parent) && parent.has('flowId')) && !isInTriggers(path)) return;
      const moved = move(node.value);
      if (moved !== node.value) edits.push(replacement(source, node, moved));
    },
  });
  return edits.reduceRight(splice, source);
}

/** `path` runs from the document over the root map and one of its pairs. */
function isInTriggers(path: readonly unknown[]): boolean {
  const entry = path[2];
  return isPair(entry) && isScalar(entry.key) && entry.key.value === 'triggers';
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

function splice(source: string, { start, end, text }: Edit): string {
  return source.slice(0, start) + text + source.slice(end);
}

/** The new value in the place of the old one, quoted the way that was. */
function replacement(source: string, node: Node, namespace: string): Edit {
  const [start, end] = node.range ?? [0, 0];
  if (isAlias(node) || !isScalar(node)) return { start, end, text: spellPlain(namespace) };
  switch (node.type) {
    case 'QUOTE_SINGLE':
      return { start, end, text: `'${namespace}'` };
    case 'QUOTE_DOUBLE':
      return { start, end, text: `"${namespace}"` };
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED': {
      const old = String(node.value).trim();
      const at = start + source.slice(start, end).lastIndexOf(old);
      return { start: at, end: at + old.length, text: namespace };
    }
    default:
      return { start, end, text: spellPlain(namespace) };
  }
}

function spellPlain(namespace: string): string {
  return readsAsText(namespace) ? namespace : `"${namespace}"`;
}

const otherThanText = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** False for `2024.05`, `null`, `on` and the like, which YAML 1.1 or 1.2 reads as something other than text. */
function readsAsText(namespace: string): boolean {
  if (/^[a-z][a-z0-9_.-]*$/i.test(namespace)) return !otherThanText.test(namespace);
  return parse(namespace) === namespace && parse(namespace, { version: '1.1' }) === namespace;
}
