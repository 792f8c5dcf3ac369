import { createHash } from 'node:crypto';
import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import { describeKind, numberOf } from '../values/kinds.js';
import { printValue, toJsonValue, writeJson } from '../values/print.js';

function textOf(input: unknown, filter: string): string {
  if (typeof input === 'string') return input;
  throw new Fault(`"${filter}" needs a string, not ${describeKind(input)}`);
}

/** A digest of the text's UTF-8, in hexadecimal. */
function hash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'): FilterDefinition {
  return {
    parameters: [],
    apply: (input) => createHash(algorithm).update(textOf(input, algorithm), 'utf8').digest('hex'),
  };
}

const base64decode: FilterDefinition = {
  parameters: [],
  apply: (input) => {
    const text = textOf(input, 'base64decode');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Fault('the text is not base64');
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'base64'));
    } catch {
      throw new Fault('the base64 holds no UTF-8 text');
    }
  },
};

const toJson: FilterDefinition = {
  parameters: [],
  takesNull: true,
  apply: (input, _args, tools) => writeJson(input, tools.budget),
};

const yaml: FilterDefinition = {
  parameters: [],
  takesNull: true,
  apply: async (input, _args, tools: Toolbox) => {
    if (input === null) return 'null';
    const { stringify } = await import('yaml');
    return stringify(toJsonValue(input, tools.budget), { lineWidth: 0, aliasDuplicateObjects: false });
  },
};

/** The Java class Kestra would name; scripts copied from there compare with it. */
const className: FilterDefinition = {
  parameters: [],
  apply: (input) => {
    if (typeof input === 'string') return 'java.lang.String';
    if (typeof input === 'boolean') return 'java.lang.Boolean';
    if (Array.isArray(input)) return 'java.util.ArrayList';
    const number = numberOf(input);
    if (number === null) return 'java.util.LinkedHashMap';
    return typeof input === 'bigint' || Number.isInteger(input) ? 'java.lang.Long' : 'java.lang.Double';
  },
};

export const ENCODING_FILTERS: Readonly<Record<string, FilterDefinition>> = {
  base64decode,
  base64encode: {
    parameters: [],
    apply: (input) => Buffer.from(textOf(input, 'base64encode'), 'utf8').toString('base64'),
  },
  className,
  json: toJson,
  jsonEncode: toJson,
  md5: hash('md5'),
  sha1: hash('sha1'),
  sha256: hash('sha256'),
  sha512: hash('sha512'),
  string: {
    parameters: [],
    apply: (input, _args, tools) => printValue(input, tools.budget),
  },
  toJson,
  yaml,
};
