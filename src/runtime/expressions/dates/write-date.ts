import { Fault } from '../fault.js';
import { formatParts } from './format-pattern.js';
import type { Moment } from './moment.js';
import { formatStyle, NAMED_FORMATS, NAMED_PATTERNS, STYLES } from './named-formats.js';
import { parsePattern } from './pattern.js';

/** A moment by the name of a format or by a pattern, in the moment's zone. */
export function writeDate(moment: Moment, format: string, locale: string): string {
  const named = NAMED_FORMATS.get(format);
  if (named !== undefined) return named(moment);
  if (isStyle(format)) return formatStyle(format, moment, locale);
  return formatParts(parsePattern(NAMED_PATTERNS.get(format) ?? format), moment, locale);
}

/** A Java locale (`fr_FR`) as Intl names it. */
export function readLocale(name: string | null): string {
  if (name === null) return 'en-US';
  try {
    return Intl.getCanonicalLocales(name.replaceAll('_', '-'))[0] ?? 'en-US';
  } catch {
    throw new Fault(`there is no locale "${name}"`, { hint: 'Write it as "fr" or "fr_FR".' });
  }
}

function isStyle(format: string): format is 'full' | 'long' | 'medium' | 'short' {
  return STYLES.has(format);
}
