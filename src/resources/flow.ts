import { type Document, isMap, isNode, LineCounter, type YAMLMap } from 'yaml';
import { type FlowDefinition, flowDefinition } from '../../schemas/flow.js';
import { plainMessages } from '../../schemas/plain-messages.js';
import { parseFlow, structureErrors, topLevel } from './flow-yaml.js';

/** Something wrong in a flow's source; positions are 1-based. */
export interface FlowProblem {
  message: string;
  line: number;
  column: number;
}

/** What a flow's source says about itself. */
export interface FlowInspection {
  /** The top-level `id`, also of a flow that is invalid elsewhere; null when it cannot be told. */
  id: string | null;
  namespace: string | null;
  /** `draft: true` at the top level. */
  draft: boolean;
  /** Whether the text is YAML at all. */
  wellFormed: boolean;
  /** Null when there are problems. */
  definition: FlowDefinition | null;
  problems: FlowProblem[];
}

/** An alias bomb of a few lines can stand for gigabytes; no real flow comes near this many. */
const maxAliasCount = 1000;

/** Parses and checks a flow's YAML. Never throws: whatever is wrong is in `problems`. */
export function inspectFlow(source: string): FlowInspection {
  const document = parseFlow(source);
  const position = positionsIn(source);
  const problems: FlowProblem[] = document.errors.map((error) => ({
    message: firstLine(error.message),
    ...position(error.pos[0]),
  }));
  for (const { message, offset } of structureErrors(document)) {
    problems.push({ message, ...position(offset) });
  }
  const id = topLevelText(document, 'id');
  const namespace = topLevelText(document, 'namespace');
  const draft = topLevel(document, 'draft')?.scalar?.value === true;
  const wellFormed = problems.length === 0;
  const invalid = { id, namespace, draft, wellFormed, definition: null, problems };
  if (!wellFormed) return invalid;
  const root = document.contents;
  if (!isMap(root)) {
    const found = root === null ? 'the file is empty' : 'the file does not hold a map';
    problems.push({ message: `Not a flow: ${found}`, line: 1, column: 1 });
    return invalid;
  }

  const value = plainValue(document, problems);
  if (problems.length > 0) return invalid;
  const names = { ...(id !== null && { id }), ...(namespace !== null && { namespace }) };
  const result = flowDefinition.safeParse({ ...value, ...names }, { error: plainMessages });
  if (!result.success) {
    for (const issue of result.error.issues) {
      problems.push({
        message: `${issue.path.length === 0 ? '' : `${formatPath(issue.path)}: `}${issue.message}`,
        ...position(offsetOf(root, issue.path)),
      });
    }
    return invalid;
  }
  const borrowed = [id === null ? 'id' : null, namespace === null ? 'namespace' : null].filter(Boolean);
  if (borrowed.length === 0) return { ...invalid, definition: result.data };
  problems.push({
    message: `${borrowed.join(' and ')}: must stand in the flow itself, not in a map that it merges`,
    ...position(offsetOf(root, [])),
  });
  return invalid;
}

/** `3:7: tasks[0].id: …`, the form compilers use and editors link to. */
export function formatProblem(problem: FlowProblem): string {
  return `${problem.line}:${problem.column}: ${problem.message}`;
}

function plainValue(document: Document, problems: FlowProblem[]): Record<string, unknown> {
  try {
    return document.toJS({ maxAliasCount }) as Record<string, unknown>;
  } catch (error) {
    const message = error instanceof Error ? firstLine(error.message) : String(error);
    problems.push({ message, line: 1, column: 1 });
    return {};
  }
}

/** An id or a namespace of digits is a number to YAML and a name to a flow: its text as written counts. */
function topLevelText(document: Document, key: string): string | null {
  const { value, source } = topLevel(document, key)?.scalar ?? { value: null };
  const text = typeof value === 'string' ? value : value === null ? null : source;
  return text === undefined || text === '' ? null : text;
}

/** Where the value at `path` begins, or the nearest thing around it that exists. */
function offsetOf(root: YAMLMap, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = root.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return root.range?.[0] ?? 0;
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

/** The parser's own count of lines loses some where it recovers from an error. */
function positionsIn(source: string): (offset: number) => { line: number; column: number } {
  let lines: LineCounter | null = null;
  return (offset) => {
    if (lines === null) {
      lines = new LineCounter();
      for (let start = 0; start !== -1; start = source.indexOf('\n', start) + 1 || -1)
        lines.addNewLine(start);
    }
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
