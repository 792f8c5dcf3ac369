import { Fault } from './fault.js';
import { reportFault } from './report.js';
import type { Template } from './syntax/nodes.js';
import { parseStatements } from './syntax/parse-template.js';

/** Parses a property; a fault becomes the error that names its place. */
export function parseOrReport(source: string, property?: string): Template {
  try {
    return parseStatements(source);
  } catch (error) {
    throw error instanceof Fault ? reportFault(error, 'parse', { source, property }) : error;
  }
}
