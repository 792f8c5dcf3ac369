import { Fault } from '../fault.js';
import { LIMITS } from '../limits.js';
import { nearestName } from '../nearest.js';
import type { Expression, Statement, TagPlace, Template } from './nodes.js';
import { parseExpression, parseInvocation } from './parse-expression.js';
import { type Segment, scanTemplate } from './scan-template.js';
import { TokenReader } from './token-reader.js';

const TAGS = [
  'if',
  'elseif',
  'else',
  'endif',
  'for',
  'endfor',
  'set',
  'filter',
  'endfilter',
  'raw',
  'verbatim',
];
/** Pebble's tags for templates made of several files; a property is one text, so they have no meaning here. */
const FOREIGN_TAGS = [
  'macro',
  'import',
  'from',
  'include',
  'block',
  'extends',
  'embed',
  'cache',
  'parallel',
  'flush',
];

interface Walk {
  readonly segments: readonly Segment[];
  index: number;
  depth: number;
}

interface Tag {
  readonly word: string;
  readonly reader: TokenReader;
  readonly start: number;
}

/** Parses a whole property. Faults carry their offset. */
export function parseStatements(source: string): Template {
  const segments = scanTemplate(source);
  const walk: Walk = { segments, index: 0, depth: 0 };
  const { body, tag } = parseBody(walk, []);
  if (tag !== null) throw new Fault(`"{% ${tag.word} %}" has no beginning`, { offset: tag.start });
  const tags = segments.flatMap((segment): TagPlace[] =>
    segment.kind === 'text' ? [] : [{ start: segment.start, end: segment.end }],
  );
  return { source, statements: body, tags };
}

/** Statements up to a tag whose word is in `until` (returned, its word already read) or to the end (null). */
function parseBody(walk: Walk, until: readonly string[]): { body: Statement[]; tag: Tag | null } {
  const body: Statement[] = [];
  for (;;) {
    const segment = walk.segments[walk.index++];
    if (segment === undefined) return { body, tag: null };
    if (segment.kind === 'text') {
      body.push(segment);
    } else if (segment.kind === 'print') {
      const reader = new TokenReader(segment.tokens);
      const value = parseWhole(reader);
      body.push({ kind: 'print', value });
    } else {
      const reader = new TokenReader(segment.tokens);
      const { value: word } = reader.expectName('the name of a tag');
      const tag = { word, reader, start: segment.start };
      if (until.includes(word)) return { body, tag };
      body.push(parseTag(walk, tag));
    }
  }
}

function parseTag(walk: Walk, tag: Tag): Statement {
  if (++walk.depth > LIMITS.nesting) throw new Fault('its tags are nested too deeply', { offset: tag.start });
  const statement = parseTagByWord(walk, tag);
  walk.depth--;
  return statement;
}

function parseTagByWord(walk: Walk, tag: Tag): Statement {
  if (tag.word === 'if') return parseIf(walk, tag);
  if (tag.word === 'for') return parseFor(walk, tag);
  if (tag.word === 'filter') return parseFilterTag(walk, tag);
  if (tag.word === 'set') {
    const variable = tag.reader.expectName('the name of a variable').value;
    tag.reader.expectSymbol('=');
    return { kind: 'set', variable, value: parseWhole(tag.reader) };
  }
  if (FOREIGN_TAGS.includes(tag.word)) {
    throw new Fault(`the tag "${tag.word}" is not supported by flowgit`, { offset: tag.start });
  }
  if (TAGS.includes(tag.word)) throw new Fault(`"{% ${tag.word} %}" has no beginning`, { offset: tag.start });
  const nearest = nearestName(tag.word, TAGS);
  throw new Fault(`there is no tag "${tag.word}"`, {
    offset: tag.start,
    ...(nearest === null ? {} : { hint: `Did you mean "${nearest}"?` }),
  });
}

function parseIf(walk: Walk, opening: Tag): Statement {
  const branches: { condition: Expression; body: Statement[] }[] = [];
  let tag = opening;
  for (;;) {
    if (tag.word === 'else' || tag.word === 'endif') break;
    const condition = parseWhole(tag.reader);
    const inside = parseBody(walk, ['elseif', 'else', 'endif']);
    branches.push({ condition, body: inside.body });
    tag = closed(inside.tag, opening);
  }
  tag.reader.expectEnd();
  if (tag.word === 'endif') return { kind: 'if', branches, otherwise: [] };
  const rest = parseBody(walk, ['endif']);
  closed(rest.tag, opening).reader.expectEnd();
  return { kind: 'if', branches, otherwise: rest.body };
}

function parseFor(walk: Walk, opening: Tag): Statement {
  const variable = opening.reader.expectName('the name of a variable').value;
  if (!opening.reader.isName('in')) throw opening.reader.unexpected('"in"');
  opening.reader.next();
  const values = parseWhole(opening.reader);
  const inside = parseBody(walk, ['else', 'endfor']);
  const tag = closed(inside.tag, opening);
  tag.reader.expectEnd();
  if (tag.word === 'endfor') return { kind: 'for', variable, values, body: inside.body, otherwise: [] };
  const rest = parseBody(walk, ['endfor']);
  closed(rest.tag, opening).reader.expectEnd();
  return { kind: 'for', variable, values, body: inside.body, otherwise: rest.body };
}

function parseFilterTag(walk: Walk, opening: Tag): Statement {
  const filters = [parseInvocation(opening.reader, 'the name of a filter')];
  while (opening.reader.takeSymbol('|'))
    filters.push(parseInvocation(opening.reader, 'the name of a filter'));
  opening.reader.expectEnd();
  const inside = parseBody(walk, ['endfilter']);
  closed(inside.tag, opening).reader.expectEnd();
  return { kind: 'filtered', body: inside.body, filters };
}

function closed(tag: Tag | null, opening: Tag): Tag {
  if (tag !== null) return tag;
  throw new Fault(`"{% ${opening.word} %}" is never closed`, {
    offset: opening.start,
    hint: `Close it with {% end${opening.word} %}.`,
  });
}

function parseWhole(reader: TokenReader): Expression {
  const expression = parseExpression(reader);
  reader.expectEnd();
  return expression;
}
