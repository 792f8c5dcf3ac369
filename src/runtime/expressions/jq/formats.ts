import { writeJson } from '../values/print.js';
import { type JqBudget, JqError, type Json, typeOf } from './values.js';

const HTML: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  "'": '&#39;',
  '"': '&quot;',
};

/** `@name`: a value as text in a format. */
export function formatText(name: string, value: Json, budget: JqBudget): string {
  switch (name) {
    case 'text':
      return textOf(value, budget);
    case 'json':
      return writeJson(value, budget);
    case 'csv':
      return row(value, budget, ',', (text) => `"${text.replaceAll('"', '""')}"`);
    case 'tsv':
      return row(value, budget, '\t', escapeTsv);
    case 'html':
      return textOf(value, budget).replaceAll(/[<>&'"]/g, (character) => HTML[character] ?? character);
    case 'uri':
      return encodeURIComponent(textOf(value, budget).toWellFormed()).replaceAll(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      );
    case 'sh':
      return (Array.isArray(value) ? value : [value]).map((item) => shellWord(item, budget)).join(' ');
    case 'base64':
      return Buffer.from(textOf(value, budget), 'utf8').toString('base64');
    case 'base64d':
      return Buffer.from(textOf(value, budget), 'base64').toString('utf8');
    default:
      throw new JqError(`@${name} is not a format`);
  }
}

/** Text as it is, anything else as JSON. */
export function textOf(value: Json, budget: JqBudget): string {
  return typeof value === 'string' ? value : writeJson(value, budget);
}

function row(value: Json, budget: JqBudget, separator: string, quote: (text: string) => string): string {
  if (!Array.isArray(value)) throw new JqError(`a row needs an array, not ${typeOf(value)}`);
  const cells = value.map((cell) => {
    if (typeof cell === 'string') return quote(cell);
    if (cell === null) return '';
    if (typeof cell === 'object') throw new JqError(`${typeOf(cell)} cannot be a cell of a row`);
    return writeJson(cell, budget);
  });
  return cells.join(separator);
}

function escapeTsv(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}

function shellWord(value: Json, budget: JqBudget): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "'\\''")}'`;
  if (typeof value === 'object' && value !== null)
    throw new JqError(`${typeOf(value)} cannot be a word of a shell`);
  return writeJson(value, budget);
}
