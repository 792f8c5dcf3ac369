import { UndefinedNameFault } from '../fault.js';
import { listNames, nearestName } from '../nearest.js';
import type { Expression } from '../syntax/nodes.js';
import { describeKind, isForbiddenKey, isMap, mapKeys } from './kinds.js';
import { Real } from './real.js';

/**
 * `target.key`: own entries of maps and elements of lists, and nothing else. No prototype, no method and no property
 * of a JavaScript object can be reached. `path` names the target in messages.
 */
export function readAttribute(target: unknown, key: unknown, path: string): unknown {
  const name = key instanceof Real ? key.value : key;
  if (target === null || target === undefined) {
    throw absent(name, `${path} is null, so it has no ${quote(name)}`);
  }
  if (Array.isArray(target)) return readElement(target, name, path);
  if (!isMap(target)) throw missingOnScalar(target, name, path);
  const wanted = String(name);
  if (!isForbiddenKey(wanted)) {
    if (target instanceof Map) {
      if (target.has(name)) return target.get(name);
      if (target.has(wanted)) return target.get(wanted);
    } else if (Object.hasOwn(target, wanted)) {
      return target[wanted];
    }
  }
  throw undefinedName(wanted, () => mapKeys(target), ` in ${path}`);
}

/** The fault of a name that is not there, with what there is instead. */
export function undefinedName(name: string, known: () => readonly string[], place = ''): UndefinedNameFault {
  return new UndefinedNameFault(name, () => {
    const names = known();
    const nearest = nearestName(name, names);
    const has = names.length === 0 ? '' : ` (${place === '' ? 'there are' : 'it has'}: ${listNames(names)})`;
    return {
      detail: `"${name}" is not defined${place}${has}`,
      hint: nearest === null ? null : `Did you mean ${asAttribute(nearest)}?`,
    };
  });
}

/** The source of a chain of names, for messages: `outputs.build.uri`. */
export function pathOf(node: Expression): string {
  if (node.kind === 'variable') return node.name;
  if (node.kind !== 'attribute') return node.kind === 'call' ? `${node.name}(…)` : 'the value';
  if (node.key.kind !== 'literal') return `${pathOf(node.target)}[…]`;
  const key = node.key.value;
  if (typeof key === 'string' && /^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(key))
    return `${pathOf(node.target)}.${key}`;
  return `${pathOf(node.target)}[${typeof key === 'string' ? `'${key}'` : String(key)}]`;
}

function readElement(list: readonly unknown[], key: unknown, path: string): unknown {
  const index = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : key;
  if (typeof index === 'number' && Number.isInteger(index)) {
    if (index >= 0 && index < list.length) return list[index];
    throw absent(index, `${path} has no element ${index} (its length is ${list.length})`);
  }
  const hint = key === 'length' || key === 'size' ? 'Write "| length".' : 'Choose an element, such as [0].';
  throw absent(key, `${path} is a list, so it has no ${quote(key)}`, hint);
}

function missingOnScalar(target: unknown, key: unknown, path: string): UndefinedNameFault {
  const isJson = typeof target === 'string' && /^\s*[[{]/.test(target);
  const hint = isJson ? `It looks like JSON text: write fromJson(${path}).` : null;
  return absent(key, `${path} is ${describeKind(target)}, so it has no ${quote(key)}`, hint);
}

function absent(key: unknown, detail: string, hint: string | null = null): UndefinedNameFault {
  return new UndefinedNameFault(quote(key), () => ({ detail, hint }));
}

function asAttribute(name: string): string {
  return /^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(name) ? `"${name}"` : `['${name}']`;
}

function quote(key: unknown): string {
  return `"${typeof key === 'string' || typeof key === 'number' ? key : describeKind(key)}"`;
}
