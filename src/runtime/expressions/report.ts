import { ExpressionError } from '../../errors.js';
import type { Fault } from './fault.js';
import type { TagPlace } from './syntax/nodes.js';

export interface FaultPlace {
  readonly source: string;
  /** The tags of the source, when it was parsed. */
  readonly tags?: readonly TagPlace[];
  /** The name of the property that holds the source. */
  readonly property?: string | undefined;
}

const LONGEST_EXCERPT = 120;
/** A detail may quote a name or a format, which may be any text of a flow. */
const LONGEST_DETAIL = 500;

/**
 * The error a reader sees: property, expression, and where in the property. Lines and columns count from 1; the
 * line is named only when there are several. `data` is `{property?, expression, line, column}`.
 */
export function reportFault(fault: Fault, verb: 'parse' | 'evaluate', place: FaultPlace): ExpressionError {
  const { source, property } = place;
  const { detail, hint } = fault.explain();
  const offset = Math.min(fault.offset ?? 0, source.length);
  const before = source.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  const expression = excerpt(source, offset, place.tags);
  const where = source.includes('\n') ? `line ${line}, column ${column}` : `column ${column}`;
  const name = property === undefined ? '' : `${property}: `;
  return new ExpressionError(
    `${name}cannot ${verb} "${expression}" at ${where}: ${shorten(detail, LONGEST_DETAIL)}.`,
    {
      data: { ...(property === undefined ? {} : { property }), expression, line, column },
      ...(hint === null ? {} : { hint }),
      ...(fault.cause === undefined ? {} : { cause: fault.cause }),
    },
  );
}

/** The tag around `offset`, on one line. */
function excerpt(source: string, offset: number, tags: readonly TagPlace[] = []): string {
  const tag = tags.findLast((candidate) => candidate.start <= offset && offset <= candidate.end);
  const text = source.slice(
    tag?.start ?? openingBefore(source, offset),
    tag?.end ?? closingAfter(source, offset),
  );
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return shorten(line, LONGEST_EXCERPT);
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function openingBefore(source: string, offset: number): number {
  const opening = ['{{', '{%', '{#'].map((delimiter) => source.lastIndexOf(delimiter, offset));
  return Math.max(0, ...opening);
}

function closingAfter(source: string, offset: number): number {
  const closing = ['}}', '%}', '\n'].map((delimiter) => {
    const at = source.indexOf(delimiter, offset);
    return at < 0 ? source.length : at + (delimiter === '\n' ? 0 : delimiter.length);
  });
  return Math.min(...closing);
}
